/*
 * rewrite.h
 *	  What is done to a query before it is planned.
 *
 * The planner takes care with volatile functions: it does not evaluate them once for many
 * rows, and it does not leave them out.  What it must not do in general, we may for ours.
 */
#ifndef AIR_REWRITE_H
#define AIR_REWRITE_H

#include "nodes/parsenodes.h"

/*
 * To be called with every query before it is planned: scribbles on it, as the planner will,
 * and returns it.  A query without AI calls is looked through and left alone.
 */
extern Query *air_rewrite_query(Query *query);

/* rewrite_aggregate.c: aggregates that make calls become calls over what they collect. */
extern void air_split_aggregates(Query *query);

/* rewrite_unread.c: calls whose answers nothing reads are taken out. */
extern void air_drop_unread(Query *query);

/* rewrite_const.c: calls that do not depend on a row are made once for all rows. */
extern void air_call_once(Query *query);

/* Does the tree (a Query, an expression, a List, NULL) hold a call, subqueries included? */
extern bool air_holds_call(Node *node);

/* Does it hold anything volatile that is not a call of ours? */
extern bool air_holds_other_volatile(Node *node);

/* For check_functions_in_node. */
extern bool air_is_other_volatile(Oid funcid, void *arg);

/* What a tree refers to outside of itself. */
typedef struct AirOutside
{
	bool rows; /* rows of queries around it; also if it locks some */
	bool ctes;
} AirOutside;

extern AirOutside air_look_outside(Node *tree); /* constant.c */

/*
 * constant.c: has a call the same value for all rows?  Of what it does not know it says no,
 * and of calls with a constant "cache": "off".  *ctes: a subselect in it reads a CTE.
 */
extern bool air_is_constant(Node *expr, bool *ctes);

#endif
