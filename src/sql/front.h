/*
 * front.h
 *	  What the front doors share: hints from an argument, results as tuples.
 *
 * Front doors check arguments, submit, wait and hand over; nothing more.
 */
#ifndef AIR_FRONT_H
#define AIR_FRONT_H

#include "batch/door.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "fmgr.h"

/*
 * The hints in argument `arg` (NULL counts as {}), parsed once per call site
 * and datum: kept in fn_extra, so functions that use fn_extra otherwise cannot
 * call this.  Valid until the next call with other hints.  ereports for bad hints.
 */
extern const AirHints *air_front_hints(FunctionCallInfo fcinfo, int arg);

/*
 * A place for what the function itself prepares once per call site, NULL at first; it is in
 * fn_extra beside the hints and lives as long.
 */
extern void **air_front_own(FunctionCallInfo fcinfo);

/* A single user message with a single text, in CurrentMemoryContext. */
extern void
air_front_prompt(AirCallSpec *spec, const char *function, char *prompt, const AirHints *hints);

/* The work of one call: submitted, its value taken in the text form below. */
typedef struct AirFrontWork
{
	AirWork work;
	AirFlow *flow;
	const AirCallSpec *spec;
	Datum value;
	bool isnull;
} AirFrontWork;

/* Begin a work of one call; take fills its value and isnull.  The spec itself is not kept. */
extern AirWork *air_front_begin(AirFlow *flow, const AirCallSpec *spec, AirRunTake take);

/* A take that makes the answer a text Datum, or NULL where on_error says so. */
extern void air_front_take_text(int i, AirCall *call, void *arg);

/* Finish a work of air_front_begin(). */
extern Datum air_front_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull);

/* The row of a result for a tuple descriptor with the columns of ai_result, found by name. */
extern HeapTuple air_front_tuple(const AirResult *result, TupleDesc desc);

/* The value of one column of ai_result; NULL for a name that is none. */
extern Datum air_front_column(const AirResult *result, const char *name, bool *isnull);

/* Columns that the calling function's composite type has; ereports if it returns none. */
extern TupleDesc air_front_tupdesc(FunctionCallInfo fcinfo);

/* True if a failure belongs into the error column; others are raised. */
extern bool air_front_tells_error(const AirResult *result);

#endif
