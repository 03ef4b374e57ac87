/*
 * strategy.h
 *	  How the usable candidates of a rule are ordered.  A strategy is one
 *	  function and one line in the table of strategy.c.
 */
#ifndef AIR_STRATEGY_H
#define AIR_STRATEGY_H

#include "route/route.h"

typedef struct AirStrategy
{
	const char *name;
	/* Order cands[0..n) in place; weights (parallel, may be NULL) come from the rule. */
	void (*order)(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands,
				  double *weights, int n);
	const char *why; /* for ai_route: "cheapest estimated cost first" */
	/* The same for candidate i of n ordered ones, palloc'ed; NULL: all have the same reason. */
	char *(*reason)(const AirRouteInput *in, const AirRule *rule, const AirCandidate *cands, int i,
					int n);
} AirStrategy;

/* NULL if there is none of that name (in this version). */
extern const AirStrategy *air_strategy(const char *name);

/* "ordered, cheapest, fastest, weighted": for messages. */
extern const char *air_strategy_list(void);

/*
 * Bring candidates of one family together behind their first one, keeping the
 * order otherwise: failover stays inside a family first.  Called after order().
 */
extern void air_group_families(AirCandidate *cands, int n);

#endif
