/*
 * small.c
 *	  The work of a small answer: asked with its judge, taken apart into its value.
 *
 * Memory is CurrentMemoryContext's throughout: at the beginning that of the work.
 */
#include "base/pg.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/json.h"
#include "base/raise.h"
#include "sql/small.h"

/*
 * Tokens that a small answer needs at most, JSON around it included.  A model that reasons
 * gets what the setting says: see AirCallSpec.
 */
#define ANSWER_TOKENS 64

typedef struct SmallWork
{
	AirWork work;
	AirFlow *flow;
	AirCallSpec spec;
	AirSmallKind kind;
	const AirLabels *labels;
	TupleDesc detail; /* NULL: the value alone */
	Datum value;
	bool isnull;
} SmallWork;

static char *
schema_of(AirSmallKind kind, const AirLabels *labels)
{
	if (kind == AIR_SMALL_LABEL || kind == AIR_SMALL_LABELS)
		return air_labels_schema(labels, kind == AIR_SMALL_LABELS);
	/* No bounds of the number: not every provider that enforces schemas takes them. */
	return psprintf("{\"type\":\"object\",\"properties\":{\"%s\":{\"type\":\"%s\"}},"
					"\"required\":[\"%s\"],\"additionalProperties\":false}",
					kind == AIR_SMALL_GRADE ? "score" : "answer",
					kind == AIR_SMALL_GRADE ? "integer" : "boolean",
					kind == AIR_SMALL_GRADE ? "score" : "answer");
}

/* A token is a byte at least; the commas and quotes of a list come on top. */
static int
tokens_of(AirSmallKind kind, const AirLabels *labels)
{
	if (kind == AIR_SMALL_LABEL)
		return ANSWER_TOKENS + air_labels_longest(labels);
	if (kind == AIR_SMALL_LABELS)
		return ANSWER_TOKENS + air_labels_bytes(labels) + 4 * labels->n;
	return ANSWER_TOKENS;
}

/* The place of a text among the labels; -1: it is none of them. */
static int
place_of(const AirLabels *labels, const cJSON *item)
{
	if (cJSON_IsString(item))
		for (int i = 0; i < labels->n; i++)
			if (strcmp(labels->utf8[i], item->valuestring) == 0)
				return i;
	return -1;
}

static bool
take_labels(const AirLabels *labels, const cJSON *array, Datum *value)
{
	int n = cJSON_GetArraySize(array);
	Datum *texts = palloc(sizeof(Datum) * Max(n, 1));
	const cJSON *item;
	int i = 0;

	if (!cJSON_IsArray(array))
		return false;
	cJSON_ArrayForEach (item, array)
	{
		int place = place_of(labels, item);

		if (place < 0)
			return false;
		texts[i++] = CStringGetTextDatum(labels->text[place]);
	}
	*value = PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
	return true;
}

/* The value of an answer as the judge wrote it; false: it did not write this. */
static bool
take_value(const SmallWork *w, const cJSON *item, Datum *value)
{
	int place;

	switch (w->kind)
	{
		case AIR_SMALL_LABEL:
			place = place_of(w->labels, item);
			if (place >= 0)
				*value = CStringGetTextDatum(w->labels->text[place]);
			return place >= 0;
		case AIR_SMALL_LABELS:
			return take_labels(w->labels, item, value);
		case AIR_SMALL_YES_NO:
			*value = BoolGetDatum(cJSON_IsTrue(item));
			return cJSON_IsBool(item);
		case AIR_SMALL_GRADE:
			*value = Float8GetDatum(cJSON_IsNumber(item) ? item->valuedouble : 0);
			return cJSON_IsNumber(item);
	}
	return false;
}

/* Read an answer as the judge wrote it.  confidence: NaN if it does not say. */
static void
read_kept(SmallWork *w, const char *answer, double *confidence)
{
	const char *utf8 = pg_server_to_any(answer, strlen(answer), PG_UTF8);
	char *why;
	AirJson *doc = air_json_parse(utf8, strlen(utf8), &why);
	bool ok = doc != NULL && take_value(w, air_json_at(doc->root, "value"), &w->value);

	*confidence = ok ? air_json_num(doc->root, "confidence", NAN) : NAN;
	if (doc != NULL)
		air_json_free(doc);
	if (!ok)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("a cached answer of %s is damaged", w->spec.function),
						errhint("SELECT ai_router.cache_clear(NULL) forgets all cached answers.")));
}

/* The row (value, confidence, model, cost, error, ..) of a result; columns are found by name. */
static HeapTuple
detail_tuple(const SmallWork *w, const AirResult *result, double confidence)
{
	TupleDesc desc = w->detail;
	Datum *values = palloc(sizeof(Datum) * desc->natts);
	bool *nulls = palloc(sizeof(bool) * desc->natts);

	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);

		if (strcmp(name, "value") == 0)
		{
			values[i] = w->value;
			nulls[i] = !result->ok;
		}
		else if (strcmp(name, "confidence") == 0)
		{
			values[i] = Float8GetDatum(confidence);
			nulls[i] = isnan(confidence);
		}
		else
			values[i] = air_front_column(result, name, &nulls[i]);
	}
	return heap_form_tuple(desc, values, nulls);
}

static void
take(int i, AirCall *call, void *arg)
{
	SmallWork *w = arg;
	const AirResult *result = air_call_result(call);
	double confidence = NAN;

	if (result->ok)
		read_kept(w, result->answer, &confidence);
	else if (w->detail == NULL)
		air_call_null_or_raise(call);
	else if (!air_front_tells_error(result))
		air_call_raise(call);
	w->isnull = !result->ok;
	if (w->detail != NULL)
	{
		w->value = HeapTupleGetDatum(detail_tuple(w, result, confidence));
		w->isnull = false;
	}
}

static AirCall *
submit(int i, void *arg)
{
	SmallWork *w = arg;

	return air_call_submit(w->flow, &w->spec);
}

AirWork *
air_small_begin(AirFlow *flow, AirSmallKind kind, const AirLabels *labels, const char *function,
				const char *prompt, const AirPromptValue *values, int nvalues,
				const AirHints *hints)
{
	SmallWork *w = palloc0(sizeof(SmallWork));

	w->flow = flow;
	w->kind = kind;
	w->labels = labels;
	air_front_prompted(&w->spec, function, prompt, values, nvalues, hints);
	w->spec.schema = schema_of(kind, labels);
	w->spec.schema_in_words = true;
	w->spec.max_tokens = tokens_of(kind, labels);
	w->spec.logprobs = true;
	w->spec.check = air_small_check(kind);
	w->spec.check_arg = unconstify(AirLabels *, labels);
	w->work.run = air_run_begin(1, submit, take, w);
	return &w->work;
}

Datum
air_small_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	SmallWork *w = (SmallWork *) work;

	air_run_finish(work->run);
	*isnull = w->isnull;
	return w->value;
}

Datum
air_small_finish_detail(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	SmallWork *w = (SmallWork *) work;

	w->detail = air_front_tupdesc(fcinfo);
	air_run_finish(work->run);
	return w->value;
}
