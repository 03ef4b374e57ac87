/*
 * learn_input.h
 *	  What training and evaluation start from: a rule's models and their examples.
 */
#ifndef AIR_LEARN_INPUT_H
#define AIR_LEARN_INPUT_H

#include "config/registry.h"
#include "route/learn.h"

typedef struct AirLearnInput
{
	AirLearn in;                        /* models from the cheapest on, examples by ascending id */
	int64 last;                         /* highest id of an example, 0: there is none */
	double costs[AIR_PREDICTOR_MODELS]; /* USD of a usual call; NaN: unknown */
	const char *hosts[AIR_PREDICTOR_MODELS]; /* a family's cheapest model; a model itself */
	int first;                               /* the model that the rule's own order begins with */
} AirLearnInput;

/* The rule of that name; ereports if there is none that is enabled. */
extern const AirRule *air_learn_rule(const AirConfig *config, const char *name);

/*
 * Read what there is for the rule, by SPI, to which the caller is connected; with the
 * caller's rights.  Examples up to id `seen` count as known to the incumbent.  In
 * CurrentMemoryContext.  ereports if the rule has more models than a predictor takes.
 */
extern void
air_learn_input_load(const AirConfig *config, const AirRule *rule, int64 seen, AirLearnInput *out);

#endif
