/*
 * cache_table.c
 *	  Reading table ai_router.cache.
 *
 * A call that finds nothing in shared memory descends the primary key once per
 * candidate, directly: a million new rows must not feel it.  The snapshot is one of a
 * catalog, so that what is committed is seen, in parallel plans too and whatever
 * the transaction's own snapshot is.
 *
 * Locks on table and index are taken conditionally: whoever waits in the lock
 * manager's queue for somebody that waits for us would be a deadlock, and would be
 * stopped for as long as somebody likes.  They are released before anything is asked.
 */
#include "base/pg.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "call/cache_table.h"
#include "config/tablescan.h"
#include "shared/clears.h"
#include "shared/flight.h"
#include "shared/stats.h"

/* Waits for locks, in one statement, and how often it is tried. */
#define PATIENCE_MS 5000
#define RETRY_MS 10

static TimestampTz statement = 0; /* the last one that had to wait */
static double waited = 0;         /* ms, in it */

/* Wait a moment; false if this statement has waited long enough. */
static bool
wait_a_moment(bool *woken)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	double start = air_monotonic_ms();

	if (statement != now)
	{
		statement = now;
		waited = 0;
	}
	if (waited >= PATIENCE_MS)
		return false;
	if (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, RETRY_MS,
				  air_cache_wait_event_compat()) &
		WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		*woken = true;
	}
	CHECK_FOR_INTERRUPTS();
	/* Calls of this session that others wait for go on right after this. */
	air_flight_refresh();
	waited += air_monotonic_ms() - start;
	return true;
}

static bool
lock_relation(Oid relid)
{
	bool woken = false;
	bool locked;

	while (!(locked = ConditionalLockRelationOid(relid, AccessShareLock)))
		if (!wait_a_moment(&woken))
			break;
	/* It was for somebody else who looks at the latch. */
	if (woken)
		SetLatch(MyLatch);
	if (!locked)
		air_stats_add(AIR_STAT_TABLE_LOCKED, 1);
	return locked;
}

/* The index of a table's primary key, InvalidOid: it has none. */
static Oid
primary_key(Relation rel)
{
	/* RelationGetPrimaryKeyIndex() takes other arguments from release to release. */
	if (!rel->rd_indexvalid)
		list_free(RelationGetIndexList(rel));
	return rel->rd_pkindex;
}

/* Open table and index; false, with nothing open, if that cannot be. */
static bool
open_table(Relation *rel, Relation *index)
{
	Oid schema = get_namespace_oid("ai_router", true);
	Oid relid = OidIsValid(schema) ? get_relname_relid("cache", schema) : InvalidOid;
	Oid key = InvalidOid;

	*rel = *index = NULL;
	/* A library can be newer than the tables it finds. */
	if (!OidIsValid(relid) || !lock_relation(relid))
		return false;
	*rel = try_relation_open(relid, NoLock); /* NULL: dropped before the lock came */
	if (*rel != NULL && (*rel)->rd_rel->relkind == RELKIND_RELATION)
		key = primary_key(*rel);
	/* REINDEX locks the index only. */
	if (OidIsValid(key) && lock_relation(key))
	{
		*index = index_open(key, NoLock);
		if ((*index)->rd_index->indnkeyatts == 1 && (*index)->rd_opcintype[0] == BYTEAOID)
			return true;
		index_close(*index, AccessShareLock);
	}
	if (*rel != NULL)
		relation_close(*rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
	return false;
}

/* The current row, if it may be given out. */
static bool
read_row(AirScan *row, int64 max_age_us, uint64 generation, AirCached *answer, char **model)
{
	int64 day;

	answer->created = Max(air_scan_time(row, "created_at", 0), 0);
	answer->expires = air_scan_time(row, "expires_at", 0);
	*model = air_scan_text(row, "model");
	if (*model == NULL || !air_cache_fresh(answer->created, answer->expires, max_age_us) ||
		air_clears_row(MyDatabaseId, *model, strlen(*model), generation))
		return false;
	answer->text = air_scan_text(row, "answer");
	if (answer->text == NULL)
		return false;
	answer->finish = air_finish_of(air_scan_text(row, "finish_reason"));
	answer->usage.input = air_scan_int(row, "input_tokens", -1);
	answer->usage.cached = air_scan_int(row, "cached_input_tokens", -1);
	answer->usage.cache_write = air_scan_int(row, "cache_write_tokens", -1);
	answer->usage.output = air_scan_int(row, "output_tokens", -1);
	answer->usage.reasoning = air_scan_int(row, "reasoning_tokens", -1);
	answer->cost = air_scan_cost(row, "cost");
	answer->call_id = air_scan_int(row, "call_id", 0);
	/* Before 2000, unknown or no time at all: long ago. */
	day = air_scan_date(row, "last_used", 0);
	answer->told = day > 0 && day < END_TIMESTAMP / USECS_PER_DAY ? day * USECS_PER_DAY : 1;
	answer->generation = generation;
	return true;
}

int
air_cache_table_find(const AirKey *const *keys, int n, int64 max_age_us, AirCached *answer,
					 char **model)
{
	uint64 generation = air_clears_generation();
	Relation rel, index;
	Snapshot snapshot;
	AirScan *scan;
	int found = -1;

	if (!open_table(&rel, &index))
		return -1;
	/* Registered, for texts out of line. */
	snapshot = RegisterSnapshot(GetNonHistoricCatalogSnapshot(RelationGetRelid(rel)));
	scan = air_scan_begin_keyed(rel, index, snapshot);
	for (int i = 0; i < n && found < 0; i++)
	{
		struct
		{
			int32 header;
			AirKey key;
		} digest;

		if (keys[i] == NULL)
			continue;
		SET_VARSIZE(&digest, sizeof(digest));
		digest.key = *keys[i];
		if (air_scan_find(scan, F_BYTEAEQ, PointerGetDatum(&digest)) &&
			read_row(scan, max_age_us, generation, answer, model))
			found = i;
	}
	air_scan_end(scan);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	if (found >= 0)
		air_stats_add(AIR_STAT_TABLE_HITS, 1);
	return found;
}
