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
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/settings.h"
#include "shared/ledger.h"
#include "shared/stats.h"
#include "worker/batch.h"
#include "worker/rows.h"

/* Rows of a table that one clean-up deletes: a bounded cost a minute. */
#define CLEANUP_ROWS 20000

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
insert_kind(Oid relid, const AirSpoolRecord *records, int n, int kind, int64 *changed)
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
		if (records[i].kind == kind && !air_rows_void(&records[i]))
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
		if (rc < 0)
			elog(ERROR, "writing failed: %s", SPI_result_code_string(rc));
		*changed = (int64) SPI_processed;
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
air_batch_insert(const AirSpoolRecord *records, int n, uint64 incarnation, int64 *rows)
{
	Oid tables[AIR_RECORD_KINDS];
	bool there[AIR_RECORD_KINDS] = {false};
	bool locked, ok = true;
	Oid mark = air_lock_table("spool_mark", &locked);
	int known;

	*rows = 0;
	for (int i = 0; i < n; i++)
		if (air_rows_kind(records[i].kind) == NULL)
			return AIR_BATCH_REFUSED;
		else
			there[records[i].kind] = true;
	/* Only what is needed: a lock on one table keeps no rows from another. */
	for (int k = 0; OidIsValid(mark) && k < AIR_RECORD_KINDS; k++)
	{
		if (!there[k])
			continue;
		tables[k] = air_lock_table(air_rows_kind(k)->table, &locked);
		if (!OidIsValid(tables[k]))
			mark = InvalidOid;
	}
	if (!OidIsValid(mark))
		return locked ? AIR_BATCH_LOCKED : AIR_BATCH_NO_TABLES;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	known = pass_mark(records, n, incarnation);
	for (int k = 0; ok && k < AIR_RECORD_KINDS; k++)
		if (there[k])
			ok = insert_kind(tables[k], records + known, n - known, k, rows);
	PopActiveSnapshot();
	SPI_finish();
	return ok ? AIR_BATCH_WRITTEN : AIR_BATCH_REFUSED;
}

/* Delete rows that whose column is less. */
static void
clean_up_table(const char *table, const char *column, Oid type, Datum arg)
{
	bool locked;

	if (!OidIsValid(air_lock_table(table, &locked)))
		return;
	SPI_execute_with_args(psprintf("DELETE FROM ai_router.%1$s WHERE ctid = ANY (ARRAY("
								   "SELECT ctid FROM ai_router.%1$s WHERE %2$s < $1 "
								   "ORDER BY %2$s LIMIT %3$d FOR UPDATE SKIP LOCKED))",
								   table, column, CLEANUP_ROWS),
						  1, &type, &arg, NULL, false, 0);
}

void
air_batch_clean_up(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz before;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (air_log_retention_s > 0)
	{
		before = now - (TimestampTz) air_log_retention_s * USECS_PER_SEC;
		clean_up_table("calls", "at", TIMESTAMPTZOID, TimestampTzGetDatum(before));
		clean_up_table("attempts", "at", TIMESTAMPTZOID, TimestampTzGetDatum(before));
		clean_up_table("hits", "day", DATEOID, DateADTGetDatum((DateADT) (before / USECS_PER_DAY)));
	}
	if (air_cache_retention_s > 0)
	{
		before = now - (TimestampTz) air_cache_retention_s * USECS_PER_SEC;
		clean_up_table("cache", "last_used", DATEOID,
					   DateADTGetDatum((DateADT) (before / USECS_PER_DAY)));
	}
	clean_up_table("cache", "expires_at", TIMESTAMPTZOID, TimestampTzGetDatum(now));
	PopActiveSnapshot();
	SPI_finish();
}
