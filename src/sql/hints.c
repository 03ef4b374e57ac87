/*
 * hints.c
 *	  SQL functions around hints: the builder ai_hints(), ai_count_tokens(), and
 *	  the checks that the tables of schema ai_router call when they are written.
 *
 * Nothing here makes a call.  Memory: CurrentMemoryContext of the function.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/jsonpath.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/text.h"
#include "config/hints.h"
#include "config/registry.h"
#include "call/check_function.h"
#include "route/context.h"
#include "route/strategy.h"

PG_FUNCTION_INFO_V1(air_sql_hints);
PG_FUNCTION_INFO_V1(air_sql_count_tokens);
PG_FUNCTION_INFO_V1(air_sql_check_condition);
PG_FUNCTION_INFO_V1(air_sql_check_hints);
PG_FUNCTION_INFO_V1(air_sql_check_strategy);
PG_FUNCTION_INFO_V1(air_sql_check_options);
PG_FUNCTION_INFO_V1(air_sql_check_function);

/* SQL types of ai_hints()'s parameters. */
typedef enum ArgKind
{
	ARG_TEXT,
	ARG_TEXTS,
	ARG_JSONB,
	ARG_FLOAT,
	ARG_NUMERIC,
	ARG_INT,
	ARG_BIGINT,
	ARG_INTERVAL
} ArgKind;

typedef struct HintArg
{
	AirHintBit bit;
	ArgKind kind;
} HintArg;

#define ARG_MODEL 1
#define ARG_MODELS 2

/* The parameters in the order of sql/hints.sql. */
static const HintArg hint_args[] = {
	{AIR_HINT_TASK, ARG_TEXT},
	{AIR_HINT_MODEL, ARG_TEXT},
	{AIR_HINT_MODEL, ARG_TEXTS},
	{AIR_HINT_TAGS, ARG_JSONB},
	{AIR_HINT_REQUIRE, ARG_JSONB},
	{AIR_HINT_QUALITY, ARG_FLOAT},
	{AIR_HINT_PREFER, ARG_TEXT},
	{AIR_HINT_MAX_COST, ARG_NUMERIC},
	{AIR_HINT_TIMEOUT_MS, ARG_INT},
	{AIR_HINT_RETRIES, ARG_INT},
	{AIR_HINT_SYSTEM, ARG_TEXT},
	{AIR_HINT_MAX_TOKENS, ARG_INT},
	{AIR_HINT_TEMPERATURE, ARG_FLOAT},
	{AIR_HINT_TOP_P, ARG_FLOAT},
	{AIR_HINT_STOP, ARG_TEXTS},
	{AIR_HINT_SEED, ARG_BIGINT},
	{AIR_HINT_REASONING_EFFORT, ARG_TEXT},
	{AIR_HINT_SCHEMA, ARG_JSONB},
	{AIR_HINT_DIMENSIONS, ARG_INT},
	{AIR_HINT_CACHE, ARG_TEXT},
	{AIR_HINT_CACHE_TTL, ARG_INTERVAL},
	{AIR_HINT_ON_ERROR, ARG_TEXT},
	{AIR_HINT_PROVIDER, ARG_TEXT},
};

/* Every hint, and "model" twice. */
StaticAssertDecl(lengthof(hint_args) == AIR_HINT_COUNT + 1, "each hint needs a parameter");

static void
set_string(JsonbValue *v, const char *s, int len)
{
	v->type = jbvString;
	v->val.string.val = unconstify(char *, s);
	v->val.string.len = len;
}

static void
set_text(JsonbValue *v, Datum datum)
{
	text *t = DatumGetTextPP(datum);

	set_string(v, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

/* An interval as text that every IntervalStyle reads alike (the hint must be positive). */
static char *
interval_text(Interval *span)
{
	struct pg_itm itm;
	char buf[MAXDATELEN + 1];

#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(span))
		return pstrdup("infinity"); /* which the hint does not take */
#endif
	interval2itm(*span, &itm);
	EncodeInterval(&itm, INTSTYLE_POSTGRES, buf);
	return pstrdup(buf);
}

static void
push_texts(JsonbParseState **state, AirHintBit bit, Datum datum)
{
	Datum *items;
	bool *nulls;
	int n;

	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
					  &n);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue v;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("list for hint \"%s\" must not contain NULL", air_hint_names[bit])));
		set_text(&v, items[i]);
		pushJsonbValue(state, WJB_ELEM, &v);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* *v = the value of a parameter that is no list. */
static void
arg_value(ArgKind kind, Datum datum, JsonbValue *v)
{
	Jsonb *jb;
	char *s;

	v->type = jbvNumeric;
	switch (kind)
	{
		case ARG_TEXT:
		case ARG_TEXTS:
			set_text(v, datum);
			break;
		case ARG_JSONB:
			jb = DatumGetJsonbP(datum);
			if (JB_ROOT_IS_SCALAR(jb))
			{
				(void) JsonbExtractScalar(&jb->root, v);
				break;
			}
			v->type = jbvBinary;
			v->val.binary.data = &jb->root;
			v->val.binary.len = VARSIZE(jb) - VARHDRSZ;
			break;
		case ARG_FLOAT:
			v->val.numeric = DatumGetNumeric(DirectFunctionCall1(float8_numeric, datum));
			break;
		case ARG_NUMERIC:
			v->val.numeric = DatumGetNumeric(datum);
			break;
		case ARG_INT:
			v->val.numeric = int64_to_numeric(DatumGetInt32(datum));
			break;
		case ARG_BIGINT:
			v->val.numeric = int64_to_numeric(DatumGetInt64(datum));
			break;
		case ARG_INTERVAL:
			s = interval_text(DatumGetIntervalP(datum));
			set_string(v, s, strlen(s));
			break;
	}
}

/*
 * ai_hints(task => .., ..) -> jsonb: the parameters that are not NULL as an
 * object, valid by construction: it is parsed as the functions that take it do.
 */
Datum
air_sql_hints(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	Jsonb *result;
	AirHints parsed;

	if (!PG_ARGISNULL(ARG_MODEL) && !PG_ARGISNULL(ARG_MODELS))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("only one of \"model\" and \"models\" can be given"),
						errhint("Both set hint \"model\": one to a name, the other to a list.")));

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < lengthof(hint_args) && i < PG_NARGS(); i++)
	{
		const HintArg *arg = &hint_args[i];
		JsonbValue key, v;

		if (PG_ARGISNULL(i))
			continue;
		if (arg->kind != ARG_TEXTS)
		{
			arg_value(arg->kind, PG_GETARG_DATUM(i), &v);
			if (v.type == jbvNull)
				continue;
		}
		set_string(&key, air_hint_names[arg->bit], strlen(air_hint_names[arg->bit]));
		pushJsonbValue(&state, WJB_KEY, &key);
		if (arg->kind == ARG_TEXTS)
			push_texts(&state, arg->bit, PG_GETARG_DATUM(i));
		else
			pushJsonbValue(&state, WJB_VALUE, &v);
	}
	result = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	air_hints_parse(result, "ai_hints()", &parsed);
	PG_RETURN_JSONB_P(result);
}

/* Does the catalogue know a model of that name? */
static bool
in_catalogue(const char *name)
{
	Oid types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(name)};
	bool found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (SPI_execute_with_args(
			"SELECT 1 FROM ai_router.catalogue WHERE model OPERATOR(pg_catalog.=) $1", 1, types,
			values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read ai_router.catalogue");
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/* Raise the error about a name that is in neither table, with the nearest one that is. */
static void
refuse_model(const char *name)
{
	const char **names;
	const char *near;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (SPI_execute(
			"SELECT name FROM ai_router.models UNION ALL SELECT model FROM ai_router.catalogue",
			true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the models");
	names = palloc(Max(SPI_processed, 1) * sizeof(char *));
	for (uint64 i = 0; i < SPI_processed; i++)
		names[i] = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
	near = air_nearest(name, names, (int) SPI_processed);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no model \"%s\"", name),
			 near ? errhint("Did you mean \"%s\"?", near)
				  : errhint("Tables ai_router.models and ai_router.catalogue list all models.")));
}

/* A number "token_factor" in the tags of a model, else 1. */
static double
token_factor(const AirModel *model)
{
	JsonbValue key, *v;
	double factor;

	if (model->tags == NULL || !JB_ROOT_IS_OBJECT(model->tags))
		return 1;
	set_string(&key, "token_factor", strlen("token_factor"));
	v = findJsonbValueFromContainer(&model->tags->root, JB_FOBJECT, &key);
	if (v == NULL || v->type != jbvNumeric)
		return 1;
	factor = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(v->val.numeric)));
	return factor > 0 && isfinite(factor) ? factor : 1;
}

/*
 * The factor of the model, or of the first model of the family, that is called
 * name; 1 for one that only the catalogue knows.  ereports for an unknown name.
 */
static double
factor_of(const char *name)
{
	const AirConfig *config = air_config_acquire();
	double factor = 1;
	bool found = false;

	PG_TRY();
	{
		const AirModel *model = air_config_model(config, name);

		for (int i = 0; model == NULL && i < config->nmodels; i++)
			if (config->models[i].family != NULL && strcmp(config->models[i].family, name) == 0)
				model = &config->models[i];
		found = model != NULL;
		if (found)
			factor = token_factor(model);
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();

	if (!found && !in_catalogue(name))
		refuse_model(name);
	return factor;
}

/*
 * ai_count_tokens(input, model): about how many tokens a text has.
 */
Datum
air_sql_count_tokens(PG_FUNCTION_ARGS)
{
	text *input;
	char *utf8;
	int len;
	double tokens;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	input = PG_GETARG_TEXT_PP(0);
	len = VARSIZE_ANY_EXHDR(input);
	utf8 = pg_server_to_any(VARDATA_ANY(input), len, PG_UTF8);
	if (utf8 != VARDATA_ANY(input))
		len = strlen(utf8);
	tokens = air_estimate_tokens(utf8, len);
	if (!PG_ARGISNULL(1))
		tokens = ceil(tokens * factor_of(text_to_cstring(PG_GETARG_TEXT_PP(1))));
	PG_RETURN_INT32(tokens < PG_INT32_MAX ? (int32) tokens : PG_INT32_MAX);
}

/*
 * ai_router.check_condition(condition): raise unless a rule may have it.
 */
Datum
air_sql_check_condition(PG_FUNCTION_ARGS)
{
	(void) air_condition_keys(PG_GETARG_JSONPATH_P(0));
	PG_RETURN_VOID();
}

/*
 * ai_router.check_hints(hints, place): raise unless they are valid; place is for the message.
 */
Datum
air_sql_check_hints(PG_FUNCTION_ARGS)
{
	AirHints parsed;

	air_hints_parse(PG_GETARG_JSONB_P(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &parsed);
	PG_RETURN_VOID();
}

/*
 * ai_router.check_strategy(name): raise unless this version has it.
 */
Datum
air_sql_check_strategy(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (air_strategy(name) == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("strategy \"%s\" is not available", name),
						errhint("Available strategies: %s.", air_strategy_list())));
	PG_RETURN_VOID();
}

/*
 * ai_router.check_options(options, place): raise unless a rule may have them.
 */
Datum
air_sql_check_options(PG_FUNCTION_ARGS)
{
	AirRuleOptions parsed;

	air_rule_options_parse(PG_GETARG_JSONB_P(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &parsed);
	PG_RETURN_VOID();
}

/*
 * ai_router.check_function(name): the function that option "check" of a rule means, or NULL.
 */
Datum
air_sql_check_function(PG_FUNCTION_ARGS)
{
	Oid function = air_check_function(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (!OidIsValid(function))
		PG_RETURN_NULL();
	PG_RETURN_OID(function);
}
