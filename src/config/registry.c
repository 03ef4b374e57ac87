/*
 * registry.c
 *	  The current configuration: when it is read, who holds it, when it goes.
 *
 * Each snapshot has a memory context under CacheMemoryContext and a count of
 * pins.  Invalidation callbacks only advance a generation number; a snapshot
 * is current while it was begun in the current generation.  It is freed when
 * it is neither current nor pinned.  No locks are held between calls.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "config/registry.h"
#include "config/registry_read.h"
#include "config/tablescan.h"

#define SCHEMA "ai_router"

typedef struct ConfigSnapshot
{
	AirConfig config; /* first: what callers see */
	MemoryContext cxt;
	uint64 generation;
	int pins;
	const AirModel **models; /* by name */
} ConfigSnapshot;

AirConditionKeys air_condition_keys_hook = NULL;
AirPredictorOpen air_predictor_open_hook = NULL;

static ConfigSnapshot *current = NULL; /* may be out of date */
static uint64 generation = 1;
static AirTables tables; /* of the snapshot being read or last read */
static bool callbacks_registered = false;

static void
on_relation_change(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == tables.models || relid == tables.rules ||
		relid == tables.fixtures || relid == tables.budgets || relid == tables.prompts ||
		relid == tables.predictors)
		generation++;
}

static void
on_server_change(Datum arg, int cacheid, uint32 hashvalue)
{
	generation++;
}

static void
register_callbacks(void)
{
	/* There are few slots for these and none is ever given back: register once. */
	if (callbacks_registered)
		return;
	callbacks_registered = true;
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_server_change, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNDATAWRAPPEROID, on_server_change, (Datum) 0);
}

/* Find the tables; an error where the extension is not installed. */
static void
find_tables(void)
{
	Oid schema = get_namespace_oid(SCHEMA, true);

	if (!OidIsValid(get_extension_oid("ai_router", true)) || !OidIsValid(schema))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("extension \"ai_router\" is not installed in this database"),
						errhint("Use CREATE EXTENSION ai_router.")));
	tables.models = get_relname_relid("models", schema);
	tables.rules = get_relname_relid("rules", schema);
	tables.fixtures = get_relname_relid("fixtures", schema);
	tables.budgets = get_relname_relid("budgets", schema);
	tables.budget_spent = get_relname_relid("budget_spent", schema);
	tables.prompts = get_relname_relid("prompts", schema);
	tables.predictors = get_relname_relid("predictors", schema);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const AirModel *const *) a)->name, (*(const AirModel *const *) b)->name);
}

static void
index_models(ConfigSnapshot *s)
{
	int n = s->config.nmodels;

	s->models = palloc(sizeof(AirModel *) * Max(n, 1));
	for (int i = 0; i < n; i++)
		s->models[i] = &s->config.models[i];
	qsort(s->models, n, sizeof(AirModel *), by_name);
}

/*
 * Find the tables and lock what is to be read; returns the generation in which both
 * happened.  What changes from then on makes the snapshot stale before it is finished.
 *
 * Somebody who holds ACCESS EXCLUSIVE on a table keeps calls waiting here, but only
 * those that were told of a change: whoever has a current configuration reads nothing.
 * The wait has an end, and it is an error: the old configuration would be there, but
 * the change that is not seen may have been the one that takes a model, a right or
 * a provider out of use.  VACUUM FULL and the like are over before that.
 */
static uint64
find_and_lock(Oid relids[AIR_CONFIG_RELATIONS])
{
	for (;;)
	{
		uint64 begun = generation;

		CHECK_FOR_INTERRUPTS();
		find_tables();
		air_config_relations(&tables, relids);
		air_tables_lock(relids, AIR_CONFIG_RELATIONS);
		/* While it waited tables may have been dropped and made anew. */
		if (begun == generation)
			return begun;
		air_tables_unlock(relids, AIR_CONFIG_RELATIONS);
	}
}

/* Read a new snapshot.  On ERROR nothing of it stays and the old one remains, out of date. */
static ConfigSnapshot *
read_snapshot(void)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ai_router configuration",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ConfigSnapshot *s = palloc0(sizeof(ConfigSnapshot));
	static uint64 last_id = 0;
	Oid relids[AIR_CONFIG_RELATIONS];

	PG_TRY();
	{
		s->cxt = cxt;
		s->config.id = ++last_id;
		s->generation = find_and_lock(relids);
		air_config_read(&tables, &s->config);
		air_tables_unlock(relids, AIR_CONFIG_RELATIONS);
		index_models(s);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		MemoryContextDelete(cxt);
		PG_RE_THROW();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	return s;
}

static void
free_if_unused(ConfigSnapshot *s)
{
	if (s != NULL && s != current && s->pins == 0)
		MemoryContextDelete(s->cxt);
}

/* See registry.h. */
const AirConfig *
air_config_acquire(void)
{
	if (!IsTransactionState())
		elog(ERROR, "the configuration can be read in a transaction only");

	register_callbacks();
	AcceptInvalidationMessages();
	if (current == NULL || current->generation != generation)
	{
		ConfigSnapshot *fresh = read_snapshot();
		ConfigSnapshot *stale = current;

		current = fresh;
		free_if_unused(stale);
	}
	current->pins++;
	return &current->config;
}

/* See registry.h. */
void
air_config_release(const AirConfig *config)
{
	ConfigSnapshot *s = (ConfigSnapshot *) unconstify(AirConfig *, config);

	if (s == NULL)
		return;
	Assert(s->pins > 0);
	s->pins--;
	free_if_unused(s);
}

/* See registry.h.  Servers are complete before models are read, which look here. */
const AirServer *
air_config_server(const AirConfig *config, const char *name)
{
	int low = 0;
	int high = config->nservers;

	while (low < high)
	{
		int mid = (low + high) / 2;
		int cmp = strcmp(name, config->servers[mid].name);

		if (cmp == 0)
			return &config->servers[mid];
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* See registry.h. */
bool
air_model_can(const AirModel *model, const char *capability)
{
	for (int i = 0; i < model->ncapabilities; i++)
		if (strcmp(model->capabilities[i], capability) == 0)
			return true;
	return false;
}

/* See registry.h. */
const AirModel *
air_config_model(const AirConfig *config, const char *name)
{
	const ConfigSnapshot *s = (const ConfigSnapshot *) config;
	int low = 0;
	int high = config->nmodels;

	while (low < high)
	{
		int mid = (low + high) / 2;
		int cmp = strcmp(name, s->models[mid]->name);

		if (cmp == 0)
			return s->models[mid];
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}
