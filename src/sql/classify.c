/*
 * classify.c
 *	  ai_classify(), ai_classify_multi(), ai_classify_detail(), ai_sentiment().
 */
#include "base/pg.h"

#include "utils/builtins.h"

#include "sql/doors.h"
#include "sql/small.h"

PG_FUNCTION_INFO_V1(ai_classify);
PG_FUNCTION_INFO_V1(ai_classify_multi);
PG_FUNCTION_INFO_V1(ai_classify_detail);
PG_FUNCTION_INFO_V1(ai_sentiment);

static AirWork *
begin(AirFlow *flow, FunctionCallInfo fcinfo, AirSmallKind kind, const char *function,
	  const char *prompt)
{
	AirPromptValue values[2] = {{"input", NULL}, {"labels", NULL}};
	AirLabels *labels;

	if (PG_ARGISNULL(0))
		return NULL;
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("labels must not be null"),
				 errhint("Give the labels to choose from, as in ARRAY['billing', 'login'].")));
	labels = air_labels_read(PG_GETARG_ARRAYTYPE_P(1));
	values[0].text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	values[1].text = air_labels_list(labels);
	return air_small_begin(flow, kind, labels, function, prompt, values, lengthof(values),
						   air_front_hints(fcinfo, 2));
}

static AirWork *
classify_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_LABEL, "ai_classify", "classify");
}

static AirWork *
multi_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_LABELS, "ai_classify_multi", "classify_multi");
}

static AirWork *
detail_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, AIR_SMALL_LABEL, "ai_classify_detail", "classify");
}

static AirWork *
sentiment_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	static const char *const words[] = {"positive", "negative", "neutral", "mixed"};
	AirPromptValue input = {"input", NULL};

	if (PG_ARGISNULL(0))
		return NULL;
	input.text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	return air_small_begin(flow, AIR_SMALL_LABEL, air_labels_of(words, lengthof(words)),
						   "ai_sentiment", "sentiment", &input, 1, air_front_hints(fcinfo, 1));
}

const AirDoor air_door_classify = {
	.symbol = "ai_classify",
	.name = "ai_classify",
	.prompt = "classify",
	.usual_output = 8,
	.begin = classify_begin,
	.finish = air_small_finish,
};

const AirDoor air_door_classify_multi = {
	.symbol = "ai_classify_multi",
	.name = "ai_classify_multi",
	.prompt = "classify_multi",
	.usual_output = 16,
	.begin = multi_begin,
	.finish = air_small_finish,
};

const AirDoor air_door_classify_detail = {
	.symbol = "ai_classify_detail",
	.name = "ai_classify_detail",
	.prompt = "classify",
	.usual_output = 8,
	.begin = detail_begin,
	.finish = air_small_finish_detail,
};

const AirDoor air_door_sentiment = {
	.symbol = "ai_sentiment",
	.name = "ai_sentiment",
	.prompt = "sentiment",
	.usual_output = 8,
	.begin = sentiment_begin,
	.finish = air_small_finish,
};

/* ai_classify(input text, labels text[], hints jsonb) returns text: one of the labels */
Datum
ai_classify(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_classify, fcinfo);
}

/* ai_classify_multi(input text, labels text[], hints jsonb) returns text[]: in the order of labels
 */
Datum
ai_classify_multi(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_classify_multi, fcinfo);
}

/* ai_classify_detail(input text, labels text[], hints jsonb) returns ai_classify_result */
Datum
ai_classify_detail(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_classify_detail, fcinfo);
}

/* ai_sentiment(input text, hints jsonb) returns text: positive, negative, neutral or mixed */
Datum
ai_sentiment(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_sentiment, fcinfo);
}
