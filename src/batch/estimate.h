/*
 * estimate.h
 *	  What the calls of a plan will cost, before any is made.
 */
#ifndef AIR_ESTIMATE_H
#define AIR_ESTIMATE_H

#include "base/pg.h"

#include "batch/sites.h"

/* What one call of a plan is expected to need, all its evaluations together. */
typedef struct AirEstimate
{
	double calls; /* before caching: it is not assumed that any answer is known */
	double input_tokens;
	double output_tokens;
	double cost;            /* USD; < 0: unknown */
	char *model;            /* "mini", or "mini 70%, nano 30%"; NULL: none would be asked */
	char *rule;             /* NULL: none matches */
	const char *problem;    /* why model or cost are not known, NULL: they are */
	const char *last_model; /* of a cascade; NULL: it is none */
	double last_cost;       /* of a cascade: USD at its last model alone; < 0: unknown */
	double escalated;       /* of a cascade: part of the calls that ask a second model */
	bool assumed;           /* of a cascade: nothing is known of that yet */
	bool varies;            /* hints come from the row: routing was tried without them */
} AirEstimate;

/*
 * Estimate a call by routing one like it, as the current role would.  Sends nothing and
 * never fails: what goes wrong is in *out.  Still raises for a cancel.
 * Strings are palloc'ed in CurrentMemoryContext.
 */
extern void air_estimate(const AirSite *site, AirEstimate *out);

/* All calls of a plan together. */
typedef struct AirEstimateSum
{
	double calls;
	double input_tokens;
	double output_tokens;
	double cost;     /* USD, of those where it is known */
	double unpriced; /* calls where it is not */
} AirEstimateSum;

extern void air_estimate_add(AirEstimateSum *sum, const AirEstimate *estimate);

/* USD with the four digits that an estimate may claim: "$0.01234"; palloc'ed. */
extern char *air_estimate_show(double usd);

/* Install the check of a plan's estimate before it runs.  From _PG_init; chains. */
extern void air_estimate_init(void);

#endif
