/*
 * evaluate.h
 *	  What the two sources of ai_router.evaluate() share: examples and the ledger.
 */
#ifndef AIR_EVALUATE_H
#define AIR_EVALUATE_H

#include "sql/learn_input.h"

/* How the rule would choose. */
typedef struct AirGoal
{
	double tolerance; /* how much success it gives away for a lower price */
	double floor;     /* or the least success that it asks for; 0: none */
} AirGoal;

/* A row of the answer; NaN is shown as NULL. */
typedef struct AirPolicy
{
	const char *name;
	int prompts;
	double quality;
	double cost;       /* USD of a call */
	double cost_share; /* of always the strongest */
	double share[AIR_PREDICTOR_MODELS];
	double error;
	double effective;
} AirPolicy;

/* "learned, tolerance 0.02", palloc'ed. */
extern char *air_goal_name(const AirGoal *goal);

/*
 * What the folds that have not seen example i predict of each model, or where they say
 * nothing the model's mean score (0.5 if there is none); and the model that the rule would
 * take then: where too little is known to compare, the first of its own order.
 */
extern int air_goal_choice(const AirGoal *goal, const AirLearnInput *data,
						   const AirLearnReport *report, int example, double *predicted);

extern void
air_put_policy(ReturnSetInfo *rsinfo, const AirLearnInput *data, const AirPolicy *policy);

/*
 * The ledger's calls under the rule whose model was drawn and that were judged: a row per way
 * to choose.  ereports if there are none; connected to SPI, with the caller's rights.
 */
extern void
air_evaluate_ledger(const AirRule *rule, const AirLearnInput *data, const AirLearnReport *report,
					const AirGoal *goal, ReturnSetInfo *rsinfo);

#endif
