/*
 * raise.h
 *	  From an AirErrKind to errcode().  Server only.
 */
#ifndef AIR_RAISE_H
#define AIR_RAISE_H

#include "base/errors.h"

#include "utils/elog.h"

/* The SQLSTATE of a kind as errcode() wants it: class RT, the kind's number as digits. */
static inline int
air_errcode(AirErrKind kind)
{
	return MAKE_SQLSTATE('R', 'T', '0', '0' + kind / 10, '0' + kind % 10);
}

/* Is the error one that ends the statement whatever it was doing: a cancel, a time-out, a shutdown?
 */
static inline bool
air_is_cancel(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
		   ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION);
}

#endif
