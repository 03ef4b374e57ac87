/*
 * left.c
 *	  Which calls of a finished plan are not made by a stage, and why.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "base/settings.h"
#include "batch/aggregates.h"
#include "batch/batch.h"
#include "batch/extract.h"
#include "batch/functions.h"
#include "batch/walk.h"

typedef struct Left
{
	const char *place; /* holds for everything below */
	List *left;
} Left;

/* Aggregates that were not taken apart: they ask for one group, or frame, after the other. */
static bool
list_aggregates(Node *node, void *arg)
{
	Left *l = arg;
	Oid funcid = InvalidOid;
	AirLeft *left;

	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
		funcid = ((WindowFunc *) node)->winfnoid;
	else if (IsA(node, Aggref))
		funcid = ((Aggref *) node)->aggfnoid;
	if (OidIsValid(funcid) && OidIsValid(air_halves_of(funcid)->finish))
	{
		left = palloc(sizeof(AirLeft));
		left->function = get_func_name(funcid);
		left->reason = IsA(node, WindowFunc) ? "window function"
					   : air_batching        ? "aggregate of an outer query"
											 : AIR_WITHOUT_BATCHING;
		l->left = lappend(l->left, left);
	}
	return expression_tree_walker(node, list_aggregates, arg);
}

static bool
list_calls(Plan *plan, Node *expr, const char *place, void *arg)
{
	Left *l = arg;

	if (IsA(plan, Agg) || IsA(plan, WindowAgg))
		(void) list_aggregates(expr, l);
	/* Nothing is lost with a single call; only one for each row of an outer query is many. */
	if (l->place == NULL && place != NULL && strcmp(place, AIR_SINGLE_ROW) == 0 &&
		bms_is_empty(plan->extParam))
		return false;
	if (air_has_call(expr))
		air_list_left(expr, l->place ? l->place : place, &l->left);
	return false;
}

/* A node with which something begins that stops calls below it from being batched. */
static const char *
why_not_below(const Plan *plan)
{
	ListCell *lc;

	if (!IsA(plan, LockRows))
		return NULL;
	foreach (lc, ((const LockRows *) plan)->rowMarks)
	{
		if (((PlanRowMark *) lfirst(lc))->waitPolicy == LockWaitSkip)
			return "SKIP LOCKED";
	}
	return NULL;
}

static bool
list_plan(Plan *plan, void *arg)
{
	Left *l = arg;
	const char *outer = l->place;

	check_stack_depth();
	(void) air_plan_expressions(plan, list_calls, l);
	if (l->place == NULL)
		l->place = why_not_below(plan);
	if (IsA(plan, MergeJoin) && !((MergeJoin *) plan)->skip_mark_restore)
	{
		const char *below = l->place;

		(void) list_plan(outerPlan(plan), l);
		/* Where the inner side could be batched, it was: only what stayed is listed. */
		if (l->place == NULL && !IsA(innerPlan(plan), Sort) && !IsA(innerPlan(plan), Material))
			l->place = "inner side of a merge join";
		(void) list_plan(innerPlan(plan), l);
		l->place = below;
	}
	else
		(void) air_plan_children(plan, list_plan, l);
	l->place = outer;
	return false;
}

List *
air_calls_left(PlannedStmt *stmt)
{
	Left l = {0};
	ListCell *lc;

	if (stmt->planTree != NULL)
		(void) list_plan(stmt->planTree, &l);
	foreach (lc, stmt->subplans)
	{
		if (lfirst(lc) != NULL)
			(void) list_plan(lfirst(lc), &l);
	}
	return l.left;
}
