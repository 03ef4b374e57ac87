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
	const char *texts = record->data + sizeof(*r);
	AirCached answer;
	char *model;

	if (record->kind != AIR_RECORD_CACHE)
		return true;
	model = pnstrdup(texts, r->len[AIR_CACHE_MODEL]);
	/* Told: of two for a key the newer one stays, as in the table. */
	answer =
		(AirCached){.text = pnstrdup(texts + r->len[AIR_CACHE_MODEL], r->len[AIR_CACHE_ANSWER]),
					.finish = (AirFinish) r->finish,
					.usage = r->usage,
					.cost = r->cost,
					.call_id = r->call_id,
					.created = r->created,
					.expires = r->expires,
					.told = r->created,
					.generation = r->generation};
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
