/*
 * cascade.h
 *	  Strategy "cascade": candidates are asked in turn until an answer is accepted.
 *	  The order and the words; what happens to answers is the engine's, call/cascade.c.
 */
#ifndef AIR_ROUTE_CASCADE_H
#define AIR_ROUTE_CASCADE_H

#include "route/candidates.h"
#include "route/strategy.h"

#define AIR_CASCADE "cascade"

/* Of AirStrategy. */
extern void air_order_cascade(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands,
							  double *weights, int n);
extern char *air_cascade_reason(const AirRouteInput *in, const AirRule *rule,
								const AirCandidate *cands, int i, int n);

/*
 * Make a route whose candidates are ordered a cascade, if its strategy is one: sets
 * out->cascade and, where the rule names a verifier, out->verifier and its place behind
 * the candidates, for which there must be room.
 */
extern void air_cascade_plan(const AirPicks *picks, bool explain, AirRoute *out);

/*
 * Is the answer of usable candidate i accepted as it is?  Behind it come at most other
 * hosts of the same model, which would know no better.
 */
extern bool air_cascade_is_last(const AirRoute *route, int i);

/* Are two models one and the same, perhaps at two hosts? */
extern bool air_same_family(const AirModel *a, const AirModel *b);

/* Is an input among the share that is audited?  Drawn from the text: always the same way. */
extern bool air_cascade_audits(const AirRule *rule, const char *prompt);

#endif
