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

/* Is there a cache (ai_router.cache_size is not 0)? */
extern bool air_cache_exists(void);

/*
 * The answer for a key, not older than max_age_us (0: any age): true and *out with
 * its text in CurrentMemoryContext.  A miss too when memory for the copy is short.
 */
extern bool air_cache_get(const AirKey *key, int64 max_age_us, AirCached *out);

/* Count a call that found none of its keys. */
extern void air_cache_count_miss(const AirKey *key);

/*
 * Keep an answer, in the place of one that has the key already; ttl_us > 0: for so
 * long.  False if it is too large, which is counted.  Never fails otherwise.
 */
extern bool air_cache_put(const AirKey *key, Oid database, const char *model, int64 ttl_us,
						  const AirCached *answer);

/* Forget the answers of a database, of one model (by its name) or of all; returns how many. */
extern int64 air_cache_clear(Oid database, const char *model);

/* Counters since the server started, over all databases. */
extern void air_cache_stats(AirCacheStats *out);

#endif
