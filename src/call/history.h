/*
 * history.h
 *	  What calls alike have needed: from ai_router.calls.
 */
#ifndef AIR_HISTORY_H
#define AIR_HISTORY_H

#include "base/pg.h"

/*
 * Average output tokens of the latest calls of a function under a rule to a model; where
 * there are none, to any model of the rule; -1: neither.  Reads the table's newest rows
 * every few seconds, and waits for no lock: where it is locked, nothing is known.
 */
extern double air_history_output(const char *function, const char *rule, const char *model);

/*
 * The share of such calls by a cascade that ended at the model, failures not counted; -1: there
 * were none.  As above.
 */
extern double air_history_share(const char *function, const char *rule, const char *model);

#endif
