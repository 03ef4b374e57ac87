/*
 * complete.c
 *	  ai_complete(text), ai_complete(text[]), ai_last_call_id().
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "sql/front.h"

PG_FUNCTION_INFO_V1(ai_complete);
PG_FUNCTION_INFO_V1(ai_complete_array);
PG_FUNCTION_INFO_V1(ai_last_call_id);

/* ai_complete(prompt text, hints jsonb) returns text */
Datum
ai_complete(PG_FUNCTION_ARGS)
{
	AirCallSpec spec;
	Datum answer;
	bool isnull;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	air_front_prompt(&spec, "ai_complete", text_to_cstring(PG_GETARG_TEXT_PP(0)),
					 air_front_hints(fcinfo, 1));
	answer = air_front_scalar(&spec, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	return answer;
}

typedef struct ArrayForm
{
	AirFlow *flow;
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

/* ai_complete(prompts text[], hints jsonb) returns text[]: same order, concurrent */
Datum
ai_complete_array(PG_FUNCTION_ARGS)
{
	ArrayType *prompts;
	ArrayForm form;
	int n;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	prompts = PG_GETARG_ARRAYTYPE_P(0);
	if (ARR_NDIM(prompts) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("prompts must be a one-dimensional array")));
	if (ARR_NDIM(prompts) == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));

	form.hints = air_front_hints(fcinfo, 1);
	deconstruct_array(prompts, TEXTOID, -1, false, TYPALIGN_INT, &form.inputs, &form.nulls, &n);
	form.answers = palloc0(sizeof(Datum) * n);
	form.flow = air_flow_begin();
	air_calls_run(n, array_submit, array_take, &form);
	air_flow_end(form.flow);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(form.answers, form.nulls, 1, ARR_DIMS(prompts),
											 ARR_LBOUND(prompts), TEXTOID, -1, false,
											 TYPALIGN_INT));
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
