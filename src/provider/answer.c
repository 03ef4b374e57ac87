/*
 * answer.c
 *	  Is a well-formed answer of any use?  One judgement for all families.
 */
#include "base/pg.h"

#include <math.h>

#include "provider/failure.h"

/* See provider.h. */
static const char *const finish_names[] = {
	[AIR_FINISH_STOP] = "stop",
	[AIR_FINISH_LENGTH] = "length",
	[AIR_FINISH_TOOL_CALLS] = "tool_calls",
	[AIR_FINISH_CONTENT_FILTER] = "content_filter",
	[AIR_FINISH_ERROR] = "error",
	[AIR_FINISH_PAUSED] = "paused",
	[AIR_FINISH_OTHER] = "other",
};

const char *
air_finish_name(AirFinish finish)
{
	if ((unsigned) finish >= lengthof(finish_names))
		return "other";
	return finish_names[finish];
}

AirFinish
air_finish_of(const char *name)
{
	for (int i = 0; name != NULL && i < (int) lengthof(finish_names); i++)
		if (strcmp(name, finish_names[i]) == 0)
			return (AirFinish) i;
	return AIR_FINISH_OTHER;
}

/* The answer was cut off: say what to do, which depends on where the tokens went. */
static bool
fail_truncated(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err)
{
	bool reasoned = answer->usage.reasoning > 0 || answer->text == NULL || *answer->text == '\0';

	air_fail(err, AIR_ERR_TRUNCATED, AIR_REMEDY_NONE,
			 "the answer was cut off by the token limit (max_tokens %d)", prompt->max_tokens);
	err->hint = reasoned ? "Reasoning may have used the tokens: raise the hint max_tokens, or "
						   "lower reasoning_effort."
						 : "Raise the hint max_tokens.";
	return false;
}

/* The finish reason for a message: foreign text, which may hold a key like any other. */
static const char *
finish_shown(const AirAnswer *answer)
{
	return answer->finish_raw != NULL ? air_redact(answer->finish_raw) : "none";
}

static bool
check_chat(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err)
{
	if (answer->finish == AIR_FINISH_CONTENT_FILTER)
		return air_fail(err, AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE,
						"the answer was blocked by a content filter (%s)", finish_shown(answer));
	if (answer->refusal != NULL)
		return air_fail(err, AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE,
						"the model refused to answer");
	if (answer->finish == AIR_FINISH_LENGTH)
		return fail_truncated(prompt, answer, err);
	if (answer->finish == AIR_FINISH_TOOL_CALLS)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NONE,
						"the model answered with a tool call instead of text");
	if (answer->finish == AIR_FINISH_PAUSED || answer->finish == AIR_FINISH_ERROR)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
						"the model stopped before its answer was complete (%s)",
						finish_shown(answer));
	if (answer->text == NULL || *answer->text == '\0')
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
						"the answer is empty (finish reason %s)", finish_shown(answer));
	return true;
}

static bool
check_vectors(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err)
{
	if (answer->vectors == NULL || answer->dim <= 0 || answer->nvectors != prompt->ninputs)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, "%d embeddings for %d inputs",
						answer->vectors == NULL ? 0 : answer->nvectors, prompt->ninputs);

	for (size_t i = 0; i < (size_t) answer->nvectors * (size_t) answer->dim; i++)
	{
		if (!isfinite(answer->vectors[i]))
			return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
							"an embedding holds a number that is not finite");
	}

	if (prompt->dimensions > 0 && answer->dim != prompt->dimensions)
	{
		air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NEXT,
				 "the embedding has %d dimensions instead of %d", answer->dim, prompt->dimensions);
		err->hint = "The model does not shorten its vectors: leave out the hint dimensions.";
		return false;
	}
	return true;
}

static bool
check_scores(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err)
{
	if (answer->scores == NULL)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, "no scores for %d documents",
						prompt->ninputs);
	for (int i = 0; i < prompt->ninputs; i++)
	{
		if (!isfinite(answer->scores[i]))
			return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
							"a score is not a finite number");
	}
	return true;
}

/* See provider.h. */
bool
air_answer_check(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err)
{
	switch (prompt->task)
	{
		case AIR_EMBED:
			return check_vectors(prompt, answer, err);
		case AIR_RERANK:
			return check_scores(prompt, answer, err);
		case AIR_CHAT:
			break;
	}
	return check_chat(prompt, answer, err);
}
