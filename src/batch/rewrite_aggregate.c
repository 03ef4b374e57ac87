/*
 * rewrite_aggregate.c
 *	  Aggregates that make calls are taken apart, so that groups are asked for side by side.
 *
 *	  SELECT kind, ai_summarize_agg(body) FROM docs GROUP BY kind
 *
 * would ask for one group and wait before the next one is looked at.  So before planning the
 * aggregate becomes a call over another one, which only collects:
 *
 *	  SELECT kind, finish_ai_summarize_agg(collect_ai_summarize_agg(body), ..) ..
 *
 * and the call is batched like any other over an aggregate's result.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"

#include "batch/aggregates.h"
#include "batch/functions.h"
#include "batch/rewrite.h"

/* Of one that belongs to a query further up, its query is not known here; it stays. */
static const AirHalves *
halves_of(Node *node)
{
	const Aggref *agg = (const Aggref *) node;
	const AirHalves *halves;

	if (agg->agglevelsup > 0)
		return NULL;
	halves = air_halves_of(agg->aggfnoid);
	return OidIsValid(halves->finish) && air_door_of(halves->finish) != NULL ? halves : NULL;
}

static bool
find_aggregate(Node *node, void *arg)
{
	node = air_step_into(node);
	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && halves_of(node) != NULL)
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_aggregate, arg, QTW_IGNORE_JOINALIASES);
	return expression_tree_walker(node, find_aggregate, arg);
}

/* The hints of an aggregate if they depend on no row, for the estimate; else NULL. */
static Node *
hints_of(const Aggref *agg)
{
	/* Behind the arguments there may be what it is ordered by. */
	int n = list_length(agg->aggargtypes);
	Node *last = (Node *) list_nth_node(TargetEntry, agg->args, n - 1)->expr;

	if (exprType(last) == JSONBOID && !contain_var_clause(last) &&
		!contain_volatile_functions(last) && !checkExprHasSubLink(last))
		return copyObject(last);
	return (Node *) makeNullConst(JSONBOID, -1, InvalidOid);
}

static Node *
split(Aggref *agg, Oid collect_id, Oid finish_id)
{
	Aggref *collect = makeNode(Aggref);
	Oid id = agg->aggfnoid;

	memcpy(collect, agg, sizeof(Aggref));
	collect->aggfnoid = collect_id;
	collect->aggtype = JSONBOID;
	collect->aggcollid = InvalidOid;
	return (Node *) makeFuncExpr(finish_id, agg->aggtype,
								 list_make3(collect,
											makeConst(REGPROCEDUREOID, -1, InvalidOid, sizeof(Oid),
													  ObjectIdGetDatum(id), false, true),
											hints_of(agg)),
								 agg->aggcollid, agg->inputcollid, COERCE_EXPLICIT_CALL);
}

static Node *
split_aggregates(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, split_aggregates, arg,
										   QTW_DONT_COPY_QUERY);
	if (IsA(node, Aggref) && halves_of(node) != NULL)
	{
		AirHalves halves = *halves_of(node);
		Aggref *agg = (Aggref *) expression_tree_mutator(node, split_aggregates, arg);

		return split(agg, halves.collect, halves.finish);
	}
	return expression_tree_mutator(node, split_aggregates, arg);
}

void
air_split_aggregates(Query *query)
{
	if (find_aggregate((Node *) query, NULL))
		(void) split_aggregates((Node *) query, NULL);
}
