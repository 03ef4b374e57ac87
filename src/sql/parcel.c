/*
 * parcel.c
 *	  The other half of ai_agg() and ai_summarize_agg(): what is left to be asked about a group.
 *
 * An aggregate's value is made when the group's turn has come, one group after the other.  So
 * before planning (src/batch/rewrite_aggregate.c) an aggregate becomes a call over a simpler
 * one, which only hands over what it has collected: finish_ai_agg(collect_ai_agg(..), ..).  The
 * call is a door like any other, and the AI Batch node makes it for many groups side by side.
 * Its hints are for estimates; the parcel has those that count.
 */
#include "base/pg.h"

#include "utils/builtins.h"

#include "batch/aggregates.h"
#include "sql/aggregate.h"
#include "sql/doors.h"

PG_FUNCTION_INFO_V1(air_finish_ai_agg);
PG_FUNCTION_INFO_V1(air_finish_ai_summarize_agg);

/* --- A parcel as jsonb --------------------------------------------------------------- */

static void
set_string(JsonbValue *v, const char *s)
{
	v->type = jbvString;
	v->val.string.val = unconstify(char *, s);
	v->val.string.len = (int) strlen(s);
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *s)
{
	JsonbValue v;

	set_string(&v, s);
	pushJsonbValue(state, token, &v);
}

Jsonb *
air_parcel_write(const AirParcel *parcel)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (parcel->hints != NULL)
	{
		JsonbValue v = {.type = jbvBinary};

		v.val.binary.data = &parcel->hints->root;
		v.val.binary.len = VARSIZE(parcel->hints) - VARHDRSZ;
		push_string(&state, WJB_KEY, "hints");
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	if (parcel->ask.instruction != NULL)
	{
		push_string(&state, WJB_KEY, "instruction");
		push_string(&state, WJB_VALUE, parcel->ask.instruction);
	}
	push_string(&state, WJB_KEY, parcel->merge ? "answers" : "rows");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < parcel->n; i++)
		push_string(&state, WJB_ELEM, parcel->texts[i]);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static JsonbValue *
member(Jsonb *jb, const char *name)
{
	JsonbValue key;

	set_string(&key, name);
	return findJsonbValueFromContainer(&jb->root, JB_FOBJECT, &key);
}

static char *
string_of(const JsonbValue *v)
{
	if (v == NULL || v->type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("this is no parcel"),
						errhint("Parcels are made by the aggregates of schema ai_router.")));
	return pnstrdup(v->val.string.val, v->val.string.len);
}

void
air_parcel_read(Jsonb *jb, AirParcel *out)
{
	AirHints *hints = palloc0(sizeof(AirHints));
	JsonbValue *texts = NULL;
	JsonbValue *v;

	memset(out, 0, sizeof(*out));
	if (JB_ROOT_IS_OBJECT(jb))
	{
		out->merge = member(jb, "answers") != NULL;
		texts = member(jb, out->merge ? "answers" : "rows");
	}
	if (texts == NULL || texts->type != jbvBinary ||
		!JsonContainerIsArray(texts->val.binary.data) ||
		JsonContainerSize(texts->val.binary.data) == 0)
		(void) string_of(NULL);
	out->n = (int) JsonContainerSize(texts->val.binary.data);
	out->texts = palloc(sizeof(char *) * out->n);
	for (int i = 0; i < out->n; i++)
		out->texts[i] = string_of(getIthJsonbValueFromContainer(texts->val.binary.data, i));
	v = member(jb, "instruction");
	if (v != NULL)
		out->ask.instruction = string_of(v);
	v = member(jb, "hints");
	if (v != NULL)
	{
		out->hints = JsonbValueToJsonb(v);
		air_hints_parse(out->hints, "hints", hints);
	}
	out->ask.hints = hints;
}

/* --- Doors --------------------------------------------------------------------------- */

static void
check_finished(Oid aggregate, Oid finish)
{
	if (air_halves_of(aggregate)->finish != finish)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("function with OID %u is not the aggregate that is finished here",
							   aggregate)));
	air_check_aggregate(aggregate);
}

static AirWork *
begin(AirFlow *flow, FunctionCallInfo fcinfo, const char *function, const char *prompt)
{
	AirParcel parcel;

	if (PG_ARGISNULL(0))
		return NULL;
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("aggregate must not be NULL")));
	check_finished(PG_GETARG_OID(1), fcinfo->flinfo->fn_oid);
	air_parcel_read(PG_GETARG_JSONB_P(0), &parcel);
	parcel.ask.function = function;
	parcel.ask.prompt = prompt;
	return air_ask_begin(flow, &parcel.ask, parcel.merge, parcel.texts, parcel.n);
}

static Datum
finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull)
{
	char *answer = air_ask_finish(work);

	*isnull = answer == NULL;
	return answer != NULL ? CStringGetTextDatum(answer) : (Datum) 0;
}

static AirWork *
begin_agg(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, "ai_agg", "agg");
}

static AirWork *
begin_summarize_agg(AirFlow *flow, FunctionCallInfo fcinfo)
{
	return begin(flow, fcinfo, "ai_summarize_agg", "summarize_agg");
}

const AirDoor air_door_agg = {
	.symbol = "air_finish_ai_agg",
	.name = "ai_agg",
	.packs = true,
	.begin = begin_agg,
	.finish = finish,
};

const AirDoor air_door_summarize_agg = {
	.symbol = "air_finish_ai_summarize_agg",
	.name = "ai_summarize_agg",
	.packs = true,
	.begin = begin_summarize_agg,
	.finish = finish,
};

/* finish_ai_agg(parcel jsonb, aggregate regprocedure, hints jsonb) returns text */
Datum
air_finish_ai_agg(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_agg, fcinfo);
}

/* finish_ai_summarize_agg(parcel jsonb, aggregate regprocedure, hints jsonb) returns text */
Datum
air_finish_ai_summarize_agg(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_summarize_agg, fcinfo);
}
