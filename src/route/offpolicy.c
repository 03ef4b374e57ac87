/*
 * offpolicy.c
 *	  What another way to choose would have come to, from calls whose model was drawn.
 */
#include "base/pg.h"

#include <math.h>

#include "route/offpolicy.h"

/* That many standard errors are no chance. */
#define NO_CHANCE 3.0

/* One call as the estimate sees it. */
typedef struct Term
{
	double weight;
	double direct; /* what its choice is predicted to come to */
	double excess; /* of the score over what was predicted of the model that was asked */
} Term;

/* How probable it is that the choice is that model. */
static inline double
probability(int choice, int model, int nmodels)
{
	return choice == AIR_ANY_MODEL ? 1.0 / nmodels : choice == model ? 1.0 : 0.0;
}

static Term
term_of(const AirDrawn *drawn, const double *predicted, int choice, int nmodels)
{
	Term term = {.excess = drawn->score};
	bool known = true;

	for (int m = 0; m < nmodels; m++)
		known &= !isnan(predicted[m]);
	for (int m = 0; known && m < nmodels; m++)
		term.direct += probability(choice, m, nmodels) * predicted[m];
	if (drawn->model < 0)
		return term;
	if (known)
		term.excess -= predicted[drawn->model];
	term.weight = probability(choice, drawn->model, nmodels) / drawn->propensity;
	return term;
}

/* Sums over all calls. */
typedef struct Sums
{
	double direct;
	double weight;
	double square; /* of weights */
	double excess; /* weighted, as what follows */
	double cost;
	double cost_weight;
	double got[AIR_PREDICTOR_MODELS]; /* weight of each model */
	double got_square[AIR_PREDICTOR_MODELS];
} Sums;

static void
add(Sums *sums, const AirDrawn *drawn, const Term *term)
{
	sums->direct += term->direct;
	if (term->weight == 0)
		return;
	sums->weight += term->weight;
	sums->square += term->weight * term->weight;
	sums->excess += term->weight * term->excess;
	if (!isnan(drawn->cost))
	{
		sums->cost += term->weight * drawn->cost;
		sums->cost_weight += term->weight;
	}
	sums->got[drawn->model] += term->weight;
	sums->got_square[drawn->model] += term->weight * term->weight;
}

/*
 * Each model's weights should add up to the calls that would go to it.  If they do not,
 * some of these could not go to it when they were made: it was not there yet, or hints ruled
 * it out.
 */
static void
check_support(const Sums *sums, int n, int nmodels, AirOffPolicy *out)
{
	out->never = out->thin = -1;
	for (int m = 0; m < nmodels; m++)
	{
		double wanted = out->share[m] * n;

		if (wanted > 0 && sums->got[m] == 0 && out->never < 0)
			out->never = m;
		else if (sums->got[m] + NO_CHANCE * sqrt(sums->got_square[m]) < wanted && out->thin < 0)
			out->thin = m;
	}
}

/* Of the linearised estimate, with units as what varies. */
static double
error_of(const AirDrawn *drawn, const double *predicted, const int *choices, int n, int nmodels,
		 const Sums *sums)
{
	double direct = sums->direct / n;
	double excess = sums->excess / sums->weight;
	double unit = 0;
	double square = 0;
	int units = 0;
	int weighted = 0;

	for (int i = 0; i < n; i++)
	{
		Term term = term_of(&drawn[i], predicted + (Size) i * nmodels, choices[i], nmodels);

		unit += (term.direct - direct) / n + term.weight * (term.excess - excess) / sums->weight;
		weighted += term.weight > 0;
		if (i + 1 < n && drawn[i + 1].unit == drawn[i].unit)
			continue;
		square += unit * unit;
		unit = 0;
		units++;
	}
	return units > 1 && weighted > 1 ? sqrt(square * units / (units - 1)) : NAN;
}

/* See offpolicy.h. */
void
air_off_policy(const AirDrawn *drawn, const double *predicted, const int *choices, int n,
			   int nmodels, AirOffPolicy *out)
{
	Sums sums = {0};

	*out = (AirOffPolicy){.quality = NAN, .error = NAN, .cost = NAN};
	for (int i = 0; i < n; i++)
	{
		Term term = term_of(&drawn[i], predicted + (Size) i * nmodels, choices[i], nmodels);

		add(&sums, &drawn[i], &term);
		for (int m = 0; m < nmodels; m++)
			out->share[m] += probability(choices[i], m, nmodels) / n;
	}
	check_support(&sums, n, nmodels, out);
	if (sums.weight == 0 || out->never >= 0)
		return;
	out->quality = sums.direct / n + sums.excess / sums.weight;
	out->error = error_of(drawn, predicted, choices, n, nmodels, &sums);
	out->cost = sums.cost_weight > 0 ? sums.cost / sums.cost_weight : NAN;
	out->effective = sums.weight * sums.weight / sums.square;
}
