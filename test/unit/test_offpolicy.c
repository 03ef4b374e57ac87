/*
 * test_offpolicy.c
 *	  route/offpolicy.h: worlds where it is known what each way to choose comes to.
 */
#include "base/pg.h"

#include <math.h>

#include "route/offpolicy.h"
#include "kit.h"
#include "tap.h"

#define CALLS 2000
#define WORLDS 400
#define MODELS 2

/* Chance of success by kind of prompt (easy, hard) and model (small, large). */
static const double truth[2][MODELS] = {{0.95, 0.9}, {0.2, 0.85}};

/* Of ten prompts, seven are easy. */
static const double easy = 0.7;

static AirDrawn drawn[CALLS];
static double predicted[CALLS * MODELS];
static int choices[CALLS];
static bool hard[CALLS];
static uint64 state = 5;

static double
draw(void)
{
	state = state * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return (state >> 11) / 9007199254740992.0;
}

/* What the predictions are like. */
typedef enum Knowledge
{
	NOTHING,
	GOOD,
	WRONG
} Knowledge;

/* Calls as a rule makes them that sends what is hard to the large model, and explores. */
static void
make_calls(double explore, Knowledge knowledge)
{
	for (int i = 0; i < CALLS; i++)
	{
		bool greedy = true;

		hard[i] = draw() >= easy;
		drawn[i].unit = i;
		drawn[i].model = hard[i];
		if (draw() < explore)
			drawn[i].model = draw() < 0.5;
		greedy = drawn[i].model == hard[i];
		drawn[i].propensity = explore / MODELS + (greedy ? 1 - explore : 0);
		drawn[i].score = draw() < truth[hard[i]][drawn[i].model];
		drawn[i].cost = drawn[i].model == 0 ? 1 : 10 + hard[i];
		for (int m = 0; m < MODELS; m++)
			predicted[i * MODELS + m] = knowledge == NOTHING ? NAN
										: knowledge == GOOD  ? truth[hard[i]][m]
															 : 1 - truth[hard[i]][m];
	}
}

/* The ways to choose. */
enum
{
	SMALL,
	LARGE,
	RANDOM,
	BY_KIND,
	OTHER_WAY,
	WAYS
};

static const char *const ways[] = {"always small", "always large", "random", "by kind",
								   "the other way round"};

/* Choose, and return what that comes to in truth. */
static double
choose(int way)
{
	for (int i = 0; i < CALLS; i++)
		choices[i] = way == RANDOM      ? AIR_ANY_MODEL
					 : way == BY_KIND   ? hard[i]
					 : way == OTHER_WAY ? !hard[i]
										: way;
	switch (way)
	{
		case RANDOM:
			return (easy * (truth[0][0] + truth[0][1]) + (1 - easy) * (truth[1][0] + truth[1][1])) /
				   2;
		case BY_KIND:
			return easy * truth[0][0] + (1 - easy) * truth[1][1];
		case OTHER_WAY:
			return easy * truth[0][1] + (1 - easy) * truth[1][0];
		default:
			return easy * truth[0][way] + (1 - easy) * truth[1][way];
	}
}

static void
estimate(int n, AirOffPolicy *out)
{
	air_off_policy(drawn, predicted, choices, n, MODELS, out);
}

/* The mean score of the calls that went where they would go: what one is tempted to take. */
static double
naive(void)
{
	double sum = 0;
	int n = 0;

	for (int i = 0; i < CALLS; i++)
	{
		if (choices[i] != drawn[i].model)
			continue;
		sum += drawn[i].score;
		n++;
	}
	return sum / n;
}

/* Over many worlds the estimate's mean is the truth, and its error tells how far one is off. */
static void
test_unbiased(Knowledge knowledge, const char *what, double errors[WAYS])
{
	for (int way = 0; way < WAYS; way++)
	{
		double sum = 0;
		double square = 0;
		double error = 0;
		double plain = 0;
		double right = 0;
		double bias;
		double deviation;
		int covered = 0;
		int off = 0;

		for (int world = 0; world < WORLDS; world++)
		{
			AirOffPolicy out;

			make_calls(0.2, knowledge);
			right = choose(way);
			estimate(CALLS, &out);
			sum += out.quality - right;
			square += (out.quality - right) * (out.quality - right);
			error += out.error / WORLDS;
			covered += fabs(out.quality - right) <= 2 * out.error;
			off += fabs(out.quality - right) > 5 * out.error || out.never >= 0;
			plain += naive() / WORLDS;
		}
		bias = sum / WORLDS;
		deviation = sqrt(square / WORLDS);
		errors[way] = error;
		ok(fabs(bias) < 3 * deviation / sqrt(WORLDS), "%s, %s: no bias (%.4f of %.3f)", what,
		   ways[way], bias, right);
		ok(fabs(deviation - error) < 0.15 * deviation, "its error is as told: %.4f, told %.4f",
		   deviation, error);
		ok(covered >= 0.92 * WORLDS && off == 0, "the truth is within two of them: %d of %d",
		   covered, WORLDS);
		if (knowledge == NOTHING && (way == SMALL || way == LARGE))
			ok(fabs(plain - right) > (way == SMALL ? 0.15 : 0.01),
			   "which the mean of the model's calls is not: %.3f", plain);
	}
}

static void
test_all(void)
{
	double nothing[WAYS];
	double good[WAYS];
	double wrong[WAYS];

	test_unbiased(NOTHING, "without predictions", nothing);
	test_unbiased(GOOD, "with good ones", good);
	test_unbiased(WRONG, "with wrong ones", wrong);
	ok(good[SMALL] < 0.9 * nothing[SMALL], "predictions make the error smaller: %.4f, not %.4f",
	   good[SMALL], nothing[SMALL]);
}

static void
test_figures(void)
{
	AirOffPolicy out;

	make_calls(0.2, GOOD);
	choose(RANDOM);
	estimate(CALLS, &out);
	ok(out.share[0] > 0.499 && out.share[0] < 0.501, "a random model: half of the calls each");
	ok(out.cost > 5 && out.cost < 6, "at its cost: %.2f", out.cost);
	choose(BY_KIND);
	estimate(CALLS, &out);
	ok(out.effective > 0.85 * CALLS, "what is done already needs no weights: %.0f", out.effective);
	choose(OTHER_WAY);
	estimate(CALLS, &out);
	ok(out.effective > 0.07 * CALLS && out.effective < 0.13 * CALLS,
	   "what is done seldom has few calls: %.0f", out.effective);
	for (int i = 0; i < CALLS; i++)
		drawn[i].cost = NAN;
	estimate(CALLS, &out);
	ok(isnan(out.cost) && !isnan(out.quality), "no cost is known");
	estimate(0, &out);
	ok(isnan(out.quality) && isnan(out.error), "no calls, no estimate");
	drawn[0].model = 0;
	choices[0] = 0;
	estimate(1, &out);
	ok(isnan(out.error), "no error of one call");
}

/* The same prompt is drawn once, however often it comes: its calls are no more than one. */
static void
test_units(void)
{
	AirOffPolicy once;
	AirOffPolicy often;

	make_calls(0.2, NOTHING);
	choose(SMALL);
	estimate(CALLS / 4, &once);
	for (int i = CALLS - 1; i >= 0; i--)
	{
		drawn[i] = drawn[i / 4];
		hard[i] = hard[i / 4];
	}
	estimate(CALLS, &often);
	ok(fabs(once.quality - often.quality) < 1e-9, "calls four times each: the same estimate");
	ok(fabs(once.error - often.error) < 1e-9, "and the same error, %.4f", often.error);
}

static void
test_support(void)
{
	AirOffPolicy out;

	make_calls(0, GOOD);
	choose(SMALL);
	for (int i = 0; i < CALLS; i++)
		drawn[i].model = 1;
	estimate(CALLS, &out);
	is_int(out.never, 0, "of a model that was never asked");
	ok(isnan(out.quality) && isnan(out.error) && isnan(out.cost), "there is no estimate");
	choose(LARGE);
	estimate(CALLS, &out);
	ok(out.never == -1 && !isnan(out.quality), "of the one that was there is");

	/* Hard prompts could not go to the small model, whatever was drawn. */
	make_calls(0.2, GOOD);
	for (int i = 0; i < CALLS; i++)
	{
		if (!hard[i])
			continue;
		drawn[i].model = 1;
		drawn[i].propensity = 1;
	}
	choose(SMALL);
	estimate(CALLS, &out);
	ok(out.never == -1 && out.thin == 0, "where it could not be asked is told");
	choose(BY_KIND);
	estimate(CALLS, &out);
	is_int(out.thin, -1, "nothing is told where that does not matter");
	make_calls(0.2, GOOD);
	choose(OTHER_WAY);
	estimate(CALLS, &out);
	is_int(out.thin, -1, "nor of what is only seldom");

	/* Calls that nobody would make now count among all calls. */
	choose(SMALL);
	for (int i = 0; i < CALLS; i++)
		drawn[i].model = i % 2 ? -1 : drawn[i].model;
	estimate(CALLS, &out);
	ok(out.thin == 0, "a model that is gone took calls that nobody can replace");
}

int
main(void)
{
	test_all();
	test_figures();
	test_units();
	test_support();
	return done_testing();
}
