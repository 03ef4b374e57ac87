/*
 * rewrite.c
 *	  What is done to a query before it is planned: which queries it is done to.
 *
 * Trees are changed in place; what is new lives in the caller's memory context.
 */
#include "base/pg.h"

#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "batch/aggregates.h"
#include "batch/functions.h"
#include "batch/rewrite.h"

static bool
find_call(Node *node, void *arg)
{
	node = air_step_into(node);
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && air_door_of(((FuncExpr *) node)->funcid) != NULL)
		return true;
	if (IsA(node, Aggref) && OidIsValid(air_halves_of(((Aggref *) node)->aggfnoid)->finish))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_call, arg, QTW_IGNORE_JOINALIASES);
	return expression_tree_walker(node, find_call, arg);
}

bool
air_holds_call(Node *node)
{
	return find_call(node, NULL);
}

bool
air_is_other_volatile(Oid funcid, void *arg)
{
	return func_volatile(funcid) == PROVOLATILE_VOLATILE && air_door_of(funcid) == NULL;
}

static bool
find_other_volatile(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, NextValueExpr) || check_functions_in_node(node, air_is_other_volatile, NULL))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_other_volatile, arg, QTW_IGNORE_JOINALIASES);
	return expression_tree_walker(node, find_other_volatile, arg);
}

bool
air_holds_other_volatile(Node *node)
{
	return find_other_volatile(node, NULL);
}

Query *
air_rewrite_query(Query *query)
{
	if (query->commandType == CMD_UTILITY || !air_holds_call((Node *) query))
		return query;
	/* In this order: what is not read need not be made once. */
	air_split_aggregates(query);
	air_drop_unread(query);
	air_call_once(query);
	return query;
}
