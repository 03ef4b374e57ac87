/*
 * wrappers.c
 *	  ai_summarize(), ai_translate(), ai_redact(): prompts that everybody writes anyway.
 */
#include "base/pg.h"

#include "utils/builtins.h"

#include "sql/doors.h"
#include "sql/prompt.h"

PG_FUNCTION_INFO_V1(ai_summarize);
PG_FUNCTION_INFO_V1(ai_translate);
PG_FUNCTION_INFO_V1(ai_redact);

/* Begin a call whose answer is the value as it is. */
static AirWork *
begin(AirFlow *flow, const char *function, const char *prompt, const AirPromptValue *values, int n,
	  const AirHints *hints)
{
	AirCallSpec spec;

	air_front_prompted(&spec, function, prompt, values, n, hints);
	return air_front_begin(flow, &spec, air_front_take_text);
}

static AirWork *
begin_one(AirFlow *flow, FunctionCallInfo fcinfo, const char *function, const char *prompt)
{
	AirPromptValue input = {"input", NULL};

	if (PG_ARGISNULL(0))
		return NULL;
	input.text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	return begin(flow, function, prompt, &input, 1, air_front_hints(fcinfo, 1));
}

static AirWork *
summarize_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin_one(flow, fcinfo, "ai_summarize", "summarize");
}

static AirWork *
redact_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin_one(flow, fcinfo, "ai_redact", "redact");
}

static AirWork *
translate_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	AirPromptValue values[2] = {{"input", NULL}, {"language", NULL}};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	values[0].text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	values[1].text = text_to_cstring(PG_GETARG_TEXT_PP(1));
	return begin(flow, "ai_translate", "translate", values, lengthof(values),
				 air_front_hints(fcinfo, 2));
}

const AirDoor air_door_summarize = {
	.symbol = "ai_summarize",
	.name = "ai_summarize",
	.prompt = "summarize",
	.begin = summarize_begin,
	.finish = air_front_finish,
};

const AirDoor air_door_translate = {
	.symbol = "ai_translate",
	.name = "ai_translate",
	.prompt = "translate",
	.begin = translate_begin,
	.finish = air_front_finish,
};

const AirDoor air_door_redact = {
	.symbol = "ai_redact",
	.name = "ai_redact",
	.prompt = "redact",
	.begin = redact_begin,
	.finish = air_front_finish,
};

/* ai_summarize(input text, hints jsonb) returns text */
Datum
ai_summarize(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_summarize, fcinfo);
}

/* ai_translate(input text, language text, hints jsonb) returns text */
Datum
ai_translate(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_translate, fcinfo);
}

/* ai_redact(input text, hints jsonb) returns text */
Datum
ai_redact(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_redact, fcinfo);
}
