/*
 * ask.c
 *	  Asking one thing about more text than a model takes at once: map and reduce.
 *
 * Memory is CurrentMemoryContext's.  Calls belong to the caller's flow.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"

#include "base/raise.h"
#include "base/text.h"
#include "sql/ask.h"
#include "sql/pack.h"
#include "sql/prompt.h"

/* Taken for the context window of a model where it is not known. */
#define UNKNOWN_WINDOW 16384

/* The part of a window that is used: our count of tokens is an estimate. */
#define USED 0.9

/* The part of a window that is kept for the answer, if nobody said how long that may be. */
#define ANSWER_PART 4

/* An answer has so much room at least: routing thinks so, too. */
#define LEAST_ANSWER 256

/* No pack has less room: a model that cannot take it says so itself. */
#define LEAST_ROOM 64

/* Bytes of a sample that are routed by. */
#define SAMPLE_BYTES 1000

static const char *const suffixes[] = {
	[AIR_ASK_ALL] = "", [AIR_ASK_PART] = "_part", [AIR_ASK_MERGE] = "_merge"};

void
air_ask_spec(const AirAsk *ask, AirAskStep step, const char *pack, AirCallSpec *spec)
{
	AirPromptValue values[] = {{"input", pack}, {"instruction", ask->instruction}};

	air_front_prompted(spec, ask->function, psprintf("%s%s", ask->prompt, suffixes[step]), values,
					   ask->instruction != NULL ? 2 : 1, ask->hints);
}

/* Tokens of input that a candidate takes, instruction and all. */
static double
most_input(const AirCandidate *candidate, bool hinted)
{
	double window = candidate->model->context_window;
	double answer = candidate->max_tokens;

	if (window <= 0)
		window = UNKNOWN_WINDOW;
	/* What nobody asked for shrinks to what a long input leaves. */
	if (!hinted)
		answer = Min(answer, Max(window / ANSWER_PART, LEAST_ANSWER));
	return (window - answer) * USED;
}

int64
air_ask_room(const AirAsk *ask, AirAskStep step, const char *sample)
{
	AirFlow *flow = air_flow_begin();
	size_t len = strlen(sample);
	char *text =
		pnstrdup(sample, len > SAMPLE_BYTES ? pg_mbcliplen(sample, len, SAMPLE_BYTES) : len);
	AirCallSpec spec;
	const AirRoute *route;
	AirFailure failure;
	double most = UNKNOWN_WINDOW / 2;
	int tokens;

	air_ask_spec(ask, step, text, &spec);
	route = air_call_explain(flow, &spec, &tokens, &failure);
	if (route->ncandidates > 0)
		most = most_input(&route->candidates[0], AIR_HAS_HINT(&route->hints, AIR_HINT_MAX_TOKENS)) -
			   tokens + air_estimate_tokens(text, strlen(text));
	air_flow_end(flow);
	return (int64) Max(most, LEAST_ROOM);
}

/* A round: packs that are asked for side by side. */
typedef struct Round
{
	AirWork work;
	AirFlow *flow;
	AirAsk ask;
	AirAskStep step;
	int n;
	char **packs;
	List **answers;      /* of each pack */
	const char *carried; /* behind them, an answer that no other is left for; or NULL */
	int before;          /* answers that it is to make fewer */
	bool failed;
} Round;

static AirCall *
submit(int i, void *arg)
{
	Round *round = arg;
	AirCallSpec spec;

	if (round->failed)
		return NULL;
	air_ask_spec(&round->ask, round->step, round->packs[i], &spec);
	return air_call_submit(round->flow, &spec);
}

static void
take(int i, AirCall *call, void *arg)
{
	Round *round = arg;

	if (round->failed)
		return;
	round->answers[i] = air_ask_take(round->flow, &round->ask, round->step, round->packs[i], call);
	round->failed = round->answers[i] == NIL;
}

static void
begin_round(Round *round)
{
	round->answers = palloc0(sizeof(List *) * round->n);
	round->work.run = air_run_begin(round->n, submit, take, round);
}

/* Wait for a round; its answers in their order, NIL: one failed. */
static List *
finish_round(Round *round)
{
	List *all = NIL;

	air_run_finish(round->work.run);
	round->work.run = NULL;
	if (round->failed)
		return NIL;
	for (int i = 0; i < round->n; i++)
		all = list_concat(all, round->answers[i]);
	if (round->carried != NULL)
		all = lappend(all, unconstify(char *, round->carried));
	return all;
}

List *
air_ask_take(AirFlow *flow, const AirAsk *ask, AirAskStep step, const char *pack,
			 const AirCall *call)
{
	const AirResult *result = air_call_result(call);
	char *halves[2];
	Round round = {.flow = flow, .ask = *ask, .n = 2, .packs = halves};

	if (result->ok)
		return list_make1(pstrdup(result->answer));
	if (result->failure.kind != AIR_ERR_TOO_LONG || !air_pack_halves(pack, halves))
	{
		air_call_null_or_raise(call);
		return NIL;
	}
	round.step = step == AIR_ASK_MERGE ? AIR_ASK_MERGE : AIR_ASK_PART;
	begin_round(&round);
	return finish_round(&round);
}

/* Pack answers about parts: two at least in each, so that they become fewer. */
static void
pack_answers(Round *round, const char *const *texts, int n)
{
	int64 room = air_ask_room(&round->ask, AIR_ASK_MERGE, texts[0]);
	StringInfoData pack, row;
	int64 tokens = 0;
	int in_pack = 0;

	initStringInfo(&pack);
	initStringInfo(&row);
	round->step = AIR_ASK_MERGE;
	round->before = n;
	round->carried = NULL;
	round->n = 0;
	round->packs = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
	{
		int more;

		resetStringInfo(&row);
		air_pack_row(&row, i + 1, 0, texts[i], strlen(texts[i]));
		more = air_estimate_tokens(row.data, row.len);
		if (in_pack > 1 && tokens + more > room)
		{
			round->packs[round->n++] = pstrdup(pack.data);
			resetStringInfo(&pack);
			tokens = in_pack = 0;
		}
		if (in_pack > 0)
			appendStringInfoChar(&pack, '\n');
		appendBinaryStringInfo(&pack, row.data, row.len);
		tokens += more;
		in_pack++;
	}
	if (in_pack > 1)
		round->packs[round->n++] = pack.data;
	else
		round->carried = texts[n - 1];
	pfree(row.data);
}

AirWork *
air_ask_begin(AirFlow *flow, const AirAsk *ask, bool merge, const char *const *texts, int n)
{
	Round *round = palloc0(sizeof(Round));

	round->flow = flow;
	round->ask = *ask;
	if (merge)
		pack_answers(round, texts, n);
	else
	{
		round->step = AIR_ASK_ALL;
		round->before = PG_INT32_MAX;
		round->n = n;
		round->packs = unconstify(char **, (const char **) texts);
	}
	begin_round(round);
	return &round->work;
}

/* The texts of a list. */
static const char **
texts_of(const List *list)
{
	const char **texts = palloc(sizeof(char *) * list_length(list));
	const ListCell *lc;

	foreach (lc, list)
		texts[foreach_current_index(lc)] = lfirst(lc);
	return texts;
}

char *
air_ask_finish(AirWork *work)
{
	Round *round = (Round *) work;

	for (;;)
	{
		List *answers = finish_round(round);
		int n = list_length(answers);

		if (n <= 1)
			return n == 1 ? linitial(answers) : NULL;
		/* Each round has fewer answers than the one before, unless none of them fits with another.
		 */
		if (n >= round->before)
			ereport(ERROR,
					(errcode(air_errcode(AIR_ERR_TOO_LONG)),
					 errmsg("%d answers about parts of the rows do not become fewer", n),
					 errhint("The model's context window is small for answers of this length: "
							 "lower max_tokens, or ask for shorter ones.")));
		pack_answers(round, texts_of(answers), n);
		begin_round(round);
	}
}
