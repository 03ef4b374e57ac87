/*
 * learn_input.c
 *	  What training and evaluation start from: a rule's models and their examples.
 *
 * Outcomes pool over a family, so a family is one model here, at the price of its
 * cheapest host.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "sql/learn_input.h"

/* A usual call, for comparing models whose calls nobody has counted. */
#define USUAL_INPUT 500
#define USUAL_OUTPUT 250

#define BATCH 1000

#define EXAMPLES                                                                                   \
	"SELECT e.id, e.features, e.task, array_position($1, coalesce(m.family, e.model)), e.score,"   \
	" e.weight, e.prompt"                                                                          \
	" FROM ai_router.examples e LEFT JOIN ai_router.models m ON m.name = e.model"                  \
	" WHERE coalesce(m.family, e.model) = ANY ($1) ORDER BY e.id"

const AirRule *
air_learn_rule(const AirConfig *config, const char *name)
{
	for (int i = 0; i < config->nrules; i++)
		if (strcmp(config->rules[i].name, name) == 0)
			return &config->rules[i];
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no enabled rule \"%s\"", name),
			 errhint("See ai_router.rules.")));
	return NULL; /* keep the compiler quiet */
}

static bool
is_named(const AirModel *model, const char *name)
{
	return strcmp(model->name, name) == 0 ||
		   (model->family != NULL && strcmp(model->family, name) == 0);
}

/* Is the model one of the rule's? */
static bool
is_of_rule(const AirRule *rule, const AirModel *model)
{
	if (model->mode != AIR_CHAT || !model->enabled)
		return false;
	if (rule->any_model)
		return true;
	for (int i = 0; i < rule->nmodels; i++)
		if (is_named(model, rule->models[i]))
			return true;
	return false;
}

typedef struct Priced
{
	const char *name;
	const char *host;
	double cost; /* USD, infinity: unknown */
} Priced;

static int
by_cost(const void *a, const void *b)
{
	const Priced *x = a;
	const Priced *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The number of the model that the rule's own order begins with. */
static int
first_of(const AirConfig *config, const AirRule *rule, const AirLearn *in)
{
	for (int i = 0; i < (rule->any_model ? 1 : rule->nmodels); i++)
		for (int j = 0; j < config->nmodels; j++)
		{
			const AirModel *model = &config->models[j];

			if (!is_of_rule(rule, model) || !(rule->any_model || is_named(model, rule->models[i])))
				continue;
			for (int m = 0; m < in->nmodels; m++)
				if (is_named(model, in->models[m]))
					return m;
		}
	return 0;
}

/* The rule's families and models, the cheapest first. */
static void
load_models(const AirConfig *config, const AirRule *rule, AirLearnInput *out)
{
	Priced found[AIR_PREDICTOR_MODELS];
	const char **names;
	int n = 0;

	for (int i = 0; i < config->nmodels; i++)
	{
		const AirModel *model = &config->models[i];
		const char *name = model->family != NULL ? model->family : model->name;
		AirNano nano = air_cost(&model->prices, USUAL_INPUT, 0, 0, USUAL_OUTPUT);
		double cost = nano == AIR_NANO_UNKNOWN ? INFINITY : nano / 1e9;
		int j;

		if (!is_of_rule(rule, model))
			continue;
		for (j = 0; j < n && strcmp(found[j].name, name) != 0; j++)
			;
		if (j < n && cost < found[j].cost)
			found[j] = (Priced){found[j].name, pstrdup(model->name), cost};
		else if (j < n)
			continue;
		else if (n == AIR_PREDICTOR_MODELS)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("rule \"%s\" has more than %d models", rule->name,
								   AIR_PREDICTOR_MODELS),
							errhint("List the ones that shall compete in the rule's models.")));
		else
			found[n++] = (Priced){pstrdup(name), pstrdup(model->name), cost};
	}
	qsort(found, n, sizeof(Priced), by_cost);
	names = palloc(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		names[i] = found[i].name;
		out->hosts[i] = found[i].host;
		out->costs[i] = isinf(found[i].cost) ? NAN : found[i].cost;
	}
	out->in.nmodels = n;
	out->in.models = names;
	out->in.costs = out->costs;
	out->first = first_of(config, rule, &out->in);
}

/* The features of a prompt, palloc'ed. */
static uint8 *
features_of(Datum value, int *len)
{
	text *prompt = DatumGetTextPP(value);
	AirFeatures *features = palloc(sizeof(AirFeatures));
	uint8 *packed = palloc(AIR_FEATURES_BYTES);

	air_features(VARDATA_ANY(prompt), VARSIZE_ANY_EXHDR(prompt), features);
	*len = (int) air_features_pack(features, packed);
	pfree(features);
	if ((Pointer) prompt != DatumGetPointer(value))
		pfree(prompt);
	return repalloc(packed, *len);
}

/*
 * One row of EXAMPLES; the bytes are copied into cxt.  Features that cannot be read, of a
 * damaged row or of another version, are made anew if the prompt is there.
 */
static void
take_row(HeapTuple tuple, TupleDesc desc, int64 seen, AirLearnInput *out, AirExample *e,
		 MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	AirFeaturesView view;
	bool isnull;
	int64 id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	Datum value = SPI_getbinval(tuple, desc, 2, &isnull);

	memset(e, 0, sizeof(*e));
	if (!isnull)
	{
		bytea *copy = DatumGetByteaPCopy(value);

		e->features = (uint8 *) VARDATA(copy);
		e->features_len = VARSIZE(copy) - VARHDRSZ;
	}
	if (isnull || !air_features_view(e->features, e->features_len, &view))
	{
		value = SPI_getbinval(tuple, desc, 7, &isnull);
		if (!isnull)
			e->features = features_of(value, &e->features_len);
	}
	value = SPI_getbinval(tuple, desc, 3, &isnull);
	e->task = isnull ? NULL : TextDatumGetCString(value);
	e->model = DatumGetInt32(SPI_getbinval(tuple, desc, 4, &isnull)) - 1;
	e->score = DatumGetFloat4(SPI_getbinval(tuple, desc, 5, &isnull));
	e->weight = DatumGetFloat4(SPI_getbinval(tuple, desc, 6, &isnull));
	e->seen = id <= seen;
	e->id = id;
	out->last = id;
	MemoryContextSwitchTo(caller);
}

static Datum
names_array(const AirLearnInput *data)
{
	Datum *names = palloc(sizeof(Datum) * Max(data->in.nmodels, 1));

	for (int i = 0; i < data->in.nmodels; i++)
		names[i] = CStringGetTextDatum(data->in.models[i]);
	return PointerGetDatum(
		construct_array(names, data->in.nmodels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* training and waiting for it can be interrupted. */
static void
tick(void *arg)
{
	CHECK_FOR_INTERRUPTS();
}

void
air_learn_input_load(const AirConfig *config, const AirRule *rule, int64 seen, AirLearnInput *out)
{
	Oid type = TEXTARRAYOID;
	Datum names;
	Portal portal;
	MemoryContext cxt = CurrentMemoryContext;
	AirExample *examples;
	int room = BATCH;

	memset(out, 0, sizeof(*out));
	load_models(config, rule, out);
	names = names_array(out);
	examples = palloc(sizeof(AirExample) * room);
	portal = SPI_cursor_open_with_args(NULL, EXAMPLES, 1, &type, &names, NULL, true, 0);
	for (;;)
	{
		int n;

		SPI_cursor_fetch(portal, true, BATCH);
		n = (int) SPI_processed;
		if (n == 0)
			break;
		if (out->in.nexamples + n > room)
		{
			room = Max(2 * room, out->in.nexamples + n);
			examples = repalloc_huge(examples, sizeof(AirExample) * (size_t) room);
		}
		for (int i = 0; i < n; i++)
			take_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, seen, out,
					 &examples[out->in.nexamples++], cxt);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	out->in.examples = examples;
	out->in.tick = tick;
}
