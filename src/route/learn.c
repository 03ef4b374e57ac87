/*
 * learn.c
 *	  Training of the learned router, from examples to bytes.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn_internal.h"

/* Everything that may stay unmeasured says so. */
static void
clear_report(const AirLearn *in, AirLearnReport *report)
{
	memset(report, 0, sizeof(*report));
	report->state = AIR_LEARN_FEW;
	report->refused = in->nexamples;
	for (int i = 0; i < AIR_PREDICTOR_MODELS; i++)
		report->models[i] = (AirModelReport){.state = AIR_LEARN_FEW,
											 .rate = NAN,
											 .auc = NAN,
											 .ece = NAN,
											 .log_loss = NAN,
											 .base_log_loss = NAN};
	report->ece = report->log_loss = report->base_log_loss = NAN;
	report->weak = report->strong = -1;
	report->weak_rate = report->strong_rate = report->apgr = report->new_task_apgr = NAN;
	report->ours_log_loss = report->incumbent_log_loss = NAN;
	for (int i = 0; i < AIR_LEARN_POINTS; i++)
		report->points[i] = (AirLearnPoint){.quality = NAN, .cost = NAN};
}

/* Hand out what the folds predicted of each model for each example. */
static void
put_held_out(const AirLearn *in, const AirLearnData *data, const AirLearnModel *models)
{
	for (int r = 0; r < data->nrows; r++)
		for (int m = 0; m < data->nmodels; m++)
			if (models[m].p != NULL)
				in->held_out[(Size) data->examples[r] * in->nmodels + m] =
					models[m].p[data->rows[r].text];
}

/* See learn.h. */
bool
air_learn(const AirLearn *in, AirLearnReport *report, uint8 **bytes, size_t *len)
{
	AirLearnModel models[AIR_PREDICTOR_MODELS];
	AirLearnData data;

	*bytes = NULL;
	*len = 0;
	clear_report(in, report);
	for (Size i = 0; i < (Size) in->nexamples * in->nmodels && in->held_out != NULL; i++)
		in->held_out[i] = NAN;
	if (!air_learn_data(in, report, &data))
		return false;
	for (int m = 0; m < data.nmodels; m++)
		air_learn_model(&data, m, &models[m]);
	air_learn_report(&data, models, report);
	if (in->held_out != NULL)
		put_held_out(in, &data, models);
	if (report->state != AIR_LEARN_OK)
		return false;
	*bytes = air_learn_write(&data, models, report->new_tasks, len);
	return true;
}

/* See learn.h. */
const char *
air_learn_state(AirLearnState state)
{
	switch (state)
	{
		case AIR_LEARN_OK:
			return "ok";
		case AIR_LEARN_FEW:
			return "too few examples";
		case AIR_LEARN_ONE_CLASS:
			return "all scores alike";
		case AIR_LEARN_NO_GAIN:
			return "no better than the plain rate of success";
	}
	return "unknown";
}

/* See learn.h. */
const char *
air_evidence_name(AirEvidence evidence)
{
	switch (evidence)
	{
		case AIR_EVIDENCE_NONE:
			return "none";
		case AIR_EVIDENCE_RATE:
			return "rate";
		case AIR_EVIDENCE_TASK:
			return "task";
		case AIR_EVIDENCE_TEXT:
			return "text";
	}
	return "unknown";
}
