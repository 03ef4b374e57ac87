/*
 * aggregate.c
 *	  Calls in the arguments of aggregates, made by stages below the aggregate.
 *
 * The stages only append columns, so that the aggregate's grouping columns stay where
 * they are.  A FILTER is the guard of the arguments.
 */
#include "base/pg.h"

#include "nodes/nodeFuncs.h"

#include "batch/extract.h"
#include "batch/functions.h"
#include "batch/guard.h"
#include "batch/surgery.h"

/* One round: what has been taken out of which aggregate. */
typedef struct Round
{
	int ncolumns;
	List *pulled;
	List *before; /* Aggrefs */
	List *after;
} Round;

static Node *
pull_aggregate(Aggref *old, Round *r)
{
	Aggref *new;
	Expr *guard = old->aggfilter ? air_boolean_test(old->aggfilter, IS_TRUE) : NULL;
	ListCell *one;
	ListCell *two;

	/* The same aggregate in target list and HAVING is evaluated once. */
	forboth (one, r->before, two, r->after)
	{
		if (equal(lfirst(one), old))
			return copyObject(lfirst(two));
	}
	new = makeNode(Aggref);
	memcpy(new, old, sizeof(Aggref));
	new->args = (List *) air_pull_calls((Node *) old->args, guard,
										r->ncolumns + list_length(r->pulled), &r->pulled);
	new->aggfilter = (Expr *) air_pull_calls((Node *) old->aggfilter, NULL,
											 r->ncolumns + list_length(r->pulled), &r->pulled);
	r->before = lappend(r->before, old);
	r->after = lappend(r->after, new);
	return (Node *) new;
}

static Node *
pull_aggregates(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref) && (air_has_call((Node *) ((Aggref *) node)->args) ||
							  air_has_call((Node *) ((Aggref *) node)->aggfilter)))
		return pull_aggregate((Aggref *) node, arg);
	return expression_tree_mutator(node, pull_aggregates, arg);
}

void
air_batch_aggregate(AirSurgery *s, Agg *agg, AirLook look)
{
	Plan *plan = &agg->plan;

	if (!air_has_call((Node *) plan->targetlist) && !air_has_call((Node *) plan->qual))
		return;
	for (;;)
	{
		Plan *child = plan->lefttree;
		Round r = {.ncolumns = list_length(child->targetlist)};
		List *tlist;
		List *qual;
		CustomScan *stage;
		ListCell *lc;

		if (!air_fits_row(r.ncolumns))
			return;
		tlist = (List *) pull_aggregates((Node *) plan->targetlist, &r);
		qual = (List *) pull_aggregates((Node *) plan->qual, &r);
		if (r.pulled == NIL)
			return;
		stage = air_stage(s, child, r.pulled, look);
		foreach (lc, child->targetlist)
		{
			TargetEntry *old = lfirst(lc);
			TargetEntry *new = list_nth(stage->scan.plan.targetlist, old->resno - 1);

			new->resname = old->resname;
			new->ressortgroupref = old->ressortgroupref;
			new->resjunk = old->resjunk;
		}
		/* Arguments may depend on parameters that the child does not. */
		stage->scan.plan.extParam = bms_add_members(stage->scan.plan.extParam, plan->extParam);
		stage->scan.plan.allParam = bms_add_members(stage->scan.plan.allParam, plan->allParam);
		plan->lefttree = &stage->scan.plan;
		plan->targetlist = tlist;
		plan->qual = qual;
	}
}
