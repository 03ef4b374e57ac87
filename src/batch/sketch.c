/*
 * sketch.c
 *	  The text that a prompt will be like.
 *
 * Constants are taken as they are.  A column has the average width that ANALYZE found,
 * or the one the planner assumes for its type (32 bytes for text).  What a function does
 * with a text is known for those that prompts are usually made with; any other has the width
 * of its type.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "batch/aggregates.h"
#include "batch/functions.h"
#include "batch/sketch.h"
#include "batch/width.h"

/* No longer text is made: the rest is only counted. */
#define MAX_TEXT (256 * 1024)

/* Expressions and plans are followed so far. */
#define MAX_DEPTH 100

/*
 * And so many of them are looked at for one text: a column that is used several times at each
 * level of a query would be followed as often as there are ways down.
 */
#define MAX_STEPS 1000

typedef struct Effort
{
	int depth;
	int steps;
} Effort;

static void draw(const AirScope *scope, Node *expr, AirSketch *out, Effort *effort);

/* Filler that counts as a token for each AIR_BYTES_PER_TOKEN bytes. */
static void
fill(AirSketch *out, double bytes)
{
	double tokens = ceil(Max(bytes, 0) / AIR_BYTES_PER_TOKEN);
	double room = Max(MAX_TEXT - out->text.len, 0) / AIR_BYTES_PER_TOKEN;
	int n = (int) Min(tokens, room);

	enlargeStringInfo(&out->text, n * AIR_BYTES_PER_TOKEN);
	for (int i = 0; i < n; i++)
		appendBinaryStringInfo(&out->text, "xxx ", AIR_BYTES_PER_TOKEN);
	out->beyond += tokens - n;
}

/* How a value of the type is taken to be where nothing else is known. */
static void
fill_type(AirSketch *out, Node *expr)
{
	fill(out, get_typavgwidth(exprType(expr), exprTypmod(expr)));
}

static void
draw_const(const Const *c, AirSketch *out)
{
	Oid output;
	bool varlena;
	char *s;
	int len;

	if (c->constisnull)
		return;
	getTypeOutputInfo(c->consttype, &output, &varlena);
	s = OidOutputFunctionCall(output, c->constvalue);
	len = (int) strlen(s);
	if (len > MAX_TEXT - out->text.len)
		fill(out, len);
	else
		appendBinaryStringInfo(&out->text, s, len);
	pfree(s);
}

static void
draw_list(const AirScope *scope, List *exprs, AirSketch *out, Effort *effort)
{
	ListCell *lc;

	foreach (lc, exprs)
		draw(scope, lfirst(lc), out, effort);
}

static void
begin(AirSketch *sketch)
{
	initStringInfo(&sketch->text);
	sketch->beyond = 0;
}

static double
bytes_of(const AirSketch *sketch)
{
	return sketch->text.len + sketch->beyond * AIR_BYTES_PER_TOKEN;
}

/* Take over the first `bytes` bytes of another sketch, which is used up. */
static void
append(AirSketch *out, AirSketch *from, double bytes)
{
	double room = Max(MAX_TEXT - out->text.len, 0);
	double all = Min(bytes, bytes_of(from));
	int n = pg_mbcliplen(from->text.data, from->text.len, (int) Min(all, room));

	appendBinaryStringInfo(&out->text, from->text.data, n);
	if (all > n)
		fill(out, all - n);
	pfree(from->text.data);
}

/* The longest of several expressions: an arm of CASE. */
static void
draw_longest(const AirScope *scope, List *exprs, AirSketch *out, Effort *effort)
{
	AirSketch longest;
	ListCell *lc;

	begin(&longest);
	foreach (lc, exprs)
	{
		AirSketch one;

		begin(&one);
		draw(scope, lfirst(lc), &one, effort);
		if (bytes_of(&one) > bytes_of(&longest))
		{
			pfree(longest.text.data);
			longest = one;
		}
		else
			pfree(one.text.data);
	}
	append(out, &longest, bytes_of(&longest));
}

static void
draw_case(const AirScope *scope, const CaseExpr *expr, AirSketch *out, Effort *effort)
{
	List *arms = list_make1(expr->defresult);
	ListCell *lc;

	foreach (lc, expr->args)
		arms = lappend(arms, lfirst_node(CaseWhen, lc)->result);
	draw_longest(scope, arms, out, effort);
}

/* left(), substr(): the first argument, but not more of it than the last says. */
static void
draw_part(const AirScope *scope, List *args, AirSketch *out, Effort *effort)
{
	Const *n = air_sketch_const(scope, llast(args));
	AirSketch whole;
	double bytes;

	begin(&whole);
	draw(scope, linitial(args), &whole, effort);
	bytes = bytes_of(&whole);
	if (n != NULL && !n->constisnull && DatumGetInt32(n->constvalue) >= 0)
		bytes = Min(bytes, DatumGetInt32(n->constvalue));
	append(out, &whole, bytes);
}

static void
draw_function(const AirScope *scope, Node *expr, Oid funcid, List *args, AirSketch *out,
			  Effort *effort)
{
	if (air_door_of(funcid) != NULL)
	{
		fill(out, AIR_USUAL_ANSWER * AIR_BYTES_PER_TOKEN);
		return;
	}
	switch (funcid)
	{
		case F_TEXTCAT:
		case F_ANYTEXTCAT:
		case F_TEXTANYCAT:
		case F_CONCAT:
		case F_CONCAT_WS:
		case F_FORMAT_TEXT:
		case F_FORMAT_TEXT_ANY:
		case F_JSON_BUILD_ARRAY_ANY:
		case F_JSON_BUILD_OBJECT_ANY:
		case F_JSONB_BUILD_ARRAY_ANY:
		case F_JSONB_BUILD_OBJECT_ANY:
			draw_list(scope, args, out, effort);
			break;
		case F_LEFT:
		case F_RIGHT:
		case F_SUBSTR_TEXT_INT4_INT4:
		case F_SUBSTRING_TEXT_INT4_INT4:
			draw_part(scope, args, out, effort);
			break;
		case F_BTRIM_TEXT:
		case F_BTRIM_TEXT_TEXT:
		case F_INITCAP:
		case F_LOWER_TEXT:
		case F_LTRIM_TEXT:
		case F_NORMALIZE:
		case F_REGEXP_REPLACE_TEXT_TEXT_TEXT:
		case F_REGEXP_REPLACE_TEXT_TEXT_TEXT_TEXT:
		case F_REPLACE:
		case F_RTRIM_TEXT:
		case F_TO_JSON:
		case F_TO_JSONB:
		case F_TRANSLATE:
		case F_UPPER_TEXT:
			draw(scope, linitial(args), out, effort);
			break;
		default:
			fill_type(out, expr);
	}
}

/* Rows that an aggregate brings together. */
static double
rows_per_group(const Plan *agg)
{
	if (agg->lefttree == NULL || agg->plan_rows <= 0)
		return 1;
	return Max(agg->lefttree->plan_rows / agg->plan_rows, 1);
}

static void
draw_aggregate(const AirScope *scope, const Aggref *agg, AirSketch *out, Effort *effort)
{
	AirSketch one;
	double n = 1;

	switch (agg->aggfnoid)
	{
		case F_ARRAY_AGG_ANYNONARRAY:
		case F_JSON_AGG:
		case F_JSONB_AGG:
		case F_STRING_AGG_TEXT_TEXT:
			n = rows_per_group(scope->plan);
			break;
		case F_MAX_TEXT:
		case F_MIN_TEXT:
			break;
		default:
			if (air_halves_of(agg->aggfnoid)->is_collect)
			{
				n = rows_per_group(scope->plan);
				break;
			}
			fill_type(out, (Node *) unconstify(Aggref *, agg));
			return;
	}
	begin(&one);
	draw(scope, (Node *) linitial_node(TargetEntry, agg->args)->expr, &one, effort);
	n *= bytes_of(&one);
	append(out, &one, bytes_of(&one));
	fill(out, n - bytes_of(&one));
}

/* A scalar sub-select has the width of its column. */
static void
draw_subplan(const AirScope *scope, SubPlan *sub, AirSketch *out, Effort *effort)
{
	AirScope its = *scope;

	its.plan = air_scope_subplan(scope->stmt, sub->plan_id);
	if (sub->subLinkType == EXPR_SUBLINK && its.plan != NULL && its.plan->targetlist != NIL)
		draw(&its, (Node *) linitial_node(TargetEntry, its.plan->targetlist)->expr, out, effort);
	else
		fill_type(out, (Node *) sub);
}

static void
draw(const AirScope *scope, Node *expr, AirSketch *out, Effort *effort)
{
	AirScope its;
	Node *next;

	if (expr == NULL)
		return;
	if (effort->depth >= MAX_DEPTH || effort->steps >= MAX_STEPS)
	{
		fill_type(out, expr);
		return;
	}
	check_stack_depth();
	effort->depth++;
	effort->steps++;
	switch (nodeTag(expr))
	{
		case T_Const:
			draw_const((Const *) expr, out);
			break;
		case T_Var:
			if (air_scope_var(scope, (Var *) expr, &next, &its))
				draw(&its, next, out, effort);
			else
				fill(out, air_column_width(scope, (Var *) expr));
			break;
		case T_Param:
			if (air_scope_param(scope, (Param *) expr, &next, &its))
				draw(&its, next, out, effort);
			else
				fill_type(out, expr);
			break;
		case T_FuncExpr:
			draw_function(scope, expr, ((FuncExpr *) expr)->funcid, ((FuncExpr *) expr)->args, out,
						  effort);
			break;
		case T_OpExpr:
			draw_function(scope, expr, ((OpExpr *) expr)->opfuncid, ((OpExpr *) expr)->args, out,
						  effort);
			break;
		case T_RelabelType:
			draw(scope, (Node *) ((RelabelType *) expr)->arg, out, effort);
			break;
		case T_CoerceViaIO:
			draw(scope, (Node *) ((CoerceViaIO *) expr)->arg, out, effort);
			break;
		case T_CoalesceExpr:
			draw(scope, linitial(((CoalesceExpr *) expr)->args), out, effort);
			break;
		case T_CaseExpr:
			draw_case(scope, (CaseExpr *) expr, out, effort);
			break;
		case T_ArrayExpr:
			draw_list(scope, ((ArrayExpr *) expr)->elements, out, effort);
			break;
		case T_Aggref:
			draw_aggregate(scope, (Aggref *) expr, out, effort);
			break;
		case T_SubPlan:
			draw_subplan(scope, (SubPlan *) expr, out, effort);
			break;
		default:
			fill_type(out, expr);
	}
	effort->depth--;
}

void
air_sketch(const AirScope *scope, Node *expr, AirSketch *sketch)
{
	Effort effort = {0};

	begin(sketch);
	draw(scope, expr, sketch, &effort);
}

/* What an expression comes down to: Vars and Params followed. */
static Node *
follow(AirScope *scope, Node *expr)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++)
	{
		AirScope its;

		if (expr != NULL && IsA(expr, RelabelType))
			expr = (Node *) ((RelabelType *) expr)->arg;
		else if (expr == NULL ||
				 !((IsA(expr, Var) && air_scope_var(scope, (Var *) expr, &expr, &its)) ||
				   (IsA(expr, Param) && air_scope_param(scope, (Param *) expr, &expr, &its))))
			break;
		else
			*scope = its;
	}
	return expr;
}

Const *
air_sketch_const(const AirScope *scope, Node *expr)
{
	AirScope at = *scope;

	expr = follow(&at, expr);
	return expr != NULL && IsA(expr, Const) ? (Const *) expr : NULL;
}

double
air_sketch_elements(const AirScope *scope, Node *expr)
{
	AirScope at = *scope;

	expr = follow(&at, expr);
	if (expr == NULL)
		return AIR_USUAL_ARRAY;
	if (IsA(expr, Const))
	{
		ArrayType *array;

		if (((Const *) expr)->constisnull)
			return 0;
		array = DatumGetArrayTypeP(((Const *) expr)->constvalue);
		return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	}
	if (IsA(expr, ArrayExpr) && !((ArrayExpr *) expr)->multidims)
		return list_length(((ArrayExpr *) expr)->elements);
	if (IsA(expr, Aggref) && ((Aggref *) expr)->aggfnoid == F_ARRAY_AGG_ANYNONARRAY)
		return rows_per_group(at.plan);
	return AIR_USUAL_ARRAY;
}
