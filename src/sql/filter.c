/*
 * filter.c
 *	  ai_filter() and ai_score(): a text against a condition or a criterion.
 */
#include "base/pg.h"

#include "utils/builtins.h"

#include "sql/doors.h"
#include "sql/small.h"

PG_FUNCTION_INFO_V1(ai_filter);
PG_FUNCTION_INFO_V1(ai_filter_prompt);
PG_FUNCTION_INFO_V1(ai_filter_detail);
PG_FUNCTION_INFO_V1(ai_score);
PG_FUNCTION_INFO_V1(ai_score_detail);

/* ai_filter(prompt, '{"model": ..}') calls the function whose second argument is the condition. */
static void
refuse_hints(const char *condition)
{
	size_t len = strlen(condition);

	if (len > 2 && strncmp(condition, "{\"", 2) == 0 && condition[len - 1] == '}')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the condition looks like hints"),
				 errhint("Hints are the third argument: ai_filter(input, condition, hints).")));
}

/* input, and what it is held against; where that is null there is nothing to ask. */
static AirWork *
begin(AirFlow *flow, FunctionCallInfo fcinfo, AirSmallKind kind, const char *function,
	  const char *prompt, const char *against)
{
	AirPromptValue values[2] = {{"input", NULL}, {against, NULL}};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	values[0].text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	values[1].text = text_to_cstring(PG_GETARG_TEXT_PP(1));
	refuse_hints(values[1].text);
	return air_small_begin(flow, kind, NULL, function, prompt, values, lengthof(values),
						   air_front_hints(fcinfo, 2));
}

static AirWork *
filter_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_YES_NO, "ai_filter", "filter", "condition");
}

static AirWork *
filter_detail_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_YES_NO, "ai_filter_detail", "filter", "condition");
}

static AirWork *
filter_prompt_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	static const AirHints none;
	AirPromptValue input = {"input", NULL};

	if (PG_ARGISNULL(0))
		return NULL;
	input.text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	return air_small_begin(flow, AIR_SMALL_YES_NO, NULL, "ai_filter", "filter_prompt", &input, 1,
						   &none);
}

static AirWork *
score_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_GRADE, "ai_score", "score", "criterion");
}

static AirWork *
score_detail_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_GRADE, "ai_score_detail", "score", "criterion");
}

const AirDoor air_door_filter = {
	.symbol = "ai_filter",
	.name = "ai_filter",
	.prompt = "filter",
	.usual_output = 4,
	.begin = filter_begin,
	.finish = air_small_finish,
};

const AirDoor air_door_filter_prompt = {
	.symbol = "ai_filter_prompt",
	.name = "ai_filter",
	.prompt = "filter_prompt",
	.usual_output = 4,
	.begin = filter_prompt_begin,
	.finish = air_small_finish,
};

const AirDoor air_door_filter_detail = {
	.symbol = "ai_filter_detail",
	.name = "ai_filter_detail",
	.prompt = "filter",
	.usual_output = 4,
	.begin = filter_detail_begin,
	.finish = air_small_finish_detail,
};

const AirDoor air_door_score = {
	.symbol = "ai_score",
	.name = "ai_score",
	.prompt = "score",
	.usual_output = 4,
	.begin = score_begin,
	.finish = air_small_finish,
};

const AirDoor air_door_score_detail = {
	.symbol = "ai_score_detail",
	.name = "ai_score_detail",
	.prompt = "score",
	.usual_output = 4,
	.begin = score_detail_begin,
	.finish = air_small_finish_detail,
};

/* ai_filter(input text, condition text, hints jsonb) returns boolean */
Datum
ai_filter(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_filter, fcinfo);
}

/* ai_filter(prompt text) returns boolean */
Datum
ai_filter_prompt(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_filter_prompt, fcinfo);
}

/* ai_filter_detail(input text, condition text, hints jsonb) returns ai_filter_result */
Datum
ai_filter_detail(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_filter_detail, fcinfo);
}

/* ai_score(input text, criterion text, hints jsonb) returns double precision, 0 to 1 */
Datum
ai_score(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_score, fcinfo);
}

/* ai_score_detail(input text, criterion text, hints jsonb) returns ai_score_result */
Datum
ai_score_detail(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_score_detail, fcinfo);
}
