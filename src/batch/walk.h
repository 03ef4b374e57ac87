/*
 * walk.h
 *	  Go through the nodes of a finished plan and through the expressions of each.
 */
#ifndef AIR_WALK_H
#define AIR_WALK_H

#include "nodes/plannodes.h"

/* True ends the walk. */
typedef bool (*AirVisitPlan)(Plan *plan, void *arg);

/* place: why calls there are not batched, NULL where they may be.  expr may be a List or NULL. */
typedef bool (*AirVisitExpr)(Plan *plan, Node *expr, const char *place, void *arg);

/* The place of what is evaluated once, or once for each row of an outer query. */
#define AIR_SINGLE_ROW "one row at a time"

/* The children of a node (not subqueries in expressions, see PlannedStmt.subplans). */
extern bool air_plan_children(Plan *plan, AirVisitPlan visit, void *arg);

/*
 * The expressions of a node itself in which a call can stand.  Of a stage: what it
 * evaluates in place, not the calls that it makes.
 */
extern bool air_plan_expressions(Plan *plan, AirVisitExpr visit, void *arg);

/* Both for the plan and everything below it. */
extern bool air_plan_walk(Plan *plan, AirVisitExpr visit, void *arg);

/* The same for the whole statement with its subqueries. */
extern bool air_statement_walk(PlannedStmt *stmt, AirVisitExpr visit, void *arg);

#endif
