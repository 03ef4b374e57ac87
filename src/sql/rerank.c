/*
 * rerank.c
 *	  ai_rerank(): documents in the order of how well they answer a query.
 *
 * Providers take so many documents in a request; more of them become several calls, which can
 * be compared, as a document's score does not depend on the others.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/raise.h"
#include "sql/doors.h"
#include "sql/vectors.h"

PG_FUNCTION_INFO_V1(ai_rerank);

/* Of one call: more are discouraged. */
#define MOST_DOCUMENTS 1000

typedef struct Document
{
	int ord;
	Datum text;
	bool isnull;
	double score; /* NaN: none */
} Document;

typedef struct Ranking
{
	AirWork work;
	AirFlow *flow;
	const AirHints *hints;
	char *query;
	int n;
	Document *documents;
	int nasked;
	Document **asked; /* those that are no NULL */
	char **texts;     /* of these */
} Ranking;

static int
documents_of(const Ranking *r, int i)
{
	return Min(r->nasked - i * MOST_DOCUMENTS, MOST_DOCUMENTS);
}

static AirCall *
ranking_submit(int i, void *arg)
{
	Ranking *r = arg;
	AirCallSpec spec = {.function = "ai_rerank", .task = AIR_RERANK};

	spec.query = r->query;
	spec.inputs = (const char *const *) r->texts + i * MOST_DOCUMENTS;
	spec.ninputs = documents_of(r, i);
	spec.hints = r->hints;
	return air_call_submit(r->flow, &spec);
}

/* Read "[1,0.5]": n scores; false if it is something else. */
static bool
read_scores(const char *text, Document **documents, int n)
{
	for (int i = 0; i < n; i++)
	{
		char *end;

		if (*text != (i == 0 ? '[' : ','))
			return false;
		documents[i]->score = strtod(++text, &end);
		if (end == text || !isfinite(documents[i]->score))
			return false;
		text = end;
	}
	return strcmp(text, "]") == 0;
}

static void
ranking_take(int i, AirCall *call, void *arg)
{
	Ranking *r = arg;
	const AirResult *result = air_call_result(call);

	if (!result->ok)
		air_call_null_or_raise(call);
	else if (!read_scores(result->answer, r->asked + i * MOST_DOCUMENTS, documents_of(r, i)))
		/* Replies are checked: this one comes from a table that somebody wrote to. */
		ereport(ERROR, (errcode(air_errcode(AIR_ERR_BAD_ANSWER)),
						errmsg("the cached answer of model \"%s\" holds no scores", result->model),
						errhint("SELECT ai_router.cache_clear(%s) forgets it.",
								quote_literal_cstr(result->model))));
}

static void
read_documents(Ranking *r, ArrayType *array)
{
	Datum *texts;
	bool *nulls;

	air_front_texts(array, "documents", &texts, &nulls, &r->n);
	r->documents = palloc0(sizeof(Document) * Max(r->n, 1));
	r->asked = palloc(sizeof(Document *) * Max(r->n, 1));
	r->texts = palloc(sizeof(char *) * Max(r->n, 1));
	for (int i = 0; i < r->n; i++)
	{
		Document *d = &r->documents[i];

		*d = (Document){.ord = i + 1, .text = texts[i], .isnull = nulls[i], .score = NAN};
		if (nulls[i])
			continue;
		r->texts[r->nasked] = TextDatumGetCString(texts[i]);
		r->asked[r->nasked++] = d;
	}
}

static AirWork *
ranking_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	Ranking *r = palloc0(sizeof(Ranking));

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return &r->work;
	r->flow = flow;
	r->hints = air_front_hints(fcinfo, 2);
	r->query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	read_documents(r, PG_GETARG_ARRAYTYPE_P(1));
	if (r->nasked > 0)
		r->work.run = air_run_begin((r->nasked + MOST_DOCUMENTS - 1) / MOST_DOCUMENTS,
									ranking_submit, ranking_take, r);
	return &r->work;
}

/* Best first, those without a score last; ties as they were given. */
static int
compare(const void *a, const void *b)
{
	const Document *x = a;
	const Document *y = b;

	if (isnan(x->score) != isnan(y->score))
		return isnan(x->score) ? 1 : -1;
	if (x->score != y->score && !isnan(x->score))
		return x->score > y->score ? -1 : 1;
	return x->ord - y->ord;
}

static Datum
ranking_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	Ranking *r = (Ranking *) work;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	if (work->run != NULL)
		air_run_finish(work->run);
	if (r->n > 1)
		qsort(r->documents, r->n, sizeof(Document), compare);
	for (int i = 0; i < r->n; i++)
	{
		const Document *d = &r->documents[i];
		Datum values[] = {Int32GetDatum(d->ord), d->text, Float8GetDatum(d->score)};
		bool nulls[] = {false, d->isnull, isnan(d->score)};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

const AirDoor air_door_rerank = {
	.symbol = "ai_rerank",
	.name = "ai_rerank",
	.task = AIR_RERANK,
	.begin = ranking_begin,
	.finish = ranking_finish,
};

/* ai_rerank(query text, documents text[], hints jsonb) returns table(ord, document, score) */
Datum
ai_rerank(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_rerank, fcinfo);
}
