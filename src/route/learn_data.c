/*
 * learn_data.c
 *	  Examples to prompts, tasks, groups and folds.
 *
 * Prompts of one group must not be apart: one in training would tell the answer of
 * the other held out.  A group is what begins alike, for the shortest of the prefixes
 * that is not a common preface: instructions that many prompts start with are no passage.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn_internal.h"
#include "route/predict_format.h"

/* A prefix that more prompts than this, or than this share of them, have is a preface. */
#define PREFACE_PROMPTS 20
#define PREFACE_SHARE 0.01

/* An example that can be used. */
typedef struct Usable
{
	AirFeaturesView view;
	uint64 task;
	const AirExample *of;
	int example;
	int text;
} Usable;

/* A hash and what it belongs to, for sorting. */
typedef struct Keyed
{
	uint64 key;
	int index;
} Keyed;

static int
compare_keyed(const void *a, const void *b)
{
	const Keyed *x = a;
	const Keyed *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint64
mix(uint64 h, uint64 seed)
{
	h ^= seed * UINT64CONST(0x9e3779b97f4a7c15);
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static int
compare_usable(const void *a, const void *b)
{
	const Usable *x = a;
	const Usable *y = b;

	if (x->view.whole != y->view.whole)
		return x->view.whole < y->view.whole ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	/* The order in which examples come must not matter. */
	if (x->of->score != y->of->score)
		return x->of->score < y->of->score ? -1 : 1;
	if (x->of->weight != y->of->weight)
		return x->of->weight < y->of->weight ? -1 : 1;
	return x->example < y->example ? -1 : x->example > y->example;
}

/* Those that can be used, by text; returns how many. */
static int
gather(const AirLearn *in, int nmodels, Usable *usable)
{
	int n = 0;

	for (int i = 0; i < in->nexamples; i++)
	{
		const AirExample *example = &in->examples[i];

		if (example->model < 0 || example->model >= nmodels || !(example->score >= 0) ||
			!(example->score <= 1) || !(example->weight > 0) || isinf(example->weight) ||
			example->features == NULL || example->features_len < 0 ||
			!air_features_view(example->features, example->features_len, &usable[n].view))
			continue;
		usable[n].task = air_task_hash(example->task);
		usable[n].of = example;
		usable[n].example = i;
		n++;
	}
	qsort(usable, n, sizeof(Usable), compare_usable);
	return n;
}

/* Number the texts; of_text[i] is one example of number i. */
static void
number_texts(Usable *usable, int n, AirLearnData *data, const Usable **of_text)
{
	data->ntexts = 0;
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || usable[i].view.whole != usable[i - 1].view.whole ||
			usable[i].task != usable[i - 1].task)
		{
			AirFitText *text = &data->texts[data->ntexts];

			text->ids = usable[i].view.ids;
			text->shape = usable[i].view.shape;
			text->n = usable[i].view.n;
			text->norm = text->n > 0 ? 1 / sqrt(text->n) : 0;
			of_text[data->ntexts++] = &usable[i];
		}
		usable[i].text = data->ntexts - 1;
	}
}

/* Deal n things to folds in an order that the seed shuffles; returns each one's fold. */
static int *
deal(const uint64 *hashes, int n, uint64 seed)
{
	Keyed *ranked = palloc(sizeof(Keyed) * n);
	int *folds = palloc(sizeof(int) * n);

	for (int i = 0; i < n; i++)
		ranked[i] = (Keyed){mix(hashes[i], seed), i};
	qsort(ranked, n, sizeof(Keyed), compare_keyed);
	for (int i = 0; i < n; i++)
		folds[ranked[i].index] = i % AIR_FOLDS;
	pfree(ranked);
	return folds;
}

/* Number the tasks that have prompts enough; the others are number 0. */
static void
number_tasks(AirLearnData *data, const Usable *const *of_text)
{
	Keyed *keyed = palloc(sizeof(Keyed) * data->ntexts);
	int *folds;

	for (int i = 0; i < data->ntexts; i++)
		keyed[i] = (Keyed){of_text[i]->task, i};
	qsort(keyed, data->ntexts, sizeof(Keyed), compare_keyed);
	data->task_hashes = palloc0(sizeof(uint64) * (data->ntexts / AIR_TASK_EXAMPLES + 1));
	data->ntasks = 1;
	for (int i = 0, end; i < data->ntexts; i = end)
	{
		int task = 0;

		for (end = i; end < data->ntexts && keyed[end].key == keyed[i].key; end++)
			;
		if (end - i >= AIR_TASK_EXAMPLES)
		{
			task = data->ntasks++;
			data->task_hashes[task] = keyed[i].key;
		}
		for (int j = i; j < end; j++)
			data->texts[keyed[j].index].task = task;
	}
	folds = deal(data->task_hashes, data->ntasks, data->in->seed + 1);
	for (int i = 0; i < data->ntexts; i++)
		data->texts[i].new_fold = folds[data->texts[i].task];
	pfree(folds);
	pfree(keyed);
}

/* What the text is grouped by: a prefix that is not too common, at last the whole. */
static void
group_keys(const Usable *const *of_text, int n, Keyed *keys)
{
	double limit = Max(PREFACE_PROMPTS, PREFACE_SHARE * n);
	Keyed *sorted = palloc(sizeof(Keyed) * n);
	bool *done = palloc0(sizeof(bool) * n);

	for (int i = 0; i < n; i++)
		keys[i] = (Keyed){of_text[i]->view.whole, i};
	for (int level = 0; level < AIR_PREFIXES; level++)
	{
		for (int i = 0; i < n; i++)
			sorted[i] = (Keyed){of_text[i]->view.prefix[level], i};
		qsort(sorted, n, sizeof(Keyed), compare_keyed);
		for (int i = 0, end; i < n; i = end)
		{
			for (end = i; end < n && sorted[end].key == sorted[i].key; end++)
				;
			for (int j = i; j < end && end - i <= limit; j++)
			{
				int text = sorted[j].index;

				/* The level is part of the key: equal numbers of two levels are chance. */
				if (!done[text])
					keys[text].key = mix(sorted[j].key, level + 1);
				done[text] = true;
			}
		}
	}
	pfree(done);
	pfree(sorted);
}

static void
number_groups(AirLearnData *data, const Usable *const *of_text)
{
	Keyed *keys = palloc(sizeof(Keyed) * data->ntexts);
	uint64 *hashes = palloc(sizeof(uint64) * data->ntexts);
	int *folds;

	group_keys(of_text, data->ntexts, keys);
	qsort(keys, data->ntexts, sizeof(Keyed), compare_keyed);
	data->ngroups = 0;
	for (int i = 0; i < data->ntexts; i++)
	{
		if (i == 0 || keys[i].key != keys[i - 1].key)
			hashes[data->ngroups++] = keys[i].key;
		data->texts[keys[i].index].group = data->ngroups - 1;
	}
	folds = deal(hashes, data->ngroups, data->in->seed);
	for (int i = 0; i < data->ntexts; i++)
		data->texts[i].fold = folds[data->texts[i].group];
	pfree(folds);
	pfree(hashes);
	pfree(keys);
}

/* Rows of each model side by side; within a model they stay in order of the texts. */
static void
sort_rows(AirLearnData *data, const Usable *usable, int n)
{
	const AirLearn *in = data->in;
	int *next = palloc0(sizeof(int) * (data->nmodels + 1));
	double *weight = palloc0(sizeof(double) * data->nmodels);

	data->nrows = n;
	data->rows = palloc(sizeof(AirFitRow) * n);
	data->examples = palloc(sizeof(int) * n);
	data->first = palloc0(sizeof(int) * (data->nmodels + 1));
	for (int i = 0; i < n; i++)
	{
		const AirExample *example = &in->examples[usable[i].example];

		data->first[example->model + 1]++;
		weight[example->model] += example->weight;
	}
	for (int m = 0; m < data->nmodels; m++)
	{
		data->first[m + 1] += data->first[m];
		next[m] = data->first[m];
		weight[m] /= Max(data->first[m + 1] - data->first[m], 1);
	}
	for (int i = 0; i < n; i++)
	{
		const AirExample *example = &in->examples[usable[i].example];
		int row = next[example->model]++;

		data->examples[row] = usable[i].example;
		data->rows[row] = (AirFitRow){usable[i].text, example->score,
									  (float) (example->weight / weight[example->model])};
	}
	pfree(weight);
	pfree(next);
}

/* See learn_internal.h. */
bool
air_learn_data(const AirLearn *in, AirLearnReport *report, AirLearnData *out)
{
	Usable *usable;
	const Usable **of_text;
	int n;

	memset(out, 0, sizeof(*out));
	out->in = in;
	out->nmodels = Min(in->nmodels, AIR_PREDICTOR_MODELS);
	if (out->nmodels <= 0 || in->nexamples <= 0)
		return false;
	usable = palloc(sizeof(Usable) * in->nexamples);
	n = gather(in, out->nmodels, usable);
	report->used = n;
	report->refused = in->nexamples - n;
	if (n == 0)
	{
		pfree(usable);
		return false;
	}
	out->texts = palloc0(sizeof(AirFitText) * n);
	of_text = palloc(sizeof(Usable *) * n);
	number_texts(usable, n, out, of_text);
	air_learn_tick(in);
	number_tasks(out, of_text);
	number_groups(out, of_text);
	sort_rows(out, usable, n);
	report->prompts = out->ntexts;
	report->groups = out->ngroups;
	report->tasks = out->ntasks - 1;
	pfree(of_text);
	pfree(usable);
	return true;
}
