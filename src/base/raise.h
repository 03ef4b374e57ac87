/*
 * raise.h
 *	  From an AirErrKind to errcode().  Server only.
 */
#ifndef AIR_RAISE_H
#define AIR_RAISE_H

#include "base/errors.h"

/* The SQLSTATE of a kind as errcode() wants it: class RT, the kind's number as digits. */
static inline int
air_errcode(AirErrKind kind)
{
	return MAKE_SQLSTATE('R', 'T', '0', '0' + kind / 10, '0' + kind % 10);
}

#endif
