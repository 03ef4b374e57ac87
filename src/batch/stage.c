/*
 * stage.c
 *	  Move the calls of a node into stages above it.
 *
 * The node itself keeps its cheap conditions and gives the bare columns ("atoms": Vars,
 * aggregates, window functions) that everything else needs.  The rest is evaluated by the
 * stages, in the order in which the node would have.
 */
#include "base/pg.h"

#include <math.h>

#include "access/htup_details.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "batch/extract.h"
#include "batch/functions.h"
#include "batch/node.h"
#include "batch/surgery.h"

/* Replace atoms by columns of the node; a mutator, arg is the list of atoms so far. */
static Node *
atomize(Node *node, void *arg)
{
	List **atoms = arg;
	ListCell *lc;
	int column = 0;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) && !IsA(node, Aggref) && !IsA(node, WindowFunc) && !IsA(node, GroupingFunc))
		return expression_tree_mutator(node, atomize, arg);
	foreach (lc, *atoms)
	{
		if (!equal(lfirst(lc), node))
			continue;
		column = foreach_current_index(lc) + 1;
		break;
	}
	if (column == 0)
	{
		*atoms = lappend(*atoms, node);
		column = list_length(*atoms);
	}
	return (Node *) makeVar(OUTER_VAR, column, exprType(node), exprTypmod(node),
							exprCollation(node), 0);
}

/* Columns of the stage below become columns of the stage itself; a mutator. */
static Node *
to_own_columns(Node *node, void *arg)
{
	if (node != NULL && IsA(node, Var))
	{
		Var *var = copyObject((Var *) node);

		Assert(var->varno == OUTER_VAR);
		var->varno = INDEX_VAR;
		return (Node *) var;
	}
	return expression_tree_mutator(node, to_own_columns, arg);
}

List *
air_column_list(const List *tlist, int varno)
{
	List *columns = NIL;
	ListCell *lc;

	foreach (lc, tlist)
	{
		TargetEntry *entry = lfirst(lc);
		Node *expr = (Node *) entry->expr;
		Var *var =
			makeVar(varno, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);

		columns =
			lappend(columns, makeTargetEntry((Expr *) var, entry->resno, entry->resname, false));
	}
	return columns;
}

List *
air_expression_list(const List *tlist)
{
	List *exprs = NIL;
	ListCell *lc;

	foreach (lc, tlist)
		exprs = lappend(exprs, ((TargetEntry *) lfirst(lc))->expr);
	return exprs;
}

bool
air_fits_row(int ncolumns)
{
	return ncolumns <= MaxTupleAttributeNumber;
}

CustomScan *
air_stage(AirSurgery *s, Plan *child, List *pulled, AirLook look)
{
	CustomScan *stage = makeNode(CustomScan);
	Plan *plan = &stage->scan.plan;
	AirBatchPlan carried = {.natoms = list_length(child->targetlist),
							.ncalls = list_length(pulled),
							.mode = look.mode,
							.flags = look.flags,
							.limit_offset = look.limit_offset,
							.limit_count = look.limit_count};
	ListCell *lc;

	stage->methods = &air_batch_scan_methods;
	plan->startup_cost = child->startup_cost;
	plan->total_cost = child->total_cost;
	plan->plan_rows = child->plan_rows;
	plan->plan_width = child->plan_width;
	plan->parallel_safe = child->parallel_safe;
	air_disabled_nodes_compat(stage, child);
	plan->plan_node_id = air_next_plan_id(s);
	plan->lefttree = child;
	plan->extParam = bms_copy(child->extParam);
	plan->allParam = bms_copy(child->allParam);

	stage->custom_scan_tlist = air_column_list(child->targetlist, OUTER_VAR);
	foreach (lc, pulled)
	{
		AirPulled *call = lfirst(lc);
		int column = list_length(stage->custom_scan_tlist) + 1;

		Assert(call->column == column);
		stage->custom_scan_tlist =
			lappend(stage->custom_scan_tlist,
					makeTargetEntry((Expr *) copyObject(call->call), column, NULL, false));
		carried.guards = lappend(carried.guards,
								 call->guard ? call->guard : (Expr *) makeBoolConst(true, false));
	}
	if (carried.limit_offset == NULL)
		carried.limit_offset = air_limit_const(true, 0);
	if (carried.limit_count == NULL)
		carried.limit_count = air_limit_const(true, 0);
	carried.limit_offset = copyObject(carried.limit_offset);
	carried.limit_count = copyObject(carried.limit_count);
	air_batch_plan_set(stage, &carried);
	plan->targetlist = air_column_list(stage->custom_scan_tlist, INDEX_VAR);
	return stage;
}

bool
air_is_wrappable(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_SubqueryScan:
		case T_FunctionScan:
		case T_ValuesScan:
		case T_TableFuncScan:
		case T_CteScan:
		case T_NamedTuplestoreScan:
		case T_WorkTableScan:
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
		case T_Agg:
		case T_Group:
		case T_Gather:
		case T_GatherMerge:
			return true;
		case T_ForeignScan:
			return ((const ForeignScan *) plan)->operation == CMD_SELECT;
		case T_WindowAgg:
			/* Their conditions refer to columns of the target list, which would change. */
			return ((const WindowAgg *) plan)->runCondition == NIL && plan->qual == NIL;
		case T_Result:
			/* PL/pgSQL wants to see a plain Result for a simple expression. */
			return plan->lefttree != NULL;
		default:
			return false;
	}
}

static bool
has_multiexpr(Node *node, void *arg)
{
	node = air_step_into(node);
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) && ((SubPlan *) node)->subLinkType == MULTIEXPR_SUBLINK)
		return true;
	return expression_tree_walker(node, has_multiexpr, arg);
}

bool
air_has_multiexpr(List *tlist)
{
	return has_multiexpr((Node *) tlist, NULL);
}

/*
 * Split conditions at the first that holds a call: the order in which conditions are
 * evaluated never changes, later ones may rely on earlier ones (row security).
 */
static List *
split_quals(List **quals)
{
	List *moved = NIL;
	List *kept = NIL;
	ListCell *lc;

	foreach (lc, *quals)
	{
		if (moved != NIL || air_can_pull(lfirst(lc)))
			moved = lappend(moved, lfirst(lc));
		else
			kept = lappend(kept, lfirst(lc));
	}
	if (moved != NIL)
		*quals = kept;
	return moved;
}

/* The conditions of a node: those that go up, and what it keeps of each kind. */
typedef struct Quals
{
	List *moved;
	List *kept;
	List *joinqual; /* of a join */
} Quals;

static Join *
as_join(Plan *plan)
{
	return IsA(plan, NestLoop) || IsA(plan, MergeJoin) || IsA(plan, HashJoin) ? (Join *) plan
																			  : NULL;
}

static Quals
divide_quals(Plan *plan)
{
	Join *join = as_join(plan);
	Quals quals = {.kept = plan->qual, .joinqual = join ? join->joinqual : NIL};

	/* What an outer join does with a row hangs on its condition. */
	if (join != NULL && join->jointype == JOIN_INNER)
		quals.moved = split_quals(&quals.joinqual);
	if (quals.moved != NIL)
	{
		quals.moved = list_concat(quals.moved, quals.kept);
		quals.kept = NIL;
	}
	else
		quals.moved = split_quals(&quals.kept);
	return quals;
}

static void
keep_quals(Plan *plan, const Quals *quals)
{
	Join *join = as_join(plan);

	plan->qual = quals->kept;
	if (join == NULL)
		return;
	/* Without the condition another inner row may match. */
	if (list_length(quals->joinqual) < list_length(join->joinqual))
		join->inner_unique = false;
	join->joinqual = quals->joinqual;
}

/* Rows of the node once the conditions have gone up: cost says how many it looked at at most. */
static double
rows_before(const Plan *plan, List *moved)
{
	double rows = plan->plan_rows / Max(air_selectivity(moved), 1e-9);
	QualCost cost;

	cost_qual_eval(&cost, moved, NULL);
	if (cost.per_tuple > 0)
		rows = Min(rows, (plan->total_cost - plan->startup_cost) / cost.per_tuple);
	return rint(Max(rows, plan->plan_rows));
}

Node *
air_make_stages(AirSurgery *s, Plan **top, int *ncolumns, Node *expr, AirLook look)
{
	for (;;)
	{
		List *pulled = NIL;

		if (!air_fits_row(*ncolumns))
			return expr;
		expr = air_pull_calls(expr, NULL, *ncolumns, &pulled);
		if (pulled == NIL)
			return expr;
		*top = &air_stage(s, *top, pulled, look)->scan.plan;
		*ncolumns += list_length(pulled);
	}
}

Plan *
air_evaluate(AirSurgery *s, Plan *top, int ncolumns, double rows, List *quals, List *tlist,
			 AirLook look)
{
	ListCell *lc;

	foreach (lc, quals)
	{
		Node *qual = air_make_stages(s, &top, &ncolumns, lfirst(lc), look);

		top->qual = lappend(top->qual, to_own_columns(qual, NULL));
		rows = Max(rows * air_selectivity(list_make1(qual)), 1);
		top->plan_rows = rint(rows);
	}
	tlist = (List *) air_make_stages(s, &top, &ncolumns, (Node *) tlist, look);
	top->targetlist = (List *) to_own_columns((Node *) tlist, NULL);
	return top;
}

Plan *
air_wrap(AirSurgery *s, Plan *plan, AirLook look)
{
	Plan *top = plan;
	List *atoms = NIL;
	List *columns = NIL;
	Quals quals;
	List *moved;
	List *tlist = plan->targetlist;
	int ncolumns;
	double rows = plan->plan_rows;
	double before;
	ListCell *lc;

	if (!air_is_wrappable(plan) || air_has_multiexpr(tlist))
		return plan;
	quals = divide_quals(plan);
	if (quals.moved == NIL && !air_can_pull((Node *) tlist))
		return plan;
	before = quals.moved ? rows_before(plan, quals.moved) : rows;

	moved = (List *) atomize((Node *) quals.moved, &atoms);
	tlist = (List *) atomize((Node *) tlist, &atoms);
	/* A join may have more columns than a row that is kept: expressions take what they need. */
	if (!air_fits_row(list_length(atoms)))
		return plan;
	keep_quals(plan, &quals);
	foreach (lc, atoms)
		columns = lappend(columns,
						  makeTargetEntry(lfirst(lc), foreach_current_index(lc) + 1, NULL, false));
	plan->targetlist = columns;
	plan->plan_rows = before;
	/* Nobody drives it asynchronously any more. */
	plan->async_capable = false;
	ncolumns = list_length(columns);

	top = air_evaluate(s, top, ncolumns, before, moved, tlist, look);
	top->plan_rows = rows;
	top->initPlan = plan->initPlan;
	plan->initPlan = NIL;
	return top;
}
