/*
 * complete.c
 *	  ai_complete(text), ai_complete(text[]), ai_last_call_id().
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "sql/doors.h"
#include "sql/front.h"

PG_FUNCTION_INFO_V1(ai_complete);
PG_FUNCTION_INFO_V1(ai_complete_array);
PG_FUNCTION_INFO_V1(ai_last_call_id);

static AirWork *
complete_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	AirCallSpec spec;

	if (PG_ARGISNULL(0))
		return NULL;
	air_front_prompt(&spec, "ai_complete", text_to_cstring(PG_GETARG_TEXT_PP(0)),
					 air_front_hints(fcinfo, 1));
	return air_front_begin(flow, &spec, air_front_take_text);
}

const AirDoor air_door_complete = {
	.symbol = "ai_complete",
	.name = "ai_complete",
	.begin = complete_begin,
	.finish = air_front_finish,
};

/* ai_complete(prompt text, hints jsonb) returns text */
Datum
ai_complete(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_complete, fcinfo);
}

typedef struct ArrayForm
{
	AirWork work;
	AirFlow *flow;
	ArrayType *prompts;
	const AirHints *hints;
	Datum *inputs;
	bool *nulls; /* of the inputs, then of the answers */
	Datum *answers;
} ArrayForm;

static AirCall *
array_submit(int i, void *arg)
{
	ArrayForm *form = arg;
	AirCallSpec spec;

	if (form->nulls[i])
		return NULL;
	air_front_prompt(&spec, "ai_complete", TextDatumGetCString(form->inputs[i]), form->hints);
	return air_call_submit(form->flow, &spec);
}

static void
array_take(int i, AirCall *call, void *arg)
{
	ArrayForm *form = arg;
	const AirResult *result = air_call_result(call);

	form->nulls[i] = !result->ok;
	if (result->ok)
		form->answers[i] = CStringGetTextDatum(result->answer);
	else
		air_call_null_or_raise(call);
}

static AirWork *
array_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	ArrayForm *form;
	int n;

	if (PG_ARGISNULL(0))
		return NULL;
	form = palloc0(sizeof(ArrayForm));
	form->prompts = PG_GETARG_ARRAYTYPE_P(0);
	if (ARR_NDIM(form->prompts) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("prompts must be a one-dimensional array")));
	if (ARR_NDIM(form->prompts) == 0)
		return &form->work;

	form->flow = flow;
	form->hints = air_front_hints(fcinfo, 1);
	deconstruct_array(form->prompts, TEXTOID, -1, false, TYPALIGN_INT, &form->inputs, &form->nulls,
					  &n);
	form->answers = palloc0(sizeof(Datum) * n);
	form->work.run = air_run_begin(n, array_submit, array_take, form);
	return &form->work;
}

static Datum
array_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	ArrayForm *form = (ArrayForm *) work;

	if (work->run == NULL)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	air_run_finish(work->run);
	return PointerGetDatum(construct_md_array(form->answers, form->nulls, 1,
											  ARR_DIMS(form->prompts), ARR_LBOUND(form->prompts),
											  TEXTOID, -1, false, TYPALIGN_INT));
}

const AirDoor air_door_complete_array = {
	.symbol = "ai_complete_array",
	.name = "ai_complete",
	.begin = array_begin,
	.finish = array_finish,
};

/* ai_complete(prompts text[], hints jsonb) returns text[]: same order, concurrent */
Datum
ai_complete_array(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_complete_array, fcinfo);
}

/* ai_last_call_id() returns bigint: NULL before the first call */
Datum
ai_last_call_id(PG_FUNCTION_ARGS)
{
	int64 id = air_last_call_id();

	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}
