/*
 * progress.h
 *	  What the statements that call AI are at: the view ai_router.progress.
 *
 * A slot per backend, written by it alone and without a lock; readers copy a slot
 * until they got it whole.
 */
#ifndef AIR_PROGRESS_H
#define AIR_PROGRESS_H

#include "base/pg.h"

#include "base/money.h"
#include "datatype/timestamp.h"

/* Numbers of one statement. */
typedef struct AirProgress
{
	int pid; /* 0: nothing to show */
	Oid database;
	Oid role;
	int64 query_id;         /* 0: unknown */
	TimestampTz started_at; /* the statement */
	TimestampTz calls_from; /* its first call */
	int64 calls;            /* went to a provider */
	int64 done;             /* have ended, one way or another */
	int64 cached;           /* of these: found in the cache */
	int64 joined;           /* of these: got the answer of an equal call under way */
	int64 failed;           /* of these: have none */
	int in_flight;          /* attempts under way */
	AirNano spent;
	AirNano reserved;    /* for what is in flight */
	int64 rows_done;     /* by the statement's AI Batch node */
	int64 rows_expected; /* as the planner estimated; 0: there is no such node */
} AirProgress;

/* A part of shared memory, see shmem.c. */
extern Size air_progress_size(void);
extern void air_progress_attach(void *area, bool found);

/* Show the numbers in this backend's slot, or nothing.  Never fail. */
extern void air_progress_show(const AirProgress *progress);
extern void air_progress_hide(void);

/* Seconds until the rows expected are done at the rate since the first call; -1: unknown. */
extern double air_progress_left(const AirProgress *progress, TimestampTz now);

/* Copy the i-th slot, out->pid 0 where it is empty; false behind the last. */
extern bool air_progress_nth(int i, AirProgress *out);

#endif
