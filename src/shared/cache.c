/*
 * cache.c
 *	  The answers of all sessions: look up, keep, forget, count.
 *
 * How the memory is laid out: cache_internal.h; who leaves when it is full:
 * cache_memory.c.  Each function takes one partition's lock at a time.  An entry's
 * hits are counted under the shared lock without atomics: a lost one costs nothing.
 */
#include "base/pg.h"

#include "access/xlog.h"

#include "access/xact.h"

#include "shared/cache_internal.h"
#include "shared/clears.h"
#include "shared/spool.h"

#define MAX_HITS 3      /* second chances that an entry can gather */
#define LARGEST_SHARE 8 /* an entry may take one in so many blocks of its partition */

/* The table is told of so many uses of an entry, or of fewer after a while. */
#define TELL_USES 1024
#define TELL_SOME 16
#define TELL_PAUSE_US (60 * USECS_PER_SEC)

bool
air_cache_fresh(TimestampTz created, TimestampTz expires, int64 max_age_us)
{
	TimestampTz now;

	if (expires == 0 && max_age_us == 0)
		return true;
	now = GetCurrentTimestamp();
	return (expires == 0 || now < expires) && (max_age_us == 0 || now - created < max_age_us);
}

bool
air_cache_tell(TimestampTz told, uint32 uses, TimestampTz now)
{
	if (now / USECS_PER_DAY <= told / USECS_PER_DAY && uses < TELL_USES &&
		(uses < TELL_SOME || now - told < TELL_PAUSE_US))
		return false;
	return air_spool_roomy() && !RecoveryInProgress();
}

/* Count a use.  Returns how many the table is to be told of.  Two that count at once may count one.
 */
static uint32
count_use(Entry *e)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	uint32 uses = pg_atomic_read_u32(&e->uses) + 1;

	pg_atomic_write_u32(&e->uses, uses);
	if (!air_cache_tell(e->told, uses, now))
		return 0;
	e->told = now;
	return pg_atomic_exchange_u32(&e->uses, 0);
}

bool
air_cache_get(const AirKey *key, int64 max_age_us, AirCached *out, uint32 *uses)
{
	Place at = air_cache_place(key);
	bool hit = false;
	uint32 i;

	LWLockAcquire(&at.part->lock, LW_SHARED);
	i = air_cache_find(&at, key);
	if (i != NONE &&
		air_cache_fresh(at.blocks[i].entry.created, at.blocks[i].entry.expires, max_age_us))
	{
		Entry *e = &at.blocks[i].entry;

		out->text = palloc_extended(e->len + 1, MCXT_ALLOC_NO_OOM);
		if (out->text != NULL)
		{
			air_cache_copy(&at, i, e->name_len, out->text, e->len, false);
			out->text[e->len] = '\0';
			out->finish = e->finish;
			out->usage = e->usage;
			out->cost = e->cost;
			out->call_id = e->call_id;
			if (e->hits < MAX_HITS)
				e->hits++;
			*uses = count_use(e);
			hit = true;
		}
	}
	LWLockRelease(&at.part->lock);
	if (hit)
		pg_atomic_fetch_add_u64(&at.part->hits, 1);
	return hit;
}

void
air_cache_count_miss(const AirKey *key)
{
	pg_atomic_fetch_add_u64(&air_cache_place(key).part->misses, 1);
}

bool
air_cache_put(const AirKey *key, Oid database, const char *model, const AirCached *answer)
{
	Place at = air_cache_place(key);
	Size len = strlen(answer->text);
	Size name_len = Min(strlen(model), PG_UINT8_MAX);
	Size bytes = name_len + len;
	Size need = bytes <= FIRST_BYTES ? 1 : 1 + (bytes - FIRST_BYTES + NEXT_BYTES - 1) / NEXT_BYTES;
	bool fits = need <= air_cache->nblocks / LARGEST_SHARE;
	QueueId to = SMALL;
	uint32 i;

	LWLockAcquire(&at.part->lock, LW_EXCLUSIVE);
	i = air_cache_find(&at, key);
	/* The clears are looked at under the lock: one that comes later finds the entry. */
	if (air_clears_since(database, model, strlen(model), answer->generation) ||
		(i != NONE && answer->told != 0 && at.blocks[i].entry.created >= answer->created))
	{
		LWLockRelease(&at.part->lock);
		return true;
	}
	if (i != NONE)
	{
		to = at.blocks[i].entry.queue;
		air_cache_remove(&at, i);
	}
	else if (at.ghost->tag == at.tag && at.part->ghost_clock - at.ghost->when <= air_cache->nblocks)
		to = MAIN;
	if (fits)
	{
		i = air_cache_take(&at, need);
		at.blocks[i].entry = (Entry){.next_block = at.blocks[i].entry.next_block,
									 .name_len = name_len,
									 .finish = answer->finish,
									 .nblocks = need,
									 .len = len,
									 .database = database,
									 .key = *key,
									 .usage = answer->usage,
									 .cost = answer->cost,
									 .call_id = answer->call_id,
									 .created = answer->created,
									 .expires = answer->expires,
									 .told = answer->told ? answer->told : answer->created};
		pg_atomic_init_u32(&at.blocks[i].entry.uses, 0);
		air_cache_copy(&at, i, 0, unconstify(char *, model), name_len, true);
		air_cache_copy(&at, i, name_len, answer->text, len, true);
		air_cache_enter(&at, i, to);
	}
	else if (answer->told == 0)
		at.part->refused++;
	LWLockRelease(&at.part->lock);
	return fits;
}

/* Is this an entry of the database and of the model (NULL: any)? */
static bool
belongs(const Place *at, uint32 i, Oid database, const char *model)
{
	const Entry *e = &at->blocks[i].entry;
	Size len = model ? Min(strlen(model), PG_UINT8_MAX) : 0;
	char name[PG_UINT8_MAX];

	if (e->database != database)
		return false;
	if (model == NULL)
		return true;
	if (len != e->name_len)
		return false;
	air_cache_copy(at, i, 0, name, len, false);
	return memcmp(name, model, len) == 0;
}

int64
air_cache_clear(Oid database, const char *model)
{
	int64 n = 0;

	for (uint32 p = 0; air_cache_exists() && p < air_cache->npartitions; p++)
	{
		Place at = air_cache_partition(p);

		LWLockAcquire(&at.part->lock, LW_EXCLUSIVE);
		for (QueueId id = SMALL; id <= MAIN; id++)
		{
			uint32 next;

			for (uint32 i = at.part->queues[id].oldest; i != NONE; i = next)
			{
				next = at.blocks[i].entry.newer;
				if (!belongs(&at, i, database, model))
					continue;
				air_cache_remove(&at, i);
				n++;
			}
		}
		LWLockRelease(&at.part->lock);
	}
	return n;
}

void
air_cache_stats(AirCacheStats *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32 p = 0; air_cache_exists() && p < air_cache->npartitions; p++)
	{
		Partition *part = &air_cache->partitions[p];

		LWLockAcquire(&part->lock, LW_SHARED);
		out->entries += part->entries;
		out->bytes += (int64) (air_cache->nblocks - part->nfree) * BLOCK_SIZE;
		out->evictions += part->evictions;
		out->refused += part->refused;
		LWLockRelease(&part->lock);
		out->hits += pg_atomic_read_u64(&part->hits);
		out->misses += pg_atomic_read_u64(&part->misses);
	}
}
