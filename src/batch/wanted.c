/*
 * wanted.c
 *	  Tell the stage below a subquery scan which of its rows the scan's conditions let through.
 *
 * Below a LIMIT it then knows how many are still wanted, and need not guess how many of its rows
 * will be dropped.  The conditions stay in the scan, which has the last word: what the stage
 * computes for a row that they drop (nextval(), an error) is computed before, as always.
 */
#include "base/pg.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "batch/functions.h"
#include "batch/surgery.h"

typedef struct Wanted
{
	const SubqueryScan *scan;
	bool failed;
} Wanted;

/* The scan's columns become those of the row that the stage has computed; a mutator. */
static Node *
to_result(Node *node, void *arg)
{
	Wanted *wanted = arg;

	if (node != NULL && IsA(node, Var))
	{
		Var *var = copyObject((Var *) node);

		if (var->varno != wanted->scan->scan.scanrelid || var->varattno <= 0)
			wanted->failed = true;
		var->varno = INNER_VAR;
		return (Node *) var;
	}
	return expression_tree_mutator(node, to_result, arg);
}

void
air_tell_wanted(SubqueryScan *scan, AirLook look)
{
	Node *qual = (Node *) scan->scan.plan.qual;
	Wanted wanted = {.scan = scan};
	AirBatchPlan carried;

	/* The conditions are evaluated twice. */
	if (look.mode != AIR_LOOK_BOUND || look.one || qual == NULL || !air_is_stage(scan->subplan) ||
		air_has_call(qual) || contain_volatile_functions(qual) || contain_subplans(qual))
		return;
	qual = to_result(qual, &wanted);
	if (wanted.failed)
		return;
	carried = air_batch_plan((CustomScan *) scan->subplan);
	carried.wanted = (List *) qual;
	air_batch_plan_set((CustomScan *) scan->subplan, &carried);
}
