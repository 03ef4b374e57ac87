/*
 * condition.c
 *	  Rule conditions: jsonpath predicates over a call's context.
 *
 * air_condition_keys() vets a condition when it is written and says which keys
 * of the context it needs; air_condition_holds() evaluates it with PostgreSQL's
 * own jsonpath executor.  Only path items that are known here are let in: a
 * newer PostgreSQL may add some that raise errors or depend on settings.
 */
#include "base/pg.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/text.h"
#include "route/context.h"

/* What a walk through a condition finds. */
typedef struct Walk
{
	uint32 keys;
	AirBounds bounds[AIR_NSIZES];
} Walk;

static void walk(JsonPathItem *item, Walk *found);

/* "$.function, $.task, ..", palloc'ed. */
static char *
key_list(void)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < AIR_KEY_COUNT; i++)
		appendStringInfo(&s, "%s%s", i ? ", " : "", air_context_key_names[i]);
	return s.data;
}

/* A path starts at $ and goes on with something that is no known key. */
static void
refuse_path(const char *name)
{
	const char *near;

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("condition must name a key of the context after each \"$\""),
						errhint("Valid keys: %s.", key_list())));
	near = air_nearest(name, air_context_key_names, AIR_KEY_COUNT);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("condition names unknown key \"%s\"", name),
					near ? errhint("Did you mean \"%s\"? Valid keys: %s.", near, key_list())
						 : errhint("Valid keys: %s.", key_list())));
}

/* Item is the $ of a path: the next one, *next, must be a key of the context. */
static AirContextKey
key_of_path(JsonPathItem *item, JsonPathItem *next)
{
	char *name;
	int32 len;

	if (!jspGetNext(item, next) || next->type != jpiKey)
		refuse_path(NULL);
	name = jspGetString(next, &len);
	for (int i = 0; i < AIR_KEY_COUNT; i++)
		if (strcmp(name, air_context_key_names[i]) == 0)
			return (AirContextKey) i;
	refuse_path(name);
	return AIR_KEY_COUNT; /* not reached */
}

static void
take_key(JsonPathItem *item, Walk *found)
{
	JsonPathItem next;
	AirContextKey key = key_of_path(item, &next);

	found->keys |= 1u << key;
	for (int i = 0; i < AIR_NSIZES; i++)
		if (key == air_sizes[i])
			found->bounds[i].unbounded = true;
}

/* An operator with two operands. */
static void
walk_both(JsonPathItem *item, Walk *found)
{
	JsonPathItem arg;

	jspGetLeftArg(item, &arg);
	walk(&arg, found);
	jspGetRightArg(item, &arg);
	walk(&arg, found);
}

/* Is the operand one of air_sizes and nothing more?  Its index, else -1. */
static int
plain_size(JsonPathItem *item)
{
	JsonPathItem key;
	AirContextKey which;

	if (item->type != jpiRoot)
		return -1;
	which = key_of_path(item, &key);
	for (int i = 0; i < AIR_NSIZES && !jspHasNext(&key); i++)
		if (which == air_sizes[i])
			return i;
	return -1;
}

/* A comparison.  That of a size with a number changes its truth at this number only: a bound. */
static void
walk_comparison(JsonPathItem *item, Walk *found)
{
	JsonPathItem args[2];
	int size = -1;
	int number = 1;

	jspGetLeftArg(item, &args[0]);
	jspGetRightArg(item, &args[1]);
	if (args[0].type == jpiNumeric)
		number = 0;
	if (args[number].type == jpiNumeric && !jspHasNext(&args[number]))
		size = plain_size(&args[1 - number]);
	if (size >= 0 && found->bounds[size].n < AIR_MAX_BOUNDS)
	{
		AirBounds *bounds = &found->bounds[size];
		double at = DatumGetFloat8(DirectFunctionCall1(
			numeric_float8_no_overflow, NumericGetDatum(jspGetNumeric(&args[number]))));

		/* Sizes are integers: what is between two of them, or beyond all, needs no precision. */
		bounds->at[bounds->n++] = (int64) floor(Min(Max(at, -1), 1e10));
		found->keys |= 1u << air_sizes[size];
	}
	else
		walk_both(item, found);
}

/* The subscripts of $.a[1, $.b to last]. */
static void
walk_subscripts(JsonPathItem *item, Walk *found)
{
	for (int i = 0; i < item->content.array.nelems; i++)
	{
		JsonPathItem from, to;

		/* True if it is a range. */
		if (jspGetArraySubscript(item, &from, &to, i))
			walk(&to, found);
		walk(&from, found);
	}
}

/* Visit an item, its operands and the items that follow it in its path. */
static void
walk(JsonPathItem *item, Walk *found)
{
	JsonPathItem next;

	check_stack_depth();
	for (;;)
	{
		JsonPathItem arg;

		switch ((int) item->type)
		{
			case jpiRoot:
				take_key(item, found);
				break;
			case jpiEqual:
			case jpiNotEqual:
			case jpiLess:
			case jpiGreater:
			case jpiLessOrEqual:
			case jpiGreaterOrEqual:
				walk_comparison(item, found);
				break;
			case jpiAnd:
			case jpiOr:
			case jpiAdd:
			case jpiSub:
			case jpiMul:
			case jpiDiv:
			case jpiMod:
			case jpiStartsWith:
				walk_both(item, found);
				break;
			case jpiNot:
			case jpiIsUnknown:
			case jpiPlus:
			case jpiMinus:
			case jpiFilter:
			case jpiExists:
				jspGetArg(item, &arg);
				walk(&arg, found);
				break;
			case jpiLikeRegex:
				jspInitByBuffer(&arg, item->base, item->content.like_regex.expr);
				walk(&arg, found);
				break;
			case jpiIndexArray:
				walk_subscripts(item, found);
				break;
			case jpiNull:
			case jpiString:
			case jpiNumeric:
			case jpiBool:
			case jpiAnyArray:
			case jpiAnyKey:
			case jpiAny:
			case jpiKey:
			case jpiCurrent:
			case jpiLast:
			case jpiType:
			case jpiSize:
			case jpiAbs:
			case jpiFloor:
			case jpiCeiling:
			case jpiDouble:
			case jpiKeyValue:
				break;
			case jpiVariable:
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("condition must not use a variable"),
								errhint("A key of the context is written with a dot: $.task.")));
				break;
			default:
				/* Dates among them: they raise errors that depend on the session's time zone. */
				ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
								errmsg("condition uses a jsonpath method that is not supported"),
								errhint("Supported are type(), size(), abs(), floor(), ceiling(), "
										"double() and keyvalue().")));
		}
		if (!jspGetNext(item, &next))
			return;
		*item = next;
	}
}

/* Does the expression yield true, false or unknown, and nothing else? */
static bool
is_predicate(JsonPathItem *root)
{
	switch ((int) root->type)
	{
		case jpiAnd:
		case jpiOr:
		case jpiNot:
		case jpiIsUnknown:
		case jpiEqual:
		case jpiNotEqual:
		case jpiLess:
		case jpiGreater:
		case jpiLessOrEqual:
		case jpiGreaterOrEqual:
		case jpiExists:
		case jpiStartsWith:
		case jpiLikeRegex:
			/* ($.a == 1).type() is a string. */
			return !jspHasNext(root);
		default:
			return false;
	}
}

/*
 * Vet a condition and return the mask of context keys (bits by AirContextKey)
 * that it names.  ereports ERRCODE_INVALID_PARAMETER_VALUE for one that is no
 * predicate, uses a variable or starts a path at anything but a key of the
 * context, ERRCODE_FEATURE_NOT_SUPPORTED for a method it cannot vouch for.
 */
uint32
air_condition_keys(JsonPath *condition)
{
	JsonPathItem root;
	Walk found = {0};

	jspInit(&root, condition);
	if (!is_predicate(&root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("condition is not a predicate"),
				 errdetail("A path that only looks something up never yields true or false."),
				 errhint("Write a comparison such as $.task == \"code\", or exists(..).")));
	walk(&root, &found);
	return found.keys;
}

/* See context.h. */
void
air_condition_bounds(JsonPath *condition, AirBounds bounds[AIR_NSIZES])
{
	JsonPathItem root;
	Walk found = {0};

	jspInit(&root, condition);
	walk(&root, &found);
	memcpy(bounds, found.bounds, sizeof(found.bounds));
}

/*
 * Does the condition hold for the context?  Unknown, and what jsonpath calls an
 * error (a missing key in strict mode, a comparison of unlike types), is false.
 */
bool
air_condition_holds(JsonPath *condition, Jsonb *context)
{
	LOCAL_FCINFO(fcinfo, 2);
	Datum result;

	/* With two arguments it is silent.  DirectFunctionCall() would not take its NULL. */
	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(context);
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = PointerGetDatum(condition);
	fcinfo->args[1].isnull = false;
	result = jsonb_path_match_opr(fcinfo);
	return !fcinfo->isnull && DatumGetBool(result);
}
