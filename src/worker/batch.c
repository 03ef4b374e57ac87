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
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/settings.h"
#include "worker/batch.h"
#include "worker/rows.h"

/* Rows of a table that one clean-up deletes: it does not keep the spool waiting for long. */
#define CLEANUP_ROWS 20000

#define MAX_KINDS 8

/* Who we are while a table is not ours. */
typedef struct Guise
{
	Oid user;
	int security;
	int settings; /* nesting level; 0: we are still ourselves */
} Guise;

/* Become the owner of a table.  An error in between undoes it with the transaction. */
static Guise
put_on(Oid relid)
{
	Guise guise = {0};
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (superuser_arg(owner))
		return guise;
	GetUserIdAndSecContext(&guise.user, &guise.security);
	SetUserIdAndSecContext(owner, guise.security | SECURITY_RESTRICTED_OPERATION);
	guise.settings = NewGUCNestLevel();
	return guise;
}

static void
take_off(Guise guise)
{
	if (guise.settings == 0)
		return;
	AtEOXact_GUC(false, guise.settings);
	SetUserIdAndSecContext(guise.user, guise.security);
}

/* A table of schema ai_router, locked without waiting.  InvalidOid with *locked: somebody holds it.
 */
static Oid
lock_table(const char *name, bool *locked)
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
insert_kind(Oid relid, const AirSpoolRecord *records, int n, int kind)
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
		if (records[i].kind == kind)
		{
			ok = air_rows_fill(&records[i], desc, values, nulls, known);
			if (ok)
				tuplestore_putvalues(store, desc, values, nulls);
			rows++;
		}
	if (ok && rows > 0)
	{
		const char *columns = column_list(desc, known);
		Guise guise;
		int rc;

		enr->md.name = "spooled";
		enr->md.reliddesc = relid;
		enr->md.tupdesc = NULL;
		enr->md.enrtype = ENR_NAMED_TUPLESTORE;
		enr->md.enrtuples = rows;
		enr->reldata = store;
		if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
			elog(ERROR, "could not register the rows of the spool");
		guise = put_on(relid);
		rc = SPI_execute(psprintf(air_rows_kind(kind)->insert, columns), false, 0);
		if (rc != SPI_OK_INSERT)
			elog(ERROR, "INSERT failed: %s", SPI_result_code_string(rc));
		take_off(guise);
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
	Guise guise = put_on(relid);
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
	take_off(guise);
	return known;
}

AirBatchResult
air_batch_insert(const AirSpoolRecord *records, int n, uint64 incarnation, int *rows)
{
	Oid tables[MAX_KINDS];
	bool locked, ok = true;
	Oid mark = lock_table("spool_mark", &locked);
	int known, nkinds = 0;

	while (air_rows_kind(nkinds) != NULL)
		nkinds++;
	Assert(nkinds <= MAX_KINDS);
	for (int k = 0; OidIsValid(mark) && k < nkinds; k++)
	{
		tables[k] = lock_table(air_rows_kind(k)->table, &locked);
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
	known = pass_mark(mark, records, n, incarnation);
	*rows = n - known;
	for (int k = 0; ok && k < nkinds; k++)
		ok = insert_kind(tables[k], records + known, n - known, k);
	PopActiveSnapshot();
	SPI_finish();
	return ok ? AIR_BATCH_WRITTEN : AIR_BATCH_REFUSED;
}

bool
air_batch_clean_up(void)
{
	static const char *const tables[] = {"calls", "attempts"};
	TimestampTz before;
	bool more = false;

	if (air_log_retention_s == 0)
		return false;
	before = GetCurrentTimestamp() - (TimestampTz) air_log_retention_s * USECS_PER_SEC;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < lengthof(tables); i++)
	{
		Oid types[1] = {TIMESTAMPTZOID};
		Datum args[1] = {TimestampTzGetDatum(before)};
		bool locked;
		Oid relid = lock_table(tables[i], &locked);
		Guise guise;

		if (!OidIsValid(relid))
			continue;
		guise = put_on(relid);
		/* The age twice: in a partition or a child, a row of the same ctid may be a new one. */
		SPI_execute_with_args(
			psprintf("DELETE FROM ai_router.%1$s WHERE at < $1 AND ctid = ANY (ARRAY("
					 "SELECT ctid FROM ai_router.%1$s WHERE at < $1 ORDER BY at LIMIT %2$d "
					 "FOR UPDATE SKIP LOCKED))",
					 tables[i], CLEANUP_ROWS),
			1, types, args, NULL, false, 0);
		more = more || SPI_processed >= CLEANUP_ROWS;
		take_off(guise);
	}
	PopActiveSnapshot();
	SPI_finish();
	return more;
}
