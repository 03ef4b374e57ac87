/*
 * embed.c
 *	  ai_embed(text), ai_embed(text[]) and ai_similarity().
 *
 * The engine puts many texts into one request, whoever submits them: the elements of an
 * array, the two sides of a comparison, the rows that an AI Batch node reads ahead.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/raise.h"
#include "base/vector.h"
#include "sql/doors.h"
#include "sql/vectors.h"

PG_FUNCTION_INFO_V1(ai_embed);
PG_FUNCTION_INFO_V1(ai_embed_array);
PG_FUNCTION_INFO_V1(ai_similarity);

void
air_front_embedding(AirCallSpec *spec, const char *function, const char *const *input,
					const AirHints *hints)
{
	memset(spec, 0, sizeof(*spec));
	spec->function = function;
	spec->task = AIR_EMBED;
	spec->ninputs = 1;
	spec->inputs = input;
	spec->hints = hints;
}

float *
air_front_vector(const AirResult *result, int *dim)
{
	float *vector = air_vector_of_text(result->answer, dim);

	/* Replies are checked: this one comes from a table that somebody wrote to. */
	if (vector == NULL)
		ereport(ERROR, (errcode(air_errcode(AIR_ERR_BAD_ANSWER)),
						errmsg("the cached answer of model \"%s\" is no embedding", result->model),
						errhint("SELECT ai_router.cache_clear(%s) forgets it.",
								quote_literal_cstr(result->model))));
	return vector;
}

ArrayType *
air_front_vector_array(const AirResult *result)
{
	int dim;
	float *vector = air_front_vector(result, &dim);
	Size size = ARR_OVERHEAD_NONULLS(1) + sizeof(float4) * dim;
	ArrayType *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT4OID;
	ARR_DIMS(array)[0] = dim;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), vector, sizeof(float4) * dim);
	pfree(vector);
	return array;
}

void
air_front_texts(ArrayType *array, const char *what, Datum **texts, bool **nulls, int *n)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("%s must be a one-dimensional array", what)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, texts, nulls, n);
}

/* --- ai_embed(text) ---------------------------------------------------------------- */

static void
take_vector(int i, AirCall *call, void *arg)
{
	AirFrontWork *w = arg;
	const AirResult *result = air_call_result(call);

	w->isnull = !result->ok;
	if (result->ok)
		w->value = PointerGetDatum(air_front_vector_array(result));
	else
		air_call_null_or_raise(call);
}

static AirWork *
embed_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	AirCallSpec spec;
	const char **input;

	if (PG_ARGISNULL(0))
		return NULL;
	input = palloc(sizeof(char *));
	*input = text_to_cstring(PG_GETARG_TEXT_PP(0));
	air_front_embedding(&spec, "ai_embed", input, air_front_hints(fcinfo, 1));
	return air_front_begin(flow, &spec, take_vector);
}

const AirDoor air_door_embed = {
	.symbol = "ai_embed",
	.name = "ai_embed",
	.task = AIR_EMBED,
	.begin = embed_begin,
	.finish = air_front_finish,
};

/* ai_embed(input text, hints jsonb) returns real[] */
Datum
ai_embed(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_embed, fcinfo);
}

/* --- ai_embed(text[]) -------------------------------------------------------------- */

typedef struct ArrayForm
{
	AirWork work;
	AirFlow *flow;
	const AirHints *hints;
	Datum *inputs;
	bool *nulls;
	char **texts; /* of calls under way */
	int n;
	int next; /* the row that comes next */
	ReturnSetInfo *rsinfo;
} ArrayForm;

static AirCall *
array_submit(int i, void *arg)
{
	ArrayForm *form = arg;
	AirCallSpec spec;

	if (form->nulls[i])
		return NULL;
	form->texts[i] = TextDatumGetCString(form->inputs[i]);
	air_front_embedding(&spec, "ai_embed", (const char *const *) &form->texts[i], form->hints);
	return air_call_submit(form->flow, &spec);
}

static void
put_row(ArrayForm *form, ArrayType *vector)
{
	Datum values[] = {Int32GetDatum(++form->next), PointerGetDatum(vector)};
	bool nulls[] = {false, vector == NULL};

	tuplestore_putvalues(form->rsinfo->setResult, form->rsinfo->setDesc, values, nulls);
}

/* Elements that are NULL have no call: their rows come when the next one is there. */
static void
put_nulls(ArrayForm *form, int until)
{
	while (form->next < until)
		put_row(form, NULL);
}

static void
array_take(int i, AirCall *call, void *arg)
{
	ArrayForm *form = arg;
	const AirResult *result = air_call_result(call);
	ArrayType *vector = NULL;

	put_nulls(form, i);
	if (result->ok)
		vector = air_front_vector_array(result);
	else
		air_call_null_or_raise(call);
	put_row(form, vector);
	if (vector != NULL)
		pfree(vector);
	pfree(form->texts[i]);
}

static AirWork *
array_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	ArrayForm *form = palloc0(sizeof(ArrayForm));

	if (PG_ARGISNULL(0))
		return &form->work;
	form->flow = flow;
	form->hints = air_front_hints(fcinfo, 1);
	air_front_texts(PG_GETARG_ARRAYTYPE_P(0), "inputs", &form->inputs, &form->nulls, &form->n);
	form->texts = palloc(sizeof(char *) * Max(form->n, 1));
	form->work.run = air_run_begin_packed(flow, form->n, array_submit, array_take, form);
	return &form->work;
}

static Datum
array_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	ArrayForm *form = (ArrayForm *) work;

	InitMaterializedSRF(fcinfo, 0);
	form->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	if (work->run != NULL)
		air_run_finish(work->run);
	put_nulls(form, form->n);
	return (Datum) 0;
}

const AirDoor air_door_embed_array = {
	.symbol = "ai_embed_array",
	.name = "ai_embed",
	.task = AIR_EMBED,
	.begin = array_begin,
	.finish = array_finish,
};

/* ai_embed(inputs text[], hints jsonb) returns table(ord int, embedding real[]) */
Datum
ai_embed_array(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_embed_array, fcinfo);
}

/* --- ai_similarity(text, text) ------------------------------------------------------ */

typedef struct Pair
{
	AirWork work;
	AirFlow *flow;
	const AirHints *hints;
	char *texts[2];
	float *vectors[2]; /* NULL: there is none, as on_error says */
	int dims[2];
} Pair;

static AirCall *
pair_submit(int i, void *arg)
{
	Pair *pair = arg;
	AirCallSpec spec;

	air_front_embedding(&spec, "ai_similarity", (const char *const *) &pair->texts[i], pair->hints);
	return air_call_submit(pair->flow, &spec);
}

static void
pair_take(int i, AirCall *call, void *arg)
{
	Pair *pair = arg;
	const AirResult *result = air_call_result(call);

	if (result->ok)
		pair->vectors[i] = air_front_vector(result, &pair->dims[i]);
	else
		air_call_null_or_raise(call);
}

static AirWork *
similarity_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	Pair *pair;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	pair = palloc0(sizeof(Pair));
	pair->flow = flow;
	pair->hints = air_front_hints(fcinfo, 2);
	pair->texts[0] = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pair->texts[1] = text_to_cstring(PG_GETARG_TEXT_PP(1));
	pair->work.run = air_run_begin(2, pair_submit, pair_take, pair);
	return &pair->work;
}

/* The cosine of the angle between two vectors; 0 where one has no direction. */
static double
cosine(const float *a, const float *b, int dim)
{
	double dot = 0;
	double aa = 0;
	double bb = 0;

	for (int i = 0; i < dim; i++)
	{
		dot += (double) a[i] * b[i];
		aa += (double) a[i] * a[i];
		bb += (double) b[i] * b[i];
	}
	if (aa == 0 || bb == 0)
		return 0;
	/* Rounding must not make it more than a cosine can be. */
	return Max(Min(dot / (sqrt(aa) * sqrt(bb)), 1), -1);
}

static Datum
similarity_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	Pair *pair = (Pair *) work;

	air_run_finish(work->run);
	*isnull = pair->vectors[0] == NULL || pair->vectors[1] == NULL;
	if (*isnull)
		return (Datum) 0;
	if (pair->dims[0] != pair->dims[1])
		ereport(ERROR, (errcode(air_errcode(AIR_ERR_BAD_ANSWER)),
						errmsg("embeddings of %d and of %d dimensions cannot be compared",
							   pair->dims[0], pair->dims[1]),
						errhint("Models of one family must give equal vectors: see "
								"ai_router.models. The hint \"dimensions\" may help.")));
	return Float8GetDatum(cosine(pair->vectors[0], pair->vectors[1], pair->dims[0]));
}

const AirDoor air_door_similarity = {
	.symbol = "ai_similarity",
	.name = "ai_similarity",
	.task = AIR_EMBED,
	.begin = similarity_begin,
	.finish = similarity_finish,
};

/* ai_similarity(a text, b text, hints jsonb) returns double precision */
Datum
ai_similarity(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_similarity, fcinfo);
}
