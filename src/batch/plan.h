/*
 * plan.h
 *	  The AI Batch node in a plan: what is where in its CustomScan.
 *
 * A stage.  For each row of its child (lefttree) it starts ncalls calls and, when the
 * row's turn comes, applies qual and targetlist.  Columns of a stage: 1 .. natoms are
 * those of the child, natoms + i is the value of call i (1 .. ncalls).
 *
 *	 custom_scan_tlist	Vars (OUTER_VAR) of the child, then the calls as FuncExprs whose
 *						arguments are in OUTER_VAR; never evaluated itself
 *	 targetlist, qual	in INDEX_VAR
 *	 custom_exprs		ncalls guards, the LIMIT's OFFSET and COUNT, then a List: conditions of
 *						the parent on the row that the stage gives, in INNER_VAR
 *	 custom_private		one IntList: natoms, ncalls, mode, flags
 *
 * Everything is copyObject-safe and made of nodes that are sent to parallel workers.
 */
#ifndef AIR_PLAN_H
#define AIR_PLAN_H

#include "nodes/plannodes.h"

/*
 * How many rows may be read ahead, that is, have calls started although nobody may want
 * them.  Bounds of a mode and of flags hold all together: the smallest counts.
 */
typedef enum AirLookAhead
{
	AIR_LOOK_ALL,   /* every row is wanted */
	AIR_LOOK_TOP,   /* as many as the run (ExecutorRun's count) still wants; count 0: all */
	AIR_LOOK_BOUND, /* as many as the LIMIT still wants, see limit_offset, limit_count */
	AIR_LOOK_LAZY   /* as many as have been consumed already, at least one */
} AirLookAhead;

/* BOUND and LAZY: what the run still wants bounds, too, unless its count is 0. */
#define AIR_LOOK_RUN_TOO 1
/* TOP: a run with a count makes it lazy: rows above are not rows here.  BOUND: lazy, too. */
#define AIR_LOOK_LAZY_TOO 2
/*
 * BOUND: when the LIMIT's rows have been given and the parent, which drops some, wants more,
 * as many as have been given beyond them already.
 */
#define AIR_LOOK_LAZY_AFTER 4

typedef struct AirBatchPlan
{
	int natoms;
	int ncalls;
	AirLookAhead mode;
	int flags;
	List *calls;        /* ncalls FuncExprs */
	List *guards;       /* ncalls boolean Exprs over OUTER_VAR; constant true: none */
	Expr *limit_offset; /* int8; a NULL Const: none */
	Expr *limit_count;  /* int8; a NULL Const or value: no limit; only in mode BOUND */
	List *wanted;       /* rows that fulfil these count for the LIMIT; NIL: all */
} AirBatchPlan;

/* Is the node (may be NULL) a stage of ours? */
extern bool air_is_stage(const Plan *plan);

/* What a stage holds; the lists are new, their members are the plan's. */
extern AirBatchPlan air_batch_plan(const CustomScan *stage);

/* Write what air_batch_plan() reads: custom_exprs and custom_private. */
extern void air_batch_plan_set(CustomScan *stage, const AirBatchPlan *plan);

/* No limit, or one of a constant number of rows. */
extern Expr *air_limit_const(bool isnull, int64 value);

#endif
