/*
 * batch.c
 *	  What the writer does inside a transaction.
 *
 * Each table gets one INSERT per batch that reads the rows from a tuplestore, so
 * constraints, indexes and triggers work as for anybody's rows.  The same
 * transaction moves the mark: the number of the last record that is in the tables.
 *
 * The writer is a superuser; whoever owns a table decides what its triggers do.  So
 * a table that is not a superuser's is written as its owner, as VACUUM does it.
 */
#include "base/pg.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "shared/ledger.h"
#include "worker/batch.h"
#include "worker/guise.h"
#include "worker/rows.h"

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

/* The columns of the table that records fill, as a list in SQL. */
static char *
column_list(TupleDesc desc, const bool *known)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
		if (known[i])
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
							 quote_identifier(NameStr(TupleDescAttr(desc, i)->attname)));
	return list.data;
}

/* The records of one kind into their table.  False if one is damaged. */
static bool
insert_kind(Oid relid, const AirSpoolRecord *records, int n, int kind, int64 *changed)
{
	Relation rel = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(rel);
	Datum *values = palloc(sizeof(Datum) * desc->natts);
	bool *nulls = palloc(sizeof(bool) * desc->natts);
	bool *known = palloc(sizeof(bool) * desc->natts);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	bool ok = true;
	int rows = 0;

	for (int i = 0; ok && i < n; i++)
		if (records[i].kind == kind && !air_rows_void(&records[i]))
		{
			ok = air_rows_fill(&records[i], desc, values, nulls, known);
			if (ok)
				tuplestore_putvalues(store, desc, values, nulls);
			rows++;
		}
	if (ok && rows > 0)
	{
		const char *columns = column_list(desc, known);
		AirGuise guise;
		int rc;

		enr->md.name = "spooled";
		enr->md.reliddesc = relid;
		enr->md.tupdesc = NULL;
		enr->md.enrtype = ENR_NAMED_TUPLESTORE;
		enr->md.enrtuples = rows;
		enr->reldata = store;
		if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
			elog(ERROR, "could not register the rows of the spool");
		guise = air_guise_on(relid);
		rc = SPI_execute(psprintf(air_rows_kind(kind)->insert, columns), false, 0);
		if (rc < 0)
			elog(ERROR, "writing failed: %s", SPI_result_code_string(rc));
		*changed = (int64) SPI_processed;
		air_guise_off(guise);
		SPI_unregister_relation("spooled");
	}
	tuplestore_end(store);
	table_close(rel, NoLock);
	return ok;
}

/* How many of the records the mark says are written.  Sets the mark to the last one otherwise. */
static int
pass_mark(Oid relid, const AirSpoolRecord *records, int n, uint64 incarnation)
{
	AirGuise guise = air_guise_on(relid);
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
	if (known < n)
	{
		SPI_execute_with_args("UPDATE ai_router.spool_mark SET incarnation = $1, seq = $2", 2,
							  types, args, NULL, false, 0);
		if (SPI_processed == 0)
			SPI_execute_with_args(
				"INSERT INTO ai_router.spool_mark (incarnation, seq) VALUES ($1, $2)", 2, types,
				args, NULL, false, 0);
	}
	air_guise_off(guise);
	return known;
}

AirBatchResult
air_batch_insert(const AirSpoolRecord *records, int n, uint64 incarnation, int *rows,
				 int64 *changed)
{
	Oid tables[AIR_RECORD_KINDS];
	bool there[AIR_RECORD_KINDS] = {false};
	bool locked, ok = true;
	Oid mark = air_lock_table("spool_mark", &locked);
	int known;

	*rows = 0;
	*changed = 0;
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
	known = pass_mark(mark, records, n, incarnation);
	*rows = n - known;
	for (int k = 0; ok && k < AIR_RECORD_KINDS; k++)
		if (there[k])
			ok = insert_kind(tables[k], records + known, n - known, k, changed);
	PopActiveSnapshot();
	SPI_finish();
	return ok ? AIR_BATCH_WRITTEN : AIR_BATCH_REFUSED;
}
