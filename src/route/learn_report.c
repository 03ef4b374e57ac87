/*
 * learn_report.c
 *	  Figures over all models: what the strategy would gain, and whether it is worth it.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn_internal.h"
#include "route/metrics.h"

/* Fewer prompts that both models were tried on tell nothing about their gap. */
#define LEAST_PAIRS 50

/* Fewer examples new to the incumbent do not tell which one is better. */
#define LEAST_COMPARED 30

/* Of each model and text: mean score, or NaN if it was not tried. */
static float *
outcomes(const AirLearnData *data)
{
	Size n = (Size) data->nmodels * data->ntexts;
	float *out = palloc(sizeof(float) * n);
	float *weight = palloc0(sizeof(float) * n);

	for (Size i = 0; i < n; i++)
		out[i] = 0;
	for (int m = 0; m < data->nmodels; m++)
	{
		for (int i = data->first[m]; i < data->first[m + 1]; i++)
		{
			Size at = (Size) m * data->ntexts + data->rows[i].text;

			out[at] += data->rows[i].weight * data->rows[i].score;
			weight[at] += data->rows[i].weight;
		}
	}
	for (Size i = 0; i < n; i++)
		out[i] = weight[i] > 0 ? out[i] / weight[i] : NAN;
	pfree(weight);
	return out;
}

/* What of each model's predictions is compared with its scores. */
static void
report_model(const AirLearnData *data, int m, const AirLearnModel *model, AirModelReport *out)
{
	int n = data->first[m + 1] - data->first[m];
	const AirFitRow *rows = data->rows + data->first[m];
	double *p = palloc(sizeof(double) * Max(n, 1));
	double *base = palloc(sizeof(double) * Max(n, 1));
	float *score = palloc(sizeof(float) * Max(n, 1));
	float *weight = palloc(sizeof(float) * Max(n, 1));
	Size used = 0;
	double good = 0;
	double all = 0;

	for (int i = 0; i < n; i++)
	{
		good += rows[i].weight * rows[i].score;
		all += rows[i].weight;
		if (model->p == NULL)
			continue;
		p[used] = model->p[rows[i].text];
		base[used] = model->base[rows[i].text];
		score[used] = rows[i].score;
		weight[used++] = rows[i].weight;
	}
	out->examples = n;
	out->state = model->state;
	out->evidence = model->evidence;
	out->rate = n > 0 ? good / all : NAN;
	out->auc = model->evidence > AIR_EVIDENCE_RATE ? air_auc(p, score, weight, used) : NAN;
	out->ece = air_ece(p, score, weight, used);
	out->log_loss = air_log_loss(p, score, weight, used);
	out->base_log_loss = air_log_loss(base, score, weight, used);
	pfree(p);
	pfree(base);
	pfree(score);
	pfree(weight);
}

/* Means over the models, by their examples; the calibration error of all bins together. */
static void
report_all(const AirLearnData *data, const AirLearnModel *models, AirLearnReport *report)
{
	double *p = palloc(sizeof(double) * data->nrows);
	double *base = palloc(sizeof(double) * data->nrows);
	float *score = palloc(sizeof(float) * data->nrows);
	float *weight = palloc(sizeof(float) * data->nrows);
	int n = 0;

	for (int m = 0; m < data->nmodels; m++)
	{
		for (int i = data->first[m]; models[m].p != NULL && i < data->first[m + 1]; i++)
		{
			p[n] = models[m].p[data->rows[i].text];
			base[n] = models[m].base[data->rows[i].text];
			score[n] = data->rows[i].score;
			weight[n++] = data->rows[i].weight;
		}
	}
	report->ece = air_ece(p, score, weight, n);
	report->log_loss = air_log_loss(p, score, weight, n);
	report->base_log_loss = air_log_loss(base, score, weight, n);
	pfree(p);
	pfree(base);
	pfree(score);
	pfree(weight);
}

/* APGR of one model against another by these predictions; pairs of outcomes as given. */
static double
apgr_of(const AirLearnData *data, const float *weak, const float *strong, const double *p_weak,
		const double *p_strong)
{
	double *gain = palloc(sizeof(double) * data->ntexts);
	float *w = palloc(sizeof(float) * data->ntexts);
	float *s = palloc(sizeof(float) * data->ntexts);
	int n = 0;
	double apgr;

	for (int i = 0; i < data->ntexts; i++)
	{
		if (isnan(weak[i]) || isnan(strong[i]))
			continue;
		gain[n] = p_strong[i] - p_weak[i];
		w[n] = weak[i];
		s[n++] = strong[i];
	}
	apgr = air_apgr(gain, w, s, n);
	pfree(gain);
	pfree(w);
	pfree(s);
	return apgr;
}

/* The pair to look at: the first model that can be predicted, and the best one tried beside it. */
static void
find_pair(const AirLearnData *data, const AirLearnModel *models, const float *tried,
		  AirLearnReport *report)
{
	double best = -1;

	report->weak = report->strong = -1;
	for (int m = 0; m < data->nmodels && report->weak < 0; m++)
	{
		if (models[m].p != NULL)
			report->weak = m;
	}
	for (int m = report->weak + 1; report->weak >= 0 && m < data->nmodels; m++)
	{
		const float *weak = tried + (Size) report->weak * data->ntexts;
		const float *strong = tried + (Size) m * data->ntexts;
		double weak_sum = 0;
		double strong_sum = 0;
		int n = 0;

		for (int i = 0; models[m].p != NULL && i < data->ntexts; i++)
		{
			if (isnan(weak[i]) || isnan(strong[i]))
				continue;
			weak_sum += weak[i];
			strong_sum += strong[i];
			n++;
		}
		if (n < LEAST_PAIRS || strong_sum / n <= best)
			continue;
		best = strong_sum / n;
		report->strong = m;
		report->pairs = n;
		report->weak_rate = weak_sum / n;
		report->strong_rate = best;
	}
	if (report->strong < 0)
		report->weak = -1;
}

static void
report_pair(const AirLearnData *data, const AirLearnModel *models, const float *tried,
			AirLearnReport *report)
{
	const AirLearnModel *weak;
	const AirLearnModel *strong;
	const float *weak_scores;
	const float *strong_scores;

	find_pair(data, models, tried, report);
	if (report->weak < 0)
		return;
	weak = &models[report->weak];
	strong = &models[report->strong];
	weak_scores = tried + (Size) report->weak * data->ntexts;
	strong_scores = tried + (Size) report->strong * data->ntexts;
	report->apgr = apgr_of(data, weak_scores, strong_scores, weak->p, strong->p);
	if (weak->new_p != NULL && strong->new_p != NULL)
		report->new_task_apgr =
			apgr_of(data, weak_scores, strong_scores, weak->new_p, strong->new_p);
}

/* Does the text help on tasks without examples, for every model that learned from it? */
static bool
gains_on_new_tasks(const AirLearnData *data, const AirLearnModel *models)
{
	bool any = false;

	for (int m = 0; m < data->nmodels; m++)
	{
		if (models[m].evidence != AIR_EVIDENCE_TEXT)
			continue;
		any = true;
		if (models[m].new_p == NULL ||
			!air_learn_better(data, m, models[m].new_p, models[m].new_base, true))
			return false;
	}
	return any;
}

/* What the strategy would have chosen, by tolerance. */
static void
report_points(const AirLearnData *data, const AirLearnModel *models, const float *tried,
			  AirLearnReport *report)
{
	static const double tolerances[AIR_LEARN_POINTS] = {0,    0.01, 0.02, 0.05, 0.1,
														0.15, 0.2,  0.3,  0.5,  1};
	double costs[AIR_PREDICTOR_MODELS];
	AirPrediction predictions[AIR_PREDICTOR_MODELS];

	for (int m = 0; m < data->nmodels; m++)
	{
		costs[m] = data->in->costs != NULL ? data->in->costs[m] : NAN;
		predictions[m] = (AirPrediction){.evidence = models[m].evidence};
	}
	for (int k = 0; k < AIR_LEARN_POINTS; k++)
	{
		AirLearnPoint *point = &report->points[k];
		int n = 0;

		point->tolerance = tolerances[k];
		point->quality = 0;
		point->cost = 0;
		for (int i = 0; i < data->ntexts; i++)
		{
			int choice;
			float score;

			for (int m = 0; m < data->nmodels; m++)
				predictions[m].success = models[m].p != NULL ? models[m].p[i] : 0.5;
			choice = air_predict_choose(predictions, costs, data->nmodels, tolerances[k], 0);
			if (choice < 0)
				continue;
			score = tried[(Size) choice * data->ntexts + i];
			point->quality += isnan(score) ? predictions[choice].success : score;
			point->cost += costs[choice];
			point->share[choice] += 1;
			n++;
		}
		point->quality /= n; /* NaN if there was no choice */
		point->cost /= n;
		for (int m = 0; m < data->nmodels; m++)
			point->share[m] /= n;
		air_learn_tick(data->in);
	}
}

/* Against the incumbent, on what it was not trained with. */
static void
report_incumbent(const AirLearnData *data, const AirLearnModel *models, AirLearnReport *report)
{
	const AirLearn *in = data->in;
	AirPrediction predictions[AIR_PREDICTOR_MODELS];
	AirFeatures features;
	double ours = 0;
	double theirs = 0;
	double all = 0;
	bool lacks = false;

	report->beats_incumbent = in->incumbent == NULL;
	for (int m = 0; in->incumbent != NULL && m < data->nmodels; m++)
	{
		int number = air_predictor_find(in->incumbent, in->models[m]);

		if (models[m].p == NULL)
			continue;
		if (number < 0)
		{
			lacks = true;
			continue;
		}
		for (int i = data->first[m]; i < data->first[m + 1]; i++)
		{
			const AirFitRow *row = &data->rows[i];
			const AirExample *example = &in->examples[data->examples[i]];

			if (example->seen ||
				!air_features_unpack(example->features, example->features_len, &features))
				continue;
			air_predict(in->incumbent, &features, example->task, predictions);
			ours += row->weight * air_log_loss_one(models[m].p[row->text], row->score);
			theirs += row->weight * air_log_loss_one(predictions[number].success, row->score);
			all += row->weight;
			if (++report->compared % 1024 == 0)
				air_learn_tick(in);
		}
	}
	if (report->compared > 0)
	{
		report->ours_log_loss = ours / all;
		report->incumbent_log_loss = theirs / all;
	}
	if (in->incumbent != NULL)
		report->beats_incumbent = lacks || (report->compared >= LEAST_COMPARED && ours < theirs);
}

/* See learn_internal.h. */
void
air_learn_report(const AirLearnData *data, const AirLearnModel *models, AirLearnReport *report)
{
	float *tried = outcomes(data);
	bool gains = false;
	bool any = false;
	bool one_class = false;

	for (int m = 0; m < data->nmodels; m++)
	{
		report_model(data, m, &models[m], &report->models[m]);
		gains |= models[m].evidence > AIR_EVIDENCE_RATE;
		any |= models[m].state == AIR_LEARN_NO_GAIN;
		one_class |= models[m].state == AIR_LEARN_ONE_CLASS;
	}
	report_all(data, models, report);
	report_pair(data, models, tried, report);
	report_points(data, models, tried, report);
	report_incumbent(data, models, report);
	report->new_task_gain = gains_on_new_tasks(data, models) && !(report->new_task_apgr < 0.5);
	report->new_tasks = data->in->new_tasks && report->new_task_gain;
	report->state = gains       ? AIR_LEARN_OK
					: any       ? AIR_LEARN_NO_GAIN
					: one_class ? AIR_LEARN_ONE_CLASS
								: AIR_LEARN_FEW;
	/* Success may be predicted well and the order of models not: then it is of no use. */
	if (report->apgr < 0.5)
		report->state = AIR_LEARN_NO_GAIN;
	pfree(tried);
}
