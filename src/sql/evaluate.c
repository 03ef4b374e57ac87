/*
 * evaluate.c
 *	  ai_router.evaluate(): what a rule would have come to, from outcomes that are known.
 *
 * Each prompt is decided with predictions of folds that have not seen it, so a rule does
 * not look better than it will be.  A model that was not tried on a prompt counts with its
 * prediction; where there is none either, with its mean.
 */
#include "base/pg.h"

#include <math.h>

#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "config/learned.h"
#include "route/learned.h"
#include "route/predict_format.h"
#include "sql/evaluate.h"
#include "sql/spi.h"

PG_FUNCTION_INFO_V1(air_sql_evaluate);

#define SEED 20260101

/* One prompt: what each model came to, or is thought to, and the one that the rule takes. */
typedef struct Outcome
{
	double score[AIR_PREDICTOR_MODELS];
	int choice;
} Outcome;

typedef struct Indexed
{
	uint64 hash; /* of prompt and task */
	int example;
} Indexed;

static int
by_hash(const void *a, const void *b)
{
	const Indexed *x = a;
	const Indexed *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->example - y->example;
}

/* Examples in the order of their prompts; *n gets how many can be read. */
static Indexed *
by_prompt(const AirLearn *in, int *n)
{
	Indexed *order = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(Indexed) * (size_t) Max(in->nexamples, 1));
	AirFeatures *features = palloc(sizeof(AirFeatures));

	*n = 0;
	for (int i = 0; i < in->nexamples; i++)
	{
		const AirExample *e = &in->examples[i];

		if (!air_features_unpack(e->features, e->features_len, features))
			continue;
		order[(*n)++] = (Indexed){hash_combine64(features->whole, air_task_hash(e->task)), i};
	}
	pfree(features);
	qsort(order, *n, sizeof(Indexed), by_hash);
	return order;
}

/* Sums of a model's scores and weights. */
typedef struct Mean
{
	double sum;
	double weight;
} Mean;

static double
mean_of(const Mean *mean, double dflt)
{
	return mean->weight > 0 ? mean->sum / mean->weight : dflt;
}

/* See evaluate.h. */
char *
air_goal_name(const AirGoal *goal)
{
	if (goal->floor > 0)
		return psprintf("learned, quality %.3g", goal->floor);
	return psprintf("learned, tolerance %.3g", goal->tolerance);
}

/* See evaluate.h. */
int
air_goal_choice(const AirGoal *goal, const AirLearnInput *data, const AirLearnReport *report,
				int example, double *predicted)
{
	const double *held_out = data->in.held_out + (Size) example * data->in.nmodels;
	AirPrediction predictions[AIR_PREDICTOR_MODELS] = {0};
	int choice;

	for (int m = 0; m < data->in.nmodels; m++)
	{
		const AirModelReport *model = &report->models[m];
		double rate = model->examples > 0 ? model->rate : 0.5;

		predicted[m] = isnan(held_out[m]) ? rate : held_out[m];
		predictions[m].success = model->evidence == AIR_EVIDENCE_RATE ? rate : predicted[m];
		predictions[m].evidence = model->evidence;
	}
	choice = air_predict_choose(predictions, data->costs, data->in.nmodels, goal->tolerance,
								goal->floor);
	return choice >= 0 ? choice : data->first;
}

/* The outcome of the prompt whose examples are order[0 .. n). */
static void
outcome_of(const AirLearnInput *data, const AirLearnReport *report, const AirGoal *goal,
		   const Indexed *order, int n, Outcome *out)
{
	Mean tried[AIR_PREDICTOR_MODELS] = {{0}};
	double predicted[AIR_PREDICTOR_MODELS];

	for (int i = 0; i < n; i++)
	{
		const AirExample *e = &data->in.examples[order[i].example];

		tried[e->model].sum += e->score * e->weight;
		tried[e->model].weight += e->weight;
	}
	out->choice = air_goal_choice(goal, data, report, order[0].example, predicted);
	for (int m = 0; m < data->in.nmodels; m++)
		out->score[m] = mean_of(&tried[m], predicted[m]);
}

static void
count(AirPolicy *policy, const AirLearnInput *data, const Outcome *outcome, int model, double part)
{
	policy->quality += outcome->score[model] * part;
	policy->cost += data->costs[model] * part;
	policy->share[model] += part;
}

/* The model whose mean score is highest; the cheaper one of equals. */
static int
strongest(const AirLearnInput *data, const AirLearnReport *report)
{
	int best = 0;

	for (int m = 1; m < data->in.nmodels; m++)
		if (report->models[m].examples > 0 && (report->models[best].examples == 0 ||
											   report->models[m].rate > report->models[best].rate))
			best = m;
	return best;
}

static Datum
shares_of(const AirLearnInput *data, const AirPolicy *policy)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	for (int m = 0; m < data->in.nmodels; m++)
	{
		if (policy->share[m] == 0)
			continue;
		if (buf.len > 1)
			appendStringInfoString(&buf, ", ");
		escape_json(&buf, data->in.models[m]);
		appendStringInfo(&buf, ": %.3f", policy->share[m]);
	}
	appendStringInfoChar(&buf, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data));
}

/* See evaluate.h. */
void
air_put_policy(ReturnSetInfo *rsinfo, const AirLearnInput *data, const AirPolicy *policy)
{
	const double numbers[] = {policy->quality, policy->cost * 1000, policy->cost_share};
	const double precision[] = {policy->error, policy->effective};
	Datum values[8];
	bool nulls[8] = {false};

	values[0] = CStringGetTextDatum(policy->name);
	values[1] = Int32GetDatum(policy->prompts);
	for (int i = 0; i < lengthof(numbers); i++)
	{
		values[2 + i] = Float8GetDatum(numbers[i]);
		nulls[2 + i] = !isfinite(numbers[i]);
	}
	values[5] = shares_of(data, policy);
	for (int i = 0; i < lengthof(precision); i++)
	{
		values[6 + i] = Float8GetDatum(precision[i]);
		nulls[6 + i] = !isfinite(precision[i]);
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Sums to what is shown. */
static void
put_row(ReturnSetInfo *rsinfo, const AirLearnInput *data, const AirPolicy *sums, int prompts,
		double dearest)
{
	AirPolicy row = {.name = sums->name, .prompts = prompts, .error = NAN, .effective = NAN};

	row.quality = sums->quality / prompts;
	row.cost = sums->cost / prompts;
	row.cost_share = dearest > 0 ? sums->cost / dearest : NAN;
	for (int m = 0; m < data->in.nmodels; m++)
		row.share[m] = sums->share[m] / prompts;
	air_put_policy(rsinfo, data, &row);
}

static void
replay(const AirLearnInput *data, const AirLearnReport *report, const AirGoal *goal,
	   ReturnSetInfo *rsinfo)
{
	AirPolicy policies[] = {{.name = air_goal_name(goal)},
							{.name = "always the cheapest"},
							{.name = "always the strongest"},
							{.name = "random"}};
	Outcome *outcome = palloc(sizeof(Outcome));
	int best = strongest(data, report);
	int n, next, prompts = 0;
	Indexed *order = by_prompt(&data->in, &n);

	for (int i = 0; i < n; i = next)
	{
		for (next = i + 1; next < n && order[next].hash == order[i].hash; next++)
			;
		outcome_of(data, report, goal, &order[i], next - i, outcome);
		count(&policies[0], data, outcome, outcome->choice, 1);
		count(&policies[1], data, outcome, 0, 1);
		count(&policies[2], data, outcome, best, 1);
		for (int m = 0; m < data->in.nmodels; m++)
			count(&policies[3], data, outcome, m, 1.0 / data->in.nmodels);
		prompts++;
		data->in.tick(data->in.arg);
	}
	for (int i = 0; i < lengthof(policies) && prompts > 0; i++)
		if (i > 0 || report->state == AIR_LEARN_OK)
			put_row(rsinfo, data, &policies[i], prompts, policies[2].cost);
}

static void
evaluate(const AirConfig *config, const AirRule *rule, double tolerance, bool ledger,
		 ReturnSetInfo *rsinfo)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router evaluation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	AirLearnInput data;
	AirLearnReport report;
	AirGoal goal = {.tolerance = tolerance};
	uint8 *bytes;
	size_t len;

	air_learn_input_load(config, rule, 0, &data);
	if (data.in.nexamples == 0)
		ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
						errmsg("there are no examples for the models of rule \"%s\"", rule->name),
						errhint("Insert outcomes into ai_router.examples, or tell them with "
								"ai_feedback().")));
	data.in.seed = SEED;
	data.in.held_out = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(double) * (size_t) data.in.nexamples * data.in.nmodels);
	(void) air_learn(&data.in, &report, &bytes, &len);
	if (report.state != AIR_LEARN_OK)
		ereport(NOTICE, (errmsg("not enough evidence for strategy learned: %s",
								air_learn_state(report.state))));
	if (isnan(tolerance))
		goal = (AirGoal){.tolerance = air_learned_tolerance(rule, &rule->defaults),
						 .floor = air_learned_floor(&rule->defaults)};
	if (ledger)
		air_evaluate_ledger(rule, &data, &report, &goal, rsinfo);
	else
		replay(&data, &report, &goal, rsinfo);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

/* What the outcomes are taken from; true: the ledger. */
static bool
is_ledger(const char *source)
{
	if (strcmp(source, "ledger") == 0)
		return true;
	if (strcmp(source, "examples") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no source \"%s\"", source),
				 errhint("It is examples (all that is in ai_router.examples), or ledger (calls "
						 "whose model was drawn, by the rule's option explore).")));
	return false;
}

/* ai_router.evaluate(rule text, tolerance double precision, source text) returns table(..) */
Datum
air_sql_evaluate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	double tolerance = PG_ARGISNULL(1) ? NAN : PG_GETARG_FLOAT8(1);
	const AirConfig *config;
	bool ledger;
	AirSpi spi;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	ledger = is_ledger(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (!PG_ARGISNULL(1) && !(tolerance >= 0 && tolerance <= 1))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("tolerance must lie between 0 and 1"),
						errhint("It is how much less probable success may be than with the best "
								"model; 0: not at all.")));
	spi = air_spi_begin();
	config = air_config_acquire();
	PG_TRY();
	{
		evaluate(config, air_learn_rule(config, text_to_cstring(PG_GETARG_TEXT_PP(0))), tolerance,
				 ledger, rsinfo);
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();
	air_spi_end(spi);
	return (Datum) 0;
}
