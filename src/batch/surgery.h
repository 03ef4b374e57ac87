/*
 * surgery.h
 *	  The parts of the plan rewrite, for each other; planner.c ties them together.
 *
 * Everything is made in CurrentMemoryContext, which holds the finished plan.
 */
#ifndef AIR_SURGERY_H
#define AIR_SURGERY_H

#include "batch/plan.h"

/* One statement's rewrite. */
typedef struct AirSurgery
{
	PlannedStmt *stmt;
	int next_id; /* plan_node_id of the next node, 0: not known yet */
} AirSurgery;

/* What the parents of a node want of its rows; see plan.h. */
typedef struct AirLook
{
	AirLookAhead mode;
	int flags;
	bool one;           /* BOUND to one row at a time, whatever is in between */
	Expr *limit_offset; /* of mode BOUND */
	Expr *limit_count;
} AirLook;

/* look.c: what the children of a plan are asked for, if the plan is asked for look. */
extern AirLook air_look_all(void);
extern AirLook air_look_top(void);
extern AirLook air_look_lazy(void);
extern AirLook air_look_one(void);
extern AirLook air_look_outer(const Plan *plan, AirLook look);
extern AirLook air_look_inner(const Plan *plan, AirLook look);
extern AirLook air_look_flat(AirLook look);
extern AirLook air_look_member(const Plan *plan, AirLook look);

/* planner.c: an id that no node of the statement has. */
extern int air_next_plan_id(AirSurgery *s);

/*
 * stage.c: a stage over child that makes the calls (AirPulled, columns after the child's);
 * its target list gives all its columns.
 */
extern CustomScan *air_stage(AirSurgery *s, Plan *child, List *pulled, AirLook look);

/* stage.c: can rows of so many columns be kept?  The child of a stage must not have more. */
extern bool air_fits_row(int ncolumns);

/* Var(varno, k) for each entry of a target list, as plain entries. */
extern List *air_column_list(const List *tlist, int varno);

/* The expressions of a target list, not copied. */
extern List *air_expression_list(const List *tlist);

/* stage.c: the node, with stages above it for the calls of its target list and conditions. */
extern Plan *air_wrap(AirSurgery *s, Plan *plan, AirLook look);

/*
 * stage.c, for expressions over columns (OUTER_VAR) of *top, which has *ncolumns: stages above
 * *top for the calls in expr, until it holds none that can be taken out.
 */
extern Node *air_make_stages(AirSurgery *s, Plan **top, int *ncolumns, Node *expr, AirLook look);

/*
 * The same for conditions, one after another, and a target list, which the last stage then
 * evaluates.  top must be a stage unless the first condition holds a call.  rows: of top.
 */
extern Plan *air_evaluate(AirSurgery *s, Plan *top, int ncolumns, double rows, List *quals,
						  List *tlist, AirLook look);

/* Could calls of the node's target list and conditions be made by stages above it? */
extern bool air_is_wrappable(const Plan *plan);

/* Does the target list fill columns from one subquery, SET (a, b) = (SELECT ..)? */
extern bool air_has_multiexpr(List *tlist);

/* aggregate.c: stages below an aggregate for the calls in its arguments. */
extern void air_batch_aggregate(AirSurgery *s, Agg *agg, AirLook look);

/*
 * flatten.c: a join whose inner side is one evaluated row, LATERAL ai_call(d.body), as stages
 * above its outer side.  Asked before and done after the outer side's own turn; the join
 * itself where it cannot be done after all.
 */
extern bool air_can_flatten(const NestLoop *join);
extern Plan *air_flatten(AirSurgery *s, NestLoop *join, AirLook look);

/* hoist.c: calls only for the rows that a LIMIT lets through; one stage for all members. */
extern Plan *air_hoist_over_limit(Limit *limit, AirLook look);
extern Plan *air_hoist_over_append(Append *append, AirLook look);

/* wanted.c: the stage that a subquery ends in learns of the scan's conditions, if it may help. */
extern void air_tell_wanted(SubqueryScan *scan, AirLook look);

/* selectivity.c: share of rows that fulfil all quals, by the planner's rules of thumb. */
extern double air_selectivity(List *quals);

#endif
