/*
 * door.h
 *	  Doors: the SQL functions that make calls, each in two halves.
 *
 * A function called plainly begins its work and finishes it at once.  The AI Batch
 * node begins the work of many rows and finishes each when its row's turn has come.
 * Both use the same door, so they cannot differ.  src/sql/doors.c lists them all.
 */
#ifndef AIR_DOOR_H
#define AIR_DOOR_H

#include "call/call.h"

#include "fmgr.h"

/* The work of one evaluation.  A door may put it first in a struct of its own. */
typedef struct AirWork
{
	AirRun *run; /* its calls; NULL: it needs none */
} AirWork;

typedef struct AirDoor
{
	const char *symbol; /* C name of the function: pg_proc.prosrc */
	const char *name;   /* SQL name: for rules, ledger and EXPLAIN */
	AirTask task;       /* the kind of model that its calls need; most need chat */
	const char *prompt; /* row of ai_router.prompts that it sends, for estimates; NULL: none */
	int usual_output;   /* tokens of a usual answer, for estimates; 0: of any */
	bool packs;         /* a text that is too long for one call is asked about in several */

	/*
	 * Check the arguments and submit calls to the flow.  NULL: the value is NULL and nothing
	 * is asked.  What it returns, and whatever calls need of the arguments, lives in
	 * CurrentMemoryContext, which must not be reset before the calls have ended; the same
	 * FmgrInfo must not begin another work before then either (it keeps parsed hints).
	 */
	AirWork *(*begin)(AirFlow *flow, FunctionCallInfo fcinfo);

	/*
	 * Wait for the calls and make the value, in CurrentMemoryContext; *isnull is false
	 * before.  Raises what the function raises.  Frees the calls.
	 */
	Datum (*finish)(AirWork *work, FunctionCallInfo fcinfo, bool *isnull);
} AirDoor;

/* Call a door plainly: begin and finish.  Sets fcinfo->isnull. */
extern Datum air_door_call(const AirDoor *door, FunctionCallInfo fcinfo);

/* All doors; set once, from _PG_init. */
extern void air_doors_register(const AirDoor *const *doors, int n);

/* The door with that C name, NULL if there is none. */
extern const AirDoor *air_door_find(const char *symbol);

#endif
