/*
 * facts.h
 *	  What routing wants to know about the caller: the part of routing that looks things up.
 */
#ifndef AIR_FACTS_H
#define AIR_FACTS_H

#include "call/call.h"

/*
 * Fill the routing input for a call by the current role.  Strings live in
 * CurrentMemoryContext or longer; spec and config must outlive *in.
 */
extern void air_facts(const AirCallSpec *spec, const AirConfig *config, AirRouteInput *in);

#endif
