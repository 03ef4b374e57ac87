/*
 * learned.c
 *	  Strategy "learned": the cheapest model that is predicted to do nearly as well as the best.
 *
 * What is tried instead now and then (option "explore") is drawn from a hash of the input,
 * so the same input takes the same way, and with a probability that the ledger keeps:
 * outcomes of such calls say without bias what another order would have been worth.
 * Memory is CurrentMemoryContext's.
 */
#include "base/pg.h"

#include <math.h>

#include "common/hashfn.h"
#include "config/learned.h"
#include "route/learned.h"
#include "route/predict.h"

#define EXPLORE_SEED 0x6578706c6f7265

/* See learned.h. */
void *
air_learned_open(const uint8 *bytes, size_t len, const char **why)
{
	AirPredictor *predictor = palloc(sizeof(AirPredictor));

	return air_predictor_open(bytes, len, predictor, why) ? predictor : NULL;
}

/* The predictor's number of a model: outcomes pool over a family. */
static int
number_of(const AirPredictor *predictor, const AirModel *model)
{
	return air_predictor_find(predictor, model->family != NULL ? model->family : model->name);
}

/* Fill success and evidence of all candidates; false: there is nothing to predict with. */
static bool
predict(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands, int n)
{
	const AirLearned *learned = air_config_learned(in->config, rule->name);
	const AirPredictor *predictor;
	AirPrediction predictions[AIR_PREDICTOR_MODELS];
	AirFeatures features;

	if (learned == NULL || in->task != AIR_CHAT)
		return false;
	predictor = learned->predictor;
	air_features(in->prompt, in->prompt_len, &features);
	air_predict(predictor, &features,
				AIR_HAS_HINT(in->hints, AIR_HINT_TASK) ? in->hints->task : NULL, predictions);
	for (int i = 0; i < n; i++)
	{
		int number = number_of(predictor, cands[i].model);

		cands[i].evidence = number < 0 ? AIR_EVIDENCE_NONE : predictions[number].evidence;
		cands[i].examples = number < 0 ? 0 : predictions[number].examples;
		cands[i].success = number < 0 ? 0.5 : predictions[number].success;
	}
	return true;
}

/* See learned.h. */
double
air_learned_tolerance(const AirRule *rule)
{
	return isnan(rule->option.tolerance) ? AIR_TOLERANCE : rule->option.tolerance;
}

/* Who prefers quality gives nothing of it away. */
static double
tolerance_of(const AirRouteInput *in, const AirRule *rule)
{
	if (rule->strategy == NULL && AIR_HAS_HINT(in->hints, AIR_HINT_PREFER) &&
		in->hints->prefer == AIR_PREFER_QUALITY)
		return 0;
	return air_learned_tolerance(rule);
}

/* The candidate that the strategy wants, -1: the rule's own order. */
static int
choose(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int n)
{
	AirPrediction *predictions = palloc0(sizeof(AirPrediction) * n);
	double *costs = palloc(sizeof(double) * n);
	double floor = AIR_HAS_HINT(in->hints, AIR_HINT_QUALITY) ? in->hints->quality : 0;

	for (int i = 0; i < n; i++)
	{
		predictions[i].success = cands[i].success;
		predictions[i].evidence = cands[i].evidence;
		costs[i] = cands[i].est_cost == AIR_NANO_UNKNOWN ? NAN : (double) cands[i].est_cost;
	}
	return air_predict_choose(predictions, costs, n, tolerance_of(in, rule), floor);
}

/* Move candidate i to the front; those behind it by predicted success, if there is any. */
static void
to_front(AirCandidate *cands, int n, int i, bool by_success)
{
	AirCandidate chosen = cands[i];

	memmove(cands + 1, cands, sizeof(AirCandidate) * i);
	cands[0] = chosen;
	if (!by_success)
		return;
	/* Few and nearly sorted: insertion, which keeps the rule's order among equals. */
	for (int j = 2; j < n; j++)
	{
		AirCandidate moved = cands[j];
		int k = j;

		for (; k > 1 && cands[k - 1].success < moved.success; k--)
			cands[k] = cands[k - 1];
		cands[k] = moved;
	}
}

/* See learned.h. */
void
air_order_learned(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands,
				  double *weights, int n)
{
	double explore = rule->option.explore;
	bool predicted = predict(in, rule, cands, n);
	int greedy = predicted ? choose(in, rule, cands, n) : -1;
	int first = Max(greedy, 0);
	uint64 hash;
	double drawn;

	if (explore > 0 && in->task == AIR_CHAT)
	{
		hash = hash_bytes_extended((const unsigned char *) in->prompt, (int) in->prompt_len,
								   EXPLORE_SEED);
		drawn = (hash >> 11) / 9007199254740992.0; /* 53 bits: [0, 1) */
		if (drawn < explore)
			first = Min((int) (drawn / explore * n), n - 1);
		cands[first].propensity = explore / n + (first == Max(greedy, 0) ? 1 - explore : 0);
	}
	to_front(cands, n, first, greedy >= 0);
}

/* See learned.h. */
char *
air_learned_reason(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int i,
				   int n)
{
	const AirCandidate *cand = &cands[i];
	const char *evidence;
	double best = 0;
	int untaught = -1;

	if (air_config_learned(in->config, rule->name) == NULL)
		return psprintf("order of the rule: nothing is learned yet");
	for (int j = 0; j < n; j++)
	{
		best = Max(best, cands[j].success);
		if (cands[j].evidence == AIR_EVIDENCE_NONE)
			untaught = j;
	}
	if (untaught >= 0)
		return psprintf("order of the rule: too few outcomes of \"%s\"",
						cands[untaught].model->name);
	evidence = cand->evidence == AIR_EVIDENCE_TEXT   ? "by its words"
			   : cand->evidence == AIR_EVIDENCE_TASK ? "by its task"
													 : "of all prompts";
	if (i > 0)
		return psprintf("predicted success %.2f %s", cand->success, evidence);
	if (cand->propensity > 0 && cand->propensity < 0.5 &&
		cand->success < best - tolerance_of(in, rule))
		return psprintf("predicted success %.2f %s: drawn to explore", cand->success, evidence);
	return psprintf("predicted success %.2f %s: cheapest within %.2f of the best (%.2f)",
					cand->success, evidence, tolerance_of(in, rule), best);
}
