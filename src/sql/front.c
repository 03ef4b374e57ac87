/*
 * front.c
 *	  What the front doors share: hints from an argument, results as tuples.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "sql/front.h"

typedef struct HintsCache
{
	MemoryContext cxt; /* child of fn_mcxt: key and parsed hints */
	Jsonb *key;
	AirHints hints;
	void *own; /* the function's */
} HintsCache;

static HintsCache *
cache_of(FunctionCallInfo fcinfo)
{
	HintsCache *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(HintsCache));
		cache->cxt =
			AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "ai_router hints", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}
	return cache;
}

void **
air_front_own(FunctionCallInfo fcinfo)
{
	return &cache_of(fcinfo)->own;
}

const AirHints *
air_front_hints(FunctionCallInfo fcinfo, int arg)
{
	static const AirHints none;
	HintsCache *cache;
	MemoryContext caller;
	Jsonb *jb;

	if (PG_ARGISNULL(arg))
		return &none;
	jb = PG_GETARG_JSONB_P(arg);
	if (JB_ROOT_COUNT(jb) == 0 && JB_ROOT_IS_OBJECT(jb))
		return &none;
	cache = cache_of(fcinfo);
	if (cache->key != NULL && VARSIZE(cache->key) == VARSIZE(jb) &&
		memcmp(cache->key, jb, VARSIZE(jb)) == 0)
		return &cache->hints;

	cache->key = NULL;
	MemoryContextReset(cache->cxt);
	caller = MemoryContextSwitchTo(cache->cxt);
	jb = memcpy(palloc(VARSIZE(jb)), jb, VARSIZE(jb));
	memset(&cache->hints, 0, sizeof(AirHints));
	air_hints_parse(jb, "hints", &cache->hints);
	cache->key = jb;
	MemoryContextSwitchTo(caller);
	return &cache->hints;
}

void
air_front_prompt(AirCallSpec *spec, const char *function, char *prompt, const AirHints *hints)
{
	AirMessage *message = palloc0(sizeof(AirMessage));

	message->role = AIR_USER;
	message->nparts = 1;
	message->parts = palloc0(sizeof(AirPart));
	message->parts[0].text = prompt;
	memset(spec, 0, sizeof(*spec));
	spec->function = function;
	spec->task = AIR_CHAT;
	spec->nmessages = 1;
	spec->messages = message;
	spec->hints = hints;
}

static AirCall *
submit_one(int i, void *arg)
{
	AirFrontWork *w = arg;

	return air_call_submit(w->flow, w->spec);
}

AirWork *
air_front_begin(AirFlow *flow, const AirCallSpec *spec, AirRunTake take)
{
	AirFrontWork *w = palloc0(sizeof(AirFrontWork));

	w->flow = flow;
	w->spec = spec;
	w->work.run = air_run_begin(1, submit_one, take, w);
	return &w->work;
}

void
air_front_take_text(int i, AirCall *call, void *arg)
{
	AirFrontWork *w = arg;
	const AirResult *result = air_call_result(call);

	w->isnull = !result->ok;
	if (result->ok)
		w->value = CStringGetTextDatum(result->answer);
	else
		air_call_null_or_raise(call);
}

Datum
air_front_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	AirFrontWork *w = (AirFrontWork *) work;

	air_run_finish(work->run);
	*isnull = w->isnull;
	return w->value;
}

bool
air_front_tells_error(const AirResult *result)
{
	return result->failure.kind != AIR_ERR_NO_ROUTE && result->failure.kind != AIR_ERR_BUDGET;
}

static Datum
text_or_null(const char *s, bool *isnull)
{
	*isnull = s == NULL;
	return s ? CStringGetTextDatum(s) : (Datum) 0;
}

static Datum
count_or_null(int64 n, bool *isnull)
{
	*isnull = n < 0;
	return Int32GetDatum((int32) Min(n, PG_INT32_MAX));
}

Datum
air_front_column(const AirResult *r, const char *name, bool *isnull)
{
	*isnull = false;
	if (strcmp(name, "answer") == 0)
		return text_or_null(r->ok ? r->answer : NULL, isnull);
	if (strcmp(name, "model") == 0)
		return text_or_null(r->model, isnull);
	if (strcmp(name, "provider") == 0)
		return text_or_null(r->provider, isnull);
	if (strcmp(name, "rule") == 0)
		return text_or_null(r->rule, isnull);
	if (strcmp(name, "cached") == 0)
		return BoolGetDatum(r->cached);
	if (strcmp(name, "input_tokens") == 0)
		return count_or_null(r->usage.input, isnull);
	if (strcmp(name, "cached_input_tokens") == 0)
		return count_or_null(r->usage.cached, isnull);
	if (strcmp(name, "output_tokens") == 0)
		return count_or_null(r->usage.output, isnull);
	if (strcmp(name, "cost") == 0)
	{
		*isnull = r->cost == AIR_NANO_UNKNOWN;
		return *isnull ? (Datum) 0 : NumericGetDatum(air_nano_to_numeric(r->cost));
	}
	if (strcmp(name, "latency_ms") == 0)
		return Float8GetDatum(r->latency_ms);
	if (strcmp(name, "attempts") == 0)
		return Int32GetDatum(r->attempts);
	if (strcmp(name, "finish_reason") == 0)
		return text_or_null(r->finish_reason, isnull);
	if (strcmp(name, "call_id") == 0)
	{
		*isnull = r->call_id == 0;
		return Int64GetDatum(r->call_id);
	}
	if (strcmp(name, "error") == 0)
	{
		if (r->ok)
			return text_or_null(NULL, isnull);
		return CStringGetTextDatum(
			psprintf("%s: %s", air_sqlstate(r->failure.kind), air_result_message(r)));
	}
	/* A column that a newer SQL version added: this library does not know it. */
	*isnull = true;
	return (Datum) 0;
}

TupleDesc
air_front_tupdesc(FunctionCallInfo fcinfo)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

HeapTuple
air_front_tuple(const AirResult *result, TupleDesc desc)
{
	Datum *values = palloc(sizeof(Datum) * desc->natts);
	bool *nulls = palloc(sizeof(bool) * desc->natts);

	for (int i = 0; i < desc->natts; i++)
		values[i] = air_front_column(result, NameStr(TupleDescAttr(desc, i)->attname), &nulls[i]);
	return heap_form_tuple(desc, values, nulls);
}
