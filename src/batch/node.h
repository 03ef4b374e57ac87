/*
 * node.h
 *	  The executor node of a stage.
 */
#ifndef AIR_NODE_H
#define AIR_NODE_H

#include "nodes/extensible.h"

#include "call/call.h"

extern const CustomScanMethods air_batch_scan_methods;

/* What a node did, over all its scans. */
typedef struct AirBatchCounts
{
	int64 rows;       /* of the child */
	int64 started;    /* calls of functions that were begun */
	int64 skipped;    /* not begun: the guard was not true, or an argument NULL */
	int max_held;     /* calls begun and not finished, at most */
	int64 max_rows;   /* rows read and not given, at most */
	size_t max_bytes; /* of these, with what they ask and the answers */
	double waited_ms; /* for the first row's calls */
} AirBatchCounts;

/* NULL: the node has not been run. */
extern const AirBatchCounts *air_batch_counts(const CustomScanState *node);

/* What its calls came to; NULL: it has not been run. */
extern const AirTally *air_batch_tally(const CustomScanState *node);

#endif
