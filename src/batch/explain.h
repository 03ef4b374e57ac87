/*
 * explain.h
 *	  What EXPLAIN says about AI calls.
 */
#ifndef AIR_EXPLAIN_H
#define AIR_EXPLAIN_H

#include "base/pg.h"

#include "commands/explain.h"
#include "nodes/execnodes.h"

#include "base/compat.h"
#include "batch/estimate.h"

/* The ExplainCustomScan callback of the AI Batch node. */
extern void air_explain_node(CustomScanState *node, List *ancestors, ExplainState *es);

/* The properties of an estimate: where its calls go, how many, tokens and cost. */
extern void air_explain_estimate(ExplainState *es, const AirEstimate *estimate);

/*
 * A plan's node is being explained.  Where that is the doing of EXPLAIN EXECUTE, and of nobody
 * who prints plans when they end, EXPLAIN ends with the sums of the query's calls.
 */
extern void air_explain_sums_wanted(EState *estate, ExplainState *es);

/*
 * Install the hooks that give a statement its sums.  From _PG_init, after those that count a
 * statement's runs; chains.
 */
extern void air_explain_init(void);

#endif
