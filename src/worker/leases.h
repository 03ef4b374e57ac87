/*
 * leases.h
 *	  The marks of budgets in ai_router.budget_spent.
 */
#ifndef AIR_LEASES_H
#define AIR_LEASES_H

#include "base/pg.h"

#include "shared/budget.h"

/* Marks that are moved in one transaction. */
#define AIR_LEASES 64

typedef struct AirLeases
{
	int n;
	AirLease leases[AIR_LEASES];
	AirNano before[AIR_LEASES]; /* what the table said */
	AirNano after[AIR_LEASES];
} AirLeases;

/*
 * Move marks of the writer's database in the table, in a transaction that the caller has
 * begun; idle: also those that may come down.  Once it has committed, in any case before
 * anything else happens to this process, it calls air_leases_done().  False if the
 * table is locked.  Waits for no table lock; may raise whatever writing raises.
 */
extern bool air_leases_write(bool idle, AirLeases *leases);
extern void air_leases_done(const AirLeases *leases);

/* Delete what was spent long ago.  Likewise. */
extern void air_leases_clean_up(void);

#endif
