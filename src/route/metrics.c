/*
 * metrics.c
 *	  How good predictions were.
 */
#include "base/pg.h"

#include <math.h>

#include "route/metrics.h"

#define BINS 10

typedef struct Ranked
{
	double key;
	double a;
	double b;
} Ranked;

/* Highest key first; what qsort leaves open does not matter, since equal keys are summed. */
static int
compare(const void *x, const void *y)
{
	double a = ((const Ranked *) x)->key;
	double b = ((const Ranked *) y)->key;

	return a > b ? -1 : a < b ? 1 : 0;
}

/* See metrics.h. */
double
air_auc(const double *p, const float *outcome, const float *weight, int n)
{
	Ranked *rows = n > 0 ? palloc(sizeof(Ranked) * n) : NULL;
	double good = 0;
	double all_bad = 0;
	double area = 0;

	for (int i = 0; i < n; i++)
	{
		double w = weight != NULL ? weight[i] : 1.0;

		rows[i] = (Ranked){p[i], w * outcome[i], w * (1.0 - outcome[i])};
	}
	if (n > 0)
		qsort(rows, n, sizeof(Ranked), compare);
	for (int i = 0; i < n;)
	{
		double key = rows[i].key;
		double a = 0;
		double b = 0;

		for (; i < n && rows[i].key == key; i++)
		{
			a += rows[i].a;
			b += rows[i].b;
		}
		area += b * (good + a / 2);
		good += a;
		all_bad += b;
	}
	if (rows != NULL)
		pfree(rows);
	return good > 0 && all_bad > 0 ? area / (good * all_bad) : NAN;
}

/* See metrics.h. */
double
air_ece(const double *p, const float *outcome, const float *weight, int n)
{
	double gap[BINS] = {0};
	double total = 0;
	double sum = 0;

	for (int i = 0; i < n; i++)
	{
		int bin = (int) (p[i] * BINS);
		double w = weight != NULL ? weight[i] : 1.0;

		bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
		gap[bin] += w * (p[i] - outcome[i]);
		total += w;
	}
	for (int i = 0; i < BINS; i++)
		sum += fabs(gap[i]);
	return total > 0 ? sum / total : NAN;
}

/* See metrics.h. */
double
air_log_loss_one(double p, double outcome)
{
	p = p < 1e-6 ? 1e-6 : p > 1 - 1e-6 ? 1 - 1e-6 : p;
	return -outcome * log(p) - (1 - outcome) * log1p(-p);
}

/* See metrics.h. */
double
air_log_loss(const double *p, const float *outcome, const float *weight, int n)
{
	double sum = 0;
	double total = 0;

	for (int i = 0; i < n; i++)
	{
		double w = weight != NULL ? weight[i] : 1.0;

		sum += w * air_log_loss_one(p[i], outcome[i]);
		total += w;
	}
	return total > 0 ? sum / total : NAN;
}

/* See metrics.h. */
double
air_apgr(const double *gain, const float *weak, const float *strong, int n)
{
	Ranked *rows = n > 0 ? palloc(sizeof(Ranked) * n) : NULL;
	double won = 0;
	double area = 0;

	for (int i = 0; i < n; i++)
		rows[i] = (Ranked){gain[i], (double) strong[i] - weak[i], 0};
	if (n > 0)
		qsort(rows, n, sizeof(Ranked), compare);
	for (int i = 0; i < n;)
	{
		double key = rows[i].key;
		int start = i;
		double step = 0;

		for (; i < n && rows[i].key == key; i++)
			step += rows[i].a;
		area += (won + step / 2) * (i - start);
		won += step;
	}
	if (rows != NULL)
		pfree(rows);
	/* Scores are floats: a sum that should be zero may not quite be. */
	return n > 0 && won > 1e-9 * n ? area / n / won : NAN;
}
