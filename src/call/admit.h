/*
 * admit.h
 *	  Health of a model as routing and ai_route() see it.
 */
#ifndef AIR_ADMIT_H
#define AIR_ADMIT_H

#include "config/registry.h"
#include "shared/health.h"

/* Health of a model with the current role's credential; false: nothing is known. */
extern bool air_admit_look(const AirModel *model, AirHealthView *out);

/*
 * For strategy "fastest", see AirRouteInput: expected latency in ms under what is in
 * flight, NaN if it should be measured, infinity if the model takes nothing now.
 */
extern double air_admit_latency(const AirModel *model);

/*
 * What keeps calls of the current role from the model that are estimated to cost so much
 * (AIR_NANO_UNKNOWN: not known): a hard budget, in words, palloc'ed; or NULL.
 */
extern char *air_money_reason(const AirModel *model, AirNano cost);

#endif
