/*
 * front.h
 *	  What the front doors share: hints from an argument, results as tuples.
 *
 * Front doors check arguments, submit, wait and hand over; nothing more.
 */
#ifndef AIR_FRONT_H
#define AIR_FRONT_H

#include "call/call.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "fmgr.h"

/*
 * The hints in argument `arg` (NULL counts as {}), parsed once per call site
 * and datum: kept in fn_extra, so functions that use fn_extra otherwise cannot
 * call this.  Valid until the next call with other hints.  ereports for bad hints.
 */
extern const AirHints *air_front_hints(FunctionCallInfo fcinfo, int arg);

/* A single user message with a single text, in CurrentMemoryContext. */
extern void
air_front_prompt(AirCallSpec *spec, const char *function, char *prompt, const AirHints *hints);

/* Submit, wait, end: the answer as text Datum; *isnull when on_error made it NULL. */
extern Datum air_front_scalar(const AirCallSpec *spec, bool *isnull);

/* The row of a result for a tuple descriptor with the columns of ai_result, found by name. */
extern HeapTuple air_front_tuple(const AirResult *result, TupleDesc desc);

/* Columns that the calling function's composite type has; ereports if it returns none. */
extern TupleDesc air_front_tupdesc(FunctionCallInfo fcinfo);

/* True if a failure belongs into the error column; others are raised. */
extern bool air_front_tells_error(const AirResult *result);

#endif
