/*
 * walk.c
 *	  Go through a finished plan.
 */
#include "base/pg.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "batch/functions.h"
#include "batch/plan.h"
#include "batch/surgery.h"
#include "batch/walk.h"

static bool
visit_list(List *plans, AirVisitPlan visit, void *arg)
{
	ListCell *lc;

	foreach (lc, plans)
	{
		if (lfirst(lc) != NULL && visit(lfirst(lc), arg))
			return true;
	}
	return false;
}

bool
air_plan_children(Plan *plan, AirVisitPlan visit, void *arg)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			return visit_list(((Append *) plan)->appendplans, visit, arg);
		case T_MergeAppend:
			return visit_list(((MergeAppend *) plan)->mergeplans, visit, arg);
		case T_SubqueryScan:
			return visit(((SubqueryScan *) plan)->subplan, arg);
		case T_CustomScan:
			if (visit_list(((CustomScan *) plan)->custom_plans, visit, arg))
				return true;
			break;
		default:
			break;
	}
	return (plan->lefttree != NULL && visit(plan->lefttree, arg)) ||
		   (plan->righttree != NULL && visit(plan->righttree, arg));
}

/* Why calls in the target list and conditions of a node stay. */
static const char *
why_not_here(const Plan *plan)
{
	if (air_is_stage(plan))
		return NULL;
	if (IsA(plan, Result))
		return plan->lefttree ? NULL : AIR_SINGLE_ROW;
	if (IsA(plan, ProjectSet))
		return "beside a set-returning function";
	if (IsA(plan, WindowAgg) && !air_is_wrappable(plan))
		return "beside a window function with a run condition";
	if (IsA(plan, CustomScan))
		return "custom scan of another extension";
	if (air_has_multiexpr(plan->targetlist))
		return "beside SET (..) = (SELECT ..)";
	return NULL;
}

/* Nothing is computed in the target list. */
static bool
gives_columns_only(const Plan *plan)
{
	ListCell *lc;

	foreach (lc, plan->targetlist)
	{
		if (air_step_into(lfirst(lc)) != NULL)
			return false;
	}
	return true;
}

static bool
visit_modify(ModifyTable *plan, AirVisitExpr visit, void *arg)
{
	return visit(&plan->plan, (Node *) plan->withCheckOptionLists, "WITH CHECK OPTION", arg) ||
		   visit(&plan->plan, (Node *) plan->returningLists, "RETURNING", arg) ||
		   visit(&plan->plan, (Node *) plan->onConflictSet, "ON CONFLICT", arg) ||
		   visit(&plan->plan, plan->onConflictWhere, "ON CONFLICT", arg) ||
		   visit(&plan->plan, (Node *) plan->mergeActionLists, "MERGE action", arg) ||
		   visit(&plan->plan, air_merge_conditions_compat(plan), "MERGE condition", arg);
}

bool
air_plan_expressions(Plan *plan, AirVisitExpr visit, void *arg)
{
	const char *here;

	switch (nodeTag(plan))
	{
		case T_ModifyTable:
			return visit_modify((ModifyTable *) plan, visit, arg);
		case T_Append:
		case T_MergeAppend:
		case T_RecursiveUnion:
		case T_BitmapAnd:
		case T_BitmapOr:
		case T_BitmapIndexScan:
		case T_Material:
		case T_Memoize:
		case T_Sort:
		case T_IncrementalSort:
		case T_Unique:
		case T_SetOp:
		case T_Hash:
		case T_LockRows:
			return false; /* they have but columns of their children */
		case T_Limit:
			return visit(plan, ((Limit *) plan)->limitOffset, "LIMIT", arg) ||
				   visit(plan, ((Limit *) plan)->limitCount, "LIMIT", arg);
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			if (visit(plan, (Node *) ((Join *) plan)->joinqual,
					  ((Join *) plan)->jointype == JOIN_INNER ? NULL : "join condition", arg))
				return true;
			break;
		case T_Result:
			if (visit(plan, ((Result *) plan)->resconstantqual, "condition on no column", arg))
				return true;
			break;
		case T_SampleScan:
			if (visit(plan, (Node *) ((SampleScan *) plan)->tablesample, "TABLESAMPLE", arg))
				return true;
			break;
		case T_FunctionScan:
			if (visit(plan, (Node *) ((FunctionScan *) plan)->functions,
					  "argument of a function in FROM", arg))
				return true;
			break;
		case T_TableFuncScan:
			if (visit(plan, (Node *) ((TableFuncScan *) plan)->tablefunc,
					  "argument of a function in FROM", arg))
				return true;
			break;
		case T_ValuesScan:
			if (visit(plan, (Node *) ((ValuesScan *) plan)->values_lists, "VALUES", arg))
				return true;
			break;
		case T_WindowAgg:
			if (visit(plan, ((WindowAgg *) plan)->startOffset, "window frame", arg) ||
				visit(plan, ((WindowAgg *) plan)->endOffset, "window frame", arg))
				return true;
			break;
		default:
			break;
	}
	/* So it is with most nodes of most statements, and none of those shall cost anything. */
	if (plan->qual == NIL && gives_columns_only(plan))
		return false;
	here = why_not_here(plan);
	return visit(plan, (Node *) plan->targetlist, here, arg) ||
		   visit(plan, (Node *) plan->qual, here, arg);
}

typedef struct Walk
{
	AirVisitExpr visit;
	void *arg;
} Walk;

static bool
walk(Plan *plan, void *arg)
{
	Walk *w = arg;

	check_stack_depth();
	return air_plan_expressions(plan, w->visit, w->arg) || air_plan_children(plan, walk, w);
}

bool
air_plan_walk(Plan *plan, AirVisitExpr visit, void *arg)
{
	Walk w = {visit, arg};

	return walk(plan, &w);
}

bool
air_statement_walk(PlannedStmt *stmt, AirVisitExpr visit, void *arg)
{
	ListCell *lc;

	if (stmt->planTree != NULL && air_plan_walk(stmt->planTree, visit, arg))
		return true;
	foreach (lc, stmt->subplans)
	{
		/* Subqueries that turned out not to be needed are NULL. */
		if (lfirst(lc) != NULL && air_plan_walk(lfirst(lc), visit, arg))
			return true;
	}
	return false;
}
