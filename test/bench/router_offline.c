/*
 * router_offline.c
 *	  Figures of the learned router on recorded outcomes, without a server.
 *
 * Reads CSV from stdin: task, prompt, then one column t/f per model, the cheapest
 * first; the first line names them.  Run by test/bench/router_offline.
 *
 * The outer folds here are not those that training makes for itself: a predictor is
 * trained on four of them, as a user would, and judged on the fifth.  Questions that
 * begin with the same 256 bytes (a shared passage) stay together.
 */
#include "base/pg.h"

#include <math.h>
#include <time.h>

#include "route/learn.h"
#include "route/metrics.h"

#define FOLDS 5
#define MODELS 2
#define LIMIT 200000

typedef struct Question
{
	char *task;
	int task_number;
	char *prompt;
	AirFeatures features;
	uint8 *packed;
	int packed_len;
	uint64 group;
	float score[MODELS];
	double p[MODELS]; /* of the predictor that did not see it */
	AirEvidence evidence[MODELS];
} Question;

static Question *questions;
static int nquestions;
static int ntasks;
static char *models[MODELS];
static const double costs[MODELS] = {0.7, 20.0}; /* about USD per million tokens, mixed */

/* Of the processor: other programs on the machine do not count. */
static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64
mix(uint64 h, uint64 seed)
{
	h = (h ^ seed * UINT64CONST(0x9e3779b97f4a7c15)) + 12345;
	h = (h ^ (h >> 31)) * UINT64CONST(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 29)) * UINT64CONST(0x94d049bb133111eb);
	return h ^ (h >> 32);
}

/* One field of CSV into a buffer; returns what ended it: ',', '\n' or EOF. */
static int
field(char **out)
{
	static char *buffer;
	static size_t size;
	size_t n = 0;
	int c = getchar();
	bool quoted = c == '"';

	if (quoted)
		c = getchar();
	for (;; c = getchar())
	{
		if (n + 1 >= size)
			buffer = realloc(buffer, size = size * 2 + 1024);
		if (c == EOF)
			break;
		if (quoted && c == '"')
		{
			c = getchar();
			if (c != '"')
			{
				quoted = false;
				if (c == '\r')
					c = getchar();
				break;
			}
		}
		else if (!quoted && (c == ',' || c == '\n'))
			break;
		else if (!quoted && c == '\r')
			continue;
		buffer[n++] = c;
	}
	buffer[n] = '\0';
	*out = strdup(buffer);
	return c;
}

static void
read_all(void)
{
	char *ignore;

	questions = calloc(LIMIT, sizeof(Question));
	field(&ignore);
	field(&ignore);
	for (int m = 0; m < MODELS; m++)
		field(&models[m]);
	while (nquestions < LIMIT)
	{
		Question *q = &questions[nquestions];
		char *end = NULL;

		if (field(&q->task) != ',' || field(&q->prompt) != ',')
			break;
		for (int m = 0; m < MODELS; m++)
		{
			field(&end);
			q->score[m] = end[0] == 't';
		}
		for (int i = 0; i < nquestions; i++)
		{
			if (strcmp(questions[i].task, q->task) == 0)
			{
				q->task_number = questions[i].task_number;
				break;
			}
			if (i == nquestions - 1)
				q->task_number = ntasks + 1;
		}
		ntasks = Max(ntasks, q->task_number);
		nquestions++;
	}
	ntasks++;
}

static void
extract(void)
{
	uint8 buffer[AIR_FEATURES_BYTES];
	double began = seconds();
	size_t bytes = 0;
	size_t packed = 0;
	int largest = 0;

	for (int i = 0; i < nquestions; i++)
	{
		Question *q = &questions[i];
		size_t len = strlen(q->prompt);

		air_features(q->prompt, len, &q->features);
		q->packed_len = air_features_pack(&q->features, buffer);
		q->packed = malloc(q->packed_len);
		memcpy(q->packed, buffer, q->packed_len);
		q->group = q->features.prefix[1];
		bytes += len;
		packed += q->packed_len;
		largest = Max(largest, q->packed_len);
	}
	printf("features: %.1f us a prompt of %zu bytes; packed %zu bytes on average, at most %d\n",
		   (seconds() - began) / nquestions * 1e6, bytes / nquestions, packed / nquestions,
		   largest);
}

/* Train with these questions (both models' outcomes). */
static bool
train(const int *which, int n, bool new_tasks, AirPredictor *predictor, AirLearnReport *report,
	  uint8 **bytes)
{
	AirExample *examples = malloc(sizeof(AirExample) * n * MODELS);
	AirLearn in = {.nmodels = MODELS,
				   .models = (const char *const *) models,
				   .costs = costs,
				   .nexamples = n * MODELS,
				   .examples = examples,
				   .seed = 42,
				   .new_tasks = new_tasks};
	const char *why;
	size_t len;
	bool done;

	for (int i = 0; i < n * MODELS; i++)
	{
		const Question *q = &questions[which[i / MODELS]];

		examples[i] = (AirExample){.features = q->packed,
								   .features_len = q->packed_len,
								   .task = q->task,
								   .model = i % MODELS,
								   .score = q->score[i % MODELS],
								   .weight = 1};
	}
	done = air_learn(&in, report, bytes, &len);
	free(examples);
	if (done && !air_predictor_open(*bytes, len, predictor, &why))
	{
		printf("not a predictor: %s\n", why);
		exit(1);
	}
	return done;
}

static void
predict(const AirPredictor *predictor, Question *q)
{
	AirPrediction out[MODELS];

	if (predictor != NULL)
		air_predict(predictor, &q->features, q->task, out);
	for (int m = 0; m < MODELS; m++)
	{
		q->p[m] = predictor != NULL ? out[m].success : 0.5;
		q->evidence[m] = predictor != NULL ? out[m].evidence : AIR_EVIDENCE_NONE;
	}
}

/* APGR of the questions that belong to a fold (all: -1) or a task (all: -1). */
static double
apgr(const int *fold, int which_fold, int task)
{
	double *gain = malloc(sizeof(double) * nquestions);
	float *weak = malloc(sizeof(float) * nquestions);
	float *strong = malloc(sizeof(float) * nquestions);
	double result;
	int n = 0;

	for (int i = 0; i < nquestions; i++)
	{
		const Question *q = &questions[i];

		if ((which_fold >= 0 && fold[i] != which_fold) || (task >= 0 && q->task_number != task))
			continue;
		/* Without evidence the rule's order holds for all alike. */
		gain[n] = q->evidence[0] == AIR_EVIDENCE_NONE || q->evidence[1] == AIR_EVIDENCE_NONE
					  ? 0
					  : q->p[1] - q->p[0];
		weak[n] = q->score[0];
		strong[n++] = q->score[1];
	}
	result = air_apgr(gain, weak, strong, n);
	free(gain);
	free(weak);
	free(strong);
	return result;
}

static double
calibration_error(double *auc)
{
	double *p = malloc(sizeof(double) * nquestions * MODELS);
	float *score = malloc(sizeof(float) * nquestions * MODELS);
	double result = 0;

	for (int m = 0; m < MODELS; m++)
	{
		for (int i = 0; i < nquestions; i++)
		{
			p[i] = questions[i].p[m];
			score[i] = questions[i].score[m];
		}
		result = Max(result, air_ece(p, score, NULL, nquestions));
		auc[m] = air_auc(p, score, NULL, nquestions);
	}
	free(p);
	free(score);
	return result;
}

/* Outer folds; by task or by group; trained on at most labels questions of the others. */
static double
outer(const char *name, bool by_task, bool new_tasks, int labels, uint64 seed)
{
	int *fold = malloc(sizeof(int) * nquestions);
	int *which = malloc(sizeof(int) * nquestions);
	double worst = 1;
	double result;
	double ece;
	double auc[MODELS];
	int below = 0;

	for (int i = 0; i < nquestions; i++)
		fold[i] = mix(by_task ? questions[i].task_number : questions[i].group, seed) % FOLDS;
	for (int f = 0; f < FOLDS; f++)
	{
		AirPredictor predictor;
		AirLearnReport report;
		uint8 *bytes;
		int n = 0;
		bool done;

		for (int i = 0; i < nquestions; i++)
		{
			if (fold[i] != f)
				which[n++] = i;
		}
		for (int i = 0; labels > 0 && i < n; i++)
		{
			int j = i + mix(i * 31 + f, seed + 7) % (n - i);
			int swap = which[i];

			which[i] = which[j];
			which[j] = swap;
		}
		if (labels > 0 && n > labels)
			n = labels;
		done = train(which, n, new_tasks, &predictor, &report, &bytes);
		for (int i = 0; i < nquestions; i++)
		{
			if (fold[i] == f)
				predict(done ? &predictor : NULL, &questions[i]);
		}
		if (!done)
			printf("  fold %d: %s\n", f, air_learn_state(report.state));
		worst = fmin(worst, apgr(fold, f, -1));
		if (done)
			pfree(bytes);
	}
	result = apgr(fold, -1, -1);
	ece = calibration_error(auc);
	for (int t = 0; t < ntasks; t++)
		below += apgr(fold, -1, t) < 0.49;
	printf("%-44s apgr %.3f, worst fold %.3f, tasks below 0.49 %d; auc %.3f %.3f; ece %.3f\n", name,
		   result, worst, below, auc[0], auc[1], ece);
	fflush(stdout);
	free(fold);
	free(which);
	return result;
}

/* The fastest of several rounds: what else the machine does is not our time. */
static void
time_prediction(const AirPredictor *predictor)
{
	enum
	{
		ROUNDS = 50,
		PROMPTS = 500
	};
	int which[PROMPTS];
	AirPrediction out[AIR_PREDICTOR_MODELS];
	double best_read = 1e9;
	double best_all = 1e9;
	double sum = 0;
	int n = 0;

	for (int i = 0; n < PROMPTS && i < nquestions; i++)
	{
		size_t len = strlen(questions[i].prompt);

		if (len > 450 && len < 550)
			which[n++] = i;
	}
	for (int round = 0; round < ROUNDS * 2; round++)
	{
		double began = seconds();
		double took;

		for (int i = 0; i < n; i++)
		{
			const Question *q = &questions[which[i]];
			AirFeatures features;

			air_features(q->prompt, strlen(q->prompt), &features);
			sum += features.n;
			if (round % 2 == 0)
				continue;
			air_predict(predictor, &features, q->task, out);
			sum += out[0].success;
		}
		took = (seconds() - began) / n * 1e6;
		if (round % 2 == 0)
			best_read = fmin(best_read, took);
		else
			best_all = fmin(best_all, took);
	}
	printf("prediction for a prompt of about 500 bytes: %.2f us, of which features %.2f us%s\n",
		   best_all, best_read, sum < 0 ? "!" : "");
}

static void
whole(void)
{
	int *which = malloc(sizeof(int) * nquestions);
	AirPredictor predictor;
	AirLearnReport r;
	uint8 *bytes;
	double began = seconds();

	for (int i = 0; i < nquestions; i++)
		which[i] = i;
	if (!train(which, nquestions, true, &predictor, &r, &bytes))
	{
		printf("no predictor: %s\n", air_learn_state(r.state));
		exit(1);
	}
	printf("training on %d questions, %d outcomes: %.1f s; predictor %u bytes\n", nquestions,
		   r.used, seconds() - began,
		   (unsigned) (predictor.weights - bytes + 2 * MODELS * AIR_BUCKETS));
	printf("its own report: %d prompts, %d groups, %d tasks; apgr %.3f (new tasks %.3f, %s), ece "
		   "%.3f, log loss %.4f against %.4f\n",
		   r.prompts, r.groups, r.tasks, r.apgr, r.new_task_apgr,
		   r.new_task_gain ? "text helps" : "text does not help", r.ece, r.log_loss,
		   r.base_log_loss);
	for (int m = 0; m < MODELS; m++)
		printf("  %-28s %d examples, rate %.3f, by %s: auc %.3f, ece %.3f, log loss %.4f against "
			   "%.4f\n",
			   models[m], r.models[m].examples, r.models[m].rate,
			   air_evidence_name(r.models[m].evidence), r.models[m].auc, r.models[m].ece,
			   r.models[m].log_loss, r.models[m].base_log_loss);
	printf("  tolerance  quality    cost  strong\n");
	for (int k = 0; k < AIR_LEARN_POINTS; k++)
		printf("  %9.2f %8.3f %7.2f %6.1f%%\n", r.points[k].tolerance, r.points[k].quality,
			   r.points[k].cost, 100 * r.points[k].share[1]);
	time_prediction(&predictor);
	fflush(stdout);
	free(which);
}

int
main(int argc, char **argv)
{
	double sum = 0;

	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;

	read_all();
	printf("%d questions, %d tasks\n", nquestions, ntasks);
	if (nquestions == 0)
		return 1;
	extract();
	whole();
	if (quick)
		return 0;
	outer("five folds by passage", false, true, 0, 1);
	for (int seed = 1; seed <= 3; seed++)
		sum += outer("five folds by passage, 1,500 labels", false, true, 1500, seed);
	printf("  mean of three draws %.3f\n", sum / 3);
	outer("five folds of tasks, text may speak", true, true, 0, 1);
	outer("five folds of tasks, 1,500 labels", true, true, 1500, 1);
	outer("five folds of tasks, text may not", true, false, 0, 1);
	return 0;
}
