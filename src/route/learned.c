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

/* See learned.h.  Who prefers quality gives nothing of it away. */
double
air_learned_tolerance(const AirRule *rule, const AirHints *hints)
{
	if (rule->strategy == NULL && AIR_HAS_HINT(hints, AIR_HINT_PREFER) &&
		hints->prefer == AIR_PREFER_QUALITY)
		return 0;
	return isnan(rule->option.tolerance) ? AIR_TOLERANCE : rule->option.tolerance;
}

/* See learned.h. */
double
air_learned_floor(const AirHints *hints)
{
	return AIR_HAS_HINT(hints, AIR_HINT_QUALITY) ? hints->quality : 0;
}

/* The candidate that the strategy wants, -1: the rule's own order. */
static int
choose(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int n)
{
	AirPrediction *predictions = palloc0(sizeof(AirPrediction) * n);
	double *costs = palloc(sizeof(double) * n);

	for (int i = 0; i < n; i++)
	{
		predictions[i].success = cands[i].success;
		predictions[i].evidence = cands[i].evidence;
		costs[i] = cands[i].est_cost == AIR_NANO_UNKNOWN ? NAN : (double) cands[i].est_cost;
	}
	return air_predict_choose(predictions, costs, n, air_learned_tolerance(rule, in->hints),
							  air_learned_floor(in->hints));
}

/* What nothing is predicted of goes behind what something is. */
static double
rank_of(const AirCandidate *cand)
{
	return cand->evidence == AIR_EVIDENCE_NONE ? -1 : cand->success;
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

		for (; k > 1 && rank_of(&cands[k - 1]) < rank_of(&moved); k--)
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
		cands[first].explored = first != Max(greedy, 0);
	}
	to_front(cands, n, first, greedy >= 0);
}

/* Why nothing is predicted of a candidate, palloc'ed. */
static char *
no_prediction(const AirRouteInput *in, const AirCandidate *cand)
{
	const char *name = cand->model->name;

	if (cand->examples == 0)
		return psprintf("too few outcomes of \"%s\"", name);
	if (!AIR_HAS_HINT(in->hints, AIR_HINT_TASK))
		return psprintf("too few outcomes of \"%s\" without a task", name);
	return psprintf("too few outcomes of \"%s\" in task \"%s\"", name, in->hints->task);
}

/* The reason where nothing can be compared, palloc'ed. */
static char *
uncompared_reason(const AirRouteInput *in, bool learned, const AirCandidate *cands, int i, int n)
{
	const char *order = cands[i].explored ? "drawn to explore" : "order of the rule";

	if (n == 1)
		return pstrdup("the only candidate");
	if (in->task != AIR_CHAT)
		return psprintf("%s: nothing is learned of embeddings", order);
	if (!learned)
		return psprintf("%s: nothing is learned yet", order);
	for (int j = 0; j < n; j++)
		if (cands[j].evidence == AIR_EVIDENCE_NONE)
			return psprintf("%s: %s", order, no_prediction(in, &cands[j]));
	return pstrdup(order);
}

/* Why the first one is the first, if it was not drawn. */
static char *
greedy_reason(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cand, double best)
{
	double quality = air_learned_floor(in->hints);

	if (quality > 0)
		return psprintf(cand->success >= quality ? "cheapest of at least %.2f"
												 : "the best, for none reaches %.2f",
						quality);
	return psprintf("cheapest within %.2f of the best (%.2f)",
					air_learned_tolerance(rule, in->hints), best);
}

/* See learned.h. */
char *
air_learned_reason(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int i,
				   int n)
{
	const AirCandidate *cand = &cands[i];
	bool learned = air_config_learned(in->config, rule->name) != NULL;
	const char *evidence;
	double best = 0;
	int known = 0;

	for (int j = 0; j < n; j++)
	{
		if (cands[j].evidence == AIR_EVIDENCE_NONE)
			continue;
		best = Max(best, cands[j].success);
		known++;
	}
	if (!learned || known < 2)
		return uncompared_reason(in, learned, cands, i, n);
	if (cand->evidence == AIR_EVIDENCE_NONE)
		return psprintf("%s: %s",
						cand->explored ? "drawn to explore" : "after those with a prediction",
						no_prediction(in, cand));
	evidence = cand->evidence == AIR_EVIDENCE_TEXT   ? "by its words"
			   : cand->evidence == AIR_EVIDENCE_TASK ? "by its task"
													 : "of all prompts";
	if (i > 0)
		return psprintf("predicted success %.2f %s", cand->success, evidence);
	return psprintf("predicted success %.2f %s: %s", cand->success, evidence,
					cand->explored ? "drawn to explore" : greedy_reason(in, rule, cand, best));
}
