/*
 * budget.h
 *	  What budgets have spent: shared memory over table ai_router.budget_spent.
 *
 * An entry is one budget in one period.  Money is reserved in it before a request is
 * sent and settled after.  The table does not follow each call: it holds a mark that
 * is ahead of what is spent, and a hard budget lets money go only below it.  So a
 * crash, which leaves nothing but the mark, can make a budget look more spent than it
 * is, never less.  The database's writer moves the mark (worker/leases.c): up in
 * chunks when reservations come near it, down to what is spent when nobody calls.
 *
 * One LWLock guards all entries; it is held for some instructions per budget, never
 * across I/O.
 */
#ifndef AIR_BUDGET_H
#define AIR_BUDGET_H

#include "base/pg.h"

#include "datatype/timestamp.h"

#include "base/money.h"
#include "config/registry.h"

/* A budget that a request has to fit into. */
typedef struct AirBudgetAsk
{
	const AirBudget *budget;
	Oid table; /* ai_router.budget_spent: created anew, it is another budget */
	TimestampTz start, end;
} AirBudgetAsk;

typedef enum AirBudgetVerdict
{
	AIR_BUDGET_FITS,
	AIR_BUDGET_LEASE, /* as soon as the writer has raised the mark: it has been asked to */
	AIR_BUDGET_BUSY,  /* if others give back enough of what they hold */
	AIR_BUDGET_FULL,  /* there is no room for another entry */
	AIR_BUDGET_OVER   /* not in this period */
} AirBudgetVerdict;

/* How a budget stands. */
typedef struct AirBudgetNow
{
	const AirBudgetAsk *ask;
	AirNano spent;
	AirNano reserved;
} AirBudgetNow;

/* Money that a request holds in all its budgets.  In TopMemoryContext. */
typedef struct AirBudgetHold AirBudgetHold;

/*
 * Reserve amount in all n budgets, or in none: then NULL, *verdict why and *now which
 * one.  Soft budgets never stand in the way.  Raises only where memory is wanting.
 */
extern AirBudgetHold *air_budget_reserve(const AirBudgetAsk *asks, int n, AirNano amount,
										 AirBudgetVerdict *verdict, AirBudgetNow *now);

/* Give the reservation back, cost of it as spent.  The hold is gone.  Never fails. */
extern void air_budget_settle(AirBudgetHold *hold, AirNano cost);

/* What the hold reserved. */
extern AirNano air_budget_held(const AirBudgetHold *hold);

/* How one budget stands; false where shared memory knows nothing of it. */
extern bool air_budget_look(const AirBudgetAsk *ask, AirBudgetNow *now);

/* A copy of an entry. */
typedef struct AirBudgetView
{
	Oid database; /* InvalidOid: nothing there */
	Oid table;
	char name[AIR_BUDGET_NAME + 1];
	TimestampTz start;
	bool known; /* else spent is to be added to what the table says */
	AirNano spent;
	AirNano reserved;
	AirNano saved_spent; /* !known: this in place of the mark, if the mark is saved_mark */
	AirNano saved_mark;  /* -1: none was saved */
} AirBudgetView;

/* The i-th entry; false beyond the table's end. */
extern bool air_budget_nth(int i, AirBudgetView *out);

/* The writer's side: budget_writer.c ---------------------------------------------------------- */

/* An entry whose mark is to be moved. */
typedef struct AirLease
{
	int slot;
	Oid database;
	Oid table;
	char name[AIR_BUDGET_NAME + 1];
	TimestampTz start;
	bool known;
	AirNano saved_spent, saved_mark; /* as in AirBudgetView */
	AirNano used;                    /* spent and reserved, !known: without what the table says */
	bool up;                         /* else it comes down to what is used */
	AirNano room;                    /* to have above it */
	AirNano least;                   /* but the mark is at least this */
	AirNano most;                    /* and at most this, unless more is used */
} AirLease;

/* Is there something to do for the database?  With idle, also marks to be taken down. */
extern bool air_budget_work(Oid database, bool idle);

/*
 * Up to max entries of the database whose mark is to be moved.  Marks that go down
 * hold from here on; those that go up from air_budget_written().  Entries that belong
 * to another table than this one are dropped.
 */
extern int air_budget_due(Oid database, Oid table, bool idle, AirLease *leases, int max);

/* What has been spent by the entry if the table's row says mark (0: no row). */
extern AirNano air_lease_spent(const AirLease *lease, AirNano mark);

/* The mark that the table is to have then. */
extern AirNano air_lease_mark(const AirLease *lease, AirNano mark);

/* It has it: before, after. */
extern void air_budget_written(const AirLease *lease, AirNano before, AirNano after);

/* Other databases whose marks are ahead of what is spent: up to max of them. */
extern int air_budget_databases(Oid *databases, int max);

/* Forget a database's entries. */
extern void air_budget_forget(Oid database);

/* A part of shared memory, see shmem.c. ------------------------------------------------------- */
extern Size air_budget_size(void);
extern void air_budget_attach(void *area, bool found);
extern void air_budget_save(void); /* budget_file.c */

#endif
