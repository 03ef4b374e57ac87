/*
 * width.c
 *	  How long the values of a column are.
 *
 * The width in pg_statistic is that of the stored value: of a long text that is what
 * compression left of it, or the 18 bytes that point to where it is.  So where a table may
 * have such values, or was never analyzed, a few of its pages are looked at for the true
 * lengths, which a value tells without being read.  What one row shows of
 * another's length is no more than what EXPLAIN shows of any column.
 */
#include "base/pg.h"

#include "access/detoast.h"
#include "access/heapam.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "batch/width.h"

/* So many pages are looked at, spread over the table. */
#define PAGES 8

/*
 * Add up the lengths of a column in some pages.  Not with the transaction's own snapshot: where
 * that is SERIALIZABLE it would be a read of the whole table, which conflicts with all that
 * others write there.
 */
static void
look_at(Relation rel, AttrNumber attno, BlockNumber start, double *bytes, double *n)
{
	TableScanDesc scan = table_beginscan_strat(rel, SnapshotSelf, 0, NULL, true, false);
	TupleTableSlot *slot = table_slot_create(rel, NULL);

	heap_setscanlimits(scan, start, 1);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool isnull;
		Datum value = slot_getattr(slot, attno, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		*bytes += toast_raw_datum_size(value) - VARHDRSZ;
		*n += 1;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/* The average length of a column of a heap by a look at it, or 0. */
static double
look(Oid relid, AttrNumber attno, bool analyzed)
{
	Relation rel;
	double bytes = 0;
	double n = 0;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return 0;
	rel = try_relation_open(relid, NoLock);
	if (rel != NULL && rel->rd_rel->relkind == RELKIND_RELATION &&
		rel->rd_tableam == GetHeapamTableAmRoutine() && attno <= rel->rd_att->natts &&
		TupleDescAttr(rel->rd_att, attno - 1)->attlen == -1 &&
		(!analyzed || OidIsValid(rel->rd_rel->reltoastrelid)))
	{
		BlockNumber blocks = RelationGetNumberOfBlocks(rel);

		for (int i = 0; i < PAGES && i < blocks; i++)
			look_at(rel, attno, (BlockNumber) ((uint64) blocks * i / Min(PAGES, blocks)), &bytes,
					&n);
	}
	if (rel != NULL)
		relation_close(rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
	return n > 0 ? bytes / n : 0;
}

static double
of_table(Oid relid, const Var *var)
{
	int32 width;
	double seen;

	if (var->varattno <= 0) /* a whole row, or a system column */
		return get_typavgwidth(var->vartype, var->vartypmod);
	width = get_attavgwidth(relid, var->varattno);
	seen = look(relid, var->varattno, width > 0);
	if (seen > 0)
		return seen;
	return width > 0 ? width : get_typavgwidth(var->vartype, var->vartypmod);
}

/* A column of VALUES: its constants, averaged. */
static double
of_values(const ValuesScan *values, const Var *var)
{
	double bytes = 0;
	double n = 0;
	ListCell *lc;

	foreach (lc, values->values_lists)
	{
		List *row = lfirst(lc);
		Const *c;

		if (var->varattno < 1 || var->varattno > list_length(row))
			continue;
		c = list_nth(row, var->varattno - 1);
		if (!IsA(c, Const) || c->constlen != -1)
			return get_typavgwidth(var->vartype, var->vartypmod);
		if (!c->constisnull)
			bytes += toast_raw_datum_size(c->constvalue) - VARHDRSZ;
		n += c->constisnull ? 0 : 1;
	}
	return n > 0 ? bytes / n : 0;
}

double
air_column_width(const AirScope *scope, const Var *var)
{
	const RangeTblEntry *rte = air_scope_table(scope, var);

	if (rte != NULL)
		return of_table(rte->relid, var);
	if (IsA(scope->plan, ValuesScan))
		return of_values((const ValuesScan *) scope->plan, var);
	return get_typavgwidth(var->vartype, var->vartypmod);
}
