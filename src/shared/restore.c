/*
 * restore.c
 *	  What a start finds in the spool counts at once, not only when it has been written.
 *
 * A clean stop leaves records whose writer had to go (spool_file.c).  Until a new one has
 * written them the answers among them are given out from shared memory, and what was
 * cleared stays forgotten.  In the postmaster, before anybody else is there.
 */
#include "base/pg.h"

#include "shared/cache.h"
#include "shared/clears.h"
#include "shared/ledger.h"
#include "shared/shared.h"
#include "shared/spool.h"

static bool
restore_clear(Oid database, const AirSpoolRecord *record, void *arg)
{
	const AirCacheClearRecord *r = (const AirCacheClearRecord *) record->data;

	if (record->kind == AIR_RECORD_CACHE_CLEAR)
		air_clears_restore(database, r->len < 0 ? NULL : record->data + sizeof(*r),
						   (size_t) Max(r->len, 0), r->generation);
	return true;
}

static bool
restore_answer(Oid database, const AirSpoolRecord *record, void *arg)
{
	const AirCacheRecord *r = (const AirCacheRecord *) record->data;
	AirCached answer;
	char *model;

	if (record->kind != AIR_RECORD_CACHE)
		return true;
	air_spool_read_answer(record->data, &answer, &model);
	(void) air_cache_put(&r->key, database, model, &answer);
	pfree(answer.text);
	pfree(model);
	return true;
}

void
air_shared_restore(void)
{
	/* The clears first: an answer can have come to the spool behind one that came after it. */
	(void) air_spool_each(restore_clear, NULL);
	(void) air_spool_each(restore_answer, NULL);
}
