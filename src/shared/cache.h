/*
 * cache.h
 *	  The answers of all sessions, in shared memory, by key.
 *
 * A key identifies everything that an answer depends on, see call/key.h; whoever
 * holds one may see the answer.  Locks are held for a look-up and a copy, never
 * while anything else happens.  The memory is fixed: what has no room is not kept.
 */
#ifndef AIR_CACHE_H
#define AIR_CACHE_H

#include "base/pg.h"
#include "base/hash.h"
#include "base/money.h"
#include "datatype/timestamp.h"
#include "provider/provider.h"

typedef struct AirKey
{
	uint8 bytes[AIR_SHA256_LEN];
} AirKey;

typedef struct AirCached
{
	char *text; /* server encoding of the key's database */
	AirFinish finish;
	AirUsage usage; /* of the call that bought it; likewise below */
	AirNano cost;
	int64 call_id;
	TimestampTz created;
	TimestampTz expires; /* 0: never */
	TimestampTz told;    /* the table knows of uses until then, to the day */
	uint64 generation;   /* of clears, when it was received or read: see clears.h */
} AirCached;

typedef struct AirCacheStats
{
	int64 entries;
	int64 bytes; /* of the blocks that entries occupy */
	int64 hits;
	int64 misses;
	int64 evictions; /* entries that made room for others */
	int64 refused;   /* answers too large to keep */
} AirCacheStats;

/* A part of shared memory, see shmem.c. */
extern Size air_cache_shmem_size(void);
extern void air_cache_attach(void *area, bool found);

/* Is there a cache, that is: is the library preloaded? */
extern bool air_cache_exists(void);

/* May this answer still be given out to one who accepts that age (0: any)? */
extern bool air_cache_fresh(TimestampTz created, TimestampTz expires, int64 max_age_us);

/*
 * Is the table to be told now of so many uses, which it was told of before at that time?  With the
 * first one of a day, so that it knows what is in use, and otherwise when some have come
 * together; not while the spool has better things to do.
 */
extern bool air_cache_tell(TimestampTz told, uint32 uses, TimestampTz now);

/*
 * The answer for a key, not older than max_age_us (0: any age): true and *out with
 * its text in CurrentMemoryContext.  A miss too when memory for the copy is short.
 * *uses gets how many uses of it the table is to be told of now, mostly 0.
 */
extern bool air_cache_get(const AirKey *key, int64 max_age_us, AirCached *out, uint32 *uses);

/* Count a call that found none of its keys. */
extern void air_cache_count_miss(const AirKey *key);

/*
 * Keep an answer in the place of one that has the key already; one that was read from the
 * table (told is set) only in the place of an older one.  One that has been cleared
 * since is not kept.  False if it is too large, which is counted.  Never fails otherwise.
 */
extern bool
air_cache_put(const AirKey *key, Oid database, const char *model, const AirCached *answer);

/* Forget the answers of a database, of one model (by its name) or of all; returns how many. */
extern int64 air_cache_clear(Oid database, const char *model);

/* Counters since the server started, over all databases. */
extern void air_cache_stats(AirCacheStats *out);

#endif
