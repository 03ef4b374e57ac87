/*
 * aggregates.c
 *	  The aggregates that make calls, and the two halves of each.
 *
 * An aggregate is one of ours if its final function is; its halves are found by their names in
 * schema ai_router: one that was renamed is evaluated as a whole.  Answers are kept by OID as in
 * functions.c; any change of pg_proc empties the table.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "batch/aggregates.h"
#include "batch/functions.h"

typedef struct Known
{
	Oid funcid;
	AirHalves halves;
} Known;

static HTAB *known = NULL;
static bool stale = false;

/* An invalidation may come in the middle of a lookup: only mark. */
static void
on_change(Datum arg, int cacheid, uint32 hashvalue)
{
	stale = true;
}

static void
reset(void)
{
	HASHCTL ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(Known)};

	if (known != NULL)
		hash_destroy(known);
	known = NULL;
	stale = false;
	ctl.hcxt = TopMemoryContext;
	known = hash_create("AI aggregates", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The C name of an aggregate's final function if that is ours, palloc'ed, else NULL. */
static char *
final_symbol(Oid funcid)
{
	HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(funcid));
	Oid final;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	final = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggfinalfn;
	ReleaseSysCache(tuple);
	return air_own_symbol(final);
}

static Oid
find_function(const char *name, oidvector *types)
{
	Oid schema = get_namespace_oid("ai_router", true);

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(types), ObjectIdGetDatum(schema));
}

static void
find_halves(Oid funcid, AirHalves *out)
{
	static const Oid of_finish[] = {JSONBOID, REGPROCEDUREOID, JSONBOID};
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	Form_pg_proc proc;

	if (!HeapTupleIsValid(tuple))
		return;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	out->collect =
		find_function(psprintf("collect_%s", NameStr(proc->proname)), &proc->proargtypes);
	out->finish = find_function(psprintf("finish_%s", NameStr(proc->proname)),
								buildoidvector(of_finish, lengthof(of_finish)));
	ReleaseSysCache(tuple);
	if (!OidIsValid(out->collect) || !OidIsValid(out->finish))
		out->collect = out->finish = InvalidOid;
}

static AirHalves
look_up(Oid funcid)
{
	AirHalves halves = {0};
	char *symbol = final_symbol(funcid);

	if (symbol != NULL && strcmp(symbol, "air_agg_final") == 0)
		find_halves(funcid, &halves);
	halves.is_collect = symbol != NULL && strcmp(symbol, "air_agg_collect") == 0;
	return halves;
}

const AirHalves *
air_halves_of(Oid funcid)
{
	static const AirHalves none;
	Known *entry;

	if (funcid < FirstNormalObjectId)
		return &none;
	if (known == NULL || stale)
		reset();
	entry = hash_search(known, &funcid, HASH_FIND, NULL);
	if (entry == NULL)
	{
		AirHalves halves = look_up(funcid);

		entry = hash_search(known, &funcid, HASH_ENTER, NULL);
		entry->halves = halves;
	}
	return &entry->halves;
}

void
air_check_aggregate(Oid aggregate)
{
	AclResult right = air_function_execute_compat(aggregate, GetUserId());

	if (right != ACLCHECK_OK)
		aclcheck_error(right, OBJECT_AGGREGATE, get_func_name(aggregate));
}

void
air_aggregates_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, on_change, (Datum) 0);
}
