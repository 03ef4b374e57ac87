/*
 * evaluate_ledger.c
 *	  ai_router.evaluate() from the ledger: calls whose model was drawn, and how good they were.
 *
 * Unlike examples, which may have been gathered in any way, these say without bias what
 * another way to choose would have come to; see route/offpolicy.h.  A family's calls count
 * where its cheapest model was asked, for that is the one that would be.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "route/offpolicy.h"
#include "sql/evaluate.h"

#define BATCH 1000

/* Ids begin anew in a restored cluster: the call is the last one of its id before the word. */
#define DRAWN                                                                                      \
	"SELECT e.id, c.model, c.propensity, c.cost::float8 FROM ai_router.examples e,"                \
	" LATERAL (SELECT l.rule, l.model, l.propensity, l.cost FROM ai_router.calls l"                \
	" WHERE l.call_id = e.call_id AND l.at <= e.at ORDER BY l.at DESC LIMIT 1) c"                  \
	" WHERE c.rule = $1 AND c.propensity > 0 AND c.propensity <= 1 ORDER BY e.id"

/* A judged call, with the example that it became. */
typedef struct Judged
{
	AirDrawn drawn;
	int example;
} Judged;

typedef struct Ledger
{
	int n;
	int room;
	Judged *calls;
	AirDrawn *drawn; /* in the same order */
	double *predicted;
	int *learned; /* what the rule would choose */
	int *choices;
} Ledger;

static int
by_unit(const void *a, const void *b)
{
	const Judged *x = a;
	const Judged *y = b;

	if (x->drawn.unit != y->drawn.unit)
		return x->drawn.unit < y->drawn.unit ? -1 : 1;
	return x->example - y->example;
}

/* The number of the model that was asked, -1 if it is not one that would be. */
static int
number_of(const AirLearnInput *data, const char *model)
{
	for (int m = 0; m < data->in.nmodels && model != NULL; m++)
		if (strcmp(data->hosts[m], model) == 0)
			return m;
	return -1;
}

/* Take one row of DRAWN; *next is where its example is looked for. */
static void
take_row(HeapTuple tuple, TupleDesc desc, const AirLearnInput *data, int *next, Ledger *out)
{
	Judged *judged = &out->calls[out->n];
	AirFeaturesView view;
	bool isnull;
	int64 id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	char *model = SPI_getvalue(tuple, desc, 2);
	const AirExample *e;

	while (*next < data->in.nexamples && data->in.examples[*next].id < id)
		(*next)++;
	if (*next == data->in.nexamples || data->in.examples[*next].id != id)
		return;
	e = &data->in.examples[*next];
	if (!air_features_view(e->features, e->features_len, &view))
		return;
	judged->example = *next;
	judged->drawn = (AirDrawn){.unit = view.whole, .score = e->score, .cost = NAN};
	judged->drawn.model = number_of(data, model);
	judged->drawn.propensity = DatumGetFloat8(SPI_getbinval(tuple, desc, 3, &isnull));
	judged->drawn.cost = DatumGetFloat8(SPI_getbinval(tuple, desc, 4, &isnull));
	if (isnull)
		judged->drawn.cost = NAN;
	if (model != NULL)
		pfree(model);
	out->n++;
}

static void
load(const AirRule *rule, const AirLearnInput *data, Ledger *out)
{
	Oid type = TEXTOID;
	Datum name = CStringGetTextDatum(rule->name);
	Portal portal = SPI_cursor_open_with_args(NULL, DRAWN, 1, &type, &name, NULL, true, 0);
	MemoryContext cxt = CurrentMemoryContext;
	int next = 0;

	memset(out, 0, sizeof(*out));
	out->room = BATCH;
	out->calls = palloc(sizeof(Judged) * out->room);
	for (;;)
	{
		int n;

		SPI_cursor_fetch(portal, true, BATCH);
		MemoryContextSwitchTo(cxt);
		n = (int) SPI_processed;
		if (n == 0)
			break;
		if (out->n + n > out->room)
		{
			out->room = Max(2 * out->room, out->n + n);
			out->calls = repalloc_huge(out->calls, sizeof(Judged) * (Size) out->room);
		}
		for (int i = 0; i < n; i++)
			take_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, data, &next, out);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	qsort(out->calls, out->n, sizeof(Judged), by_unit);
}

/* What each call is predicted to come to, and what the rule would choose. */
static void
predict(const AirLearnInput *data, const AirLearnReport *report, const AirGoal *goal, Ledger *l)
{
	l->drawn = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(AirDrawn) * (Size) l->n);
	l->predicted = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(double) * (Size) l->n * data->in.nmodels);
	l->learned = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * (Size) l->n);
	l->choices = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * (Size) l->n);
	for (int i = 0; i < l->n; i++)
	{
		l->drawn[i] = l->calls[i].drawn;
		l->learned[i] = air_goal_choice(goal, data, report, l->calls[i].example,
										l->predicted + (Size) i * data->in.nmodels);
	}
}

/* The estimate of always the same model, or AIR_ANY_MODEL. */
static void
estimate_constant(const AirLearnInput *data, Ledger *l, int model, AirOffPolicy *out)
{
	for (int i = 0; i < l->n; i++)
		l->choices[i] = model;
	air_off_policy(l->drawn, l->predicted, l->choices, l->n, data->in.nmodels, out);
	data->in.tick(data->in.arg);
}

/*
 * The strongest model by the same estimate: its plain mean would be that of the prompts
 * that were sent to it.  -1 if there is no estimate of any.
 */
static int
strongest(const AirLearnInput *data, Ledger *l, AirOffPolicy *out)
{
	AirOffPolicy *one = palloc(sizeof(AirOffPolicy));
	int best = -1;

	for (int m = 0; m < data->in.nmodels; m++)
	{
		estimate_constant(data, l, m, one);
		if (isnan(one->quality) || (best >= 0 && one->quality <= out->quality))
			continue;
		*out = *one;
		best = m;
	}
	pfree(one);
	return best;
}

/* Say what an estimate lacks. */
static void
warn(const AirLearnInput *data, const char *policy, const AirOffPolicy *estimate)
{
	if (estimate->never >= 0)
		ereport(NOTICE, (errmsg("no estimate of \"%s\": no judged call was drawn to go to \"%s\"",
								policy, data->hosts[estimate->never])));
	else if (estimate->thin >= 0)
		ereport(NOTICE, (errmsg("the estimate of \"%s\" is not of all calls: some had no chance to "
								"go to \"%s\"",
								policy, data->hosts[estimate->thin])));
}

static void
put(ReturnSetInfo *rsinfo, const AirLearnInput *data, const Ledger *l, const char *name,
	const AirOffPolicy *estimate, double dearest)
{
	AirPolicy row = {.name = name, .prompts = l->n, .error = estimate->error};

	warn(data, name, estimate);
	/* A score lies between 0 and 1, what corrects a prediction may not. */
	row.quality = isnan(estimate->quality) ? NAN : fmin(fmax(estimate->quality, 0.0), 1.0);
	row.cost = estimate->cost;
	row.cost_share = dearest > 0 ? estimate->cost / dearest : NAN;
	row.effective = isnan(estimate->quality) ? NAN : estimate->effective;
	memcpy(row.share, estimate->share, sizeof(row.share));
	air_put_policy(rsinfo, data, &row);
}

/* What it was: no estimate, the plain means. */
static void
as_it_was(const AirLearnInput *data, const Ledger *l, AirOffPolicy *out)
{
	AirDrawn *drawn = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(AirDrawn) * (Size) l->n);
	double *nothing = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) l->n);

	for (int i = 0; i < l->n; i++)
	{
		/* All calls of one model, which is asked for certain. */
		drawn[i] = l->drawn[i];
		drawn[i].model = l->choices[i] = 0;
		drawn[i].propensity = 1;
		nothing[i] = NAN;
	}
	air_off_policy(drawn, nothing, l->choices, l->n, 1, out);
	out->share[0] = 0;
	for (int i = 0; i < l->n; i++)
		if (l->drawn[i].model >= 0)
			out->share[l->drawn[i].model] += 1.0 / l->n;
	pfree(drawn);
	pfree(nothing);
}

/* See evaluate.h. */
void
air_evaluate_ledger(const AirRule *rule, const AirLearnInput *data, const AirLearnReport *report,
					const AirGoal *goal, ReturnSetInfo *rsinfo)
{
	AirOffPolicy estimate;
	AirOffPolicy best;
	double dearest = NAN;
	int strong;
	Ledger l;

	load(rule, data, &l);
	if (l.n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("no call of rule \"%s\" has both a drawn model and a word on its answer",
						rule->name),
				 errhint("Models are drawn with strategy learned and its option explore, such as "
						 "{\"explore\": 0.1}; ai_feedback() tells how good an answer was. Calls "
						 "are kept for ai_router.log_retention.")));
	predict(data, report, goal, &l);
	strong = strongest(data, &l, &best);
	if (strong >= 0)
		dearest = best.cost;
	if (report->state == AIR_LEARN_OK)
	{
		air_off_policy(l.drawn, l.predicted, l.learned, l.n, data->in.nmodels, &estimate);
		put(rsinfo, data, &l, air_goal_name(goal), &estimate, dearest);
	}
	estimate_constant(data, &l, 0, &estimate);
	put(rsinfo, data, &l, "always the cheapest", &estimate, dearest);
	if (strong >= 0)
		put(rsinfo, data, &l, "always the strongest", &best, dearest);
	estimate_constant(data, &l, AIR_ANY_MODEL, &estimate);
	put(rsinfo, data, &l, "random", &estimate, dearest);
	as_it_was(data, &l, &estimate);
	put(rsinfo, data, &l, "as it was", &estimate, dearest);
}
