/*
 * learn_write.c
 *	  What was learned, as a predictor's bytes.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn_internal.h"
#include "route/predict_format.h"

static void
put16(uint8 *p, uint16 value)
{
	p[0] = (uint8) value;
	p[1] = (uint8) (value >> 8);
}

static void
put32(uint8 *p, uint32 value)
{
	put16(p, (uint16) value);
	put16(p + 2, (uint16) (value >> 16));
}

static void
put64(uint8 *p, uint64 value)
{
	put32(p, (uint32) value);
	put32(p + 4, (uint32) (value >> 32));
}

static void
put_float(uint8 *p, double value)
{
	float narrow = (float) Min(Max(value, -PREDICTOR_LIMIT), PREDICTOR_LIMIT);
	uint32 bits;

	memcpy(&bits, &narrow, sizeof(bits));
	put32(p, bits);
}

/* The largest weight of a word becomes the largest int16. */
static double
scale_of(const float *weights)
{
	double largest = 0;

	for (int i = 0; weights != NULL && i < AIR_BUCKETS; i++)
		largest = Max(largest, fabs(weights[i]));
	return largest / PG_INT16_MAX;
}

static void
write_model(const AirLearnData *data, int m, const AirLearnModel *model, bool new_tasks,
			double scale, uint8 *dst)
{
	double numbers[MODEL_NUMBERS] = {0};

	numbers[MODEL_RATE] = model->rate;
	numbers[MODEL_SHIFT] = model->stack.shift;
	numbers[MODEL_TEXT] = model->stack.text;
	numbers[MODEL_TASK] = model->stack.task;
	numbers[MODEL_NEW_SHIFT] = model->new_stack.shift;
	numbers[MODEL_NEW_TEXT] = model->new_stack.text;
	numbers[MODEL_SCALE] = scale;
	if (model->weights != NULL)
	{
		numbers[MODEL_BIAS] = model->weights[AIR_FIT_BIAS(data->ntasks)];
		for (int i = 0; i < AIR_SHAPES; i++)
			numbers[MODEL_SHAPES + i] = model->weights[AIR_FIT_SHAPES + i];
	}
	put32(dst + MODEL_AT_EXAMPLES, data->first[m + 1] - data->first[m]);
	dst[MODEL_AT_EVIDENCE] = (uint8) model->evidence;
	dst[MODEL_AT_FLAGS] = new_tasks ? MODEL_NEW_TASKS : 0;
	for (int i = 0; i < MODEL_NUMBERS; i++)
		put_float(dst + MODEL_AT_NUMBERS + 4 * i, numbers[i]);
	/* A longer name was found to have no evidence: cut, it serves nobody. */
	strncpy((char *) dst + MODEL_AT_NAME, data->in->models[m], AIR_PREDICTOR_NAME);
}

static void
write_task(const AirLearnData *data, int task, const AirLearnModel *models, uint8 *dst)
{
	put64(dst, data->task_hashes[task]);
	for (int m = 0; m < data->nmodels; m++)
	{
		uint8 *p = dst + 8 + TASK_MODEL_BYTES * m;
		const float *weights = models[m].weights;

		put_float(p, weights != NULL ? weights[AIR_FIT_TASKS + task] : 0);
		put_float(p + 4, models[m].task_odds[task]);
		put32(p + 8, models[m].task_rows[task]);
	}
}

/* See learn_internal.h. */
uint8 *
air_learn_write(const AirLearnData *data, const AirLearnModel *models, bool new_tasks, size_t *len)
{
	int nmodels = data->nmodels;
	int ntasks = Min(data->ntasks - 1, PREDICTOR_MAX_TASKS);
	int nbuckets = 0;
	double scale[AIR_PREDICTOR_MODELS];
	uint8 *bytes;
	uint8 *p;

	for (int m = 0; m < nmodels; m++)
	{
		scale[m] = scale_of(models[m].weights);
		if (models[m].weights != NULL)
			nbuckets = AIR_BUCKETS;
	}
	*len = PREDICTOR_HEADER + (size_t) nmodels * MODEL_BYTES +
		   (size_t) ntasks * TASK_BYTES(nmodels) + (size_t) nbuckets * nmodels * 2;
	bytes = palloc0(*len);
	put32(bytes, PREDICTOR_MAGIC);
	put16(bytes + 4, PREDICTOR_VERSION);
	put16(bytes + 6, PREDICTOR_FEATURES);
	put32(bytes + 8, (uint32) *len);
	put32(bytes + 12, nmodels);
	put32(bytes + 16, ntasks);
	put32(bytes + 20, nbuckets);
	p = bytes + PREDICTOR_HEADER;
	for (int m = 0; m < nmodels; m++, p += MODEL_BYTES)
		write_model(data, m, &models[m], new_tasks, scale[m], p);
	for (int task = 1; task <= ntasks; task++, p += TASK_BYTES(nmodels))
		write_task(data, task, models, p);
	for (int i = 0; i < nbuckets; i++)
	{
		for (int m = 0; m < nmodels; m++, p += 2)
		{
			if (scale[m] > 0)
				put16(p, (uint16) (int16) lrint(models[m].weights[i] / scale[m]));
		}
	}
	put64(bytes + PREDICTOR_SUM_AT, air_predictor_sum(bytes, *len));
	return bytes;
}
