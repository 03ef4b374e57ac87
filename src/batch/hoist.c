/*
 * hoist.c
 *	  Move stages that drop no row above a LIMIT, and equal ones above an Append.
 */
#include "base/pg.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "batch/surgery.h"

static bool
is_projection(const Plan *plan)
{
	return air_is_stage(plan) && plan->qual == NIL;
}

static void
add_params(Plan *to, const Plan *from)
{
	to->extParam = bms_add_members(to->extParam, from->extParam);
	to->allParam = bms_add_members(to->allParam, from->allParam);
}

/* A stage has another parent now. */
static void
set_look(CustomScan *stage, AirLook look)
{
	AirBatchPlan carried = air_batch_plan(stage);

	carried.mode = look.mode;
	carried.flags = look.flags;
	carried.limit_offset =
		look.limit_offset ? copyObject(look.limit_offset) : air_limit_const(true, 0);
	carried.limit_count =
		look.limit_count ? copyObject(look.limit_count) : air_limit_const(true, 0);
	air_batch_plan_set(stage, &carried);
}

/*
 * Could the LIMIT be below the stage?  WITH TIES compares columns: *columns becomes what
 * they are below.
 */
static bool
fits_below(const Limit *limit, const Plan *stage, AttrNumber *columns)
{
	AirBatchPlan carried = air_batch_plan((const CustomScan *) stage);

	/* nextval() beside a call counts the rows that OFFSET skips. */
	if (limit->limitOffset != NULL && contain_volatile_functions((Node *) stage->targetlist))
		return false;
	if (limit->limitOption == LIMIT_OPTION_COUNT)
		return true;
	for (int i = 0; i < limit->uniqNumCols; i++)
	{
		TargetEntry *entry = list_nth(stage->targetlist, columns[i] - 1);

		if (!IsA(entry->expr, Var) || ((Var *) entry->expr)->varattno > carried.natoms)
			return false;
		columns[i] = ((Var *) entry->expr)->varattno;
	}
	return true;
}

/*
 * Stages right below a LIMIT go above it: they see its rows only, and not those that
 * OFFSET skips.  A LockRows in between stays where it is (WHERE CURRENT OF looks for it).
 */
Plan *
air_hoist_over_limit(Limit *limit, AirLook look)
{
	Plan *top = limit->plan.lefttree;
	Plan *lowest = NULL;
	AttrNumber *columns = palloc(sizeof(AttrNumber) * (limit->uniqNumCols + 1));

	memcpy(columns, limit->uniqColIdx, sizeof(AttrNumber) * limit->uniqNumCols);
	for (Plan *p = top; is_projection(p) && fits_below(limit, p, columns); p = p->lefttree)
	{
		/* What is wanted of the LIMIT is now wanted of the stage. */
		set_look((CustomScan *) p, look);
		p->plan_rows = limit->plan.plan_rows;
		p->startup_cost = limit->plan.startup_cost;
		p->total_cost = limit->plan.total_cost;
		air_disabled_nodes_compat((CustomScan *) p, &limit->plan);
		add_params(p, &limit->plan);
		lowest = p;
		memcpy(limit->uniqColIdx, columns, sizeof(AttrNumber) * limit->uniqNumCols);
	}
	if (lowest == NULL)
		return &limit->plan;

	limit->plan.lefttree = lowest->lefttree;
	limit->plan.targetlist = air_column_list(lowest->lefttree->targetlist, OUTER_VAR);
	limit->plan.plan_width = lowest->lefttree->plan_width;
	lowest->lefttree = &limit->plan;
	top->initPlan = list_concat(top->initPlan, limit->plan.initPlan);
	limit->plan.initPlan = NIL;
	return top;
}

/* Do two stages do the same with the columns of their children? */
static bool
are_alike(const Plan *a, const Plan *b)
{
	const CustomScan *one = (const CustomScan *) a;
	const CustomScan *two = (const CustomScan *) b;

	return equal(one->custom_private, two->custom_private) &&
		   equal(one->custom_exprs, two->custom_exprs) &&
		   equal(air_expression_list(one->custom_scan_tlist),
				 air_expression_list(two->custom_scan_tlist)) &&
		   equal(a->qual, b->qual) &&
		   equal(air_expression_list(a->targetlist), air_expression_list(b->targetlist));
}

/* The stage at the top of each member, if they are alike. */
static bool
members_are_alike(List *plans)
{
	Plan *first = linitial(plans);
	ListCell *lc;

	foreach (lc, plans)
	{
		Plan *member = lfirst(lc);

		if (!air_is_stage(member) || member->initPlan != NIL || member->lefttree->parallel_aware ||
			!are_alike(first, member))
			return false;
	}
	return true;
}

/*
 * Members that all end in the same stage (partitions of a table) give their bare rows, and
 * one stage above the Append makes the calls of all: many small members would have but few
 * calls in flight each.
 */
Plan *
air_hoist_over_append(Append *append, AirLook look)
{
	List *stages = NIL; /* first member's, the uppermost first */
	List *tlist = append->plan.targetlist;
	Plan *top = &append->plan;
	ListCell *lc;

	if (append->plan.parallel_aware || append->appendplans == NIL)
		return top;
	while (members_are_alike(append->appendplans))
	{
		Plan *stage = linitial(append->appendplans);
		double rows = 0;

		stages = lappend(stages, stage);
		foreach (lc, append->appendplans)
		{
			Plan *member = lfirst(lc);

			rows += member->plan_rows;
			lfirst(lc) = member->lefttree;
		}
		stage->plan_rows = rows;
	}
	if (stages == NIL)
		return top;

	append->plan.targetlist =
		air_column_list(((Plan *) linitial(append->appendplans))->targetlist, OUTER_VAR);
	append->nasyncplans = 0;
	append->plan.plan_rows = 0;
	foreach (lc, append->appendplans)
		append->plan.plan_rows += ((Plan *) lfirst(lc))->plan_rows;
	while (stages != NIL)
	{
		CustomScan *stage = llast(stages);
		Plan *plan = &stage->scan.plan;

		stages = list_delete_last(stages);
		set_look(stage, look);
		plan->lefttree = top;
		add_params(plan, &append->plan);
		plan->startup_cost = append->plan.startup_cost;
		plan->total_cost = append->plan.total_cost;
		air_disabled_nodes_compat(stage, &append->plan);
		plan->plan_width = append->plan.plan_width;
		top = plan;
	}
	/* Names and sort references are the Append's; members have none. */
	foreach (lc, top->targetlist)
	{
		TargetEntry *entry = lfirst(lc);
		TargetEntry *old = list_nth(tlist, entry->resno - 1);
		Expr *expr = entry->expr;

		*entry = *old;
		entry->expr = expr;
	}
	top->initPlan = append->plan.initPlan;
	append->plan.initPlan = NIL;
	return top;
}
