/*
 * functions.c
 *	  Which functions of the catalogue are doors.
 *
 * Every plan's functions are looked up here, so the answer is kept by OID, for other
 * functions too; any change of pg_proc empties it.  The table lives in its own context.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "batch/aggregates.h"
#include "batch/functions.h"

#define LIBRARY "$libdir/ai_router"

typedef struct Known
{
	Oid funcid;
	const AirDoor *door;
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
	known = hash_create("AI functions", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static char *
text_attribute(HeapTuple tuple, AttrNumber attno)
{
	bool isnull;
	Datum value = SysCacheGetAttr(PROCOID, tuple, attno, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

char *
air_own_symbol(Oid funcid)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	char *own = NULL;
	Form_pg_proc proc;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (proc->prolang == ClanguageId && proc->prokind == PROKIND_FUNCTION && !proc->proretset &&
		!proc->prosecdef && heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL))
	{
		char *library = text_attribute(tuple, Anum_pg_proc_probin);
		char *symbol = text_attribute(tuple, Anum_pg_proc_prosrc);

		if (library != NULL && symbol != NULL && strcmp(library, LIBRARY) == 0)
			own = symbol;
	}
	ReleaseSysCache(tuple);
	return own;
}

static const AirDoor *
look_up(Oid funcid)
{
	char *symbol = air_own_symbol(funcid);

	return symbol != NULL ? air_door_find(symbol) : NULL;
}

const AirDoor *
air_door_of(Oid funcid)
{
	Known *entry;
	const AirDoor *door;

	/* Ours come with CREATE EXTENSION; PostgreSQL's own need no look. */
	if (funcid < FirstNormalObjectId)
		return NULL;
	if (known == NULL || stale)
		reset();
	entry = hash_search(known, &funcid, HASH_FIND, NULL);
	if (entry == NULL)
	{
		door = look_up(funcid);
		entry = hash_search(known, &funcid, HASH_ENTER, NULL);
		entry->door = door;
	}
	door = entry->door;
	/* Somebody else may want to see each call; the hook's mind is not ours to keep. */
	if (door != NULL && FmgrHookIsNeeded(funcid))
		return NULL;
	return door;
}

static bool
has_call(Node *node, void *arg)
{
	node = air_step_into(node);
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && air_door_of(((FuncExpr *) node)->funcid) != NULL)
		return true;
	return expression_tree_walker(node, has_call, arg);
}

bool
air_has_call(Node *expr)
{
	return has_call(expr, NULL);
}

void
air_functions_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, on_change, (Datum) 0);
	air_aggregates_init();
}
