/*
 * cascade.c
 *	  Strategy "cascade": candidates are asked in turn until an answer is accepted.
 *
 * Pure, like all of routing.  Results are palloc'ed in CurrentMemoryContext.
 */
#include "base/pg.h"

#include <math.h>

#include "common/hashfn.h"
#include "lib/stringinfo.h"

#include "route/cascade.h"

/* What a verifier answers is a word; one that reasons has the setting's tokens. */
#define VERDICT_TOKENS 16

/* Draws of audits have nothing to do with those of other strategies. */
#define AUDIT_SEED UINT64CONST(0x61756469)

/* The rule's order, which is how they come. */
void
air_order_cascade(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands,
				  double *weights, int n)
{
}

bool
air_same_family(const AirModel *a, const AirModel *b)
{
	return a == b || (a->family != NULL && b->family != NULL && strcmp(a->family, b->family) == 0);
}

/* What makes an answer acceptable, in words; empty: whatever passes the function's own checks. */
static char *
criteria(const AirRuleOptions *o)
{
	StringInfoData s;
	const char *sep = "; accepted if";

	initStringInfo(&s);
	if (!isnan(o->threshold))
	{
		appendStringInfo(&s, "%s its confidence is at least %g", sep, o->threshold);
		sep = " and";
	}
	if (o->check != NULL)
	{
		appendStringInfo(&s, "%s %s() says so", sep, o->check);
		sep = " and";
	}
	if (o->verifier != NULL)
		appendStringInfo(&s, "%s model \"%s\" finds it right", sep, o->verifier);
	return s.data;
}

/* Behind candidate i come at most other hosts of the same model. */
static bool
is_last(const AirCandidate *c, int i, int n)
{
	for (int j = i + 1; j < n; j++)
		if (!air_same_family(c[i].model, c[j].model))
			return false;
	return true;
}

char *
air_cascade_reason(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int i,
				   int n)
{
	char *asked = i == 0 ? pstrdup("cascade: asked first")
						 : psprintf("cascade: asked if the answer of \"%s\" is not accepted",
									cands[i - 1].model->name);
	char *words = criteria(&rule->option);

	if (in->task != AIR_CHAT)
		return pstrdup("order of the rule");
	if (is_last(cands, i, n))
		return psprintf("%s; its answer is accepted as it is", asked);
	if (!isnan(rule->option.threshold) && !air_model_can(cands[i].model, "logprobs"))
		return psprintf("%s; never accepted: without the capability \"logprobs\" its confidence is "
						"not known",
						asked);
	return psprintf("%s%s", asked, i == 0 || words[0] == '\0' ? words : "; accepted likewise");
}

bool
air_cascade_is_last(const AirRoute *route, int i)
{
	return is_last(route->candidates, i, route->nusable);
}

/*
 * Can the verifier be asked on behalf of the caller?  What the caller requires of models
 * holds for whoever sees the text; the other hints are about who answers.
 */
static void
judge_verifier(const AirPicks *picks, const char *name, AirCandidate *out)
{
	const AirModel *model = air_config_model(picks->in->config, name);
	AirHints hints = *picks->hints;
	AirRouteInput in = *picks->in;
	AirPicks mine = *picks;
	AirPick pick = {.verdict = AIR_VERDICT_OK};

	memset(out, 0, sizeof(*out));
	out->model = model;
	if (model == NULL)
	{
		out->reason = pstrdup("it does not exist");
		return;
	}
	hints.set &= 1u << AIR_HINT_REQUIRE;
	in.max_tokens = VERDICT_TOKENS;
	in.images = 0;
	mine.in = &in;
	mine.hints = &hints;
	pick.cand.model = model;
	air_pick_judge(&mine, &pick);
	*out = pick.cand;
	out->usable = pick.verdict == AIR_VERDICT_OK;
	if (!out->usable)
		out->reason = air_pick_reason(&mine, &pick);
}

void
air_cascade_plan(const AirPicks *picks, bool explain, AirRoute *out)
{
	const AirRuleOptions *o = &out->rule->option;
	AirCandidate *verifier = &out->candidates[out->ncandidates];

	if (strcmp(out->strategy, AIR_CASCADE) != 0 || picks->in->task != AIR_CHAT || out->nusable < 2)
		return;
	out->cascade = true;
	if (o->verifier == NULL)
		return;
	judge_verifier(picks, o->verifier, verifier);
	out->verifier = out->ncandidates;
	if (explain && !verifier->usable)
		out->candidates[0].reason = psprintf("%s, but that model cannot be asked: %s",
											 out->candidates[0].reason, verifier->reason);
}

bool
air_cascade_audits(const AirRule *rule, const char *prompt)
{
	double audit = rule->option.audit;
	uint64 hash;

	if (!(audit > 0))
		return false;
	hash = hash_bytes_extended((const unsigned char *) prompt, (int) strlen(prompt), AUDIT_SEED);
	/* 53 bits, in the open interval (0, 1) */
	return ((hash >> 11) + 0.5) / 9007199254740992.0 < audit;
}
