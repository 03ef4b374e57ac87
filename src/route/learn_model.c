/*
 * learn_model.c
 *	  One model: regression on held-out folds, calibration, and whether it helps.
 *
 * Every number that is reported or that decides is from a fold that was held out: the
 * regression, the counts of the tasks and the calibration of a prediction come from the
 * other four folds.  The calibration that is kept comes from all five.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn_internal.h"
#include "route/metrics.h"

#define LEAST_EXAMPLES 50
#define LEAST_GROUPS 20
#define LEAST_OF_A_CLASS 5.0
#define LEAST_TASKS 5
#define STANDARD_ERRORS 2.0

/* Scores of one model so far. */
typedef struct Counts
{
	double good;
	double all;
} Counts;

static double
log_odds(double p)
{
	return log(p / (1 - p));
}

/* Rate with half an example of either outcome more: never 0 or 1. */
static double
smooth_rate(Counts c)
{
	return (c.good + 0.5) / (c.all + 1);
}

static const AirFitRow *
rows_of(const AirLearnData *data, int m, int *n)
{
	*n = data->first[m + 1] - data->first[m];
	return data->rows + data->first[m];
}

static AirFit
fit_of(const AirLearnData *data, int m)
{
	AirFit fit = {.texts = data->texts, .ntasks = data->ntasks};

	fit.rows = rows_of(data, m, &fit.nrows);
	fit.tick = data->in->tick;
	fit.arg = data->in->arg;
	return fit;
}

/*
 * Count what the fit takes: the rate of all, and for each task how the log odds of
 * its Beta posterior mean differ from it.  rows (examples by task) may be NULL.
 */
static double
count_tasks(const AirFit *fit, AirFitSkip skip, int fold, double *odds, int *rows)
{
	Counts *tasks = palloc0(sizeof(Counts) * fit->ntasks);
	Counts all = {0, 0};
	double rate;

	for (int i = 0; i < fit->nrows; i++)
	{
		const AirFitRow *row = &fit->rows[i];
		Counts *task = &tasks[fit->texts[row->text].task];

		if (!air_fit_takes(fit, row, skip, fold))
			continue;
		task->good += row->weight * row->score;
		task->all += row->weight;
		all.good += row->weight * row->score;
		all.all += row->weight;
		if (rows != NULL)
			rows[fit->texts[row->text].task]++;
	}
	rate = smooth_rate(all);
	for (int i = 0; i < fit->ntasks; i++)
		odds[i] =
			log_odds((tasks[i].good + AIR_TASK_PRIOR * rate) / (tasks[i].all + AIR_TASK_PRIOR)) -
			log_odds(rate);
	pfree(tasks);
	return log_odds(rate);
}

/* Can anything be learned at all? */
static AirLearnState
enough(const AirLearnData *data, int m, double *mean)
{
	int n;
	const AirFitRow *rows = rows_of(data, m, &n);
	bool *seen = palloc0(sizeof(bool) * data->ngroups);
	Counts all = {0, 0};
	double good = 0;
	double low = 1;
	double high = 0;
	int groups = 0;

	for (int i = 0; i < n; i++)
	{
		bool *group = &seen[data->texts[rows[i].text].group];

		groups += !*group;
		*group = true;
		all.good += rows[i].weight * rows[i].score;
		all.all += rows[i].weight;
		good += rows[i].score;
		low = Min(low, rows[i].score);
		high = Max(high, rows[i].score);
	}
	pfree(seen);
	*mean = n > 0 ? all.good / all.all : NAN;
	if (n < LEAST_EXAMPLES || groups < LEAST_GROUPS)
		return AIR_LEARN_FEW;
	if (high - low < 1e-3 || good < LEAST_OF_A_CLASS || n - good < LEAST_OF_A_CLASS)
		return AIR_LEARN_ONE_CLASS;
	return AIR_LEARN_OK;
}

/* See learn_internal.h. */
bool
air_learn_better(const AirLearnData *data, int m, const double *a, const double *b, bool by_task)
{
	int units = by_task ? data->ntasks : data->ngroups;
	Counts *unit = palloc0(sizeof(Counts) * units);
	int n;
	const AirFitRow *rows = rows_of(data, m, &n);
	double sum = 0;
	double weight = 0;
	double square = 0;

	for (int i = 0; i < n; i++)
	{
		const AirFitText *text = &data->texts[rows[i].text];
		double gain = air_log_loss_one(b[rows[i].text], rows[i].score) -
					  air_log_loss_one(a[rows[i].text], rows[i].score);
		Counts *u = &unit[by_task ? text->task : text->group];

		u->good += rows[i].weight * gain;
		u->all += rows[i].weight;
		sum += rows[i].weight * gain;
		weight += rows[i].weight;
	}
	for (int i = 0; i < units; i++)
	{
		double away = unit[i].good - unit[i].all * (sum / weight);

		square += away * away;
	}
	pfree(unit);
	return weight > 0 && sum > 0 && sum > STANDARD_ERRORS * sqrt(square);
}

/* Held-out scores of all texts, before calibration. */
typedef struct HeldOut
{
	double *z;    /* by the regression */
	double *t;    /* of the task's counts */
	double *rate; /* log odds over all tasks */
} HeldOut;

static HeldOut
hold_out(const AirLearnData *data, int m, AirFitSkip skip)
{
	AirFit fit = fit_of(data, m);
	Size size = sizeof(double) * data->ntexts;
	HeldOut out = {palloc(size), palloc(size), palloc(size)};
	float *weights = palloc(sizeof(float) * AIR_FIT_SIZE(data->ntasks));
	double *odds = palloc(sizeof(double) * data->ntasks);

	for (int fold = 0; fold < AIR_FOLDS; fold++)
	{
		double rate = count_tasks(&fit, skip, fold, odds, NULL);

		air_fit(&fit, skip, fold, weights);
		for (int i = 0; i < data->ntexts; i++)
		{
			const AirFitText *text = &data->texts[i];
			bool by_tasks = skip == AIR_SKIP_TASKS;

			if ((by_tasks ? text->new_fold : text->fold) != fold)
				continue;
			out.z[i] = air_fit_score(weights, data->ntasks, text, !by_tasks);
			out.t[i] = by_tasks ? 0 : odds[text->task];
			out.rate[i] = rate;
		}
	}
	pfree(odds);
	pfree(weights);
	return out;
}

static void
free_held_out(HeldOut *held)
{
	pfree(held->z);
	pfree(held->t);
	pfree(held->rate);
}

/* Calibrate: p of each text by the calibration of the other folds; the one of all is returned. */
static AirStack
calibrate(const AirLearnData *data, int m, const HeldOut *held, AirFitSkip skip, double *p)
{
	bool by_tasks = skip == AIR_SKIP_TASKS;
	int n;
	const AirFitRow *rows = rows_of(data, m, &n);
	AirStackRow *stacked = palloc(sizeof(AirStackRow) * Max(n, 1));
	AirStack stack;

	for (int i = 0; i < n; i++)
	{
		int text = rows[i].text;

		stacked[i].z = held->z[text];
		stacked[i].t = held->t[text];
		stacked[i].score = rows[i].score;
		stacked[i].weight = rows[i].weight;
		stacked[i].fold = by_tasks ? data->texts[text].new_fold : data->texts[text].fold;
	}
	for (int fold = 0; fold < AIR_FOLDS; fold++)
	{
		stack = air_stack(stacked, n, fold, !by_tasks);
		air_learn_tick(data->in);
		for (int i = 0; i < data->ntexts; i++)
		{
			if ((by_tasks ? data->texts[i].new_fold : data->texts[i].fold) == fold)
				p[i] = air_sigmoid(air_stack_logit(&stack, held->z[i], held->t[i]));
		}
	}
	stack = air_stack(stacked, n, -1, !by_tasks);
	pfree(stacked);
	return stack;
}

/* Take what beats the plain rate: the text with the task, or the task's counts alone. */
static void
choose_evidence(const AirLearnData *data, int m, AirLearnModel *model)
{
	Size size = sizeof(double) * data->ntexts;
	HeldOut held = hold_out(data, m, AIR_SKIP_GROUPS);
	double *by_text = palloc(size);
	double *by_task = palloc(size);

	model->stack = calibrate(data, m, &held, AIR_SKIP_GROUPS, by_text);
	model->base = palloc(size);
	for (int i = 0; i < data->ntexts; i++)
	{
		model->base[i] = air_sigmoid(held.rate[i]);
		by_task[i] = air_sigmoid(held.rate[i] + held.t[i]);
	}
	free_held_out(&held);

	if (air_learn_better(data, m, by_text, model->base, false))
		model->evidence = AIR_EVIDENCE_TEXT;
	if (air_learn_better(data, m, by_task, model->base, false) &&
		(model->evidence != AIR_EVIDENCE_TEXT ||
		 air_learn_better(data, m, by_task, by_text, false)))
		model->evidence = AIR_EVIDENCE_TASK;

	model->p = model->evidence == AIR_EVIDENCE_TEXT   ? by_text
			   : model->evidence == AIR_EVIDENCE_TASK ? by_task
													  : model->base;
	if (model->evidence == AIR_EVIDENCE_RATE)
		model->state = AIR_LEARN_NO_GAIN;
	if (model->p != by_text)
		pfree(by_text);
	if (model->p != by_task)
		pfree(by_task);
}

/* The plain rate is all there is: of the other folds, as for all others. */
static void
rate_only(const AirLearnData *data, int m, AirFitSkip skip, double *p)
{
	AirFit fit = fit_of(data, m);
	double *odds = palloc(sizeof(double) * data->ntasks);

	for (int fold = 0; fold < AIR_FOLDS; fold++)
	{
		double rate = air_sigmoid(count_tasks(&fit, skip, fold, odds, NULL));

		for (int i = 0; i < data->ntexts; i++)
		{
			if ((skip == AIR_SKIP_TASKS ? data->texts[i].new_fold : data->texts[i].fold) == fold)
				p[i] = rate;
		}
	}
	pfree(odds);
}

/* How it would do on tasks that it has no examples of. */
static void
try_new_tasks(const AirLearnData *data, int m, AirLearnModel *model)
{
	Size size = sizeof(double) * data->ntexts;

	model->new_p = palloc(size);
	model->new_base = palloc(size);
	rate_only(data, m, AIR_SKIP_TASKS, model->new_base);
	if (model->evidence == AIR_EVIDENCE_TEXT)
	{
		HeldOut held = hold_out(data, m, AIR_SKIP_TASKS);

		model->new_stack = calibrate(data, m, &held, AIR_SKIP_TASKS, model->new_p);
		free_held_out(&held);
	}
	else
		memcpy(model->new_p, model->new_base, size);
}

/* See learn_internal.h. */
void
air_learn_model(const AirLearnData *data, int m, AirLearnModel *out)
{
	AirFit fit = fit_of(data, m);
	double mean;

	memset(out, 0, sizeof(*out));
	out->task_rows = palloc0(sizeof(int) * data->ntasks);
	out->task_odds = palloc0(sizeof(double) * data->ntasks);
	out->state = enough(data, m, &mean);
	if (strlen(data->in->models[m]) > AIR_PREDICTOR_NAME)
		out->state = AIR_LEARN_FEW;
	out->rate = count_tasks(&fit, AIR_SKIP_NONE, 0, out->task_odds, out->task_rows);
	if (out->state == AIR_LEARN_FEW)
		return;
	out->evidence = AIR_EVIDENCE_RATE;
	if (out->state == AIR_LEARN_ONE_CLASS)
	{
		out->base = palloc(sizeof(double) * data->ntexts);
		rate_only(data, m, AIR_SKIP_GROUPS, out->base);
		out->p = out->base;
	}
	else
		choose_evidence(data, m, out);
	if (data->ntasks - 1 >= LEAST_TASKS)
		try_new_tasks(data, m, out);
	if (out->evidence == AIR_EVIDENCE_TEXT)
	{
		out->weights = palloc(sizeof(float) * AIR_FIT_SIZE(data->ntasks));
		air_fit(&fit, AIR_SKIP_NONE, 0, out->weights);
	}
	else
		out->stack = (AirStack){out->rate, 0, 1};
}
