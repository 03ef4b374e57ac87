/*
 * batch.h
 *	  The AI Batch node, from outside.
 */
#ifndef AIR_BATCH_H
#define AIR_BATCH_H

#include "nodes/plannodes.h"

/* Install hooks and the node; from _PG_init. */
extern void air_batch_init(void);

/*
 * The calls of a finished plan that are evaluated in place, each with the reason: a list of
 * AirLeft (extract.h).
 */
extern List *air_calls_left(PlannedStmt *stmt);

#endif
