/*
 * verdict.c
 *	  What stands between a call and a model, and what to do about it.
 *
 * The checks of one model, cheapest and most fundamental first; the words for
 * each are made only when somebody will read them.  No I/O but the callbacks of
 * the route's input, no locks.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "route/candidates.h"

/* An answer shorter than this is hardly one: do not squeeze max_tokens below it. */
#define LEAST_ANSWER 256

static const char *const mode_names[] = {
	[AIR_CHAT] = "chat", [AIR_EMBED] = "embedding", [AIR_RERANK] = "rerank"};

/* Is inner contained in outer, as jsonb @> sees it?  NULL contains only the empty object. */
static bool
contains(Jsonb *outer, Jsonb *inner)
{
	JsonbIterator *it_outer, *it_inner;

	if (outer == NULL)
		return JB_ROOT_COUNT(inner) == 0;
	if (!JB_ROOT_IS_OBJECT(outer))
		return false;
	it_outer = JsonbIteratorInit(&outer->root);
	it_inner = JsonbIteratorInit(&inner->root);
	return JsonbDeepContains(&it_outer, &it_inner);
}

/* USAGE on the model's server, asked once per server and route. */
static bool
may_use(AirPicks *picks, const AirServer *server)
{
	int8 *known = &picks->usage[server - picks->in->config->servers];

	if (*known == 0)
		*known = picks->in->may_use(server, picks->in->role) ? 1 : -1;
	return *known > 0;
}

/*
 * Tokens of output to ask for.  What a hint asks for is sent as it is (but not
 * more than the model can do); the default shrinks to the room that the input
 * leaves in a small context window.  A function's own default bounds its answer, but
 * a model that reasons spends tokens before it answers.
 */
static int
output_tokens(const AirPicks *picks, const AirModel *model)
{
	bool hinted = AIR_HAS_HINT(picks->hints, AIR_HINT_MAX_TOKENS);
	int64 max_tokens = hinted ? picks->hints->max_tokens : air_default_max_tokens;
	int own = picks->in->max_tokens;

	if (picks->in->task != AIR_CHAT)
		return 0;
	if (!hinted && own > 0 && !air_model_can(model, "reasoning"))
		max_tokens = Min(max_tokens, own);
	if (model->max_output > 0)
		max_tokens = Min(max_tokens, model->max_output);
	if (!hinted && model->context_window > 0)
	{
		int64 room = model->context_window - picks->in->tokens;

		max_tokens = Min(max_tokens, Max(room, LEAST_ANSWER));
	}
	return (int) max_tokens;
}

/* Everything about a model that does not depend on the size of the input. */
static AirVerdict
judge_model(AirPicks *picks, const AirModel *model)
{
	const AirRouteInput *in = picks->in;
	const AirHints *hints = picks->hints;

	if (AIR_HAS_HINT(hints, AIR_HINT_PROVIDER) && strcmp(hints->provider, model->server_name) != 0)
		return AIR_VERDICT_PROVIDER;
	if (!model->enabled)
		return AIR_VERDICT_DISABLED;
	if (model->mode != in->task)
		return AIR_VERDICT_MODE;
	if (model->server == NULL)
		return AIR_VERDICT_NO_SERVER;
	if ((model->server->api->tasks & (1u << in->task)) == 0)
		return AIR_VERDICT_API;
	if (AIR_HAS_HINT(hints, AIR_HINT_REQUIRE) && !contains(model->tags, hints->require))
		return AIR_VERDICT_REQUIRE;
	if (AIR_HAS_HINT(hints, AIR_HINT_QUALITY) && model->quality < hints->quality)
		return AIR_VERDICT_QUALITY; /* not so where quality is NaN, unknown */
	if (in->images > 0 && !air_model_can(model, "vision"))
		return AIR_VERDICT_VISION;
	if (!may_use(picks, model->server))
		return AIR_VERDICT_NO_USAGE;
	return AIR_VERDICT_OK;
}

/*
 * See candidates.h.  The window comes last: a model that has this verdict fails
 * for nothing else.
 */
void
air_pick_judge(AirPicks *picks, AirPick *pick)
{
	const AirModel *model = pick->cand.model;
	const AirHints *hints = picks->hints;
	int64 tokens = picks->in->tokens;
	AirCandidate *cand = &pick->cand;

	cand->max_tokens = output_tokens(picks, model);
	cand->est_cost = air_cost(&model->prices, tokens, 0, 0, cand->max_tokens);
	pick->verdict = judge_model(picks, model);
	if (pick->verdict != AIR_VERDICT_OK)
		return;
	if (AIR_HAS_HINT(hints, AIR_HINT_MAX_COST) && cand->est_cost == AIR_NANO_UNKNOWN)
		pick->verdict = AIR_VERDICT_NO_PRICE;
	else if (AIR_HAS_HINT(hints, AIR_HINT_MAX_COST) && cand->est_cost > hints->max_cost)
		pick->verdict = AIR_VERDICT_COST;
	else if (model->context_window > 0 && tokens + cand->max_tokens > model->context_window)
		pick->verdict = AIR_VERDICT_WINDOW;
}

/*
 * See candidates.h.
 */
char *
air_pick_reason(const AirPicks *picks, const AirPick *pick)
{
	const AirModel *model = pick->cand.model;
	const AirHints *hints = picks->hints;
	const AirRouteInput *in = picks->in;

	switch (pick->verdict)
	{
		case AIR_VERDICT_OK:
			break;
		case AIR_VERDICT_NOT_ALLOWED:
			return psprintf("not allowed by rule \"%s\"", picks->rule->name);
		case AIR_VERDICT_NOT_HINTED:
			return pstrdup("hint \"model\" asks for another model");
		case AIR_VERDICT_PROVIDER:
			return psprintf("hint \"provider\" asks for \"%s\", its provider is \"%s\"",
							hints->provider, model->server_name);
		case AIR_VERDICT_DISABLED:
			return pstrdup("it is disabled");
		case AIR_VERDICT_MODE:
			return psprintf("its mode is %s, %s needs %s", mode_names[model->mode], in->function,
							mode_names[in->task]);
		case AIR_VERDICT_NO_SERVER:
			return psprintf("its server \"%s\" does not exist", model->server_name);
		case AIR_VERDICT_API:
			return psprintf("api \"%s\" of server \"%s\" has no %s calls", model->server->api->name,
							model->server_name, mode_names[in->task]);
		case AIR_VERDICT_REQUIRE:
			return pstrdup("its tags do not contain what hint \"require\" asks for");
		case AIR_VERDICT_QUALITY:
			return psprintf("its quality is %g, hint \"quality\" asks for %g", model->quality,
							hints->quality);
		case AIR_VERDICT_VISION:
			return pstrdup("it takes no images");
		case AIR_VERDICT_NO_USAGE:
			return psprintf("role \"%s\" may not use server \"%s\"", in->role_name,
							model->server_name);
		case AIR_VERDICT_NO_PRICE:
			return pstrdup("its price is unknown and hint \"max_cost\" is set");
		case AIR_VERDICT_COST:
			return psprintf("estimated %s, hint \"max_cost\" is %s",
							air_nano_show(pick->cand.est_cost), air_nano_show(hints->max_cost));
		case AIR_VERDICT_WINDOW:
			if (in->task != AIR_CHAT)
				return psprintf("%d tokens of input exceed its context window of " INT64_FORMAT,
								in->tokens, model->context_window);
			return psprintf(
				"%d tokens of input and %d of output exceed its context window of " INT64_FORMAT,
				in->tokens, pick->cand.max_tokens, model->context_window);
		case AIR_VERDICT_VECTORS:
			return pstrdup("embeddings never change model by themselves");
	}
	return NULL;
}

/*
 * See candidates.h.
 */
char *
air_pick_remedy(const AirPicks *picks, const AirPick *pick)
{
	const AirModel *model = pick->cand.model;

	switch (pick->verdict)
	{
		case AIR_VERDICT_NO_USAGE:
			return psprintf("GRANT USAGE ON FOREIGN SERVER %s TO %s;",
							quote_identifier(model->server_name),
							quote_identifier(picks->in->role_name));
		case AIR_VERDICT_DISABLED:
			return psprintf("UPDATE ai_router.models SET enabled = true WHERE name = %s;",
							quote_literal_cstr(model->name));
		case AIR_VERDICT_NO_SERVER:
			return psprintf("CREATE SERVER %s FOREIGN DATA WRAPPER ai_router OPTIONS (api '...');",
							quote_identifier(model->server_name));
		case AIR_VERDICT_NO_PRICE:
			return psprintf("UPDATE ai_router.models SET input_price = ..., output_price = ... "
							"WHERE name = %s; a price of 0 means that it is free.",
							quote_literal_cstr(model->name));
		case AIR_VERDICT_VISION:
			return psprintf(
				"If it does: UPDATE ai_router.models SET capabilities = capabilities || "
				"'{vision}' WHERE name = %s;",
				quote_literal_cstr(model->name));
		default:
			return NULL;
	}
}
