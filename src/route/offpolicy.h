/*
 * offpolicy.h
 *	  What another way to choose would have come to, from calls whose model was drawn.
 *
 * A call whose model was taken with probability p, and that the other way would have
 * given to the same model, stands for 1/p calls: it has weight w = 1/p, others have 0
 * (D. Horvitz, D. Thompson, 1952).  What the models are predicted to come to (q) fills in
 * for calls that went elsewhere, and the weighted errors of the predictions correct them:
 *
 *	  quality = mean of q(chosen) + sum of w * (score - q(asked)) / sum of w
 *
 * This is the doubly robust estimator (M. Dudik, J. Langford, L. Li, ICML 2011) with
 * weights that are normalised by their own sum (A. Swaminathan, T. Joachims, NIPS 2015; P.
 * Thomas, E. Brunskill, ICML 2016).  It is right if the probabilities are, however bad the
 * predictions; good ones make its error smaller.  Without any (q constant) it is the
 * self-normalised sum w * score / sum w.  The standard error is of the linearised ratio
 * (A. Owen, Monte Carlo theory, methods and examples, 9.2), the effective sample (sum of
 * w)^2 / sum of w^2 (A. Kong, 1992).
 *
 * Pure.
 */
#ifndef AIR_OFFPOLICY_H
#define AIR_OFFPOLICY_H

#include "route/predict.h"

/* A call whose model was drawn. */
typedef struct AirDrawn
{
	uint64 unit;       /* calls that were drawn together, those of one prompt; side by side */
	int model;         /* that was asked; -1: one that nobody would choose now */
	double propensity; /* how probable that was: (0, 1] */
	double score;
	double cost; /* NaN: unknown */
} AirDrawn;

/* A choice: each model is as probable. */
#define AIR_ANY_MODEL (-1)

typedef struct AirOffPolicy
{
	double quality; /* NaN: there is no estimate */
	double error;   /* its standard error; NaN with fewer than two units of any weight */
	double cost;    /* of a call, by the calls whose cost is known; NaN: none */
	double effective;
	double share[AIR_PREDICTOR_MODELS]; /* of the calls, by model */
	int never; /* a model that would be asked but was for no call: no estimate; -1: none */
	int thin;  /* one whose calls weigh too little to be chance: some never had a chance to go
				* there, so they are not represented; -1: none */
} AirOffPolicy;

/*
 * Estimate what choices[0 .. n) would have come to.  predicted has n rows of nmodels
 * (NaN: nothing is known of that model, then q is 0 for all of the call's models).
 */
extern void air_off_policy(const AirDrawn *drawn, const double *predicted, const int *choices,
						   int n, int nmodels, AirOffPolicy *out);

#endif
