/*
 * learn_internal.h
 *	  What the files of training share; nobody else includes it.
 */
#ifndef AIR_LEARN_INTERNAL_H
#define AIR_LEARN_INTERNAL_H

#include "route/fit.h"
#include "route/learn.h"

#define AIR_FOLDS 5

/* Counts of a task (or of all) pull towards the rate of all as if so many examples had it. */
#define AIR_TASK_PRIOR 20.0

/* Examples in order: rows of a model side by side, texts numbered by their hash. */
typedef struct AirLearnData
{
	const AirLearn *in;
	int nmodels;
	int ntexts;
	AirFitText *texts;
	int nrows;
	AirFitRow *rows; /* by model, then by text; weights of a model have mean 1 */
	int *examples;   /* of each row */
	int *first;      /* of each model's rows; nmodels + 1 entries */
	int ngroups;
	int ntasks;          /* number 0 gathers those with few prompts */
	uint64 *task_hashes; /* ascending from number 1 */
} AirLearnData;

/* What is learned of a model. */
typedef struct AirLearnModel
{
	AirLearnState state;
	AirEvidence evidence;
	double rate;    /* log odds */
	float *weights; /* NULL without text */
	AirStack stack;
	AirStack new_stack;
	double *p;     /* per text: held-out prediction */
	double *base;  /* per text: plain rate of the other folds */
	double *new_p; /* per text, its task held out; NULL if not tried */
	double *new_base;
	int *task_rows;    /* per task: examples */
	double *task_odds; /* per task: how its log odds differ from rate */
} AirLearnModel;

/* learn_data.c: false if there is nothing to learn from. */
extern bool air_learn_data(const AirLearn *in, AirLearnReport *report, AirLearnData *out);

/* learn_model.c: everything about model m. */
extern void air_learn_model(const AirLearnData *data, int m, AirLearnModel *out);

/*
 * Is a better than b on a model's rows?  True if the mean difference of log loss is more
 * than two standard errors, with groups (or tasks) as the units that vary.
 */
extern bool
air_learn_better(const AirLearnData *data, int m, const double *a, const double *b, bool by_task);

/* learn_report.c: all figures over models. */
extern void
air_learn_report(const AirLearnData *data, const AirLearnModel *models, AirLearnReport *report);

/* learn_write.c */
extern uint8 *
air_learn_write(const AirLearnData *data, const AirLearnModel *models, bool new_tasks, size_t *len);

static inline void
air_learn_tick(const AirLearn *in)
{
	if (in->tick != NULL)
		in->tick(in->arg);
}

#endif
