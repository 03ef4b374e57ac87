/*
 * predict.h
 *	  A trained predictor: P(success) of each model for a prompt.
 *
 * Pure.  A predictor is one block of bytes (a bytea of ai_router.predictors, or
 * memory that backends share) with version and checksum.  air_predictor_open()
 * checks all of it, then predictions read it in place: the bytes must outlive the
 * AirPredictor and stay as they are.  They need no alignment.
 */
#ifndef AIR_PREDICT_H
#define AIR_PREDICT_H

#include "route/features.h"

#define AIR_PREDICTOR_MODELS 64 /* at most */
#define AIR_PREDICTOR_NAME 127  /* bytes of a model's name, at most */

/* With fewer examples of a model the task counts as unknown to it. */
#define AIR_TASK_EXAMPLES 5

/* What a prediction rests on. */
typedef enum AirEvidence
{
	AIR_EVIDENCE_NONE, /* not enough: success says nothing, the rule's own order holds */
	AIR_EVIDENCE_RATE, /* the model's rate of success over all tasks */
	AIR_EVIDENCE_TASK, /* its rate in this task */
	AIR_EVIDENCE_TEXT  /* the prompt, and the task if it is known */
} AirEvidence;

typedef struct AirPrediction
{
	double success; /* calibrated; in (0, 1), never NaN */
	AirEvidence evidence;
	int examples;      /* of the model in training */
	int task_examples; /* of the model and this task */
} AirPrediction;

/* An opened predictor.  Fields are for predict.c. */
typedef struct AirPredictor
{
	const uint8 *bytes;
	int nmodels;
	int ntasks;
	int nbuckets; /* 0: no model learned from text */
	const uint8 *models;
	const uint8 *tasks;
	const uint8 *weights;
} AirPredictor;

/*
 * Check the bytes and prepare reading them.  On false *why says what is wrong (a
 * constant).  A checksum guards against damage; bytes that were made on purpose can
 * give wrong numbers, but no crash and no NaN.  Takes about 0.1 ms for two models.
 */
extern bool air_predictor_open(const uint8 *bytes, size_t len, AirPredictor *out, const char **why);

extern int air_predictor_models(const AirPredictor *predictor);

/* Name of model i as training was given it: NUL-terminated, inside of the bytes. */
extern const char *air_predictor_model(const AirPredictor *predictor, int i);

/* Number of the model of that name, -1 if it is unknown. */
extern int air_predictor_find(const AirPredictor *predictor, const char *name);

/*
 * Predict for all models: out has air_predictor_models() entries.  Without a task
 * (NULL) the examples without a task count.  A task that a model has few examples
 * of gives AIR_EVIDENCE_NONE, unless training found that the text alone tells.
 */
extern void air_predict(const AirPredictor *predictor, const AirFeatures *features,
						const char *task, AirPrediction *out);

/*
 * The choice of the strategy "learned".  predictions[0..n) and expected costs are of
 * the candidates in the rule's order (cost NaN: unknown, as if dearest).  Returns
 * the cheapest of those whose success is at least least_success, or with
 * least_success 0 within tolerance of the best one's; if none is, the best.  Ties go to the
 * earlier.  Candidates without evidence are passed over; -1 if fewer than two have
 * any: there is nothing to compare, keep the rule's order.
 */
extern int air_predict_choose(const AirPrediction *predictions, const double *costs, int n,
							  double tolerance, double least_success);

#endif
