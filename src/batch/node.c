/*
 * node.c
 *	  The executor node of a stage; not there yet, only EXPLAIN works.
 */
#include "base/pg.h"

#include "executor/executor.h"

#include "batch/node.h"

static void
no_begin(CustomScanState *node, EState *estate, int eflags)
{
	outerPlanState(node) = ExecInitNode(outerPlan(node->ss.ps.plan), estate, eflags);
}

static TupleTableSlot *
no_exec(CustomScanState *node)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("AI Batch is not there yet"),
					errhint("Set ai_router.batching to off.")));
	return NULL;
}

static void
no_end(CustomScanState *node)
{
	if (outerPlanState(node))
		ExecEndNode(outerPlanState(node));
}

static const CustomExecMethods exec_methods = {
	.CustomName = "AI Batch",
	.BeginCustomScan = no_begin,
	.ExecCustomScan = no_exec,
	.EndCustomScan = no_end,
	.ReScanCustomScan = no_end,
};

static Node *
create(CustomScan *scan)
{
	CustomScanState *state =
		(CustomScanState *) newNode(sizeof(CustomScanState), T_CustomScanState);

	state->methods = &exec_methods;
	return (Node *) state;
}

const CustomScanMethods air_batch_scan_methods = {"AI Batch", create};
