/*
 * stats.h
 *	  Counters of the whole cluster since the last reset: the view ai_router.stats.
 *
 * One line in the table of stats.c makes a counter visible.  Lock-free.
 */
#ifndef AIR_STATS_H
#define AIR_STATS_H

#include "base/pg.h"

typedef enum AirCounter
{
	AIR_STAT_CALLS,     /* calls that reached a provider and ended */
	AIR_STAT_FAILURES,  /* of these, without an answer */
	AIR_STAT_CANCELLED, /* of these, because nobody wanted it any more */
	AIR_STAT_CACHED,    /* calls that the cache answered, once handed to the ledger */
	AIR_STAT_ATTEMPTS,
	AIR_STAT_RETRIES,
	AIR_STAT_SPOOL_WAITS,     /* calls that waited for space */
	AIR_STAT_SPOOL_REFUSED,   /* calls that waited in vain */
	AIR_STAT_WRITTEN,         /* rows that the writers wrote */
	AIR_STAT_DROPPED,         /* rows that were never written */
	AIR_STAT_TABLE_HITS,      /* calls answered from table ai_router.cache */
	AIR_STAT_TABLE_LOCKED,    /* look-ups there that were left out: it is locked */
	AIR_STAT_TOO_LARGE,       /* answers too large for the spool: in shared memory only */
	AIR_STAT_UNWRITTEN,       /* answers in shared memory only, for want of room in the spool */
	AIR_STAT_BUDGET_WAITS,    /* calls that waited for room in a budget */
	AIR_STAT_BUDGET_REFUSED,  /* refusals of a candidate by a hard budget */
	AIR_STAT_BUDGET_UNPRICED, /* attempts without a known price under a soft budget */
	AIR_STAT_BUDGET_SKIPPED,  /* attempts that a soft budget could not count */
	AIR_STAT_HEALTH_FULL,     /* requests without a place for health, or with one that was needed */
	AIR_STAT_FLIGHTS_FULL,    /* calls that asked for themselves: the table of flights was full */
	AIR_STAT_COUNT
} AirCounter;

/* A part of shared memory, see shmem.c. */
extern Size air_stats_size(void);
extern void air_stats_attach(void *area, bool found);

/* Add to a counter.  Never fails; does nothing where the library is not preloaded. */
extern void air_stats_add(AirCounter counter, uint64 n);

/* Read a counter; *name gets what the view calls it. */
extern uint64 air_stats_read(AirCounter counter, const char **name);

/* Zero all of them. */
extern void air_stats_reset(void);

#endif
