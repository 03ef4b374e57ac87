/*
 * budget_internal.h
 *	  The table of budgets in shared memory, for its own files.
 */
#ifndef AIR_BUDGET_INTERNAL_H
#define AIR_BUDGET_INTERNAL_H

#include "shared/budget.h"
#include "storage/lwlock.h"

#define AIR_BUDGET_ENTRIES 1024

/* No reservation is counted as more than a million dollars: the sum of thousands fits 64 bits. */
#define AIR_BUDGET_MOST_HELD INT64CONST(1000000000000000)

/* A budget in a period. */
typedef struct Entry
{
	Oid database; /* InvalidOid: free */
	Oid table;
	char name[AIR_BUDGET_NAME + 1];
	TimestampTz start, end;
	bool known;       /* spent includes what the table said */
	bool asked;       /* the writer is to raise the mark */
	AirNano spent;    /* settled */
	AirNano reserved; /* held by requests under way */
	AirNano leased;   /* hard budgets keep spent + reserved below it; never above written */
	AirNano written;  /* what the table says, if known */

	/* From the file of the last stop, until known: the truth behind a mark.  saved_mark -1: none.
	 */
	AirNano saved_spent, saved_mark;

	/* For the writer. */
	AirNano limit;
	AirNano wanted; /* largest reservation that asked */
	AirNano chunk;  /* by which the mark was raised last */
	TimestampTz asked_at, raised;
	TimestampTz touched;
	bool hard;
} Entry;

typedef struct Budgets
{
	LWLock lock;
	Entry entries[AIR_BUDGET_ENTRIES];
} Budgets;

extern Budgets *air_budgets;

/* Nothing of it would be missed: the table has it all. */
static inline bool
air_budget_is_clean(const Entry *e)
{
	if (e->reserved > 0)
		return false;
	return e->known ? e->spent == e->written : e->spent == 0 && e->saved_mark < 0;
}

/* budget_file.c: read back what a clean stop kept, in the postmaster. */
extern void air_budget_load(void);

#endif
