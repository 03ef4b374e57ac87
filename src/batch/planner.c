/*
 * planner.c
 *	  The planner hook: rewrite the finished plan of a statement that makes calls.
 *
 * In the finished plan every expression stands where the executor will evaluate it,
 * whatever views, inlined functions, CTEs or partitions it came through.  So it is enough
 * to walk over the nodes; what is not understood stays as it is and is evaluated plainly.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "tcop/tcopprot.h"

#include "base/compat.h"
#include "base/settings.h"
#include "batch/batch.h"
#include "batch/functions.h"
#include "batch/node.h"
#include "batch/rewrite.h"
#include "batch/surgery.h"
#include "batch/walk.h"

static planner_hook_type prev_planner = NULL;

static bool
find_call(Plan *plan, Node *expr, const char *place, void *arg)
{
	return air_has_call(expr);
}

typedef struct MaxId
{
	int id;
} MaxId;

static bool
max_id(Plan *plan, void *arg)
{
	MaxId *max = arg;

	max->id = Max(max->id, plan->plan_node_id);
	if (IsA(plan, BitmapAnd))
	{
		ListCell *lc;

		foreach (lc, ((BitmapAnd *) plan)->bitmapplans)
			(void) max_id(lfirst(lc), arg);
	}
	if (IsA(plan, BitmapOr))
	{
		ListCell *lc;

		foreach (lc, ((BitmapOr *) plan)->bitmapplans)
			(void) max_id(lfirst(lc), arg);
	}
	return air_plan_children(plan, max_id, arg);
}

int
air_next_plan_id(AirSurgery *s)
{
	if (s->next_id == 0)
	{
		MaxId max = {0};
		ListCell *lc;

		(void) max_id(s->stmt->planTree, &max);
		foreach (lc, s->stmt->subplans)
		{
			if (lfirst(lc) != NULL)
				(void) max_id(lfirst(lc), &max);
		}
		s->next_id = max.id + 1;
	}
	return s->next_id++;
}

static Plan *process(AirSurgery *s, Plan *plan, AirLook look, bool marked);

static void
process_members(AirSurgery *s, Plan *plan, List *members, AirLook look, bool marked)
{
	ListCell *lc;

	foreach (lc, members)
		lfirst(lc) = process(s, lfirst(lc), air_look_member(plan, look), marked);
}

static bool
has_stage(Plan *plan, void *arg)
{
	return air_is_stage(plan) || air_plan_children(plan, has_stage, arg);
}

/*
 * A hash join fetches an outer row first to see if there is one, if that seems cheaper than
 * to fill the table.  Where only the outer side calls it never is: when the table is empty,
 * calls are not needed.  Where both do, the planner decides; the outer side begins with one row,
 * as the table may be empty.
 */
static void
process_hash_join(AirSurgery *s, HashJoin *join, AirLook look)
{
	Plan *plan = &join->join.plan;
	AirLook outer = air_look_outer(plan, look);
	bool both;

	plan->righttree = process(s, plan->righttree, air_look_inner(plan, look), false);
	both = has_stage(plan->righttree, NULL) &&
		   plan->lefttree->startup_cost < plan->righttree->total_cost &&
		   air_may_fetch_outer_first_compat(join->join.jointype);
	plan->lefttree =
		process(s, plan->lefttree, both && !outer.one ? air_look_lazy() : outer, false);
	if (!both && has_stage(plan->lefttree, NULL))
		plan->lefttree->startup_cost =
			Max(plan->lefttree->startup_cost, plan->righttree->total_cost);
}

static bool
skips_locked(const LockRows *plan)
{
	ListCell *lc;

	foreach (lc, plan->rowMarks)
	{
		if (((PlanRowMark *) lfirst(lc))->waitPolicy == LockWaitSkip)
			return true;
	}
	return false;
}

/*
 * Put stages into a plan; returns what stands in its place.  marked: the parent goes back to
 * marked positions (inner side of a merge join), which a stage cannot.
 */
static Plan *
process(AirSurgery *s, Plan *plan, AirLook look, bool marked)
{
	check_stack_depth();
	if (plan == NULL)
		return NULL;

	switch (nodeTag(plan))
	{
		case T_Append:
			process_members(s, plan, ((Append *) plan)->appendplans, look, marked);
			return air_hoist_over_append((Append *) plan, look);
		case T_MergeAppend:
			process_members(s, plan, ((MergeAppend *) plan)->mergeplans, look, marked);
			return plan;
		case T_SubqueryScan:
		{
			SubqueryScan *scan = (SubqueryScan *) plan;
			Plan *sub = process(s, scan->subplan, air_look_outer(plan, look), false);

			if (sub != scan->subplan || !sub->async_capable)
				plan->async_capable = false;
			scan->subplan = sub;
			air_tell_wanted(scan, look);
			break;
		}
		case T_LockRows:
			/* Rows are worked off one by one here, and others wait for those that are locked. */
			if (skips_locked((LockRows *) plan))
				return plan;
			plan->lefttree = process(s, plan->lefttree, air_look_outer(plan, look), false);
			return plan;
		case T_CustomScan:
		case T_ForeignScan:
		case T_BitmapHeapScan:
			break;
		case T_Result:
			plan->lefttree = process(s, plan->lefttree, air_look_outer(plan, look), marked);
			break;
		case T_NestLoop:
			if (!air_can_flatten((NestLoop *) plan))
			{
				plan->lefttree = process(s, plan->lefttree, air_look_outer(plan, look), false);
				plan->righttree = process(s, plan->righttree, air_look_inner(plan, look), false);
				break;
			}
			plan->lefttree = process(s, plan->lefttree, air_look_flat(look), false);
			plan = air_flatten(s, (NestLoop *) plan, look);
			break;
		case T_MergeJoin:
			plan->lefttree = process(s, plan->lefttree, air_look_outer(plan, look), false);
			plan->righttree = process(s, plan->righttree, air_look_inner(plan, look),
									  !((MergeJoin *) plan)->skip_mark_restore);
			break;
		case T_HashJoin:
			process_hash_join(s, (HashJoin *) plan, look);
			break;
		default:
			plan->lefttree = process(s, plan->lefttree, air_look_outer(plan, look), false);
			plan->righttree = process(s, plan->righttree, air_look_inner(plan, look), false);
			break;
	}

	if (IsA(plan, Agg))
		air_batch_aggregate(s, (Agg *) plan, air_look_outer(plan, look));
	if (IsA(plan, Limit))
		return air_hoist_over_limit((Limit *) plan, look);
	return marked ? plan : air_wrap(s, plan, look);
}

/* How each subquery's rows are wanted; the strictest of its uses counts. */
typedef struct Uses
{
	int n;
	AirLook *looks; /* by plan_id - 1 */
	bool *known;
} Uses;

static bool
note_use(Node *node, void *arg)
{
	Uses *uses = arg;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		SubPlan *sub = (SubPlan *) node;
		AirLook look = air_look_lazy();
		int i = sub->plan_id - 1;

		if (sub->useHashTable || sub->subLinkType == ARRAY_SUBLINK)
			look = air_look_all();
		else if (sub->subLinkType == EXISTS_SUBLINK || sub->subLinkType == ANY_SUBLINK ||
				 sub->subLinkType == ALL_SUBLINK)
			look = air_look_one();
		if (i >= 0 && i < uses->n && (!uses->known[i] || look.one || look.mode == AIR_LOOK_LAZY))
		{
			if (!uses->known[i] || !uses->looks[i].one)
				uses->looks[i] = look;
			uses->known[i] = true;
		}
	}
	return expression_tree_walker(node, note_use, arg);
}

static bool
note_uses_in(Plan *plan, Node *expr, const char *place, void *arg)
{
	return note_use(expr, arg);
}

static bool
note_init_plans(Plan *plan, void *arg)
{
	(void) note_use((Node *) plan->initPlan, arg);
	return air_plan_children(plan, note_init_plans, arg);
}

static void
rewrite(PlannedStmt *stmt)
{
	AirSurgery s = {.stmt = stmt};
	Uses uses = {.n = list_length(stmt->subplans)};
	ListCell *lc;

	if (uses.n > 0)
	{
		uses.looks = palloc(sizeof(AirLook) * uses.n);
		uses.known = palloc0(sizeof(bool) * uses.n);
		for (int i = 0; i < uses.n; i++)
			uses.looks[i] = air_look_lazy();
		(void) air_statement_walk(stmt, note_uses_in, &uses);
		(void) note_init_plans(stmt->planTree, &uses);
		foreach (lc, stmt->subplans)
		{
			if (lfirst(lc) != NULL)
				(void) note_init_plans(lfirst(lc), &uses);
		}
	}
	foreach (lc, stmt->subplans)
		lfirst(lc) = process(&s, lfirst(lc), uses.looks[foreach_current_index(lc)], false);
	stmt->planTree = process(&s, stmt->planTree, air_look_top(), false);
}

static PlannedStmt *
plan_statement(Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	PlannedStmt *stmt;

	if (air_batching)
		parse = air_rewrite_query(parse);
	stmt = prev_planner ? prev_planner(parse, query_string, cursor_options, params)
						: standard_planner(parse, query_string, cursor_options, params);

	/* For a SCROLL cursor the planner has already seen to it that the top can go backwards. */
	if (air_batching && stmt->commandType != CMD_UTILITY && stmt->planTree != NULL &&
		!(cursor_options & CURSOR_OPT_SCROLL) && air_statement_walk(stmt, find_call, NULL))
		rewrite(stmt);
	return stmt;
}

void
air_batch_init(void)
{
	air_functions_init();
	RegisterCustomScanMethods(&air_batch_scan_methods);
	prev_planner = planner_hook;
	planner_hook = plan_statement;
}
