/*
 * result.c
 *	  ai_call() and ai_compare(): answers with everything about them.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "sql/doors.h"
#include "sql/front.h"

PG_FUNCTION_INFO_V1(ai_call);
PG_FUNCTION_INFO_V1(ai_compare);

typedef struct CallWork
{
	AirWork work;
	AirFlow *flow;
	AirCallSpec spec;
	TupleDesc desc;
	HeapTuple tuple;
} CallWork;

static AirCall *
call_submit(int i, void *arg)
{
	CallWork *w = arg;

	return air_call_submit(w->flow, &w->spec);
}

static void
call_take(int i, AirCall *call, void *arg)
{
	CallWork *w = arg;
	const AirResult *result = air_call_result(call);

	if (!result->ok && !air_front_tells_error(result))
		air_call_raise(call);
	w->tuple = air_front_tuple(result, w->desc);
}

static AirWork *
call_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	CallWork *w;

	if (PG_ARGISNULL(0))
		return NULL;
	w = palloc0(sizeof(CallWork));
	w->flow = flow;
	air_front_prompt(&w->spec, "ai_call", text_to_cstring(PG_GETARG_TEXT_PP(0)),
					 air_front_hints(fcinfo, 1));
	w->work.run = air_run_begin(1, call_submit, call_take, w);
	return &w->work;
}

static Datum
call_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	CallWork *w = (CallWork *) work;

	w->desc = air_front_tupdesc(fcinfo);
	air_run_finish(work->run);
	return HeapTupleGetDatum(w->tuple);
}

const AirDoor air_door_call_result = {
	.symbol = "ai_call",
	.name = "ai_call",
	.begin = call_begin,
	.finish = call_finish,
};

/* ai_call(prompt text, hints jsonb) returns ai_result */
Datum
ai_call(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_call_result, fcinfo);
}

typedef struct Comparison
{
	AirFlow *flow;
	char *prompt;
	const AirHints *hints;
	Datum *models;
	ReturnSetInfo *rsinfo;
} Comparison;

/* The same prompt for the i-th model alone: as if the caller had hinted that model. */
static AirCall *
compare_submit(int i, void *arg)
{
	Comparison *c = arg;
	AirHints *hints = palloc(sizeof(AirHints));
	AirCallSpec spec;

	*hints = *c->hints;
	hints->models = palloc(sizeof(char *));
	hints->models[0] = TextDatumGetCString(c->models[i]);
	hints->nmodels = 1;
	hints->set |= 1u << AIR_HINT_MODEL;
	hints->id = 0;
	air_front_prompt(&spec, "ai_compare", c->prompt, hints);
	return air_call_submit(c->flow, &spec);
}

static void
compare_take(int i, AirCall *call, void *arg)
{
	Comparison *c = arg;
	const AirResult *result = air_call_result(call);

	if (!result->ok && !air_front_tells_error(result))
		air_call_raise(call);
	tuplestore_puttuple(c->rsinfo->setResult, air_front_tuple(result, c->rsinfo->setDesc));
}

/* ai_compare(prompt text, models text[], hints jsonb) returns setof ai_result, in the order of
 * models */
Datum
ai_compare(PG_FUNCTION_ARGS)
{
	Comparison c;
	bool *nulls;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	c.hints = air_front_hints(fcinfo, 2);
	if (AIR_HAS_HINT(c.hints, AIR_HINT_MODEL))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("ai_compare takes its models as an argument, not as a hint")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &c.models, &nulls,
					  &n);
	for (int i = 0; i < n; i++)
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("a model to compare must not be null")));
	c.prompt = text_to_cstring(PG_GETARG_TEXT_PP(0));
	c.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	c.flow = air_flow_begin();
	air_calls_run(n, compare_submit, compare_take, &c);
	air_flow_end(c.flow);
	return (Datum) 0;
}
