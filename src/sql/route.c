/*
 * route.c
 *	  ai_route(): what would happen to a call, and why, without calling.
 */
#include "base/pg.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/raise.h"
#include "base/settings.h"
#include "call/admit.h"
#include "sql/front.h"

PG_FUNCTION_INFO_V1(ai_route);

/* Columns: rank, model, provider, rule, strategy, verdict, reason, input_tokens, est_cost,
 * est_latency_ms */
#define ROUTE_COLUMNS 10

/* The kind of model that a function of the ai_* family asks for. */
static AirTask
task_of(const char *function)
{
	if (strcmp(function, "ai_embed") == 0 || strcmp(function, "ai_similarity") == 0)
		return AIR_EMBED;
	return strcmp(function, "ai_rerank") == 0 ? AIR_RERANK : AIR_CHAT;
}

/* Why the candidate stands where it stands, and what keeps calls from it at the moment. */
static char *
reason_now(const AirCandidate *c, const AirHealthView *health)
{
	if (!c->usable || health == NULL || !air_breaker)
		return c->reason;
	if (health->breaker == AIR_OPEN)
		return psprintf("%s; circuit breaker open for %.1f s", c->reason,
						(health->until - air_monotonic_ms()) / 1000.0);
	if (health->breaker == AIR_HALF_OPEN)
		return psprintf("%s; circuit breaker half-open, one probe at a time", c->reason);
	if (health->until > 0)
		return psprintf("%s; provider wants no requests for %.1f s", c->reason,
						(health->until - air_monotonic_ms()) / 1000.0);
	return c->reason;
}

static void
put_candidate(ReturnSetInfo *rsinfo, const AirRoute *route, int i, int tokens)
{
	const AirCandidate *c = &route->candidates[i];
	Datum values[ROUTE_COLUMNS] = {0};
	bool nulls[ROUTE_COLUMNS] = {0};
	AirHealthView health;
	bool known = c->usable && air_admit_look(c->model, &health);
	const char *verdict = !c->usable ? "excluded" : i == 0 ? "first choice" : "fallback";

	values[0] = Int32GetDatum(i + 1);
	nulls[0] = !c->usable;
	values[1] = CStringGetTextDatum(c->model->name);
	values[2] = CStringGetTextDatum(c->model->server_name);
	values[3] = CStringGetTextDatum(route->rule->name);
	values[4] = CStringGetTextDatum(route->strategy ? route->strategy : "ordered");
	values[5] = CStringGetTextDatum(verdict);
	nulls[6] = c->reason == NULL;
	if (!nulls[6])
	{
		char *reason = reason_now(c, known ? &health : NULL);
		char *budget = c->usable ? air_money_reason(c->model, c->est_cost) : NULL;

		values[6] = CStringGetTextDatum(budget ? psprintf("%s; %s", reason, budget) : reason);
	}
	values[7] = Int32GetDatum(tokens);
	nulls[8] = c->est_cost == AIR_NANO_UNKNOWN;
	if (!nulls[8])
		values[8] = NumericGetDatum(air_nano_to_numeric(c->est_cost));
	nulls[9] = !known || isnan(health.p50);
	if (!nulls[9])
		values[9] = Float8GetDatum(health.p50);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* ai_route(prompt text, hints jsonb, function text) returns table(..) */
Datum
ai_route(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	AirFlow *flow;
	AirCallSpec spec;
	const AirRoute *route;
	AirFailure err;
	int tokens;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	air_front_prompt(&spec, PG_ARGISNULL(2) ? "ai_complete" : text_to_cstring(PG_GETARG_TEXT_PP(2)),
					 text_to_cstring(PG_GETARG_TEXT_PP(0)), air_front_hints(fcinfo, 1));

	spec.task = task_of(spec.function);
	flow = air_flow_begin();
	route = air_call_explain(flow, &spec, &tokens, &err);
	/* Without any candidate there is nothing to show but the reason. */
	if (err.kind != AIR_ERR_NONE && (route->rule == NULL || route->ncandidates == 0))
		ereport(ERROR, (errcode(air_errcode(err.kind)), errmsg("%s", err.message),
						err.hint ? errhint("%s", err.hint) : 0));
	for (int i = 0; i < route->ncandidates; i++)
		put_candidate(rsinfo, route, i, tokens);
	air_flow_end(flow);
	return (Datum) 0;
}
