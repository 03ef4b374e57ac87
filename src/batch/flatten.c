/*
 * flatten.c
 *	  Joins whose inner side is one evaluated row: FROM docs d, LATERAL ai_call(d.body) r.
 *
 * For each outer row the nested loop would evaluate the inner side once, alone.  The same
 * expressions, with the outer row's columns in place of the loop's parameters, are the
 * business of a stage above the outer side.  A subquery or function below is taken apart
 * level by level: calls of a level first, then what uses their values, which may use them
 * several times.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "batch/functions.h"
#include "batch/surgery.h"

typedef struct Flat
{
	const NestLoop *join;
	Index rti;    /* Vars of this relation .. */
	List *values; /* .. are these, by column */
	bool row;     /* the only value is a row of the columns */
	bool failed;
} Flat;

/* The inner side without what only saves repetition. */
static Plan *
inner_of(const NestLoop *join)
{
	Plan *plan = innerPlan(join);

	return IsA(plan, Memoize) ? plan->lefttree : plan;
}

static RangeTblFunction *
function_of(const Plan *plan)
{
	const FunctionScan *scan = (const FunctionScan *) plan;
	RangeTblFunction *function;

	if (!IsA(plan, FunctionScan) || scan->funcordinality || list_length(scan->functions) != 1)
		return NULL;
	function = linitial(scan->functions);
	if (!IsA(function->funcexpr, FuncExpr) || ((FuncExpr *) function->funcexpr)->funcretset ||
		function->funccolnames != NIL)
		return NULL;
	return function;
}

static bool
is_one_row(const Plan *plan)
{
	return IsA(plan, Result) && plan->lefttree == NULL && plan->qual == NIL &&
		   ((const Result *) plan)->resconstantqual == NULL;
}

bool
air_can_flatten(const NestLoop *join)
{
	Plan *inner = inner_of(join);
	Plan *below = IsA(inner, SubqueryScan) ? ((SubqueryScan *) inner)->subplan : inner;
	RangeTblFunction *function = function_of(inner);
	ListCell *lc;
	bool depends = false;

	if (function == NULL && !is_one_row(below))
		return false;
	if (!air_has_call(function ? function->funcexpr : (Node *) below->targetlist))
		return false;
	if (join->join.jointype != JOIN_INNER &&
		(join->join.jointype != JOIN_LEFT || join->join.joinqual != NIL || inner->qual != NIL))
		return false;
	foreach (lc, join->nestParams)
	{
		NestLoopParam *param = lfirst(lc);

		if (!IsA(param->paramval, Var) || param->paramval->varno != OUTER_VAR)
			return false;
		if (bms_is_member(param->paramno, inner->allParam))
			depends = true;
	}
	/* Otherwise it is evaluated once for all rows. */
	return depends && inner->initPlan == NIL && below->initPlan == NIL &&
		   innerPlan(join)->initPlan == NIL;
}

/* Put the outer row's columns in place of the loop's parameters; a mutator. */
static Node *
set_params(Node *node, void *arg)
{
	Flat *flat = arg;
	ListCell *lc;

	if (node == NULL)
		return NULL;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
	{
		foreach (lc, flat->join->nestParams)
		{
			NestLoopParam *param = lfirst(lc);

			if (param->paramno == ((Param *) node)->paramid)
				return copyObject((Node *) param->paramval);
		}
		return copyObject(node);
	}
	if (IsA(node, SubPlan))
		flat->failed = true; /* its plan holds parameters as well */
	return expression_tree_mutator(node, set_params, arg);
}

static Expr *
field(Node *row, AttrNumber attno, Oid type, int32 typmod, Oid collation)
{
	FieldSelect *select = makeNode(FieldSelect);

	select->arg = copyObject((Expr *) row);
	select->fieldnum = attno;
	select->resulttype = type;
	select->resulttypmod = typmod;
	select->resultcollid = collation;
	return (Expr *) select;
}

/* The row that a scan of the function gives: where the function gives NULL, one of NULLs. */
static Node *
whole_row(Node *row, Oid type)
{
	TupleDesc desc = lookup_rowtype_tupdesc(type, -1);
	RowExpr *expr = makeNode(RowExpr);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		expr->args =
			lappend(expr->args, att->attisdropped ? (Expr *) makeNullConst(INT4OID, -1, InvalidOid)
												  : field(row, i + 1, att->atttypid, att->atttypmod,
														  att->attcollation));
	}
	ReleaseTupleDesc(desc);
	expr->row_typeid = type;
	expr->row_format = COERCE_IMPLICIT_CAST;
	expr->location = -1;
	return (Node *) expr;
}

/* The value of a column, NULL if it cannot be told. */
static Node *
column_value(const Flat *flat, const Var *var)
{
	Node *row = linitial(flat->values);

	if (flat->row && var->varattno == 0 && var->vartype == exprType(row))
		return whole_row(row, var->vartype);
	if (var->varattno <= 0)
		return NULL;
	if (flat->row)
		return (Node *) field(row, var->varattno, var->vartype, var->vartypmod, var->varcollid);
	if (var->varattno > list_length(flat->values))
		return NULL;
	return copyObject(list_nth(flat->values, var->varattno - 1));
}

/* Put the values in place of the columns of a relation; a mutator. */
static Node *
set_columns(Node *node, void *arg)
{
	Flat *flat = arg;
	Node *value;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || ((Var *) node)->varno != flat->rti)
		return expression_tree_mutator(node, set_columns, arg);
	value = column_value(flat, (Var *) node);
	if (value == NULL)
		flat->failed = true;
	return value ? value : node;
}

/* May values be used several times, or never? */
static bool
are_plain(List *values)
{
	return !contain_volatile_functions((Node *) values) && !contain_subplans((Node *) values);
}

Plan *
air_flatten(AirSurgery *s, NestLoop *join, AirLook look)
{
	Plan *inner = inner_of(join);
	RangeTblFunction *function = function_of(inner);
	Plan *outer = outerPlan(join);
	Plan *top = outer;
	int ncolumns = list_length(outer->targetlist);
	Flat flat = {.join = join};
	List *quals = NIL;
	List *tlist;

	/* What is evaluated first: the calls, mostly. */
	if (function != NULL)
	{
		flat.values = list_make1(function->funcexpr);
		flat.row = type_is_rowtype(exprType(function->funcexpr));
	}
	else
		flat.values = air_expression_list(IsA(inner, SubqueryScan)
											  ? ((SubqueryScan *) inner)->subplan->targetlist
											  : inner->targetlist);
	flat.values = (List *) set_params((Node *) flat.values, &flat);
	if (flat.failed)
		return &join->join.plan;
	flat.values = (List *) air_make_stages(s, &top, &ncolumns, (Node *) flat.values, look);
	if (top == outer || !are_plain(flat.values))
		return &join->join.plan;

	/* A scan of it: its conditions and columns. */
	if (IsA(inner, SubqueryScan) || IsA(inner, FunctionScan))
	{
		flat.rti = ((Scan *) inner)->scanrelid;
		quals = (List *) set_params(set_columns((Node *) inner->qual, &flat), &flat);
		flat.values = (List *) set_params(
			set_columns((Node *) air_expression_list(inner->targetlist), &flat), &flat);
		flat.row = false;
		if (flat.failed || !are_plain(flat.values))
			return &join->join.plan;
	}

	/* The join: columns of the outer side are in the same place. */
	flat.rti = INNER_VAR;
	quals = list_concat(quals, (List *) set_columns((Node *) join->join.joinqual, &flat));
	quals = list_concat(quals, (List *) set_columns((Node *) join->join.plan.qual, &flat));
	tlist = (List *) set_columns((Node *) join->join.plan.targetlist, &flat);
	if (flat.failed || air_has_multiexpr(tlist))
		return &join->join.plan;

	for (Plan *p = top; p != outer; p = p->lefttree)
	{
		p->extParam = bms_add_members(p->extParam, join->join.plan.extParam);
		p->allParam = bms_add_members(p->allParam, join->join.plan.allParam);
	}
	top = air_evaluate(s, top, ncolumns, outer->plan_rows, quals, tlist, look);
	top->initPlan = join->join.plan.initPlan;
	top->plan_rows = join->join.plan.plan_rows;
	top->startup_cost = join->join.plan.startup_cost;
	top->total_cost = join->join.plan.total_cost;
	air_disabled_nodes_compat((CustomScan *) top, &join->join.plan);
	top->plan_width = join->join.plan.plan_width;
	return top;
}
