/*
 * learn.h
 *	  Training of the learned router: outcomes in, a predictor and a report out.
 *
 * Pure and deterministic: the same examples and seed give the same bytes, in whatever
 * order they come.  Memory is palloc'ed in the current context and partly left
 * there: run it in a context of its own.  No I/O, no ereport; tick() may raise.
 */
#ifndef AIR_LEARN_H
#define AIR_LEARN_H

#include "route/predict.h"

typedef struct AirExample
{
	const uint8 *features; /* packed; must stay while training */
	int features_len;
	const char *task; /* NULL: none */
	int model;        /* index into AirLearn.models */
	float score;      /* 0 .. 1 */
	float weight;     /* > 0 */
	bool seen;        /* the incumbent was trained with it */
	int64 id;         /* for the caller */
} AirExample;

typedef struct AirLearn
{
	int nmodels;               /* at most AIR_PREDICTOR_MODELS, more are left out */
	const char *const *models; /* families, the cheapest first; see AIR_PREDICTOR_NAME */
	const double *costs;       /* expected cost of a call, any unit; NaN: unknown; NULL: all */
	int nexamples;
	const AirExample *examples;
	uint64 seed;                   /* of the folds */
	bool new_tasks;                /* the text alone may speak for unknown tasks, if it can */
	const AirPredictor *incumbent; /* NULL: none */
	double *held_out; /* NULL, or nexamples rows of nmodels: what is predicted of the models for an
					   * example's prompt by folds that had not seen it; NaN: nothing */
	void (*tick)(void *arg); /* called every few ms; NULL: none */
	void *arg;
} AirLearn;

typedef enum AirLearnState
{
	AIR_LEARN_OK,
	AIR_LEARN_FEW,       /* too few examples, or of too few different prompts */
	AIR_LEARN_ONE_CLASS, /* all scores (nearly) equal */
	AIR_LEARN_NO_GAIN    /* on held-out folds not better than the plain rate of success */
} AirLearnState;

/* All on held-out folds.  A NaN here means "cannot be measured": show NULL. */
typedef struct AirModelReport
{
	int examples;
	AirLearnState state;
	AirEvidence evidence; /* what its predictions rest on */
	double rate;          /* mean score */
	double auc;
	double ece; /* calibration error, ten bins */
	double log_loss;
	double base_log_loss; /* of the plain rate */
} AirModelReport;

/* What the strategy would have done with that tolerance. */
typedef struct AirLearnPoint
{
	double tolerance;
	double quality; /* mean score of the chosen; where that was not tried, as predicted */
	double cost;    /* mean; NaN if a cost is unknown */
	double share[AIR_PREDICTOR_MODELS]; /* of the prompts, per model */
} AirLearnPoint;

#define AIR_LEARN_POINTS 10

typedef struct AirLearnReport
{
	AirLearnState state; /* OK: the predictor is worth having */
	int used;            /* examples */
	int refused;         /* with bad features, score, weight or model */
	int prompts;         /* different ones */
	int groups;          /* of prompts that share a passage */
	int tasks;
	AirModelReport models[AIR_PREDICTOR_MODELS];

	/* All models' predictions together. */
	double ece;
	double log_loss;
	double base_log_loss;

	/* The first model against the best one, over the prompts both were tried on. */
	int weak; /* -1: no pair of models can be compared */
	int strong;
	int pairs;
	double weak_rate;
	double strong_rate;
	double apgr;

	/* The same on tasks that were kept out as a whole. */
	double new_task_apgr;
	bool new_task_gain; /* there, too, better than the plain rate */
	bool new_tasks;     /* so the predictor speaks for unknown tasks */

	/* On examples that the incumbent had not seen. */
	int compared;
	double ours_log_loss;
	double incumbent_log_loss;
	bool beats_incumbent; /* or there is none, or it lacks a model; false if too few to tell */

	AirLearnPoint points[AIR_LEARN_POINTS];
} AirLearnReport;

/*
 * Train.  Returns true with the predictor in palloc'ed bytes if report->state is OK,
 * else false ("not enough evidence", never an error) with *bytes NULL.  Whether it
 * takes the incumbent's place is for the caller to decide (beats_incumbent).
 */
extern bool air_learn(const AirLearn *in, AirLearnReport *report, uint8 **bytes, size_t *len);

/* "ok", "too few examples", ..: for reports. */
extern const char *air_learn_state(AirLearnState state);

/* "none", "rate", "task", "text". */
extern const char *air_evidence_name(AirEvidence evidence);

#endif
