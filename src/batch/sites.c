/*
 * sites.c
 *	  Where a finished plan calls AI, and how often it is expected to.
 *
 * The plan is walked from the top, with two numbers: how often a node is run (inner side of a
 * nested loop, subplan), and which part of its rows is wanted (below a LIMIT).  With
 * the planner's row estimates they say how often an expression is evaluated.  A
 * guard that statistics know nothing about counts as always true, and so does a call in an
 * arm of CASE: the estimate is rather too high than too low.
 *
 * Memory is CurrentMemoryContext's; reads syscache only.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"

#include "batch/functions.h"
#include "batch/share.h"
#include "batch/plan.h"
#include "batch/sites.h"
#include "batch/surgery.h"
#include "batch/walk.h"

typedef struct Walk
{
	AirScope scope; /* its plan is not used, and sources grow */
	List *sites;
	Bitmapset *walked; /* subplans */
} Walk;

/* For the walk through one expression. */
typedef struct Place
{
	Walk *walk;
	const Plan *plan;
	double count;     /* evaluations */
	double in_aggref; /* of what is an aggregate's argument */
} Place;

static void walk_plan(Walk *w, const Plan *plan, double loops, double fraction);

/* A subplan is evaluated where its SubPlan is; a correlated one for every row. */
static void
walk_subplan(Walk *w, const SubPlan *sub, const Plan *parent, double count)
{
	const Plan *plan = air_scope_subplan(w->scope.stmt, sub->plan_id);
	double fraction = 1;
	ListCell *param, *arg;

	forboth (param, sub->parParam, arg, sub->args)
	{
		AirSource *source = palloc(sizeof(AirSource));

		*source = (AirSource){lfirst_int(param), lfirst(arg), parent};
		w->scope.sources = lappend(w->scope.sources, source);
	}
	if (plan == NULL || bms_is_member(sub->plan_id, w->walked))
		return;
	w->walked = bms_add_member(w->walked, sub->plan_id);
	if (sub->subLinkType == EXISTS_SUBLINK)
		fraction = 1 / Max(plan->plan_rows, 1);
	walk_plan(w, plan, sub->parParam != NIL ? count : 1, fraction);
}

static void
add_site(Place *place, const AirDoor *door, FuncExpr *call)
{
	AirSite *site = palloc0(sizeof(AirSite));

	site->door = door;
	site->call = call;
	site->scope = place->walk->scope;
	site->scope.plan = place->plan;
	site->evaluations = place->count;
	place->walk->sites = lappend(place->walk->sites, site);
}

static bool
find_calls(Node *node, void *arg)
{
	Place *place = arg;
	const AirDoor *door;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && (door = air_door_of(((FuncExpr *) node)->funcid)) != NULL)
		add_site(place, door, (FuncExpr *) node);
	if (IsA(node, SubPlan))
		walk_subplan(place->walk, (SubPlan *) node, place->plan, place->count);
	if (IsA(node, Aggref))
	{
		Place inside = *place;

		inside.count = place->in_aggref;
		return expression_tree_walker(node, find_calls, &inside);
	}
	return expression_tree_walker(node, find_calls, arg);
}

static double
rows_of(const Plan *plan)
{
	return plan != NULL ? Max(plan->plan_rows, 0) : 0;
}

/* What a stage reads: the planner rounded to whole rows before its conditions were undone. */
static double
rows_into_stage(const Walk *w, const Plan *child)
{
	AirScope scope = w->scope;

	scope.plan = child;
	return Min(rows_of(child), Max(air_scan_most(&scope), 1));
}

/* The part of rows that pass those quals of a node that call AI. */
static double
rows_kept(const Plan *plan)
{
	List *quals = NIL;
	ListCell *lc;

	foreach (lc, plan->qual)
		if (air_has_call(lfirst(lc)))
			quals = lappend(quals, lfirst(lc));
	return quals == NIL ? 1 : Max(air_selectivity(quals), 1e-6);
}

/* The calls of an AI Batch node. */
static void
look_in_batch(Walk *w, const CustomScan *node, double rows)
{
	AirBatchPlan batch = air_batch_plan(node);
	ListCell *lc, *lc2;

	forboth (lc, batch.calls, lc2, batch.guards)
	{
		FuncExpr *call = lfirst_node(FuncExpr, lc);
		Expr *guard = lfirst(lc2);
		const AirDoor *door = air_door_of(call->funcid);
		AirScope scope = w->scope;
		Place place = {w, &node->scan.plan, rows, rows};
		AirSite *site;

		if (door == NULL)
			continue;
		scope.plan = &node->scan.plan;
		place.count *= air_guard_share(&scope, (Node *) guard);
		add_site(&place, door, call);
		site = llast(w->sites);
		site->guard = IsA(guard, Const) ? NULL : guard;
		site->node = node;
	}
}

/* How often the expressions of one node are evaluated. */
typedef struct Counts
{
	Walk *w;
	double loops; /* runs of the node */
	double in;    /* rows before its conditions */
	double out;
} Counts;

static bool
look_in_expression(Plan *plan, Node *expr, const char *where, void *arg)
{
	const Counts *c = arg;
	Place place = {c->w, plan, c->loops, c->in};

	if (expr == (Node *) plan->targetlist)
		place.count = c->out;
	else if (expr == (Node *) plan->qual)
		/* HAVING comes after the groups are made. */
		place.count = IsA(plan, Agg) ? c->out / rows_kept(plan) : c->in;
	else if (IsA(plan, ModifyTable) || IsA(plan, NestLoop) || IsA(plan, MergeJoin) ||
			 IsA(plan, HashJoin))
		place.count = c->in;
	find_calls(expr, &place);
	return false;
}

static void
walk_list(Walk *w, List *plans, double loops, double fraction)
{
	ListCell *lc;

	foreach (lc, plans)
		walk_plan(w, lfirst(lc), loops, fraction);
}

/* A nested loop runs its inner side for each row of its outer one, unless that is kept. */
static void
walk_nestloop(Walk *w, const NestLoop *join, double loops, double fraction)
{
	const Plan *outer = join->join.plan.lefttree;
	const Plan *inner = join->join.plan.righttree;
	double runs = Max(rows_of(outer) * fraction, 1);
	ListCell *lc;

	foreach (lc, join->nestParams)
	{
		NestLoopParam *param = lfirst_node(NestLoopParam, lc);
		AirSource *source = palloc(sizeof(AirSource));

		*source = (AirSource){param->paramno, (Node *) param->paramval, &join->join.plan};
		w->scope.sources = lappend(w->scope.sources, source);
	}
	walk_plan(w, outer, loops, fraction);
	walk_plan(w, inner, IsA(inner, Material) ? loops : loops * runs, 1);
}

/* Which part of its input a node reads to give that part of its rows. */
static double
part_of_input(const Plan *plan, double fraction)
{
	switch (nodeTag(plan))
	{
		case T_Limit:
			return Min(1, fraction * rows_of(plan) / Max(rows_of(plan->lefttree), 1));
		case T_Agg:
			return ((const Agg *) plan)->aggstrategy == AGG_SORTED ? fraction : 1;
		case T_Sort:
		case T_Hash:
		case T_SetOp:
		case T_ModifyTable:
		case T_RecursiveUnion:
			return 1;
		default:
			return fraction;
	}
}

static void
walk_children(Walk *w, const Plan *plan, double loops, double fraction)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			walk_list(w, ((const Append *) plan)->appendplans, loops, fraction);
			break;
		case T_MergeAppend:
			walk_list(w, ((const MergeAppend *) plan)->mergeplans, loops, fraction);
			break;
		case T_BitmapAnd:
		case T_BitmapOr:
			break;
		case T_SubqueryScan:
			walk_plan(w, ((const SubqueryScan *) plan)->subplan, loops, fraction);
			break;
		case T_NestLoop:
			walk_nestloop(w, (const NestLoop *) plan, loops, fraction);
			break;
		case T_CustomScan:
			walk_list(w, ((const CustomScan *) plan)->custom_plans, loops, fraction);
			/* FALLTHROUGH */
		default:
			walk_plan(w, plan->lefttree, loops, part_of_input(plan, fraction));
			walk_plan(w, plan->righttree, loops, fraction);
	}
}

static void
walk_plan(Walk *w, const Plan *plan, double loops, double fraction)
{
	double out, in;
	ListCell *lc;

	if (plan == NULL)
		return;
	check_stack_depth();
	foreach (lc, plan->initPlan)
		walk_subplan(w, lfirst_node(SubPlan, lc), plan, 1);

	/* Rows that come out, and those that there are before the qual. */
	out = rows_of(plan) * loops * fraction;
	in = out / rows_kept(plan);
	if (plan->lefttree != NULL && plan->righttree == NULL)
		in = rows_of(plan->lefttree) * loops * part_of_input(plan, fraction);
	if (IsA(plan, NestLoop))
		in = Max(in, rows_of(plan->lefttree) * rows_of(plan->righttree) * loops * fraction);

	if (air_is_stage(plan))
		look_in_batch(w, (const CustomScan *) plan,
					  Min(in, rows_into_stage(w, plan->lefttree) * loops));
	else
	{
		Counts counts = {w, loops, in, out};

		(void) air_plan_expressions(unconstify(Plan *, plan), look_in_expression, &counts);
	}
	walk_children(w, plan, loops, fraction);
}

List *
air_sites(const PlannedStmt *stmt, ParamListInfo bound)
{
	Walk w = {.scope = {.stmt = stmt, .bound = bound}};

	walk_plan(&w, stmt->planTree, 1, 1);
	return w.sites;
}

bool
air_sites_any(const PlannedStmt *stmt)
{
	ListCell *lc;

	/* The planner lists each function that is not PostgreSQL's own, to know when it changes. */
	foreach (lc, stmt->invalItems)
		if (lfirst_node(PlanInvalItem, lc)->cacheId == PROCOID)
			return true;
	return false;
}
