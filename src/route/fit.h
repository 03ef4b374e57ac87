/*
 * fit.h
 *	  Logistic regression on packed features, for learn.c.
 *
 * Pure and deterministic.  Scratch memory is palloc'ed and freed.
 */
#ifndef AIR_FIT_H
#define AIR_FIT_H

#include "route/features.h"

/* A distinct prompt of a task.  ids and shape point into its packed features. */
typedef struct AirFitText
{
	const uint8 *ids;
	const uint8 *shape;
	int n;
	float norm; /* 1 / sqrt(n), 0 if there are none */
	int task;
	int group;    /* prompts that share a passage */
	int fold;     /* of its group */
	int new_fold; /* of its task */
} AirFitText;

/* One outcome of a model. */
typedef struct AirFitRow
{
	int text;
	float score;
	float weight;
} AirFitRow;

typedef struct AirFit
{
	const AirFitText *texts;
	const AirFitRow *rows;
	int nrows;
	int ntasks;
	void (*tick)(void *arg); /* may be NULL */
	void *arg;
} AirFit;

/* What to leave out: no fold, a fold of groups, or a fold of tasks. */
typedef enum AirFitSkip
{
	AIR_SKIP_NONE,
	AIR_SKIP_GROUPS,
	AIR_SKIP_TASKS
} AirFitSkip;

/* Where things are in the weights: buckets first. */
#define AIR_FIT_SHAPES AIR_BUCKETS
#define AIR_FIT_TASKS (AIR_FIT_SHAPES + AIR_SHAPES)
#define AIR_FIT_BIAS(ntasks) (AIR_FIT_TASKS + (ntasks))
#define AIR_FIT_SIZE(ntasks) (AIR_FIT_BIAS(ntasks) + 1)

/* True if the row takes part in a fit that leaves that out. */
static inline bool
air_fit_takes(const AirFit *fit, const AirFitRow *row, AirFitSkip skip, int fold)
{
	const AirFitText *text = &fit->texts[row->text];

	return skip == AIR_SKIP_NONE || (skip == AIR_SKIP_GROUPS ? text->fold : text->new_fold) != fold;
}

/*
 * Fit the weights (AIR_FIT_SIZE entries, overwritten) with a ridge; that of the bias
 * pulls to the plain rate.  With no rows, or of one class, they are still finite.
 */
extern void air_fit(const AirFit *fit, AirFitSkip skip, int fold, float *weights);

/* Log odds of a prompt; an unknown task adds nothing. */
extern double
air_fit_score(const float *weights, int ntasks, const AirFitText *text, bool with_task);

/* Calibration: p = sigmoid(shift + text * z + task * t). */
typedef struct AirStack
{
	double shift;
	double text; /* never negative, as task */
	double task;
} AirStack;

/* One held-out prediction; those with fold == skip are left out of the calibration. */
typedef struct AirStackRow
{
	double z;
	double t;
	float score;
	float weight;
	int fold;
} AirStackRow;

/* Fit a calibration, drawn to (0, 1, 0). */
extern AirStack air_stack(const AirStackRow *rows, int n, int skip, bool with_task);

static inline double
air_stack_logit(const AirStack *stack, double z, double t)
{
	return stack->shift + stack->text * z + stack->task * t;
}

extern double air_sigmoid(double x);

#endif
