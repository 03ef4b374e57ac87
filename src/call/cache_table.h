/*
 * cache_table.h
 *	  Reading table ai_router.cache: what shared memory does not hold (any more).
 *
 * A writer fills it (src/worker), through the spool.
 */
#ifndef AIR_CACHE_TABLE_H
#define AIR_CACHE_TABLE_H

#include "shared/cache.h"

/*
 * Look n keys up, in their order; NULLs are passed over.  Returns the index of the first one that
 * has an answer not older than max_age_us (0: any age), or -1.  *answer, and *model as it was
 * called when it was bought, are in CurrentMemoryContext.
 *
 * No lock is held afterwards.  Somebody else's ACCESS EXCLUSIVE lock is waited for,
 * interruptibly, for 5 s of a statement in all; after that nothing is found.
 */
extern int air_cache_table_find(const AirKey *const *keys, int n, int64 max_age_us,
								AirCached *answer, char **model);

#endif
