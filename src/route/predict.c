/*
 * predict.c
 *	  Reading a predictor: checks once, then predictions in place.
 */
#include "base/pg.h"

#include <math.h>

#include "route/predict_format.h"

/* Never quite certain: an odds of 9999 to 1 is as far as outcomes carry. */
#define LEAST_SUCCESS 1e-4

/* See predict_format.h. */
uint64
air_task_hash(const char *task)
{
	uint64 h = UINT64CONST(0xcbf29ce484222325);

	if (task == NULL)
		return 0;
	for (; *task != '\0'; task++)
		h = (h ^ (uint8) *task) * UINT64CONST(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 32;
	return h != 0 ? h : 1;
}

/* See predict_format.h. */
uint64
air_predictor_sum(const uint8 *bytes, size_t len)
{
	uint64 h = len;

	for (size_t i = 0; i < len; i += 8)
	{
		uint64 word = 0;

		if (i == PREDICTOR_SUM_AT)
			continue;
		if (len - i >= 8)
			word = air_get64(bytes + i);
		else
			for (size_t j = i; j < len; j++)
				word = word << 8 | bytes[j];
		h = (h ^ word) * UINT64CONST(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

static bool
sane(const uint8 *p)
{
	float value = air_get_float(p);

	/* A NaN fails both. */
	return value <= PREDICTOR_LIMIT && value >= -PREDICTOR_LIMIT;
}

static bool
check_models(const AirPredictor *predictor, const char **why)
{
	for (int i = 0; i < predictor->nmodels; i++)
	{
		const uint8 *model = predictor->models + (size_t) i * MODEL_BYTES;

		*why = "a model has an impossible number";
		if (air_get32(model + MODEL_AT_EXAMPLES) > PG_INT32_MAX)
			return false;
		for (int j = 0; j < MODEL_NUMBERS; j++)
		{
			if (!sane(model + MODEL_AT_NUMBERS + 4 * j))
				return false;
		}
		if (model[MODEL_AT_EVIDENCE] > AIR_EVIDENCE_TEXT ||
			(model[MODEL_AT_EVIDENCE] == AIR_EVIDENCE_TEXT && predictor->nbuckets == 0))
			return false;
		*why = "a model's name does not end";
		if (model[MODEL_BYTES - 1] != '\0')
			return false;
	}
	return true;
}

static bool
check_tasks(const AirPredictor *predictor, const char **why)
{
	size_t width = TASK_BYTES(predictor->nmodels);

	for (int i = 0; i < predictor->ntasks; i++)
	{
		const uint8 *task = predictor->tasks + i * width;

		*why = "tasks are out of order";
		if (i > 0 && air_get64(task) <= air_get64(task - width))
			return false;
		*why = "a task has an impossible number";
		for (int j = 0; j < predictor->nmodels; j++)
		{
			const uint8 *entry = task + 8 + TASK_MODEL_BYTES * j;

			if (!sane(entry) || !sane(entry + 4) || air_get32(entry + 8) > PG_INT32_MAX)
				return false;
		}
	}
	return true;
}

/* See predict.h. */
bool
air_predictor_open(const uint8 *bytes, size_t len, AirPredictor *out, const char **why)
{
	uint32 nmodels;
	uint32 ntasks;
	uint32 nbuckets;
	uint64 want;

	memset(out, 0, sizeof(*out));
	*why = "not a predictor";
	if (bytes == NULL || len < PREDICTOR_HEADER || len > PG_INT32_MAX ||
		air_get32(bytes) != PREDICTOR_MAGIC)
		return false;
	*why = "made by another version";
	if (air_get16(bytes + 4) != PREDICTOR_VERSION || air_get16(bytes + 6) != PREDICTOR_FEATURES)
		return false;
	*why = "wrong size";
	nmodels = air_get32(bytes + 12);
	ntasks = air_get32(bytes + 16);
	nbuckets = air_get32(bytes + 20);
	if (nmodels < 1 || nmodels > AIR_PREDICTOR_MODELS || ntasks > PREDICTOR_MAX_TASKS ||
		(nbuckets != 0 && nbuckets != AIR_BUCKETS))
		return false;
	want = PREDICTOR_HEADER + (uint64) nmodels * MODEL_BYTES +
		   (uint64) ntasks * TASK_BYTES(nmodels) + (uint64) nbuckets * nmodels * 2;
	if (air_get32(bytes + 8) != len || want != len)
		return false;
	*why = "damaged (checksum)";
	if (air_get64(bytes + PREDICTOR_SUM_AT) != air_predictor_sum(bytes, len))
		return false;

	out->bytes = bytes;
	out->nmodels = nmodels;
	out->ntasks = ntasks;
	out->nbuckets = nbuckets;
	out->models = bytes + PREDICTOR_HEADER;
	out->tasks = out->models + (size_t) nmodels * MODEL_BYTES;
	out->weights = out->tasks + (size_t) ntasks * TASK_BYTES(nmodels);
	if (!check_models(out, why) || !check_tasks(out, why))
		return false;
	*why = NULL;
	return true;
}

/* See predict.h. */
int
air_predictor_models(const AirPredictor *predictor)
{
	return predictor->nmodels;
}

/* See predict.h. */
const char *
air_predictor_model(const AirPredictor *predictor, int i)
{
	return (const char *) predictor->models + (size_t) i * MODEL_BYTES + MODEL_AT_NAME;
}

/* See predict.h. */
int
air_predictor_find(const AirPredictor *predictor, const char *name)
{
	for (int i = 0; i < predictor->nmodels; i++)
	{
		if (strcmp(air_predictor_model(predictor, i), name) == 0)
			return i;
	}
	return -1;
}

/* The entry of a task (its models), or NULL. */
static const uint8 *
find_task(const AirPredictor *predictor, uint64 hash)
{
	size_t width = TASK_BYTES(predictor->nmodels);
	int low = 0;
	int high = predictor->ntasks;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const uint8 *task = predictor->tasks + middle * width;
		uint64 at = air_get64(task);

		if (at == hash)
			return task + 8;
		if (at < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Sum the weights of a prompt's words, for all models in one pass. */
static void
sum_weights(const AirPredictor *predictor, const AirFeatures *features, int32 *sums)
{
	int nmodels = predictor->nmodels;

	memset(sums, 0, sizeof(int32) * nmodels);
	if (predictor->nbuckets == 0)
		return;
	for (int i = 0; i < features->n; i++)
	{
		const uint8 *weights = predictor->weights + (size_t) features->ids[i] * nmodels * 2;

		for (int j = 0; j < nmodels; j++)
			sums[j] += (int16) air_get16(weights + 2 * j);
	}
}

static inline double
number(const uint8 *model, int i)
{
	return air_get_float(model + MODEL_AT_NUMBERS + 4 * i);
}

/* See predict.h. */
void
air_predict(const AirPredictor *predictor, const AirFeatures *features, const char *task,
			AirPrediction *out)
{
	const uint8 *entry = find_task(predictor, air_task_hash(task));
	double norm = features->n > 0 ? 1.0 / sqrt(features->n) : 0.0;
	int32 sums[AIR_PREDICTOR_MODELS];

	sum_weights(predictor, features, sums);
	for (int i = 0; i < predictor->nmodels; i++, out++)
	{
		const uint8 *model = predictor->models + (size_t) i * MODEL_BYTES;
		double logit = number(model, MODEL_RATE);
		double z;

		out->examples = (int) air_get32(model + MODEL_AT_EXAMPLES);
		out->evidence = (AirEvidence) model[MODEL_AT_EVIDENCE];
		out->task_examples = entry != NULL ? (int) air_get32(entry + TASK_MODEL_BYTES * i + 8) : 0;

		if (out->evidence == AIR_EVIDENCE_TEXT)
		{
			z = number(model, MODEL_BIAS) + number(model, MODEL_SCALE) * sums[i] * norm;
			for (int j = 0; j < AIR_SHAPES; j++)
				z += number(model, MODEL_SHAPES + j) * features->shape[j] * AIR_SHAPE_UNIT;
		}
		else
			z = 0;

		if (out->evidence != AIR_EVIDENCE_NONE && out->task_examples < AIR_TASK_EXAMPLES)
		{
			if (!(model[MODEL_AT_FLAGS] & MODEL_NEW_TASKS))
				out->evidence = AIR_EVIDENCE_NONE;
			else if (out->evidence == AIR_EVIDENCE_TEXT)
				logit = number(model, MODEL_NEW_SHIFT) + number(model, MODEL_NEW_TEXT) * z;
			else
				out->evidence = AIR_EVIDENCE_RATE;
		}
		else if (out->evidence >= AIR_EVIDENCE_TASK)
		{
			const uint8 *of_model = entry + TASK_MODEL_BYTES * i;

			z += air_get_float(of_model);
			logit = number(model, MODEL_SHIFT) + number(model, MODEL_TEXT) * z +
					number(model, MODEL_TASK) * air_get_float(of_model + 4);
		}
		out->success = 1.0 / (1.0 + exp(-logit));
		out->success = fmin(fmax(out->success, LEAST_SUCCESS), 1.0 - LEAST_SUCCESS);
	}
}

/* See predict.h. */
int
air_predict_choose(const AirPrediction *predictions, const double *costs, int n, double tolerance,
				   double least_success)
{
	int known = 0;
	int best = -1;
	int choice = -1;
	double enough;

	for (int i = 0; i < n; i++)
	{
		if (predictions[i].evidence == AIR_EVIDENCE_NONE)
			continue;
		known++;
		if (best < 0 || predictions[i].success > predictions[best].success)
			best = i;
	}
	if (known < 2)
		return -1;
	enough = least_success > 0 ? least_success : predictions[best].success - tolerance;
	for (int i = 0; i < n; i++)
	{
		if (predictions[i].evidence == AIR_EVIDENCE_NONE || predictions[i].success < enough)
			continue;
		if (choice < 0 || costs[i] < costs[choice] || (isnan(costs[choice]) && !isnan(costs[i])))
			choice = i;
	}
	return choice >= 0 ? choice : best;
}
