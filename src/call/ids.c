/*
 * ids.c
 *	  Ids of calls, above all that the ledger of this database holds.
 *
 * The counter in shared memory and its file know what this server gave.  They do not
 * know what the ledger brought along: from the primary after a failover, from the old
 * cluster after pg_upgrade, from a restored backup, or when the file is lost.  So the
 * first call of each session that is sent looks up the largest id in ai_router.calls,
 * by the index, and moves the counter above it.
 *
 * Every session looks before it gets its first id, and the counter never goes back: so
 * ids that others were given meanwhile, written or not, are below it.  Rows restored
 * into a running server are seen by the sessions that begin to call afterwards.
 */
#include "base/pg.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "call/internal.h"
#include "shared/callid.h"
#include "shared/shared.h"

/* The column's largest value by an index on it, 0 if there is none; both are locked. */
static int64
largest(Relation table, Relation index, AttrNumber column)
{
	Snapshot snapshot = RegisterSnapshot(GetNonHistoricCatalogSnapshot(RelationGetRelid(table)));
	SysScanDesc scan = systable_beginscan_ordered(table, index, snapshot, 0, NULL);
	HeapTuple row = systable_getnext_ordered(scan, BackwardScanDirection);
	int64 value = 0;
	bool null;

	if (row != NULL)
		value = DatumGetInt64(heap_getattr(row, column, RelationGetDescr(table), &null));
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
	return value;
}

/* Move the counter above the ledger.  False if a lock is in the way: the next call looks again. */
static bool
pass_ledger(void)
{
	Oid schema = get_namespace_oid("ai_router", true);
	Oid table = OidIsValid(schema) ? get_relname_relid("calls", schema) : InvalidOid;
	Oid index = OidIsValid(schema) ? get_relname_relid("calls_call_id_idx", schema) : InvalidOid;
	AttrNumber column = OidIsValid(table) ? get_attnum(table, "call_id") : InvalidAttrNumber;
	Relation t, i;

	if (column == InvalidAttrNumber || !OidIsValid(index) || get_atttype(table, column) != INT8OID)
		return true; /* not as we made it */
	if (!ConditionalLockRelationOid(table, AccessShareLock))
		return false;
	if (!ConditionalLockRelationOid(index, AccessShareLock))
	{
		UnlockRelationOid(table, AccessShareLock);
		return false;
	}
	t = try_relation_open(table, NoLock);
	i = t != NULL ? try_relation_open(index, NoLock) : NULL;
	/* One in partitions has nothing to scan. */
	if (i != NULL && t->rd_rel->relkind == RELKIND_RELATION &&
		i->rd_rel->relkind == RELKIND_INDEX && i->rd_rel->relam == BTREE_AM_OID &&
		i->rd_index->indrelid == table && i->rd_index->indisvalid &&
		i->rd_index->indkey.values[0] == column)
		air_callids_raise(largest(t, i, column));
	if (i != NULL)
		relation_close(i, NoLock);
	if (t != NULL)
		relation_close(t, NoLock);
	UnlockRelationOid(index, AccessShareLock);
	UnlockRelationOid(table, AccessShareLock);
	return true;
}

/* A new call id: see air_next_call_id().  Reads the ledger's index, once in a session. */
int64
air_call_new_id(void)
{
	static bool passed = false;

	/* A standby writes no ledger; once it is promoted, it looks. */
	if (!passed && !RecoveryInProgress())
		passed = pass_ledger();
	return air_next_call_id();
}
