/*
 * guise.h
 *	  The writer acts as the owner of a table that is not a superuser's.
 */
#ifndef AIR_GUISE_H
#define AIR_GUISE_H

#include "base/pg.h"

/* Who we are while a table is not ours. */
typedef struct AirGuise
{
	Oid user;
	int security;
	int settings; /* nesting level; 0: we are still ourselves */
} AirGuise;

/*
 * Become the owner of a table, so that triggers on it run with that role's rights; a
 * superuser's needs no guise.  An error in between undoes it with the transaction.
 */
extern AirGuise air_guise_on(Oid relid);

/* Be oneself again. */
extern void air_guise_off(AirGuise guise);

#endif
