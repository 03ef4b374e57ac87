/*
 * fit.c
 *	  Ridge logistic regression by dual coordinate ascent, and a calibration by
 *	  Newton's method.
 *
 * A prompt's words have the value 1/sqrt(n) each: then long and short prompts weigh
 * the same and one ridge serves any number of examples.  Its task is one more
 * feature with the value 1: a task with few examples is drawn to the others.
 *
 * In the dual each row has one unknown, the probability q that the model gives to its
 * prompt, and the weights are sums over rows of (score - q) times the row's features.
 * Going through the rows and setting each q to its best, all others fixed, needs a
 * dozen rounds; there is no step width to choose and no history to keep.
 */
#include "base/pg.h"

#include <math.h>

#include "route/fit.h"
#include "route/predict_format.h"

/* Measured: twice or half of it changes little. */
#define RIDGE 2.0
/* The regression is calibrated by itself, nearly: leaving (0, 1, 0) takes many examples. */
#define PULL 100.0
#define MAX_ROUNDS 40
#define ENOUGH 2e-4 /* stop when the probabilities moved less than this, on average */
#define ROWS_PER_TICK 4096
#define MAX_HALVINGS 20

/* See fit.h. */
double
air_sigmoid(double x)
{
	return x >= 0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

/* log(1 + exp(x)) without overflow. */
static double
softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double
square(double x)
{
	return x * x;
}

/* See fit.h. */
double
air_fit_score(const float *weights, int ntasks, const AirFitText *text, bool with_task)
{
	float sum = 0;
	double z = weights[AIR_FIT_BIAS(ntasks)];

	for (int i = 0; i < text->n; i++)
		sum += weights[air_get16(text->ids + 2 * i)];
	for (int i = 0; i < AIR_SHAPES; i++)
		z += weights[AIR_FIT_SHAPES + i] * text->shape[i] * AIR_SHAPE_UNIT;
	if (with_task)
		z += weights[AIR_FIT_TASKS + text->task];
	return z + sum * text->norm;
}

/* Sum of squares of a row's values. */
static double
square_norm(const AirFitText *text)
{
	double sum = 2; /* task and bias */

	for (int i = 0; i < AIR_SHAPES; i++)
		sum += square(text->shape[i] * AIR_SHAPE_UNIT);
	return sum + (text->n > 0 ? 1 : 0);
}

/* Add a row's features, that many times, to the weights. */
static void
add_text(float *weights, int ntasks, const AirFitText *text, double times)
{
	float per_word = (float) (times * text->norm);

	for (int i = 0; i < text->n; i++)
		weights[air_get16(text->ids + 2 * i)] += per_word;
	for (int i = 0; i < AIR_SHAPES; i++)
		weights[AIR_FIT_SHAPES + i] += (float) (times * text->shape[i] * AIR_SHAPE_UNIT);
	weights[AIR_FIT_TASKS + text->task] += (float) times;
	weights[AIR_FIT_BIAS(ntasks)] += (float) times;
}

/*
 * The best q of a row: log odds of q = z - pull * (q - q now), where z is the score
 * with the present q.  The left side less the right one rises with q, so there is
 * exactly one; Newton's steps are kept between bounds that close in.
 */
static double
best_probability(double z, double pull, double now)
{
	double low = 0;
	double high = 1;
	double q = Min(Max(air_sigmoid(z), 1e-9), 1 - 1e-9);

	for (int step = 0; step < 20; step++)
	{
		double excess = log(q / (1 - q)) - z + pull * (q - now);
		double next = q - excess / (1 / (q * (1 - q)) + pull);

		if (excess > 0)
			high = q;
		else
			low = q;
		if (!(next > low && next < high))
			next = (low + high) / 2;
		if (fabs(next - q) < 1e-7)
			return next;
		q = next;
	}
	return q;
}

/* An order of the rows that depends on nothing but the round. */
static void
shuffle(int *rows, int n, uint64 *state)
{
	for (int i = n - 1; i > 0; i--)
	{
		int j;
		int swap = rows[i];

		*state = *state * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
		j = (int) ((*state >> 33) % (i + 1));
		rows[i] = rows[j];
		rows[j] = swap;
	}
}

/* See fit.h. */
void
air_fit(const AirFit *fit, AirFitSkip skip, int fold, float *weights)
{
	int *rows = palloc(sizeof(int) * Max(fit->nrows, 1));
	double *q = palloc(sizeof(double) * Max(fit->nrows, 1));
	uint64 state = 42;
	double good = 0.5;
	double all = 1;
	double rate;
	int n = 0;

	for (int i = 0; i < fit->nrows; i++)
	{
		if (!air_fit_takes(fit, &fit->rows[i], skip, fold))
			continue;
		rows[n++] = i;
		good += fit->rows[i].score * fit->rows[i].weight;
		all += fit->rows[i].weight;
	}
	/* The ridge is on what differs from the plain rate.  With q = score the weights are zero. */
	rate = good / all;
	memset(weights, 0, sizeof(float) * AIR_FIT_SIZE(fit->ntasks));
	weights[AIR_FIT_BIAS(fit->ntasks)] = (float) log(rate / (1 - rate));
	for (int i = 0; i < n; i++)
		q[rows[i]] = fit->rows[rows[i]].score;

	for (int round = 0; round < MAX_ROUNDS && n > 0; round++)
	{
		double moved = 0;

		shuffle(rows, n, &state);
		for (int i = 0; i < n; i++)
		{
			const AirFitRow *row = &fit->rows[rows[i]];
			const AirFitText *text = &fit->texts[row->text];
			double z = air_fit_score(weights, fit->ntasks, text, true);
			double now = q[rows[i]];
			double next = best_probability(z, row->weight * square_norm(text) / RIDGE, now);

			add_text(weights, fit->ntasks, text, row->weight * (now - next) / RIDGE);
			q[rows[i]] = next;
			moved += fabs(next - now);
			if (fit->tick != NULL && i % ROWS_PER_TICK == 0)
				fit->tick(fit->arg);
		}
		if (moved < ENOUGH * n)
			break;
	}
	pfree(q);
	pfree(rows);
}

/* Solve m x = v for a positive definite 3 by 3 matrix, v overwritten by x. */
static void
solve(double m[3][3], double v[3])
{
	for (int i = 0; i < 3; i++)
	{
		for (int j = i + 1; j < 3; j++)
		{
			double factor = m[j][i] / m[i][i];

			for (int k = i; k < 3; k++)
				m[j][k] -= factor * m[i][k];
			v[j] -= factor * v[i];
		}
	}
	for (int i = 2; i >= 0; i--)
	{
		for (int j = i + 1; j < 3; j++)
			v[i] -= m[i][j] * v[j];
		v[i] /= m[i][i];
	}
}

/* Loss of a calibration, with gradient and curvature; parts not used stay where they are. */
static double
stack_loss(const AirStackRow *rows, int n, int skip, const bool use[3], const double at[3],
		   double gradient[3], double curve[3][3])
{
	static const double drawn_to[3] = {0, 1, 0};
	double sum = 0;

	memset(gradient, 0, sizeof(double) * 3);
	memset(curve, 0, sizeof(double) * 9);
	for (int i = 0; i < n; i++)
	{
		double x[3] = {1, rows[i].z, rows[i].t};
		double z;
		double p;

		if (rows[i].fold == skip)
			continue;
		z = at[0] + at[1] * x[1] + at[2] * x[2];
		p = air_sigmoid(z);
		sum += rows[i].weight * (softplus(z) - rows[i].score * z);
		for (int j = 0; j < 3; j++)
		{
			gradient[j] += rows[i].weight * (p - rows[i].score) * x[j];
			for (int k = 0; k < 3; k++)
				curve[j][k] += rows[i].weight * p * (1 - p) * x[j] * x[k];
		}
	}
	for (int j = 0; j < 3; j++)
	{
		double away = at[j] - (use[1] ? drawn_to[j] : 0);

		sum += PULL / 2 * away * away;
		gradient[j] += PULL * away;
		curve[j][j] += PULL;
		if (use[j])
			continue;
		for (int k = 0; k < 3; k++)
			curve[j][k] = curve[k][j] = j == k ? 1 : 0;
		gradient[j] = 0;
	}
	return sum;
}

static void
newton(const AirStackRow *rows, int n, int skip, const bool use[3], double at[3])
{
	double gradient[3];
	double curve[3][3];
	double now = stack_loss(rows, n, skip, use, at, gradient, curve);

	for (int step = 0; step < 30; step++)
	{
		double next[3];
		double move[3];
		double then = now;
		double length = 1;
		int tries;

		memcpy(move, gradient, sizeof(move));
		solve(curve, move);
		for (tries = 0; tries < MAX_HALVINGS; tries++, length /= 2)
		{
			for (int j = 0; j < 3; j++)
				next[j] = at[j] - length * move[j];
			then = stack_loss(rows, n, skip, use, next, gradient, curve);
			if (then <= now)
				break;
		}
		if (tries == MAX_HALVINGS)
			break;
		memcpy(at, next, sizeof(next));
		if (now - then <= 1e-10 * now)
			break;
		now = then;
	}
}

/* See fit.h. */
AirStack
air_stack(const AirStackRow *rows, int n, int skip, bool with_task)
{
	bool use[3] = {true, true, with_task};
	double at[3] = {0, 1, 0};

	newton(rows, n, skip, use, at);
	/* A part that would count against itself is noise: do without it. */
	for (int j = 2; j >= 1; j--)
	{
		if (at[j] < 0)
		{
			use[j] = false;
			at[0] = 0;
			at[1] = use[1] ? 1 : 0;
			at[2] = 0;
			newton(rows, n, skip, use, at);
		}
	}
	return (AirStack){at[0], Max(at[1], 0), Max(at[2], 0)};
}
