/*
 * history.c
 *	  What calls alike have needed: from ai_router.calls.
 *
 * The newest rows of the table are added up by function, rule and model, once in a few
 * seconds in each backend that estimates something.  All roles' calls count: what can be seen of
 * them is an average.  Sums live in a memory context of their own; locks on table and
 * index are taken conditionally and given back at once.
 */
#include "base/pg.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/clock.h"
#include "call/history.h"
#include "config/tablescan.h"

/* So many rows are read, and so long, in ms, is believed what they said. */
#define ROWS 1000
#define FRESH_MS 5000

/* Kinds of calls that are told apart. */
#define MAX_SUMS 64

typedef struct Sum
{
	char *function;
	char *rule;
	char *model;
	double tokens;
	double n;
	double cascades; /* of n: not those with a model hint, and not from before the rule was one */
} Sum;

static MemoryContext memory = NULL;
static Sum sums[MAX_SUMS];
static int nsums = 0;
static double read_at = -FRESH_MS; /* monotonic ms */

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void
add(const char *function, const char *rule, const char *model, int64 tokens, bool cascade)
{
	int i = 0;

	while (i < nsums && !(same(sums[i].function, function) && same(sums[i].rule, rule) &&
						  same(sums[i].model, model)))
		i++;
	if (i == MAX_SUMS)
		return;
	if (i == nsums)
		sums[nsums++] = (Sum){.function = MemoryContextStrdup(memory, function),
							  .rule = MemoryContextStrdup(memory, rule),
							  .model = MemoryContextStrdup(memory, model)};
	sums[i].tokens += tokens;
	sums[i].n += 1;
	sums[i].cascades += cascade;
}

/* The index on column "at", locked; InvalidOid: there is none, or it is locked. */
static Oid
lock_index_by_time(Relation rel)
{
	ListCell *lc;

	foreach (lc, RelationGetIndexList(rel))
	{
		Oid index = lfirst_oid(lc);
		char *column = get_attname(index, 1, true);

		if (same(column, "at") && ConditionalLockRelationOid(index, AccessShareLock))
			return index;
	}
	return InvalidOid;
}

static void
read_rows(Relation rel, Oid index_oid)
{
	Relation index = index_open(index_oid, NoLock);
	Snapshot snapshot = RegisterSnapshot(GetNonHistoricCatalogSnapshot(RelationGetRelid(rel)));
	AirScan *scan = air_scan_begin_last(rel, index, snapshot);

	for (int i = 0; i < ROWS && air_scan_previous(scan); i++)
	{
		char *function = air_scan_text(scan, "function");
		char *rule = air_scan_text(scan, "rule");
		char *model = air_scan_text(scan, "model");
		int64 tokens = air_scan_int(scan, "output_tokens", -1);

		if (function != NULL && rule != NULL && model != NULL && tokens >= 0 &&
			same(air_scan_text(scan, "status"), "ok"))
			add(function, rule, model, tokens, air_scan_int(scan, "escalations", -1) >= 0);
	}
	air_scan_end(scan);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
}

static void
read_table(void)
{
	Oid schema = get_namespace_oid("ai_router", true);
	Oid relid = OidIsValid(schema) ? get_relname_relid("calls", schema) : InvalidOid;
	Relation rel;

	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, AccessShareLock))
		return;
	rel = try_relation_open(relid, NoLock);
	if (rel != NULL && rel->rd_rel->relkind == RELKIND_RELATION)
	{
		Oid index = lock_index_by_time(rel);

		if (OidIsValid(index))
			read_rows(rel, index);
	}
	if (rel != NULL)
		relation_close(rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
}

static void
refresh(void)
{
	MemoryContext work, caller;
	double now = air_monotonic_ms();

	if (now - read_at < FRESH_MS)
		return;
	read_at = now; /* also where it fails */
	nsums = 0;
	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext, "ai_router history", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(memory);
	work = AllocSetContextCreate(CurrentMemoryContext, "ai_router calls", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(work);
	read_table();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

double
air_history_output(const char *function, const char *rule, const char *model)
{
	double tokens = 0, n = 0, rule_tokens = 0, rule_n = 0;

	refresh();
	for (int i = 0; i < nsums; i++)
	{
		if (!same(sums[i].function, function) || !same(sums[i].rule, rule))
			continue;
		rule_tokens += sums[i].tokens;
		rule_n += sums[i].n;
		if (same(sums[i].model, model))
		{
			tokens = sums[i].tokens;
			n = sums[i].n;
		}
	}
	if (n > 0)
		return tokens / n;
	return rule_n > 0 ? rule_tokens / rule_n : -1;
}

double
air_history_share(const char *function, const char *rule, const char *model)
{
	double n = 0, rule_n = 0;

	refresh();
	for (int i = 0; i < nsums; i++)
	{
		if (!same(sums[i].function, function) || !same(sums[i].rule, rule))
			continue;
		rule_n += sums[i].cascades;
		if (same(sums[i].model, model))
			n = sums[i].cascades;
	}
	return rule_n > 0 ? n / rule_n : -1;
}
