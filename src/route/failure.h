/*
 * failure.h
 *	  The ways in which a call finds no model, in words.  Only src/route includes it.
 */
#ifndef AIR_FAILURE_H
#define AIR_FAILURE_H

#include "route/candidates.h"

/* Each fills *err and returns false. */

/* No rule matches the call. */
extern bool air_fail_no_rule(const AirRouteInput *in, AirFailure *err);

/* The rule's strategy is not one of this version. */
extern bool air_fail_strategy(const AirRoute *route, AirFailure *err);

/* The rule matched and all its models have a verdict against them, or a hinted model is unknown. */
extern bool air_fail_no_candidate(const AirPicks *picks, AirFailure *err);

#endif
