/*
 * route.c
 *	  From a call's facts to an ordered list of candidates.
 *
 * The first rule that matches decides, even if none of its models can serve:
 * a call that belongs to "legal" must not end at the models of "default".
 * Results are palloc'ed in CurrentMemoryContext or point into the configuration
 * and the caller's hints, which must outlive them.  No locks.
 */
#include "base/pg.h"

#include "route/cascade.h"
#include "route/failure.h"
#include "route/match.h"
#include "route/strategy.h"

/*
 * The rule's strategy; where it has none, the one that hint "prefer" stands for.
 */
static const char *
strategy_name(const AirRule *rule, const AirHints *hints)
{
	if (rule->strategy != NULL)
		return rule->strategy;
	if (!AIR_HAS_HINT(hints, AIR_HINT_PREFER) || hints->prefer == AIR_PREFER_NONE)
		return "ordered";
	if (hints->prefer == AIR_PREFER_QUALITY)
		return "learned";
	return hints->prefer == AIR_PREFER_SPEED ? "fastest" : "cheapest";
}

/*
 * Embeddings of two models must not meet in one column.  Which model a text gets
 * may therefore depend neither on its size nor on chance, nor, where a rule lists
 * models, on who asks: such candidates take part in the ordering, and then only
 * the first one's family is left.
 */
static bool
takes_part(const AirPicks *picks, AirVerdict verdict)
{
	if (verdict == AIR_VERDICT_OK || picks->in->task != AIR_EMBED)
		return verdict == AIR_VERDICT_OK;
	return verdict == AIR_VERDICT_WINDOW || verdict == AIR_VERDICT_COST ||
		   (verdict == AIR_VERDICT_NO_USAGE && !picks->rule->any_model);
}

/* The pick that an ordered candidate came from. */
static AirPick *
pick_of(AirPicks *picks, const AirModel *model)
{
	for (int i = 0; i < picks->n; i++)
		if (picks->picks[i].cand.model == model)
			return &picks->picks[i];
	return NULL;
}

/* Keep of n ordered embedding candidates those that may stand in for the first; returns how many.
 */
static int
keep_one_model(AirPicks *picks, AirCandidate *cands, int n)
{
	const AirModel *first = n > 0 ? cands[0].model : NULL;
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		AirPick *pick = pick_of(picks, cands[i].model);

		if (!air_same_family(first, cands[i].model))
			pick->verdict = AIR_VERDICT_VECTORS;
		if (pick->verdict == AIR_VERDICT_OK)
			cands[kept++] = cands[i];
	}
	return kept;
}

/*
 * Weights belong to the entries of the rule.  A family's goes to its first model
 * that takes part: its other hosts are there for failover.
 */
static double *
entry_weights(const AirPicks *picks, const AirRule *rule)
{
	double *weights;
	bool *spent;
	int n = 0;

	if (rule->any_model)
		return NULL;
	weights = palloc(Max(picks->n, 1) * sizeof(double));
	spent = palloc0(Max(rule->nmodels, 1) * sizeof(bool));
	for (int i = 0; i < picks->n; i++)
	{
		const AirPick *pick = &picks->picks[i];

		if (!takes_part(picks, pick->verdict))
			continue;
		weights[n++] = spent[pick->entry] ? 0 : rule->weights ? rule->weights[pick->entry] : 1;
		spent[pick->entry] = true;
	}
	return weights;
}

/* Order what takes part into out->candidates, usable ones only. */
static void
order_usable(AirPicks *picks, const AirStrategy *strategy, AirRoute *out)
{
	AirRouteInput in = *picks->in;
	AirCandidate *cands = out->candidates;
	int n = 0;

	/* A strategy sees what the rule adds to the caller's hints. */
	in.hints = picks->hints;

	for (int i = 0; i < picks->n; i++)
		if (takes_part(picks, picks->picks[i].verdict))
			cands[n++] = picks->picks[i].cand;
	if (n > 1)
	{
		strategy->order(&in, picks->rule, cands, entry_weights(picks, picks->rule), n);
		air_group_families(cands, n);
	}
	if (in.task == AIR_EMBED)
		n = keep_one_model(picks, cands, n);
	for (int i = 0; i < n; i++)
		cands[i].usable = true;
	out->nusable = out->ncandidates = n;
}

static char *
reason_of(const AirPicks *picks, const AirStrategy *strategy, const AirRoute *out, int i)
{
	if (strategy->reason != NULL)
	{
		AirRouteInput in = *picks->in;

		/* As when it was ordered: with what the rule adds to the caller's hints. */
		in.hints = picks->hints;
		return strategy->reason(&in, picks->rule, out->candidates, i, out->nusable);
	}
	if (AIR_HAS_HINT(picks->hints, AIR_HINT_MODEL) && strcmp(strategy->name, "ordered") == 0)
		return pstrdup("order of hint \"model\"");
	return pstrdup(strategy->why);
}

/* Say why each usable candidate stands where it stands, and append the others with their reasons.
 */
static void
explain_all(AirPicks *picks, const AirStrategy *strategy, AirRoute *out)
{
	for (int i = 0; i < out->nusable; i++)
	{
		AirCandidate *cand = &out->candidates[i];
		const char *family = cand->model->family;

		if (i > 0 && family != NULL && out->candidates[i - 1].model->family != NULL &&
			strcmp(family, out->candidates[i - 1].model->family) == 0)
			cand->reason = psprintf("same family \"%s\"", family);
		else
			cand->reason = reason_of(picks, strategy, out, i);
	}
	for (int i = 0; i < picks->n; i++)
	{
		AirCandidate *cand;

		if (picks->picks[i].verdict == AIR_VERDICT_OK)
			continue;
		cand = &out->candidates[out->ncandidates++];
		*cand = picks->picks[i].cand;
		cand->reason = air_pick_reason(picks, &picks->picks[i]);
	}
}

/*
 * Route a call; see route.h.  Unusable candidates are listed with explain or when
 * there is no usable one.  What can go wrong is in *err.
 */
bool
air_route(const AirRouteInput *in, bool explain, AirRoute *out, AirFailure *err)
{
	AirPicks picks = {.in = in};
	const AirStrategy *strategy;

	memset(out, 0, sizeof(*out));
	out->hints = *in->hints;
	out->verifier = -1;
	out->rule = air_match_rule(in);
	if (out->rule == NULL)
		return air_fail_no_rule(in, err);

	out->hints = out->rule->defaults;
	air_hints_overlay(&out->hints, in->hints);
	air_hints_overlay(&out->hints, &out->rule->enforce);
	out->strategy = strategy_name(out->rule, &out->hints);
	strategy = air_strategy(out->strategy);
	if (strategy == NULL)
		return air_fail_strategy(out, err);

	picks.rule = out->rule;
	picks.hints = &out->hints;
	air_picks_collect(&picks, explain);
	if (picks.unknown_model != NULL)
		return air_fail_no_candidate(&picks, err);
	for (int i = 0; i < picks.n; i++)
		if (picks.picks[i].verdict == AIR_VERDICT_OK)
			air_pick_judge(&picks, &picks.picks[i]);

	out->candidates = palloc((picks.n + 1) * sizeof(AirCandidate));
	order_usable(&picks, strategy, out);
	if (explain || out->nusable == 0)
		explain_all(&picks, strategy, out);
	if (out->nusable == 0)
		return air_fail_no_candidate(&picks, err);
	air_cascade_plan(&picks, explain, out);
	return true;
}
