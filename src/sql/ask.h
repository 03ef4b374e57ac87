/*
 * ask.h
 *	  Asking one thing about more text than a model takes at once: map and reduce.
 *
 * Rows are packed until a pack is full, each pack is asked for by itself, and the answers
 * are packed and merged in the same way until one is left.  What is asked comes from
 * ai_router.prompts: of each prompt there is one for all rows at once, one for a part of
 * them, and one that merges answers.
 */
#ifndef AIR_ASK_H
#define AIR_ASK_H

#include "nodes/pg_list.h"

#include "sql/front.h"

typedef struct AirAsk
{
	const char *function;    /* SQL name, for rules and the ledger */
	const char *prompt;      /* name of the prompt for all rows at once */
	const char *instruction; /* of the SQL's author; NULL: the prompt has no place for one */
	const AirHints *hints;
} AirAsk;

typedef enum AirAskStep
{
	AIR_ASK_ALL,
	AIR_ASK_PART,
	AIR_ASK_MERGE
} AirAskStep;

/* Fill a spec that asks about a pack, which is not copied; in CurrentMemoryContext. */
extern void air_ask_spec(const AirAsk *ask, AirAskStep step, const char *pack, AirCallSpec *spec);

/*
 * Tokens that a pack may have so that the model which such calls go to takes it.  sample:
 * the beginning of the rows, which rules may look at.
 */
extern int64 air_ask_room(const AirAsk *ask, AirAskStep step, const char *sample);

/*
 * Take what a call that has ended says about a pack.  NIL: it failed, and the value is to be
 * NULL.  If the pack was too long for every model, its halves are asked for at once, with
 * calls of the flow, and there are several answers.  Raises as air_call_null_or_raise().
 * Texts live in CurrentMemoryContext.  The call is not freed.
 */
extern List *air_ask_take(AirFlow *flow, const AirAsk *ask, AirAskStep step, const char *pack,
						  const AirCall *call);

/*
 * The work that makes one text of a pack of all rows, or (merge) of n answers about parts of
 * them; the first round is submitted.  *ask is copied, what it points to and the texts are not.
 */
extern AirWork *
air_ask_begin(AirFlow *flow, const AirAsk *ask, bool merge, const char *const *texts, int n);

/* Wait for it, round after round; NULL: a call failed, and the value is to be NULL. */
extern char *air_ask_finish(AirWork *work);

#endif
