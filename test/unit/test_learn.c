/*
 * test_learn.c
 *	  route/learn.h, predict.h, metrics.h: synthetic worlds where the answer is known.
 */
#include "base/pg.h"

#include <math.h>

#include "route/learn.h"
#include "route/metrics.h"
#include "route/predict_format.h"
#include "kit.h"
#include "tap.h"

#define MOST 4000

static const char *const names[] = {"small", "large", "third"};
static const double costs[] = {1, 10, 20};

/* Outcomes under construction. */
typedef struct World
{
	AirExample examples[MOST];
	int n;
	uint64 random;
} World;

static World world;

static double
draw(void)
{
	world.random = world.random * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return (world.random >> 11) / 9007199254740992.0;
}

static void
begin(void)
{
	world.n = 0;
	world.random = 99;
}

static void
tell(const char *prompt, const char *task, int model, float score)
{
	AirExample *e = &world.examples[world.n++];
	uint8 *bytes = malloc(AIR_FEATURES_BYTES);
	AirFeatures f;

	air_features(prompt, strlen(prompt), &f);
	*e = (AirExample){.features = bytes,
					  .features_len = air_features_pack(&f, bytes),
					  .task = task,
					  .model = model,
					  .score = score,
					  .weight = 1};
}

/* A few words out of a hundred, the given one among them. */
static char *
prompt_with(const char *word)
{
	static char text[400];
	char *p = text;
	int at = (int) (draw() * 8);

	for (int i = 0; i < 8; i++)
	{
		int w = (int) (draw() * 100);

		if (i == at && word != NULL)
			p += sprintf(p, "%s ", word);
		p += sprintf(p, "w%c%c ", 'a' + w / 10, 'a' + w % 10);
	}
	/* So that each is another one, as prompts are. */
	sprintf(p, "q%c%c%c%c", 'a' + (int) (draw() * 26), 'a' + (int) (draw() * 26),
			'a' + (int) (draw() * 26), 'a' + (int) (draw() * 26));
	return text;
}

static AirLearn
input(void)
{
	return (AirLearn){.nmodels = 2,
					  .models = names,
					  .costs = costs,
					  .nexamples = world.n,
					  .examples = world.examples,
					  .seed = 1};
}

/* The small model fails on prompts with the word "hard", the large one hardly ever. */
static void
make_hard_and_easy(int n, const char *task)
{
	begin();
	for (int i = 0; i < n; i++)
	{
		bool hard = i % 2 == 0;
		char *prompt = prompt_with(hard ? "hard" : "easy");

		tell(prompt, task, 0, draw() < (hard ? 0.1 : 0.95));
		tell(prompt, task, 1, draw() < 0.95);
	}
}

/* What the strategy takes for a prompt. */
static int
chosen(const AirPredictor *predictor, const char *prompt, const char *task, double tolerance)
{
	AirPrediction p[AIR_PREDICTOR_MODELS];
	AirFeatures f;

	air_features(prompt, strlen(prompt), &f);
	air_predict(predictor, &f, task, p);
	return air_predict_choose(p, costs, air_predictor_models(predictor), tolerance, 0);
}

static void
test_a_word_decides(void)
{
	AirLearn in;
	AirLearnReport r;
	AirPredictor predictor;
	const char *why;
	uint8 *bytes;
	uint8 *again;
	size_t len;
	size_t again_len;
	int right = 0;

	make_hard_and_easy(1000, NULL);
	in = input();
	if (!ok(air_learn(&in, &r, &bytes, &len), "a world where a word decides is learned"))
		return;
	is_int(r.state, AIR_LEARN_OK, "state ok");
	is_int(r.used, 2000, "all examples used");
	is_int(r.prompts, 1000, "a thousand prompts");
	is_int(r.pairs, 1000, "tried on both models");
	is_int(r.models[0].evidence, AIR_EVIDENCE_TEXT, "the small model is told by the text");
	is_int(r.models[1].state, AIR_LEARN_NO_GAIN, "the large one has nothing to tell");
	is_int(r.models[1].evidence, AIR_EVIDENCE_RATE, "but its rate");
	ok(r.models[0].auc > 0.88, "auc %.3f", r.models[0].auc);
	ok(r.ece < 0.05, "calibration error %.3f", r.ece);
	ok(r.apgr > 0.68, "apgr %.3f, the best possible is 0.75 less noise", r.apgr);
	ok(r.beats_incumbent, "no incumbent to beat");
	ok(isnan(r.new_task_apgr) && !r.new_tasks, "nothing is known of other tasks");
	ok(r.points[5].quality > 0.9 && r.points[5].share[1] > 0.45 && r.points[5].share[1] < 0.55,
	   "with tolerance 0.15 the quality is %.3f and %.2f go to the large one", r.points[5].quality,
	   r.points[5].share[1]);
	ok(r.points[5].cost > 5 && r.points[5].cost < 6, "the cost is %.2f", r.points[5].cost);
	ok(r.points[9].share[0] == 1 && fabs(r.points[9].cost - 1) < 1e-9,
	   "with tolerance 1 all go to the cheapest");

	if (!ok(air_predictor_open(bytes, len, &predictor, &why), "the bytes open"))
		return;
	is_int(air_predictor_find(&predictor, "large"), 1, "models are found by name");
	is_int(air_predictor_find(&predictor, "larg"), -1, "others are not");
	for (int i = 0; i < 500; i++)
	{
		bool hard = i % 2 == 0;

		right += chosen(&predictor, prompt_with(hard ? "hard" : "easy"), NULL, 0.15) == hard;
	}
	ok(right >= 495, "new prompts go the right way: %d of 500", right);
	is_int(chosen(&predictor, prompt_with("easy"), "another task", 0.15), -1,
		   "of a task without examples nothing is said");

	ok(air_learn(&in, &r, &again, &again_len) && again_len == len && memcmp(bytes, again, len) == 0,
	   "training again gives the same bytes");
	for (int i = 0; i < world.n / 2; i++)
	{
		AirExample swap = world.examples[i];

		world.examples[i] = world.examples[world.n - 1 - i];
		world.examples[world.n - 1 - i] = swap;
	}
	ok(air_learn(&in, &r, &again, &again_len) && again_len == len && memcmp(bytes, again, len) == 0,
	   "in another order too");
}

/* Ledger rows: each prompt went to one model only. */
static void
test_unpaired(void)
{
	AirLearn in;
	AirLearnReport r;
	uint8 *bytes;
	size_t len;

	begin();
	for (int i = 0; i < 1500; i++)
	{
		bool hard = i % 2 == 0;
		int model = draw() < 0.5;

		tell(prompt_with(hard ? "hard" : "easy"), NULL, model,
			 draw() < (model == 0 && hard ? 0.1 : 0.95));
	}
	in = input();
	ok(air_learn(&in, &r, &bytes, &len), "one outcome a prompt is enough");
	is_int(r.weak, -1, "no pair to measure the gap on");
	ok(isnan(r.apgr), "so it is not measured");
	ok(r.points[5].quality > 0.9, "quality as far as predicted: %.3f", r.points[5].quality);
}

static void
test_task_decides(void)
{
	static const char *const tasks[] = {"sums", "poems", NULL};
	AirLearn in;
	AirLearnReport r;
	AirPredictor predictor;
	AirPrediction p[AIR_PREDICTOR_MODELS];
	AirFeatures f;
	const char *why;
	uint8 *bytes;
	size_t len;

	begin();
	for (int i = 0; i < 900; i++)
	{
		char *prompt = prompt_with(NULL);

		tell(prompt, tasks[i % 3], 0, draw() < (i % 3 == 0 ? 0.2 : 0.9));
		tell(prompt, tasks[i % 3], 1, draw() < 0.9);
	}
	in = input();
	if (!ok(air_learn(&in, &r, &bytes, &len), "a world where the task decides is learned") ||
		!ok(air_predictor_open(bytes, len, &predictor, &why), "and opens"))
		return;
	is_int(r.tasks, 3, "no task is one too");
	is_int(chosen(&predictor, prompt_with(NULL), "sums", 0.2), 1, "sums go to the large model");
	is_int(chosen(&predictor, prompt_with(NULL), "poems", 0.2), 0, "poems to the small one");
	is_int(chosen(&predictor, prompt_with(NULL), NULL, 0.2), 0, "and what has no task");
	is_int(chosen(&predictor, "", "sums", 0.2), 1, "an empty prompt has a task, too");
	air_features("", 0, &f);
	air_predict(&predictor, &f, "sums", p);
	ok(p[0].success > 0.1 && p[0].success < 0.35, "predicted %.2f of 0.20", p[0].success);
	is_int(p[0].examples, 900, "from 900 examples");
	is_int(p[0].task_examples, 300, "300 of the task");
	air_predict(&predictor, &f, "songs", p);
	is_int(p[0].evidence, AIR_EVIDENCE_NONE, "an unknown task gives none");
	ok(p[0].success > 0 && p[0].success < 1, "and still a number");
}

/* The same word decides in each of twelve tasks: then it will in the thirteenth. */
static void
test_new_tasks(void)
{
	static const char *const tasks[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
	AirLearn in;
	AirLearnReport r;
	AirPredictor predictor;
	const char *why;
	uint8 *bytes;
	size_t len;

	make_hard_and_easy(1200, NULL);
	/* Tasks and hardness must not go together. */
	for (int i = 0; i < world.n; i++)
		world.examples[i].task = tasks[(i / 4) % 12];
	in = input();
	ok(air_learn(&in, &r, &bytes, &len) && r.new_task_gain && !r.new_tasks,
	   "text would tell for new tasks, but may not");
	ok(air_predictor_open(bytes, len, &predictor, &why) &&
		   chosen(&predictor, prompt_with("hard"), "m", 0.15) == -1,
	   "so it does not");
	in.new_tasks = true;
	ok(air_learn(&in, &r, &bytes, &len) && r.new_tasks, "now it may");
	ok(r.new_task_apgr > 0.65, "measured: %.3f", r.new_task_apgr);
	ok(air_predictor_open(bytes, len, &predictor, &why), "the predictor opens");
	is_int(chosen(&predictor, prompt_with("hard"), "m", 0.15), 1,
		   "hard ones go to the large model");
	is_int(chosen(&predictor, prompt_with("easy"), "m", 0.15), 0, "easy ones to the small one");
}

/* No text, no task tells anything; scores are noise. */
static void
test_noise(void)
{
	int learned = 0;

	for (int seed = 1; seed <= 20; seed++)
	{
		AirLearn in;
		AirLearnReport r;
		uint8 *bytes;
		size_t len;

		begin();
		world.random = seed * 1000;
		for (int i = 0; i < 300; i++)
		{
			char *prompt = prompt_with(NULL);

			tell(prompt, i % 3 ? "x" : "y", 0, draw() < 0.6);
			tell(prompt, i % 3 ? "x" : "y", 1, draw() < 0.8);
		}
		in = input();
		in.seed = seed;
		learned += air_learn(&in, &r, &bytes, &len);
	}
	ok(learned <= 2, "noise is taken for knowledge in %d of 20 worlds", learned);
}

/*
 * Questions on a passage succeed or fail together, and nothing else tells.  One
 * question in training would give the others away.
 */
static void
test_passages(void)
{
	AirLearn in;
	AirLearnReport r;
	uint8 *bytes;
	size_t len;

	begin();
	for (int i = 0; i < 80; i++)
	{
		char passage[500] = "";
		float score = draw() < 0.5;

		for (int j = 0; j < 25; j++)
			sprintf(passage + strlen(passage), "%c%c%c%c%c%c ", 'a' + (int) (draw() * 26),
					'a' + (int) (draw() * 26), 'a' + (int) (draw() * 26), 'a' + (int) (draw() * 26),
					'a' + (int) (draw() * 26), 'a' + (int) (draw() * 26));
		for (int j = 0; j < 10; j++)
		{
			char prompt[1000];

			sprintf(prompt, "%s %s", passage, prompt_with(NULL));
			tell(prompt, NULL, 0, score);
			tell(prompt, NULL, 1, 1 - score);
		}
	}
	in = input();
	ok(!air_learn(&in, &r, &bytes, &len), "passages are not learned by heart");
	is_int(r.groups, 80, "80 passages");
	is_int(r.state, AIR_LEARN_NO_GAIN, "no gain");
}

/* A long instruction before each prompt is no passage. */
static void
test_preface(void)
{
	char preface[801];
	AirLearn in;
	AirLearnReport r;
	uint8 *bytes;
	size_t len;

	begin();
	memset(preface, 'p', 800);
	preface[800] = '\0';
	for (int i = 0; i < 500; i++)
	{
		char prompt[1500];
		bool hard = i % 2 == 0;

		sprintf(prompt, "%s %s", preface, prompt_with(hard ? "hard" : "easy"));
		tell(prompt, NULL, 0, draw() < (hard ? 0.1 : 0.95));
		tell(prompt, NULL, 1, draw() < 0.95);
	}
	in = input();
	ok(air_learn(&in, &r, &bytes, &len), "prompts with a common preface are learned from");
	is_int(r.groups, 500, "each of them is a group");
}

static bool
has_nan(const AirLearnReport *r)
{
	/* What must be a number in any case. */
	for (int m = 0; m < 2; m++)
	{
		if (r->models[m].examples > 0 && isnan(r->models[m].rate))
			return true;
	}
	return false;
}

static void
degenerate(const char *what, AirLearnState state)
{
	AirLearn in = input();
	AirLearnReport r;
	uint8 *bytes;
	size_t len;

	ok(!air_learn(&in, &r, &bytes, &len) && bytes == NULL && len == 0, "%s: no predictor", what);
	is_str(air_learn_state(r.state), air_learn_state(state), "%s: the reason", what);
	ok(!has_nan(&r), "%s: no NaN where a number is due", what);
}

static void
test_degenerate(void)
{
	begin();
	degenerate("no examples", AIR_LEARN_FEW);

	make_hard_and_easy(5, NULL);
	degenerate("ten examples", AIR_LEARN_FEW);

	make_hard_and_easy(300, NULL);
	for (int i = 0; i < world.n; i++)
		world.examples[i].score = 1;
	degenerate("one class", AIR_LEARN_ONE_CLASS);
	for (int i = 0; i < world.n; i++)
		world.examples[i].score = 0.5;
	degenerate("scores all equal", AIR_LEARN_ONE_CLASS);

	begin();
	for (int i = 0; i < 300; i++)
	{
		tell("", NULL, 0, draw() < 0.5);
		tell("", NULL, 1, draw() < 0.5);
	}
	degenerate("empty prompts", AIR_LEARN_FEW);

	begin();
	for (int i = 0; i < 300; i++)
	{
		char prompt[9] = "\xff\xfe\xed\xa0\x80\xc3\x28\x01";

		prompt[7] = (char) (i % 250 + 1);
		tell(prompt, i % 2 ? "\xff" : NULL, 0, draw() < 0.5);
		tell(prompt, i % 2 ? "\xff" : NULL, 1, draw() < 0.5);
	}
	degenerate("bytes of no encoding", AIR_LEARN_NO_GAIN);

	make_hard_and_easy(300, NULL);
	for (int i = 0; i < world.n; i++)
	{
		AirExample *e = &world.examples[i];

		switch (i % 8)
		{
			case 0:
				e->score = NAN;
				break;
			case 1:
				e->score = 1.5;
				break;
			case 2:
				e->weight = 0;
				break;
			case 3:
				e->weight = INFINITY;
				break;
			case 4:
				e->model = 2;
				break;
			case 5:
				e->model = -1;
				break;
			case 6:
				e->features_len--;
				break;
			default:
				e->features = NULL;
		}
	}
	degenerate("bad examples", AIR_LEARN_FEW);
}

/* Weights of any size: no overflow, no NaN. */
static void
test_weights(void)
{
	AirLearn in;
	AirLearnReport r;
	AirPredictor predictor;
	const char *why;
	uint8 *bytes;
	size_t len;

	make_hard_and_easy(500, NULL);
	for (int i = 0; i < world.n; i++)
		world.examples[i].weight = i % 7 == 0 ? 1e-30f : 1e30f;
	in = input();
	ok(air_learn(&in, &r, &bytes, &len) && air_predictor_open(bytes, len, &predictor, &why) &&
		   chosen(&predictor, prompt_with("hard"), NULL, 0.15) == 1,
	   "weights from 1e-30 to 1e30");
	make_hard_and_easy(500, NULL);
	world.examples[17].weight = 1e30f;
	in = input();
	if (air_learn(&in, &r, &bytes, &len))
		ok(air_predictor_open(bytes, len, &predictor, &why), "one example above all");
	else
		ok(!isnan(r.models[0].log_loss), "one example above all");
}

static void
test_incumbent(void)
{
	AirLearn in;
	AirLearnReport r;
	AirPredictor incumbent;
	const char *why;
	uint8 *bytes;
	uint8 *better;
	size_t len;

	make_hard_and_easy(500, NULL);
	in = input();
	if (!ok(air_learn(&in, &r, &bytes, &len) && air_predictor_open(bytes, len, &incumbent, &why),
			"an incumbent"))
		return;

	/* The same again: nothing new to judge by. */
	for (int i = 0; i < world.n; i++)
		world.examples[i].seen = true;
	in.incumbent = &incumbent;
	ok(air_learn(&in, &r, &better, &len) && r.compared == 0 && !r.beats_incumbent,
	   "is not beaten without new examples");

	/* The world turned: the small model has become good at what was hard. */
	make_hard_and_easy(1000, NULL);
	for (int i = 0; i < world.n; i += 2)
		world.examples[i].score = 1 - world.examples[i].score;
	in.nexamples = world.n;
	ok(air_learn(&in, &r, &better, &len) && r.compared == 2000 && r.beats_incumbent,
	   "is beaten by what it did not know: %.3f against %.3f", r.ours_log_loss,
	   r.incumbent_log_loss);

	/* A third model. */
	make_hard_and_easy(500, NULL);
	for (int i = 0; i < world.n; i++)
		world.examples[i].seen = true;
	for (int i = 0; i < 200; i++)
		tell(prompt_with("hard"), NULL, 2, draw() < 0.9);
	in = input();
	in.nmodels = 3;
	in.incumbent = &incumbent;
	ok(air_learn(&in, &r, &better, &len) && r.beats_incumbent, "is beaten by one that knows more");
}

static int ticks;

static void
tick(void *arg)
{
	ticks += *(int *) arg;
}

static void
test_tick(void)
{
	int one = 1;
	AirLearn in;
	AirLearnReport r;
	uint8 *bytes;
	size_t len;

	make_hard_and_easy(500, NULL);
	in = input();
	in.tick = tick;
	in.arg = &one;
	air_learn(&in, &r, &bytes, &len);
	ok(ticks > 50, "training can be interrupted: %d times", ticks);
}

/* Put a right checksum on changed bytes. */
static void
sign(uint8 *bytes, size_t len)
{
	uint64 sum = air_predictor_sum(bytes, len);

	for (int i = 0; i < 8; i++)
		bytes[PREDICTOR_SUM_AT + i] = (uint8) (sum >> (8 * i));
}

static void
test_hostile_bytes(void)
{
	AirLearn in;
	AirLearnReport r;
	AirPredictor predictor;
	AirPrediction p[AIR_PREDICTOR_MODELS];
	AirFeatures f;
	const char *why;
	uint8 *bytes;
	uint8 *copy;
	size_t len;
	uint64 random = 5;
	int opened = 0;
	int bad = 0;
	int unexplained = 0;

	make_hard_and_easy(300, "t");
	in = input();
	if (!ok(air_learn(&in, &r, &bytes, &len), "a predictor"))
		return;
	copy = malloc(len);
	air_features("hard words", 10, &f);
	for (int i = 0; i < 2000; i++)
	{
		/* Mostly where numbers are, not in the wide field of weights. */
		size_t at;
		size_t cut = len;

		random = random * UINT64CONST(6364136223846793005) + 1442695040888963407;
		at = (random >> 33) % (i % 4 == 0 ? len : PREDICTOR_HEADER + 2 * MODEL_BYTES + 40);
		memcpy(copy, bytes, len);
		copy[at] = (uint8) (random >> 20);
		if (i % 5 == 0)
			memset(copy + at, 0xff, Min(4, len - at));
		if (i % 100 == 0)
			cut = (random >> 40) % len;
		if (air_predictor_open(copy, cut, &predictor, &why))
			bad += copy[at] != bytes[at];
		else
			unexplained += why == NULL;
		if (cut >= PREDICTOR_HEADER)
			sign(copy, cut);
		if (!air_predictor_open(copy, cut, &predictor, &why))
			continue;
		opened++;
		air_predict(&predictor, &f, "t", p);
		for (int m = 0; m < air_predictor_models(&predictor); m++)
			bad += !(p[m].success > 0 && p[m].success < 1) || p[m].evidence > AIR_EVIDENCE_TEXT ||
				   strlen(air_predictor_model(&predictor, m)) > AIR_PREDICTOR_NAME;
	}
	is_int(bad, 0, "damage is found, and with a forged checksum it does no harm");
	is_int(unexplained, 0, "with a reason");
	ok(opened > 200, "%d of the forgeries opened", opened);
	for (size_t cut = 0; cut < 2000; cut++)
		bad += air_predictor_open(bytes, cut, &predictor, &why);
	is_int(bad, 0, "cut bytes do not open");
	ok(!air_predictor_open(NULL, 0, &predictor, &why), "nothing does not open");
	free(copy);
}

static void
test_choose(void)
{
	AirPrediction p[3] = {{.success = 0.80, .evidence = AIR_EVIDENCE_TEXT},
						  {.success = 0.90, .evidence = AIR_EVIDENCE_TEXT},
						  {.success = 0.88, .evidence = AIR_EVIDENCE_RATE}};
	double cost[3] = {1, 3, 2};
	double unknown[3] = {NAN, 3, NAN};

	is_int(air_predict_choose(p, cost, 3, 0, 0), 1, "without tolerance the best");
	is_int(air_predict_choose(p, cost, 3, 0.05, 0), 2, "the cheapest that is near enough");
	is_int(air_predict_choose(p, cost, 3, 0.2, 0), 0, "the cheapest of all");
	is_int(air_predict_choose(p, cost, 3, 0, 0.85), 2, "the cheapest that is good enough");
	is_int(air_predict_choose(p, cost, 3, 0, 0.95), 1, "none is: the best");
	is_int(air_predict_choose(p, unknown, 3, 1, 0), 1, "an unknown price counts as dearest");
	unknown[1] = NAN;
	is_int(air_predict_choose(p, unknown, 3, 1, 0), 0, "all unknown: the rule's order");
	p[0].evidence = AIR_EVIDENCE_NONE;
	is_int(air_predict_choose(p, cost, 3, 1, 0), 2, "what is unknown is passed over");
	p[2].evidence = AIR_EVIDENCE_NONE;
	is_int(air_predict_choose(p, cost, 3, 1, 0), -1, "one alone is no choice");
	is_int(air_predict_choose(p, cost, 0, 1, 0), -1, "nor is none");
}

static void
test_metrics(void)
{
	double p[] = {0.1, 0.4, 0.35, 0.8};
	float y[] = {0, 0, 1, 1};
	float half[] = {0.5, 0.5, 0.5, 0.5};
	float ones[] = {1, 1, 1, 1};
	double same[] = {0.5, 0.5, 0.5, 0.5};
	double gain[] = {4, 3, 2, 1};
	double worst[] = {1, 2, 3, 4};
	float weak[] = {0, 1, 1, 1};

	is_num(air_auc(p, y, NULL, 4), 0.75, "auc");
	is_num(air_auc(same, y, NULL, 4), 0.5, "auc of ties");
	is_num(air_auc(p, half, NULL, 4), 0.5, "auc of scores that are all a half");
	ok(isnan(air_auc(p, ones, NULL, 4)), "auc of one class");
	ok(isnan(air_auc(p, y, NULL, 0)), "auc of nothing");
	is_num(air_ece(same, y, NULL, 4), 0, "calibrated");
	is_num(air_ece(p, y, NULL, 4), (0.1 + 0.4 + 0.65 + 0.2) / 4, "not calibrated");
	ok(isnan(air_ece(p, y, NULL, 0)), "calibration of nothing");
	ok(fabs(air_log_loss(same, y, NULL, 4) - log(2)) < 1e-12, "log loss");
	ok(!isinf(air_log_loss_one(0, 1)) && !isinf(air_log_loss_one(1, 0)), "log loss is bounded");
	is_num(air_apgr(same, weak, ones, 4), 0.5, "equal gains are random");
	is_num(air_apgr(gain, weak, ones, 4), 0.875, "the gap recovered at once");
	is_num(air_apgr(worst, weak, ones, 4), 0.125, "the gap recovered last");
	ok(isnan(air_apgr(gain, ones, ones, 4)), "no gap");
	ok(isnan(air_apgr(gain, ones, weak, 4)), "the strong one is weaker");
}

int
main(void)
{
	test_metrics();
	test_choose();
	test_a_word_decides();
	test_unpaired();
	test_task_decides();
	test_new_tasks();
	test_noise();
	test_passages();
	test_preface();
	test_degenerate();
	test_weights();
	test_incumbent();
	test_tick();
	test_hostile_bytes();
	return done_testing();
}
