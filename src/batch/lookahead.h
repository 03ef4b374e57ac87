/*
 * lookahead.h
 *	  How many rows a stage may hold: a call for a row that nobody wants costs money.
 */
#ifndef AIR_LOOKAHEAD_H
#define AIR_LOOKAHEAD_H

#include "nodes/execnodes.h"

#include "batch/plan.h"

#define AIR_ALL_ROWS PG_INT64_MAX

typedef struct AirAhead
{
	AirLookAhead mode;
	int flags;
	ExprState *offset; /* of the LIMIT above; NULL: there is none */
	ExprState *count;
	bool known;        /* the LIMIT of this scan has been evaluated */
	int64 limit;       /* rows that it lets through or skips */
	ExprState *wanted; /* which of the rows given count for the LIMIT; NULL: all */
	int64 given;       /* those of this scan that count */
	int64 consumed;    /* rows that it is done with, given or not */
	int64 need;        /* rows that the stage above wants now; < 0: it is no stage */
} AirAhead;

/* Prepare; expressions are evaluated in parent's expression context. */
extern void air_ahead_init(AirAhead *ahead, const AirBatchPlan *plan, PlanState *parent);

/* The stage gives a row, in this slot.  Evaluates conditions in parent's per-tuple memory. */
extern void air_ahead_give(AirAhead *ahead, TupleTableSlot *slot, PlanState *parent);

/* A new scan begins. */
extern void air_ahead_reset(AirAhead *ahead);

/* How many rows may have been read and not given; one at least.  parent: as for init. */
extern int64 air_ahead_bound(AirAhead *ahead, PlanState *parent);

/* Will there be more of them as rows are given, however many they are now? */
extern bool air_ahead_grows(const AirAhead *ahead);

#endif
