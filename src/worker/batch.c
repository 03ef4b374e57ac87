/*
 * batch.c
 *	  What the writer does inside a transaction.
 *
 * Each table gets one INSERT per batch that reads the rows from a tuplestore, so
 * constraints, indexes and triggers work as for anybody's rows.  The same
 * transaction moves the mark: the number of the last record that is in the tables.
 */
#include "base/pg.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/settings.h"
#include "shared/stats.h"
#include "worker/batch.h"
#include "worker/rows.h"

/* Rows of a table that one clean-up deletes: a bounded cost a minute. */
#define CLEANUP_ROWS 20000

#define MAX_KINDS 8

Oid
air_lock_table(const char *name, bool *locked)
{
	Oid schema = get_namespace_oid("ai_router", true);
	Oid relid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;

	*locked = false;
	if (!OidIsValid(relid))
		return InvalidOid;
	if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
	{
		*locked = true;
		return InvalidOid;
	}
	/* It may have gone before the lock came. */
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return InvalidOid;
	return relid;
}

/* The records of one kind into their table.  False if one is damaged. */
static bool
insert_kind(Oid relid, const AirSpoolRecord *records, int n, int kind)
{
	Relation rel = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(rel);
	Datum *values = palloc(sizeof(Datum) * desc->natts);
	bool *nulls = palloc(sizeof(bool) * desc->natts);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	bool ok = true;
	int rows = 0;

	for (int i = 0; ok && i < n; i++)
		if (records[i].kind == kind)
		{
			ok = air_rows_fill(&records[i], desc, values, nulls);
			if (ok)
				tuplestore_putvalues(store, desc, values, nulls);
			rows++;
		}
	if (ok && rows > 0)
	{
		int rc;

		enr->md.name = "spooled";
		enr->md.reliddesc = relid;
		enr->md.tupdesc = NULL;
		enr->md.enrtype = ENR_NAMED_TUPLESTORE;
		enr->md.enrtuples = rows;
		enr->reldata = store;
		if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
			elog(ERROR, "could not register the rows of the spool");
		rc = SPI_execute(air_rows_kind(kind)->insert, false, 0);
		if (rc != SPI_OK_INSERT)
			elog(ERROR, "INSERT failed: %s", SPI_result_code_string(rc));
		SPI_unregister_relation("spooled");
		air_stats_add(AIR_STAT_WRITTEN, rows);
	}
	tuplestore_end(store);
	table_close(rel, NoLock);
	return ok;
}

/* How many of the records the mark says are written.  Sets the mark to the last one otherwise. */
static int
pass_mark(const AirSpoolRecord *records, int n, uint64 incarnation)
{
	Oid types[2] = {INT8OID, INT8OID};
	Datum args[2] = {Int64GetDatum((int64) incarnation), Int64GetDatum((int64) records[n - 1].seq)};
	uint64 written = 0;
	int known = 0;

	SPI_execute_with_args("SELECT seq FROM ai_router.spool_mark WHERE incarnation = $1", 1, types,
						  args, NULL, true, 1);
	if (SPI_processed > 0)
	{
		bool null;

		written = (uint64) DatumGetInt64(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	}
	while (known < n && records[known].seq <= written)
		known++;
	if (known == n)
		return n;
	SPI_execute_with_args("UPDATE ai_router.spool_mark SET incarnation = $1, seq = $2", 2, types,
						  args, NULL, false, 0);
	if (SPI_processed == 0)
		SPI_execute_with_args("INSERT INTO ai_router.spool_mark (incarnation, seq) VALUES ($1, $2)",
							  2, types, args, NULL, false, 0);
	return known;
}

AirBatchResult
air_batch_insert(const AirSpoolRecord *records, int n, uint64 incarnation)
{
	Oid tables[MAX_KINDS];
	bool locked, ok = true;
	Oid mark = air_lock_table("spool_mark", &locked);
	int known, nkinds = 0;

	while (air_rows_kind(nkinds) != NULL)
		nkinds++;
	Assert(nkinds <= MAX_KINDS);
	for (int k = 0; OidIsValid(mark) && k < nkinds; k++)
	{
		tables[k] = air_lock_table(air_rows_kind(k)->table, &locked);
		if (!OidIsValid(tables[k]))
			mark = InvalidOid;
	}
	if (!OidIsValid(mark))
		return locked ? AIR_BATCH_LOCKED : AIR_BATCH_NO_TABLES;
	for (int i = 0; i < n; i++)
		if (air_rows_kind(records[i].kind) == NULL)
			return AIR_BATCH_REFUSED;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	known = pass_mark(records, n, incarnation);
	for (int k = 0; ok && k < nkinds; k++)
		ok = insert_kind(tables[k], records + known, n - known, k);
	PopActiveSnapshot();
	SPI_finish();
	return ok ? AIR_BATCH_WRITTEN : AIR_BATCH_REFUSED;
}

void
air_batch_clean_up(void)
{
	static const char *const tables[] = {"calls", "attempts"};
	TimestampTz before;

	if (air_log_retention_s == 0)
		return;
	before = GetCurrentTimestamp() - (TimestampTz) air_log_retention_s * USECS_PER_SEC;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < lengthof(tables); i++)
	{
		Oid types[1] = {TIMESTAMPTZOID};
		Datum args[1] = {TimestampTzGetDatum(before)};
		bool locked;

		if (!OidIsValid(air_lock_table(tables[i], &locked)))
			continue;
		SPI_execute_with_args(
			psprintf("DELETE FROM ai_router.%1$s WHERE ctid = ANY (ARRAY("
					 "SELECT ctid FROM ai_router.%1$s WHERE at < $1 ORDER BY at LIMIT %2$d "
					 "FOR UPDATE SKIP LOCKED))",
					 tables[i], CLEANUP_ROWS),
			1, types, args, NULL, false, 0);
	}
	PopActiveSnapshot();
	SPI_finish();
}
