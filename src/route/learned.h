/*
 * learned.h
 *	  Strategy "learned": the cheapest model that is predicted to do nearly as well as the best.
 *
 * Pure: predictions come from the configuration (ai_router.predictors), options from the
 * rule: "tolerance", how much predicted success may be given away for a lower price
 * (default 0.02), and "explore", the share of inputs that go to a model drawn at random
 * (default 0).  Without a predictor, or if it says nothing of one of the models, the rule's
 * own order stands: never silently the cheapest.
 */
#ifndef AIR_ROUTE_LEARNED_H
#define AIR_ROUTE_LEARNED_H

#include "route/route.h"

/* How much success may be given away where the rule does not say. */
#define AIR_TOLERANCE 0.02

/* Open the bytes of a predictor, for air_predictor_open_hook. */
extern void *air_learned_open(const uint8 *bytes, size_t len, const char **why);

/* The order of the strategy; see strategy.h.  Sets success, evidence and propensity. */
extern void air_order_learned(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands,
							  double *weights, int n);

/* Why candidate i of n ordered ones stands where it stands, palloc'ed. */
extern char *air_learned_reason(const AirRouteInput *in, const AirRule *rule,
								const AirCandidate *cands, int i, int n);

/* How much success a rule gives away for a lower price with these hints. */
extern double air_learned_tolerance(const AirRule *rule, const AirHints *hints);

/* The least success that the hints ask for, whatever it costs; 0: none. */
extern double air_learned_floor(const AirHints *hints);

#endif
