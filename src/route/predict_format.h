/*
 * predict_format.h
 *	  The bytes of a predictor, for predict.c (reads) and learn_write.c (writes).
 *
 * All numbers are little-endian:
 *	  header: magic 4, version 2, version of features 2, length 4, models 4, tasks 4,
 *	          buckets 4 (0 or AIR_BUCKETS), checksum 8 of all other bytes
 *	  per model: AirModelRecord's fields in order, name padded with NULs to 128
 *	  per task, by ascending hash: hash 8, then per model weight 4, log odds 4, examples 4
 *	  per bucket: per model a weight of 2, to be multiplied by the model's scale
 * Models lie side by side in a bucket so that one cache line serves all of them.
 */
#ifndef AIR_PREDICT_FORMAT_H
#define AIR_PREDICT_FORMAT_H

#include "route/predict.h"

#define PREDICTOR_MAGIC 0x50524941 /* "AIRP" */
#define PREDICTOR_VERSION 1
#define PREDICTOR_FEATURES 1
#define PREDICTOR_HEADER 32
#define PREDICTOR_SUM_AT 24
#define PREDICTOR_MAX_TASKS 1000000

/* Numbers of a model, in the order of the file. */
enum
{
	MODEL_RATE,  /* log odds of success over all tasks */
	MODEL_SHIFT, /* p = sigmoid(shift + text * z + task * log odds of the task) */
	MODEL_TEXT,
	MODEL_TASK,
	MODEL_NEW_SHIFT, /* for a task without examples: p = sigmoid(new_shift + new_text * z) */
	MODEL_NEW_TEXT,
	MODEL_BIAS, /* z = bias + shape weights + task weight + scale * sum / sqrt(n) */
	MODEL_SCALE,
	MODEL_SHAPES,
	MODEL_NUMBERS = MODEL_SHAPES + AIR_SHAPES
};

#define MODEL_NEW_TASKS 1 /* flag: the text alone may speak for unknown tasks */

#define MODEL_AT_EXAMPLES 0
#define MODEL_AT_EVIDENCE 4 /* one byte */
#define MODEL_AT_FLAGS 5    /* one byte, two of padding */
#define MODEL_AT_NUMBERS 8
#define MODEL_AT_NAME (MODEL_AT_NUMBERS + 4 * MODEL_NUMBERS)
#define MODEL_BYTES (MODEL_AT_NAME + AIR_PREDICTOR_NAME + 1)

#define TASK_MODEL_BYTES 12
#define TASK_BYTES(nmodels) (8 + TASK_MODEL_BYTES * (nmodels))

/* Larger numbers make a predictor invalid: so no sum can overflow. */
#define PREDICTOR_LIMIT 1e4f

/* Shapes weigh less than words: they are many and alike. */
#define AIR_SHAPE_UNIT (0.3 / 255)

static inline uint16
air_get16(const uint8 *p)
{
	return (uint16) (p[0] | p[1] << 8);
}

static inline uint32
air_get32(const uint8 *p)
{
	return (uint32) p[0] | (uint32) p[1] << 8 | (uint32) p[2] << 16 | (uint32) p[3] << 24;
}

static inline uint64
air_get64(const uint8 *p)
{
	return (uint64) air_get32(p) | (uint64) air_get32(p + 4) << 32;
}

static inline float
air_get_float(const uint8 *p)
{
	uint32 bits = air_get32(p);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* What stands for a task; NULL has one too. */
extern uint64 air_task_hash(const char *task);

/* Checksum of a predictor, the field of the checksum itself left out. */
extern uint64 air_predictor_sum(const uint8 *bytes, size_t len);

#endif
