/*
 * sink.c
 *	  Move the cheap conditions of a subquery scan down into the stage below it.
 *
 * There they tell the stage which rows count: below a LIMIT it then knows how many are still
 * wanted, and need not guess how many of its rows the condition will drop.
 */
#include "base/pg.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "batch/functions.h"
#include "batch/surgery.h"

typedef struct Sink
{
	const SubqueryScan *scan;
	bool failed;
} Sink;

/* The scan's columns become what the stage gives for them; a mutator. */
static Node *
to_stage(Node *node, void *arg)
{
	Sink *sink = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		const Var *var = (const Var *) node;
		List *tlist = sink->scan->subplan->targetlist;
		TargetEntry *entry;

		if (var->varno != sink->scan->scan.scanrelid || var->varattno <= 0 ||
			var->varattno > list_length(tlist))
		{
			sink->failed = true;
			return node;
		}
		/* It is evaluated twice. */
		entry = list_nth(tlist, var->varattno - 1);
		if (contain_volatile_functions((Node *) entry->expr) ||
			contain_subplans((Node *) entry->expr))
			sink->failed = true;
		return copyObject((Node *) entry->expr);
	}
	return expression_tree_mutator(node, to_stage, arg);
}

void
air_sink_conditions(SubqueryScan *scan)
{
	Plan *plan = &scan->scan.plan;
	Plan *stage = scan->subplan;
	Sink sink = {.scan = scan};
	Node *qual = (Node *) plan->qual;
	List *moved;

	if (qual == NULL || !air_is_stage(stage) || air_has_call(qual) ||
		contain_volatile_functions(qual) || contain_subplans(qual))
		return;
	moved = (List *) to_stage(qual, &sink);
	if (sink.failed)
		return;

	/* Behind those of the stage: row security has put them there. */
	stage->qual = list_concat(stage->qual, moved);
	stage->plan_rows = plan->plan_rows;
	stage->extParam = bms_add_members(stage->extParam, plan->extParam);
	stage->allParam = bms_add_members(stage->allParam, plan->allParam);
	plan->qual = NIL;
}
