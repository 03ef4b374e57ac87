/*
 * batch.h
 *	  A batch: records that go into their tables in one transaction.
 */
#ifndef AIR_BATCH_H
#define AIR_BATCH_H

#include "shared/spool.h"

/*
 * A table of schema ai_router, locked for writing without waiting.  InvalidOid if there is none,
 * or, with *locked, if somebody holds it.
 */
extern Oid air_lock_table(const char *name, bool *locked);

typedef enum AirBatchResult
{
	AIR_BATCH_WRITTEN,   /* or known from a mark to be written already */
	AIR_BATCH_LOCKED,    /* a table is locked: later */
	AIR_BATCH_NO_TABLES, /* the extension is not installed here */
	AIR_BATCH_REFUSED    /* damaged */
} AirBatchResult;

/*
 * Insert n records, in a transaction that the caller has begun; *rows gets how many of them
 * were not in their tables already, *changed what the last command changed.  Waits for no table
 * lock.  May raise whatever inserting raises.
 */
extern AirBatchResult air_batch_insert(const AirSpoolRecord *records, int n, uint64 incarnation,
									   int *rows, int64 *changed);

/* cleanup.c: delete old rows, not many; true if there may be more.  Likewise. */
extern bool air_batch_clean_up(void);

#endif
