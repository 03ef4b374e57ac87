/*
 * tablescan.c
 *	  Reading a table of the extension from C.
 *
 * Permissions are not checked: the library reads on its own behalf.  Memory is
 * CurrentMemoryContext's.
 */
#include "base/pg.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "config/tablescan.h"

/* Whoever locks a table of ours keeps others waiting for so long at most. */
#define LOCK_WAIT_MS 5000

struct AirScan
{
	Relation rel;
	TableScanDesc scan;
	IndexScanDesc by_index; /* or this */
	TupleTableSlot *slot;
};

static void
lock_not_available(Oid relid)
{
	const char *name = get_rel_name(relid);

	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("table ai_router.%s is locked by another session", name ? name : "?"),
			 errdetail("AI calls must read it, because their configuration may have changed."),
			 errhint("View pg_locks shows which session that is. Calls work again when it ends its "
					 "transaction.")));
}

/* Wait for one lock, as long as is given. */
static void
wait_for_lock(Oid relid, int wait_ms)
{
	MemoryContext caller = CurrentMemoryContext;
	int nest = NewGUCNestLevel();

	if (LockTimeout > 0)
		wait_ms = Min(wait_ms, LockTimeout);
	PG_TRY();
	{
		(void) set_config_option("lock_timeout", psprintf("%d", wait_ms), PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		LockRelationOid(relid, AccessShareLock);
	}
	PG_CATCH();
	{
		AtEOXact_GUC(false, nest);
		if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		lock_not_available(relid);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, nest);
}

/* See tablescan.h. */
void
air_tables_lock(const Oid *relids, int n)
{
	double until = 0;

	for (int i = 0; i < n; i++)
	{
		double now;

		if (!OidIsValid(relids[i]) || ConditionalLockRelationOid(relids[i], AccessShareLock))
			continue;
		now = air_monotonic_ms();
		if (until == 0)
			until = now + LOCK_WAIT_MS;
		wait_for_lock(relids[i], (int) Max(until - now, 1));
	}
}

/* See tablescan.h. */
void
air_tables_unlock(const Oid *relids, int n)
{
	for (int i = 0; i < n; i++)
		if (OidIsValid(relids[i]))
			UnlockRelationOid(relids[i], AccessShareLock);
}

/* See tablescan.h. */
AirScan *
air_scan_begin(Oid relid, Snapshot snapshot)
{
	AirScan *s = palloc0(sizeof(AirScan));

	s->rel = table_open(relid, AccessShareLock);
	s->slot = table_slot_create(s->rel, NULL);
	s->scan = table_beginscan(s->rel, snapshot, 0, NULL);
	return s;
}

/* See tablescan.h. */
bool
air_scan_next(AirScan *s)
{
	CHECK_FOR_INTERRUPTS();
	return table_scan_getnextslot(s->scan, ForwardScanDirection, s->slot);
}

/* See tablescan.h. */
void
air_scan_end(AirScan *s)
{
	ExecDropSingleTupleTableSlot(s->slot);
	if (s->by_index != NULL)
		index_endscan(s->by_index);
	else
	{
		table_endscan(s->scan);
		table_close(s->rel, AccessShareLock);
	}
	pfree(s);
}

/* See tablescan.h. */
AirScan *
air_scan_begin_keyed(Relation rel, Relation index, Snapshot snapshot)
{
	AirScan *s = palloc0(sizeof(AirScan));

	s->rel = rel;
	s->slot = table_slot_create(rel, NULL);
	s->by_index = air_index_beginscan_compat(rel, index, snapshot, 1);
	return s;
}

/* See tablescan.h. */
AirScan *
air_scan_begin_last(Relation rel, Relation index, Snapshot snapshot)
{
	AirScan *s = palloc0(sizeof(AirScan));

	s->rel = rel;
	s->slot = table_slot_create(rel, NULL);
	s->by_index = air_index_beginscan_compat(rel, index, snapshot, 0);
	index_rescan(s->by_index, NULL, 0, NULL, 0);
	return s;
}

/* See tablescan.h. */
bool
air_scan_previous(AirScan *s)
{
	CHECK_FOR_INTERRUPTS();
	return index_getnext_slot(s->by_index, BackwardScanDirection, s->slot);
}

/* See tablescan.h. */
bool
air_scan_find(AirScan *s, RegProcedure equals, Datum key)
{
	ScanKeyData k;

	ScanKeyInit(&k, 1, BTEqualStrategyNumber, equals, key);
	index_rescan(s->by_index, &k, 1, NULL, 0);
	return index_getnext_slot(s->by_index, ForwardScanDirection, s->slot);
}

/* The value of a column and its type; false if it is NULL or not there. */
static bool
get_column(AirScan *s, const char *column, Datum *value, Oid *type)
{
	TupleDesc desc = RelationGetDescr(s->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool isnull;

		if (att->attisdropped || strcmp(NameStr(att->attname), column) != 0)
			continue;
		*value = slot_getattr(s->slot, i + 1, &isnull);
		*type = att->atttypid;
		return !isnull;
	}
	return false;
}

static void
wrong_type(AirScan *s, const char *column)
{
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("column \"%s\" of table ai_router.%s has a wrong type", column,
						   RelationGetRelationName(s->rel)),
					errhint("Use ALTER EXTENSION ai_router UPDATE.")));
}

/* The value of a column that must be of this type. */
static bool
get_typed(AirScan *s, const char *column, Oid want, Datum *value)
{
	Oid type;

	if (!get_column(s, column, value, &type))
		return false;
	if (type != want)
		wrong_type(s, column);
	return true;
}

/* See tablescan.h. */
char *
air_scan_text(AirScan *s, const char *column)
{
	Datum value;

	return get_typed(s, column, TEXTOID, &value) ? TextDatumGetCString(value) : NULL;
}

/* See tablescan.h. */
int64
air_scan_int(AirScan *s, const char *column, int64 dflt)
{
	Datum value;
	Oid type;

	if (!get_column(s, column, &value, &type))
		return dflt;
	if (type == INT4OID)
		return DatumGetInt32(value);
	if (type != INT8OID)
		wrong_type(s, column);
	return DatumGetInt64(value);
}

/* See tablescan.h. */
double
air_scan_float(AirScan *s, const char *column, double dflt)
{
	Datum value;

	return get_typed(s, column, FLOAT8OID, &value) ? DatumGetFloat8(value) : dflt;
}

/* See tablescan.h. */
bool
air_scan_bool(AirScan *s, const char *column, bool dflt)
{
	Datum value;

	return get_typed(s, column, BOOLOID, &value) ? DatumGetBool(value) : dflt;
}

/* See tablescan.h. */
TimestampTz
air_scan_time(AirScan *s, const char *column, TimestampTz dflt)
{
	Datum value;

	return get_typed(s, column, TIMESTAMPTZOID, &value) ? DatumGetTimestampTz(value) : dflt;
}

/* See tablescan.h. */
DateADT
air_scan_date(AirScan *s, const char *column, DateADT dflt)
{
	Datum value;

	return get_typed(s, column, DATEOID, &value) ? DatumGetDateADT(value) : dflt;
}

/* See tablescan.h. */
AirNano
air_scan_money(AirScan *s, const char *column)
{
	Datum value;

	if (!get_typed(s, column, NUMERICOID, &value))
		return AIR_NANO_UNKNOWN;
	return air_nano_from_numeric(DatumGetNumeric(value));
}

/* See tablescan.h. */
struct varlena *
air_scan_varlena(AirScan *s, const char *column, Oid type)
{
	Datum value;

	if (!get_typed(s, column, type, &value))
		return NULL;
	return (struct varlena *) PG_DETOAST_DATUM_COPY(value);
}

/* See tablescan.h. */
Jsonb *
air_scan_jsonb(AirScan *s, const char *column)
{
	return (Jsonb *) air_scan_varlena(s, column, JSONBOID);
}

/* The elements of an array column, false if it is NULL. */
static bool
get_elements(AirScan *s, const char *column, Oid type, Oid element, Datum **elems, int *n)
{
	ArrayType *array = (ArrayType *) air_scan_varlena(s, column, type);
	bool *nulls;

	*n = 0;
	if (array == NULL)
		return false;
	if (element == TEXTOID)
		deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, elems, &nulls, n);
	else
		deconstruct_array(array, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT, elems, &nulls, n);
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("column \"%s\" has a NULL element", column)));
	}
	return true;
}

/* See tablescan.h. */
char **
air_scan_texts(AirScan *s, const char *column, int *n)
{
	Datum *elems;
	char **result;

	if (!get_elements(s, column, TEXTARRAYOID, TEXTOID, &elems, n))
		return NULL;
	result = palloc(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		result[i] = TextDatumGetCString(elems[i]);
	return result;
}

/* See tablescan.h. */
double *
air_scan_reals(AirScan *s, const char *column, int *n)
{
	Datum *elems;
	double *result;

	if (!get_elements(s, column, FLOAT4ARRAYOID, FLOAT4OID, &elems, n))
		return NULL;
	result = palloc(sizeof(double) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		result[i] = DatumGetFloat4(elems[i]);
	return result;
}
