/*
 * test_answer.c
 *	  Judging a parsed answer.
 */
#include "base/pg.h"

#include <math.h>

#include "kit.h"
#include "tap.h"

static AirPrompt prompt;

/* The judgement of a chat answer as "state remedy [message]", or "usable". */
static const char *
judge(const AirAnswer *answer)
{
	AirFailure err;

	memset(&err, 0x55, sizeof(err));
	if (air_answer_check(&prompt, answer, &err))
		return "usable";
	return psprintf("%s %d [%s]", air_sqlstate(err.kind), err.remedy, err.message);
}

static AirAnswer
chat(const char *text, AirFinish finish, const char *raw)
{
	AirAnswer answer = {.text = (char *) text, .finish = finish, .finish_raw = raw};

	answer.usage = (AirUsage){-1, -1, -1, -1, -1};
	return answer;
}

static void
is_chat(const char *text, AirFinish finish, const char *raw, const char *want)
{
	AirAnswer answer = chat(text, finish, raw);

	is_str(judge(&answer), want, "text %s, finish %s", text != NULL ? text : "(null)",
		   air_finish_name(finish));
}

static void
test_chat(void)
{
	AirAnswer answer;
	AirFailure err;

	is_chat("x", AIR_FINISH_STOP, "stop", "usable");
	is_chat("x", AIR_FINISH_OTHER, "novelty", "usable");
	is_chat("x", AIR_FINISH_OTHER, NULL, "usable");
	is_chat(" ", AIR_FINISH_STOP, "stop", "usable");
	is_chat("", AIR_FINISH_STOP, "stop", "RT006 1 [the answer is empty (finish reason stop)]");
	is_chat(NULL, AIR_FINISH_STOP, "stop", "RT006 1 [the answer is empty (finish reason stop)]");
	is_chat(NULL, AIR_FINISH_OTHER, "sk-abcdef",
			"RT006 1 [the answer is empty (finish reason ***)]");
	is_chat(NULL, AIR_FINISH_OTHER, NULL, "RT006 1 [the answer is empty (finish reason none)]");
	is_chat("x", AIR_FINISH_LENGTH, "length",
			"RT008 0 [the answer was cut off by the token limit (max_tokens 64)]");
	is_chat("x", AIR_FINISH_CONTENT_FILTER, "SAFETY",
			"RT007 0 [the answer was blocked by a content filter (SAFETY)]");
	is_chat("x", AIR_FINISH_TOOL_CALLS, "tool_use",
			"RT006 0 [the model answered with a tool call instead of text]");
	is_chat("x", AIR_FINISH_PAUSED, "pause_turn",
			"RT006 1 [the model stopped before its answer was complete (pause_turn)]");
	is_chat("x", AIR_FINISH_ERROR, "error",
			"RT006 1 [the model stopped before its answer was complete (error)]");

	answer = chat("x", AIR_FINISH_STOP, "stop");
	answer.refusal = pstrdup("secret words");
	is_str(judge(&answer), "RT007 0 [the model refused to answer]", "a refusal is not repeated");

	answer = chat("x", AIR_FINISH_LENGTH, "length");
	air_answer_check(&prompt, &answer, &err);
	is_str(err.hint, "Raise the hint max_tokens.", "hint when the answer was long");
	answer.usage.reasoning = 5;
	air_answer_check(&prompt, &answer, &err);
	has(err.hint, "Reasoning", "hint when there was reasoning");
	answer = chat(NULL, AIR_FINISH_LENGTH, "MAX_TOKENS");
	air_answer_check(&prompt, &answer, &err);
	has(err.hint, "Reasoning", "hint when nothing else was answered");
}

static void
test_vectors(void)
{
	static const char *const texts[] = {"one", "two"};
	float numbers[] = {1, 2, 3, 4};
	AirAnswer answer = {.nvectors = 2, .dim = 2, .vectors = numbers};

	prompt = kit_embed("m", 2, texts);
	is_str(judge(&answer), "usable", "vectors");
	answer.nvectors = 1;
	is_str(judge(&answer), "RT006 1 [1 embeddings for 2 inputs]", "a vector too few");
	answer.nvectors = 2;
	answer.vectors = NULL;
	is_str(judge(&answer), "RT006 1 [0 embeddings for 2 inputs]", "no vectors");
	answer.vectors = numbers;
	answer.dim = 0;
	is_str(judge(&answer), "RT006 1 [2 embeddings for 2 inputs]", "no dimension");
	answer.dim = 2;
	numbers[3] = INFINITY;
	is_str(judge(&answer), "RT006 1 [an embedding holds a number that is not finite]",
		   "the last number counts too");
}

static void
test_scores(void)
{
	double scores[] = {0.5, 0.1};
	AirAnswer answer = {.scores = scores};

	prompt.task = AIR_RERANK;
	is_str(judge(&answer), "usable", "scores");
	scores[1] = NAN;
	is_str(judge(&answer), "RT006 1 [a score is not a finite number]", "a score that is none");
	answer.scores = NULL;
	is_str(judge(&answer), "RT006 1 [no scores for 2 documents]", "no scores");
}

static void
test_names(void)
{
	is_str(air_finish_name(AIR_FINISH_STOP), "stop", "stop");
	is_str(air_finish_name(AIR_FINISH_LENGTH), "length", "length");
	is_str(air_finish_name(AIR_FINISH_TOOL_CALLS), "tool_calls", "tool_calls");
	is_str(air_finish_name(AIR_FINISH_CONTENT_FILTER), "content_filter", "content_filter");
	is_str(air_finish_name(AIR_FINISH_ERROR), "error", "error");
	is_str(air_finish_name(AIR_FINISH_PAUSED), "paused", "paused");
	is_str(air_finish_name(AIR_FINISH_OTHER), "other", "other");
	is_str(air_finish_name((AirFinish) 99), "other", "a value out of range");
}

int
main(void)
{
	prompt = kit_chat("m", "Hi");
	test_chat();
	test_vectors();
	test_scores();
	test_names();
	return done_testing();
}
