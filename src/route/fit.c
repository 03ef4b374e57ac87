/*
 * fit.c
 *	  Ridge logistic regression by L-BFGS, and a calibration by Newton's method.
 *
 * A prompt's words have the value 1/sqrt(n) each: then long and short prompts weigh
 * the same and one ridge serves any number of examples.  Its task is one more
 * feature with the value 1: a task with few examples is drawn to the others.
 */
#include "base/pg.h"

#include <math.h>

#include "route/fit.h"
#include "route/predict_format.h"

#define RIDGE 1.0
#define HISTORY 6
#define MAX_STEPS 60
#define MAX_HALVINGS 20
#define ENOUGH 1e-5 /* stop when a step gains less than this share */
#define ROWS_PER_TICK 4096

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

/* See fit.h. */
double
air_fit_score(const double *weights, int ntasks, const AirFitText *text, bool with_task)
{
	double sum = 0;
	double z = weights[AIR_FIT_BIAS(ntasks)];

	for (int i = 0; i < text->n; i++)
		sum += weights[air_get16(text->ids + 2 * i)];
	for (int i = 0; i < AIR_SHAPES; i++)
		z += weights[AIR_FIT_SHAPES + i] * text->shape[i] * AIR_SHAPE_UNIT;
	if (with_task)
		z += weights[AIR_FIT_TASKS + text->task];
	return z + sum * text->norm;
}

/* The loss and its gradient. */
static double
loss(const AirFit *fit, const int *rows, int n, const double *weights, double *gradient)
{
	int bias = AIR_FIT_BIAS(fit->ntasks);
	double sum = 0;

	memset(gradient, 0, sizeof(double) * (bias + 1));
	for (int i = 0; i < n; i++)
	{
		const AirFitRow *row = &fit->rows[rows[i]];
		const AirFitText *text = &fit->texts[row->text];
		double z = air_fit_score(weights, fit->ntasks, text, true);
		double slope = row->weight * (air_sigmoid(z) - row->score);
		double per_word = slope * text->norm;

		sum += row->weight * (softplus(z) - row->score * z);
		for (int j = 0; j < text->n; j++)
			gradient[air_get16(text->ids + 2 * j)] += per_word;
		for (int j = 0; j < AIR_SHAPES; j++)
			gradient[AIR_FIT_SHAPES + j] += slope * text->shape[j] * AIR_SHAPE_UNIT;
		gradient[AIR_FIT_TASKS + text->task] += slope;
		gradient[bias] += slope;
		if (fit->tick != NULL && i % ROWS_PER_TICK == 0)
			fit->tick(fit->arg);
	}
	for (int i = 0; i < bias; i++)
	{
		sum += RIDGE / 2 * weights[i] * weights[i];
		gradient[i] += RIDGE * weights[i];
	}
	return sum;
}

static double
dot(const double *a, const double *b, int n)
{
	/* Four sums: the processor need not wait for one addition to begin the next. */
	double s[4] = {0, 0, 0, 0};
	int i = 0;

	for (; i + 4 <= n; i += 4)
	{
		s[0] += a[i] * b[i];
		s[1] += a[i + 1] * b[i + 1];
		s[2] += a[i + 2] * b[i + 2];
		s[3] += a[i + 3] * b[i + 3];
	}
	for (; i < n; i++)
		s[0] += a[i] * b[i];
	return (s[0] + s[1]) + (s[2] + s[3]);
}

static void
add(double *a, double factor, const double *b, int n)
{
	for (int i = 0; i < n; i++)
		a[i] += factor * b[i];
}

/* The last steps and what they did to the gradient. */
typedef struct History
{
	double *step[HISTORY];
	double *change[HISTORY];
	double curvature[HISTORY]; /* of each pair: step . change */
	int n;                     /* ever */
} History;

/* Turn a gradient into a direction (downhill is minus it). */
static void
direct(const History *history, double *d, int size)
{
	int n = Min(history->n, HISTORY);
	double share[HISTORY];

	for (int i = 0; i < n; i++)
	{
		int k = (history->n - 1 - i) % HISTORY;

		share[k] = dot(history->step[k], d, size) / history->curvature[k];
		add(d, -share[k], history->change[k], size);
	}
	if (n > 0)
	{
		int k = (history->n - 1) % HISTORY;
		double scale = history->curvature[k] / dot(history->change[k], history->change[k], size);

		for (int i = 0; i < size; i++)
			d[i] *= scale;
	}
	else
	{
		double norm = sqrt(dot(d, d, size)) + 1e-12;

		for (int i = 0; i < size; i++)
			d[i] /= norm;
	}
	for (int i = n - 1; i >= 0; i--)
	{
		int k = (history->n - 1 - i) % HISTORY;

		add(d, share[k] - dot(history->change[k], d, size) / history->curvature[k],
			history->step[k], size);
	}
}

/* Start from the plain rate. */
static void
start(const AirFit *fit, const int *rows, int n, double *weights)
{
	double good = 0.5;
	double all = 1;

	memset(weights, 0, sizeof(double) * AIR_FIT_SIZE(fit->ntasks));
	for (int i = 0; i < n; i++)
	{
		good += fit->rows[rows[i]].score * fit->rows[rows[i]].weight;
		all += fit->rows[rows[i]].weight;
	}
	weights[AIR_FIT_BIAS(fit->ntasks)] = log(good / (all - good));
}

static void
descend(const AirFit *fit, const int *rows, int n, double *weights)
{
	int size = AIR_FIT_SIZE(fit->ntasks);
	double *block = palloc(sizeof(double) * size * (4 + 2 * HISTORY));
	double *gradient = block;
	double *next = block + size;
	double *next_gradient = block + 2 * size;
	double *d = block + 3 * size;
	History history = {.n = 0};
	double now;

	for (int i = 0; i < HISTORY; i++)
	{
		history.step[i] = block + (4 + 2 * i) * (Size) size;
		history.change[i] = block + (5 + 2 * i) * (Size) size;
	}
	now = loss(fit, rows, n, weights, gradient);
	for (int step = 0; step < MAX_STEPS; step++)
	{
		int k = history.n % HISTORY;
		double length = 1;
		double then = now;
		double slope;
		int tries;

		memcpy(d, gradient, sizeof(double) * size);
		direct(&history, d, size);
		slope = dot(gradient, d, size);
		if (!(slope > 0))
			break;
		for (tries = 0; tries < MAX_HALVINGS; tries++, length /= 2)
		{
			memcpy(next, weights, sizeof(double) * size);
			add(next, -length, d, size);
			then = loss(fit, rows, n, next, next_gradient);
			if (then <= now - 1e-4 * length * slope)
				break;
		}
		if (tries == MAX_HALVINGS)
			break;
		for (int i = 0; i < size; i++)
		{
			history.step[k][i] = next[i] - weights[i];
			history.change[k][i] = next_gradient[i] - gradient[i];
		}
		history.curvature[k] = dot(history.step[k], history.change[k], size);
		if (history.curvature[k] > 1e-12)
			history.n++;
		memcpy(weights, next, sizeof(double) * size);
		memcpy(gradient, next_gradient, sizeof(double) * size);
		if (now - then < ENOUGH * now)
			break;
		now = then;
	}
	pfree(block);
}

/* See fit.h. */
void
air_fit(const AirFit *fit, AirFitSkip skip, int fold, double *weights)
{
	int *rows = palloc(sizeof(int) * Max(fit->nrows, 1));
	int n = 0;

	for (int i = 0; i < fit->nrows; i++)
	{
		if (air_fit_takes(fit, &fit->rows[i], skip, fold))
			rows[n++] = i;
	}
	start(fit, rows, n, weights);
	if (n > 0)
		descend(fit, rows, n, weights);
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

		sum += RIDGE / 2 * away * away;
		gradient[j] += RIDGE * away;
		curve[j][j] += RIDGE;
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
