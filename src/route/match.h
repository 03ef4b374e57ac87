/*
 * match.h
 *	  The rule that a call belongs to.  Only src/route includes it.
 */
#ifndef AIR_MATCH_H
#define AIR_MATCH_H

#include "route/route.h"

/* The first rule whose condition holds, or NULL. */
extern const AirRule *air_match_rule(const AirRouteInput *in);

#endif
