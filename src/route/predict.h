/*
 * predict.h
 *	  A trained predictor: P(success) of each model for a prompt.
 *
 * Pure.  The predictor is one block of bytes (a bytea of ai_router.predictors, or
 * memory that backends share) with version and checksum.  air_predictor_open()
 * checks all of it and then predictions read it in place: the bytes must outlive
 * the AirPredictor and stay as they are.  They need no alignment.
 */
#ifndef AIR_PREDICT_H
#define AIR_PREDICT_H

#include "route/features.h"

#define AIR_PREDICTOR_MODELS 64 /* at most */

/* How much is behind a prediction. */
typedef enum AirEvidence
{
	AIR_EVIDENCE_NONE, /* model unknown, too few examples, one class: success says nothing */
	AIR_EVIDENCE_TASK, /* no text helped: the success rate of the task (or of all) */
	AIR_EVIDENCE_TEXT  /* learned from the prompts too */
} AirEvidence;

typedef struct AirPrediction
{
	double success; /* calibrated, in (0, 1); never NaN, 0.5 without evidence */
	AirEvidence evidence;
	int examples; /* of this model and task, in training */
} AirPrediction;

/* Opened predictor; fields are private to predict.c. */
typedef struct AirPredictor
{
	const uint8 *bytes;
	size_t len;
	int nmodels;
	int ntasks;
	int stride;
	uint32 nbuckets;
	const uint8 *models;
	const uint8 *tasks;
	const uint8 *weights;
} AirPredictor;

/*
 * Check the bytes and prepare reading them.  On false *why says what is wrong
 * (a constant); any bytes whatever are survived.  A checksum guards against
 * damage; bytes made by hand can only give wrong numbers, never a crash or a NaN.
 */
extern bool air_predictor_open(const uint8 *bytes, size_t len, AirPredictor *out, const char **why);

extern int air_predictor_models(const AirPredictor *predictor);

/* Name of a model (family) as it was given to training, not NUL-terminated. */
extern const char *air_predictor_model(const AirPredictor *predictor, int i, int *len);

/* Number of the model of that name, -1 if it is unknown. */
extern int air_predictor_find(const AirPredictor *predictor, const char *name);

/*
 * Predict for all models of the predictor: out has air_predictor_models() entries.
 * task NULL is a task of its own.
 */
extern void air_predict(const AirPredictor *predictor, const AirFeatures *features,
						const char *task, AirPrediction *out);

/*
 * The choice of the strategy "learned": cands[0..n) in the rule's order, with
 * their predictions and expected costs (NaN: unknown, counts as dearest).  Returns the index of the
 * cheapest whose success is within tolerance of the best one's and at least
 * floor if any reaches it (the quality hint; 0: none); ties go to the earlier.
 * -1 if a candidate has no evidence: keep the rule's order.
 */
extern int air_predict_choose(const AirPrediction *cands, const double *costs, int n,
							  double tolerance, double floor);

#endif
