/*
 * registry_read.c
 *	  Building a configuration from pg_foreign_server and our tables.
 *
 * Rows that make no sense are left out, see registry_rows.c.  Memory is
 * CurrentMemoryContext's, the configuration's own.
 */
#include "base/pg.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "config/learned.h"
#include "config/options.h"
#include "config/prompts.h"
#include "config/registry_read.h"
#include "config/registry_rows.h"
#include "config/tablescan.h"

static int
by_server_name(const void *a, const void *b)
{
	return strcmp(((const AirServer *) a)->name, ((const AirServer *) b)->name);
}

static int
by_rank(const void *a, const void *b)
{
	const AirModel *x = a;
	const AirModel *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
by_priority(const void *a, const void *b)
{
	const AirRule *x = a;
	const AirRule *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
by_above(const void *a, const void *b)
{
	int64 x = ((const AirPriceTier *) a)->above;
	int64 y = ((const AirPriceTier *) b)->above;

	return x < y ? -1 : x > y;
}

static bool
read_server(AirConfig *config, void *source, void *row)
{
	air_server_options(source, row);
	return true;
}

static void
read_servers(Snapshot snapshot, AirConfig *config)
{
	Oid wrapper = get_foreign_data_wrapper_oid("ai_router", true);
	Relation rel = table_open(ForeignServerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_foreign_server_srvfdw, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(wrapper));
	scan = systable_beginscan(rel, InvalidOid, false, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_server form = (Form_pg_foreign_server) GETSTRUCT(tuple);
		AirServer server = {0};
		bool isnull;
		Datum options;

		options =
			heap_getattr(tuple, Anum_pg_foreign_server_srvoptions, RelationGetDescr(rel), &isnull);
		if (!air_config_read_row(config, "server", NameStr(form->srvname), read_server,
								 isnull ? NIL : untransformRelOptions(options), &server))
			continue;
		server.oid = form->oid;
		server.owner = form->srvowner;
		server.name = pstrdup(NameStr(form->srvname));
		config->servers = air_config_grow(config->servers, config->nservers, sizeof(AirServer));
		config->servers[config->nservers++] = server;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (config->nservers > 1)
		qsort(config->servers, config->nservers, sizeof(AirServer), by_server_name);
}

/* A number of a price tier. */
static Numeric
tier_number(JsonbValue *tier, const char *key)
{
	JsonbValue *v = NULL;

	if (tier->type == jbvBinary && JsonContainerIsObject(tier->val.binary.data))
		v = getKeyJsonValueFromContainer(tier->val.binary.data, key, strlen(key), NULL);
	if (v == NULL || v->type != jbvNumeric)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a price tier has no number \"%s\"", key)));
	return v->val.numeric;
}

static void
read_tiers(Jsonb *tiers, AirPrices *prices)
{
	if (tiers == NULL)
		return;
	if (!JB_ROOT_IS_ARRAY(tiers) || JB_ROOT_IS_SCALAR(tiers))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("price_tiers is no array")));
	prices->ntiers = JB_ROOT_COUNT(tiers);
	prices->tiers = palloc0(sizeof(AirPriceTier) * Max(prices->ntiers, 1));
	for (int i = 0; i < prices->ntiers; i++)
	{
		JsonbValue *tier = getIthJsonbValueFromContainer(&tiers->root, i);
		AirPriceTier *t = &prices->tiers[i];

		t->above = DatumGetInt64(
			DirectFunctionCall1(numeric_int8, NumericGetDatum(tier_number(tier, "above"))));
		t->input = air_nano_from_numeric(tier_number(tier, "input"));
		t->output = air_nano_from_numeric(tier_number(tier, "output"));
	}
	qsort(prices->tiers, prices->ntiers, sizeof(AirPriceTier), by_above);
}

static AirTask
read_mode(const char *mode)
{
	if (mode == NULL || strcmp(mode, "chat") == 0)
		return AIR_CHAT;
	if (strcmp(mode, "embedding") == 0)
		return AIR_EMBED;
	if (strcmp(mode, "rerank") == 0)
		return AIR_RERANK;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("mode \"%s\" is not known", mode)));
	return AIR_CHAT; /* keep the compiler quiet */
}

/* A jsonb column that must hold an object, or NULL. */
static Jsonb *
read_object(AirScan *scan, const char *column)
{
	Jsonb *jb = air_scan_jsonb(scan, column);

	if (jb != NULL && !JB_ROOT_IS_OBJECT(jb))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s is not a JSON object", column)));
	return jb;
}

static bool
read_model(AirConfig *config, void *source, void *row)
{
	AirScan *scan = source;
	AirModel *m = row;
	Jsonb *params;

	m->server_name = air_scan_text(scan, "server");
	if (m->server_name == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("it has no server")));
	m->server = air_config_server(config, m->server_name);
	m->model = air_scan_text(scan, "model");
	if (m->model == NULL)
		m->model = m->name;
	m->family = air_scan_text(scan, "family");
	m->mode = read_mode(air_scan_text(scan, "mode"));
	m->context_window = air_scan_int(scan, "context_window", 0);
	m->max_output = air_scan_int(scan, "max_output", 0);
	m->prices.input = air_scan_money(scan, "input_price");
	m->prices.cached_input = air_scan_money(scan, "cached_input_price");
	m->prices.cache_write = air_scan_money(scan, "cache_write_price");
	m->prices.output = air_scan_money(scan, "output_price");
	read_tiers(air_scan_jsonb(scan, "price_tiers"), &m->prices);
	m->capabilities = air_scan_texts(scan, "capabilities", &m->ncapabilities);
	m->tags = read_object(scan, "tags");
	params = read_object(scan, "params");
	if (params != NULL)
		m->params = JsonbToCString(NULL, &params->root, VARSIZE(params));
	m->rank = (int) air_scan_int(scan, "rank", 0);
	m->rpm = (int) air_scan_int(scan, "rpm", 0);
	m->tpm = air_scan_int(scan, "tpm", 0);
	m->max_concurrency = (int) air_scan_int(scan, "max_concurrency", 0);
	m->quality = air_scan_float(scan, "quality", NAN);
	m->enabled = air_scan_bool(scan, "enabled", true);
	return true;
}

static void
read_models(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		AirModel model = {.name = air_scan_text(scan, "name")};

		if (!air_config_read_row(config, "model", model.name, read_model, scan, &model))
			continue;
		config->models = air_config_grow(config->models, config->nmodels, sizeof(AirModel));
		config->models[config->nmodels++] = model;
	}
	air_scan_end(scan);
	if (config->nmodels > 1)
		qsort(config->models, config->nmodels, sizeof(AirModel), by_rank);
}

static void
read_hints(AirScan *scan, const char *rule, const char *column, AirHints *hints)
{
	Jsonb *jb = read_object(scan, column);

	if (jb != NULL)
		air_hints_parse(jb, psprintf("rule \"%s\", %s", rule, column), hints);
}

static bool
read_rule(AirConfig *config, void *source, void *row)
{
	AirScan *scan = source;
	AirRule *r = row;
	int nweights;

	if (!air_scan_bool(scan, "enabled", true))
		return false;
	r->priority = (int) air_scan_int(scan, "priority", 0);
	r->condition = (JsonPath *) air_scan_varlena(scan, "condition", JSONPATHOID);
	if (r->condition != NULL && air_condition_keys_hook != NULL)
		r->keys = air_condition_keys_hook(r->condition);
	r->models = air_scan_texts(scan, "models", &r->nmodels);
	r->any_model = r->models == NULL;
	r->weights = air_scan_reals(scan, "weights", &nweights);
	if (r->weights != NULL && nweights != r->nmodels)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("it has %d models and %d weights", r->nmodels, nweights)));
	r->strategy = air_scan_text(scan, "strategy");
	read_hints(scan, r->name, "defaults", &r->defaults);
	read_hints(scan, r->name, "enforce", &r->enforce);
	r->options = read_object(scan, "options");
	r->option = air_rule_no_options;
	if (r->options != NULL)
		air_rule_options_parse(r->options, psprintf("rule \"%s\"", r->name), &r->option);
	return true;
}

static void
read_rules(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		AirRule rule = {.name = air_scan_text(scan, "name")};

		if (!air_config_read_row(config, "rule", rule.name, read_rule, scan, &rule))
			continue;
		config->rules = air_config_grow(config->rules, config->nrules, sizeof(AirRule));
		config->rules[config->nrules++] = rule;
	}
	air_scan_end(scan);
	if (config->nrules > 1)
		qsort(config->rules, config->nrules, sizeof(AirRule), by_priority);
}

typedef struct OrderedFixture
{
	int64 id;
	AirFixture fixture;
} OrderedFixture;

static int
by_id(const void *a, const void *b)
{
	int64 x = ((const OrderedFixture *) a)->id;
	int64 y = ((const OrderedFixture *) b)->id;

	return x < y ? -1 : x > y;
}

static void
read_fixtures(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);
	OrderedFixture *rows = NULL;
	int n = 0;

	while (air_scan_next(scan))
	{
		AirFixture *f;

		rows = air_config_grow(rows, n, sizeof(OrderedFixture));
		rows[n].id = air_scan_int(scan, "id", 0);
		f = &rows[n++].fixture;
		f->model = air_scan_text(scan, "model");
		f->pattern = (text *) air_scan_varlena(scan, "pattern", TEXTOID);
		f->answer = air_scan_text(scan, "answer");
		f->error = air_scan_text(scan, "error");
		f->latency_ms = (int) air_scan_int(scan, "latency_ms", 0);
		f->confidence = air_scan_float(scan, "confidence", NAN);
	}
	air_scan_end(scan);
	if (n == 0)
		return;

	qsort(rows, n, sizeof(OrderedFixture), by_id);
	config->fixtures = palloc(sizeof(AirFixture) * n);
	for (int i = 0; i < n; i++)
		config->fixtures[i] = rows[i].fixture;
	config->nfixtures = n;
	pfree(rows);
}

/* See registry_read.h. */
void
air_config_relations(const AirTables *tables, Oid relids[AIR_CONFIG_RELATIONS])
{
	relids[0] = tables->models;
	relids[1] = tables->rules;
	relids[2] = tables->fixtures;
	relids[3] = tables->budgets;
	relids[4] = ForeignServerRelationId;
	relids[5] = tables->prompts;
	relids[6] = tables->predictors;
}

/*
 * See registry_read.h.  All tables are read with one snapshot: half of what another
 * transaction changed would be a configuration that never was.  The locks came
 * first, since TRUNCATE hides rows from snapshots that are older.  It is a catalog
 * snapshot: configuration behaves like a catalog, and such a one can also be taken
 * inside a parallel plan, where the transaction's own may be frozen or old.
 */
void
air_config_read(const AirTables *tables, AirConfig *config)
{
	Oid relids[AIR_CONFIG_RELATIONS];
	Oid first = ForeignServerRelationId;
	Snapshot snapshot;

	air_config_relations(tables, relids);
	/* For a relation without syscache a new one is taken. */
	for (int i = 0; i < lengthof(relids) && first == ForeignServerRelationId; i++)
		if (OidIsValid(relids[i]))
			first = relids[i];
	snapshot = RegisterSnapshot(GetNonHistoricCatalogSnapshot(first));

	read_servers(snapshot, config);
	if (OidIsValid(tables->models))
		read_models(tables->models, snapshot, config);
	if (OidIsValid(tables->rules))
		read_rules(tables->rules, snapshot, config);
	if (OidIsValid(tables->fixtures))
		read_fixtures(tables->fixtures, snapshot, config);
	if (OidIsValid(tables->budgets))
		air_config_read_budgets(tables->budgets, snapshot, config);
	config->budget_spent = tables->budget_spent;
	if (OidIsValid(tables->prompts))
		air_config_read_prompts(tables->prompts, snapshot, config);
	if (OidIsValid(tables->predictors))
		air_config_read_learned(tables->predictors, snapshot, config);

	UnregisterSnapshot(snapshot);
}
