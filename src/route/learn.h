/*
 * learn.h
 *	  Training of the learned router: outcomes in, a predictor and a report out.
 *
 * Pure and deterministic: the same examples in the same order with the same seed
 * give the same bytes.  Memory is palloc'ed in the current context: run it in one
 * of its own and delete that.  No I/O, no ereport: tick() may raise.
 */
#ifndef AIR_LEARN_H
#define AIR_LEARN_H

#include "route/predict.h"

typedef struct AirExample
{
	const uint8 *features; /* packed; what does not unpack is counted and left out */
	int features_len;
	const char *task; /* NULL: none */
	int model;        /* index into AirLearn.models */
	float score;      /* 0 .. 1; others are left out */
	float weight;     /* > 0; others are left out */
	bool seen;        /* the incumbent was trained with it */
} AirExample;

typedef struct AirLearn
{
	int nmodels;
	const char *const *models; /* families, the cheapest first; names of at most 255 bytes */
	const double *costs;       /* expected cost of one call, any unit; NaN: unknown; NULL: all */
	int nexamples;
	const AirExample *examples;
	uint64 seed;
	int folds;                     /* 0: five */
	const AirPredictor *incumbent; /* NULL: none */
	double *held_out;              /* NULL, or nexamples: what the folds that had not seen an
									* example predict for it; NaN: nothing */
	void (*tick)(void *arg);       /* called often, at least each 10 ms; NULL: none */
	void *arg;
} AirLearn;

/* Why a model, or the whole, has no prediction; AIR_LEARN_OK otherwise. */
typedef enum AirLearnState
{
	AIR_LEARN_OK,
	AIR_LEARN_FEW,       /* too few examples, or too few groups to fold */
	AIR_LEARN_ONE_CLASS, /* all scores (nearly) equal */
	AIR_LEARN_NO_GAIN    /* predictions on held-out folds no better than the plain rate */
} AirLearnState;

/* All on held-out folds.  A NaN here means "cannot be measured" and is to be shown as NULL. */
typedef struct AirModelReport
{
	int examples;
	AirLearnState state;
	double rate; /* mean score */
	double auc;
	double ece;      /* calibration error, ten bins */
	double log_loss; /* and that of the plain rate of the other folds */
	double base_log_loss;
} AirModelReport;

/* What the strategy would have done with that tolerance. */
typedef struct AirLearnPoint
{
	double tolerance;
	double quality; /* mean score of the chosen; where that was not tried, its prediction */
	double cost;    /* mean; NaN if costs are unknown */
	double share[AIR_PREDICTOR_MODELS]; /* of the prompts, per model */
} AirLearnPoint;

#define AIR_LEARN_POINTS 9

typedef struct AirLearnReport
{
	AirLearnState state; /* OK: the predictor is worth having */
	int used;            /* examples */
	int refused;         /* with bad features, score, weight or model */
	int prompts;         /* distinct */
	int groups;          /* prompts that share a passage, or are the same */
	int tasks;
	AirModelReport models[AIR_PREDICTOR_MODELS];
	double ece;      /* of all models' predictions together */
	double log_loss; /* likewise, and what it is compared with */
	double base_log_loss;
	/* Of the weakest (first in order) against the best model, over prompts that both were tried on.
	 */
	int weak, strong, pairs;
	double apgr;
	double weak_rate, strong_rate;
	/* Tasks kept out of the folds one after another: does the text alone tell? */
	double new_task_apgr;
	bool new_task_text; /* so the text is used for tasks without examples */
	/* On examples the incumbent had not seen (none: of its own training). */
	int compared;
	double incumbent_log_loss;
	bool beats_incumbent; /* true without one */
	AirLearnPoint points[AIR_LEARN_POINTS];
} AirLearnReport;

/*
 * Train.  Returns true with the predictor's bytes if report->state is OK; false
 * otherwise (*bytes NULL): "not enough evidence", never an error.  Whether to put it in the
 * incumbent's place is for the caller (report->beats_incumbent).
 */
extern bool air_learn(const AirLearn *in, AirLearnReport *report, uint8 **bytes, size_t *len);

/* "too few examples", ..: for reports. */
extern const char *air_learn_state(AirLearnState state);

#endif
