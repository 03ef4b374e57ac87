/*
 * seat.h
 *	  A seat: what one row needs while its calls are under way.
 *
 * Each call of a stage has a FmgrInfo in each seat, since a door keeps parsed hints
 * there that must not change before its work is finished.  Arguments, works and values
 * live in the seat's context, which is reset when the row is done with.
 */
#ifndef AIR_SEAT_H
#define AIR_SEAT_H

#include "nodes/execnodes.h"

#include "batch/door.h"

/* An argument of a call. */
typedef struct AirBatchArg
{
	ExprState *state; /* NULL: a constant, which is always there */
	NullableDatum constant;
	int16 typlen;
	bool typbyval;
} AirBatchArg;

/* A call of a stage, the same for all rows. */
typedef struct AirBatchCall
{
	const AirDoor *door;
	FuncExpr *expr;
	ExprState *guard; /* NULL: always wanted */
	int nargs;
	AirBatchArg *args;
} AirBatchCall;

/* The work of one call for one row. */
typedef struct AirPlace
{
	FmgrInfo flinfo;
	FunctionCallInfo fcinfo;
	AirWork *work; /* NULL: the value is NULL */
	int held;      /* calls that it holds, one at least while there is a work */
} AirPlace;

typedef struct AirSeat
{
	struct AirSeat *next; /* while nobody sits there */
	MemoryContext cxt;
	int held; /* calls of all its works */
	AirPlace places[FLEXIBLE_ARRAY_MEMBER];
} AirSeat;

/*
 * Prepare a call whose arguments and guard are in the namespace of parent's outer child.
 * In CurrentMemoryContext, which must outlive the run.  Checks the right to execute.
 */
extern void air_batch_call_init(AirBatchCall *call, FuncExpr *expr, Expr *guard, PlanState *parent);

/* Only that check, for EXPLAIN. */
extern void air_batch_call_check(const FuncExpr *expr);

/* A new seat for these calls; it and its context live in cxt. */
extern AirSeat *air_seat_make(MemoryContext cxt, const AirBatchCall *calls, int ncalls);

/*
 * Begin the works of a row, which is econtext's outer tuple and need not stay there.
 * Returns how many there are: the others' values are NULL, as nobody looks at them or an
 * argument is.  Raises what arguments, guards and the begin half of doors raise.
 */
extern int air_seat_begin(AirSeat *seat, const AirBatchCall *calls, int ncalls, AirFlow *flow,
						  ExprContext *econtext);

/* Would finishing wait for nothing? */
extern bool air_seat_ended(const AirSeat *seat, int ncalls);

/*
 * Finish the works of a row and store the values, which live in the seat.  Waits; raises what
 * the functions raise.
 */
extern void
air_seat_finish(AirSeat *seat, const AirBatchCall *calls, int ncalls, Datum *values, bool *nulls);

#endif
