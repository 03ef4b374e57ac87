/*
 * seat.c
 *	  The calls of one row: begun, ended, finished.
 */
#include "base/pg.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "batch/aggregates.h"
#include "batch/functions.h"
#include "batch/seat.h"

/* Of a seat's context that are kept from row to row: most prompts fit.  And of a seat for calls
 * that share requests, of which there are many. */
#define SEAT_BYTES 4096
#define SMALL_SEAT_BYTES 1024

/* A call that finishes an aggregate names it: no group need ever get to its begin half. */
static void
check_finished(const FuncExpr *expr)
{
	ListCell *lc;

	foreach (lc, expr->args)
	{
		const Const *arg = lfirst(lc);

		if (IsA(arg, Const) && arg->consttype == REGPROCEDUREOID && !arg->constisnull &&
			air_halves_of(DatumGetObjectId(arg->constvalue))->finish == expr->funcid)
			air_check_aggregate(DatumGetObjectId(arg->constvalue));
	}
}

void
air_batch_call_check(const FuncExpr *expr)
{
	AclResult right = air_function_execute_compat(expr->funcid, GetUserId());

	if (right != ACLCHECK_OK)
		aclcheck_error(right, OBJECT_FUNCTION, get_func_name(expr->funcid));
	InvokeFunctionExecuteHook(expr->funcid);
	check_finished(expr);
}

void
air_batch_call_init(AirBatchCall *call, FuncExpr *expr, Expr *guard, PlanState *parent)
{
	ListCell *lc;

	air_batch_call_check(expr);
	call->door = air_door_of(expr->funcid);
	/* The plan is older than a change of the function: it will be made anew. */
	if (call->door == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("function %s has changed while the statement was planned",
							   get_func_name(expr->funcid)),
						errhint("Run the statement again.")));
	call->expr = expr;
	if (!IsA(guard, Const) || !DatumGetBool(((Const *) guard)->constvalue) ||
		((Const *) guard)->constisnull)
		call->guard = ExecInitExpr(guard, parent);
	call->nargs = list_length(expr->args);
	call->args = palloc0(sizeof(AirBatchArg) * call->nargs);
	foreach (lc, expr->args)
	{
		AirBatchArg *arg = &call->args[foreach_current_index(lc)];
		Expr *e = lfirst(lc);

		get_typlenbyval(exprType((Node *) e), &arg->typlen, &arg->typbyval);
		if (IsA(e, Const))
			arg->constant = (NullableDatum){.value = ((Const *) e)->constvalue,
											.isnull = ((Const *) e)->constisnull};
		else
			arg->state = ExecInitExpr(e, parent);
	}
}

static void
place_init(AirPlace *place, const AirBatchCall *call)
{
	fmgr_info(call->expr->funcid, &place->flinfo);
	fmgr_info_set_expr((Node *) call->expr, &place->flinfo);
	place->fcinfo = palloc0(SizeForFunctionCallInfo(call->nargs));
	InitFunctionCallInfoData(*place->fcinfo, &place->flinfo, call->nargs, call->expr->inputcollid,
							 NULL, NULL);
	for (int i = 0; i < call->nargs; i++)
		if (call->args[i].state == NULL)
			place->fcinfo->args[i] = call->args[i].constant;
}

AirSeat *
air_seat_make(MemoryContext cxt, const AirBatchCall *calls, int ncalls)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	AirSeat *seat = palloc0(offsetof(AirSeat, places) + sizeof(AirPlace) * ncalls);
	Size bytes = SMALL_SEAT_BYTES;

	for (int i = 0; i < ncalls; i++)
	{
		place_init(&seat->places[i], &calls[i]);
		if (calls[i].door->task != AIR_EMBED)
			bytes = SEAT_BYTES;
	}
	seat->cxt = AllocSetContextCreate(cxt, "ai_router row", 0, bytes, ALLOCSET_DEFAULT_MAXSIZE);
	MemoryContextSwitchTo(caller);
	return seat;
}

/*
 * Evaluate the arguments; false: the value is NULL, as one is and the function is strict.  A value
 * may be part of the row's tuple: it is copied, since the tuple goes.
 */
static bool
evaluate(AirSeat *seat, AirPlace *place, const AirBatchCall *call, ExprContext *econtext)
{
	for (int i = 0; i < call->nargs; i++)
	{
		const AirBatchArg *arg = &call->args[i];
		NullableDatum *to = &place->fcinfo->args[i];

		if (arg->state != NULL)
			to->value = ExecEvalExprSwitchContext(arg->state, econtext, &to->isnull);
		if (to->isnull && place->flinfo.fn_strict)
			return false;
		if (arg->state != NULL && !to->isnull && !arg->typbyval)
		{
			MemoryContext caller = MemoryContextSwitchTo(seat->cxt);

			to->value = datumCopy(to->value, false, arg->typlen);
			MemoryContextSwitchTo(caller);
		}
	}
	return true;
}

static bool
is_wanted(const AirBatchCall *call, ExprContext *econtext)
{
	bool isnull;

	return call->guard == NULL ||
		   (DatumGetBool(ExecEvalExprSwitchContext(call->guard, econtext, &isnull)) && !isnull);
}

int
air_seat_begin(AirSeat *seat, const AirBatchCall *calls, int ncalls, AirFlow *flow,
			   ExprContext *econtext)
{
	int n = 0;

	seat->held = 0;
	for (int i = 0; i < ncalls; i++)
	{
		AirPlace *place = &seat->places[i];
		MemoryContext caller;

		place->work = NULL;
		place->held = 0;
		if (!is_wanted(&calls[i], econtext) || !evaluate(seat, place, &calls[i], econtext))
			continue;
		place->fcinfo->isnull = false;
		caller = MemoryContextSwitchTo(seat->cxt);
		place->work = calls[i].door->begin(flow, place->fcinfo);
		MemoryContextSwitchTo(caller);
		if (place->work == NULL)
			continue;
		place->held = place->work->run ? Max(air_run_held(place->work->run), 1) : 1;
		seat->held += place->held;
		n++;
	}
	return n;
}

bool
air_seat_ended(const AirSeat *seat, int ncalls)
{
	for (int i = 0; i < ncalls; i++)
	{
		const AirWork *work = seat->places[i].work;

		if (work != NULL && work->run != NULL && !air_run_ended(work->run))
			return false;
	}
	return true;
}

void
air_seat_finish(AirSeat *seat, const AirBatchCall *calls, int ncalls, Datum *values, bool *nulls)
{
	MemoryContext caller = MemoryContextSwitchTo(seat->cxt);

	for (int i = 0; i < ncalls; i++)
	{
		AirPlace *place = &seat->places[i];
		AirWork *work = place->work;

		values[i] = (Datum) 0;
		nulls[i] = work == NULL;
		place->work = NULL;
		if (work != NULL)
			values[i] = calls[i].door->finish(work, place->fcinfo, &nulls[i]);
	}
	MemoryContextSwitchTo(caller);
}
