/*
 * plan.c
 *	  Pack and unpack what a stage carries.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"

#include "batch/node.h"
#include "batch/plan.h"

bool
air_is_stage(const Plan *plan)
{
	return plan != NULL && IsA(plan, CustomScan) &&
		   ((const CustomScan *) plan)->methods == &air_batch_scan_methods;
}

Expr *
air_limit_const(bool isnull, int64 value)
{
	return (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
							  isnull ? (Datum) 0 : Int64GetDatum(value), isnull, FLOAT8PASSBYVAL);
}

AirBatchPlan
air_batch_plan(const CustomScan *stage)
{
	List *numbers = linitial(stage->custom_private);
	AirBatchPlan plan = {.natoms = linitial_int(numbers),
						 .ncalls = lsecond_int(numbers),
						 .mode = (AirLookAhead) lthird_int(numbers),
						 .flags = lfourth_int(numbers)};

	for (int i = 0; i < plan.ncalls; i++)
	{
		TargetEntry *call = list_nth(stage->custom_scan_tlist, plan.natoms + i);

		plan.calls = lappend(plan.calls, call->expr);
		plan.guards = lappend(plan.guards, list_nth(stage->custom_exprs, i));
	}
	plan.limit_offset = list_nth(stage->custom_exprs, plan.ncalls);
	plan.limit_count = list_nth(stage->custom_exprs, plan.ncalls + 1);
	plan.wanted = list_nth(stage->custom_exprs, plan.ncalls + 2);
	return plan;
}

void
air_batch_plan_set(CustomScan *stage, const AirBatchPlan *plan)
{
	stage->custom_exprs = list_concat(
		list_copy(plan->guards), list_make3(plan->limit_offset, plan->limit_count, plan->wanted));
	stage->custom_private =
		list_make1(list_make4_int(plan->natoms, plan->ncalls, (int) plan->mode, plan->flags));
}
