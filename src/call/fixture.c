/*
 * fixture.c
 *	  The api "fixture": answers from ai_router.fixtures, without any network.
 *
 * The first row, by id, whose model and pattern fit the last user message
 * answers.  Its error, when set, takes the way a provider's error takes: a status through the same
 * classification, an SQLSTATE as the failure it names.
 */
#include "base/pg.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/json.h"
#include "base/text.h"
#include "call/internal.h"

/*
 * The text that patterns are matched with, in the server encoding: the last message's first text
 * part, what is embedded, or the query that documents are ranked by.
 */
static const char *
matched_text(const AirPrompt *prompt)
{
	const char *asked = prompt->query != NULL ? prompt->query
						: prompt->ninputs > 0 ? prompt->inputs[0]
											  : NULL;
	const AirMessage *last;

	if (asked != NULL)
		return pg_any_to_server(asked, strlen(asked), PG_UTF8);
	if (prompt->nmessages == 0)
		return "";
	last = &prompt->messages[prompt->nmessages - 1];
	for (int i = 0; i < last->nparts; i++)
		if (last->parts[i].text != NULL)
			return pg_any_to_server(last->parts[i].text, strlen(last->parts[i].text), PG_UTF8);
	return "";
}

/* The fixture for a prompt to a model, or NULL. */
const AirFixture *
air_fixture_find(const AirConfig *config, const AirModel *model, const AirPrompt *prompt)
{
	text *subject = cstring_to_text(matched_text(prompt));

	for (int i = 0; i < config->nfixtures; i++)
	{
		const AirFixture *f = &config->fixtures[i];

		if (f->model != NULL && strcmp(f->model, model->name) != 0)
			continue;
		if (f->pattern == NULL || DatumGetBool(DirectFunctionCall2Coll(
									  textregexeq, DEFAULT_COLLATION_OID, PointerGetDatum(subject),
									  PointerGetDatum(f->pattern))))
			return f;
	}
	return NULL;
}

/* Classify a status as if a provider had sent it, with the fixture's answer as its message. */
static bool
status_failure(int status, const char *message, AirFailure *err)
{
	AirJson *doc = air_json_new_object();
	AirHttpReply reply = {.status = status};
	char *body;

	cJSON_AddStringToObject(cJSON_AddObjectToObject(doc->root, "error"), "message", message);
	body = air_json_print(doc);
	reply.body = body ? body : "";
	reply.body_len = strlen(reply.body);
	air_json_free(doc);
	air_reply_failure(&reply, 0, err);
	return false;
}

/* What a provider's failure of that kind would mean to the engine. */
static AirRemedy
remedy_of(AirErrKind kind)
{
	switch (kind)
	{
		case AIR_ERR_UNAVAILABLE:
		case AIR_ERR_RATE_LIMITED:
		case AIR_ERR_TIMEOUT:
		case AIR_ERR_BAD_ANSWER:
			return AIR_REMEDY_RETRY;
		case AIR_ERR_AUTH:
		case AIR_ERR_TOO_LONG:
			return AIR_REMEDY_NEXT;
		default:
			return AIR_REMEDY_NONE;
	}
}

/* The numbers of a JSON array, palloc'ed; *n of them.  NULL: it is something else. */
static double *
numbers_of(const char *text, int *n)
{
	char *why;
	AirJson *doc = text != NULL ? air_json_parse(text, strlen(text), &why) : NULL;
	const cJSON *item;
	double *numbers;

	if (doc == NULL || cJSON_GetArraySize(doc->root) == 0 || !cJSON_IsArray(doc->root))
		return NULL;
	numbers = palloc(sizeof(double) * cJSON_GetArraySize(doc->root));
	*n = 0;
	cJSON_ArrayForEach (item, doc->root)
	{
		if (!cJSON_IsNumber(item))
			return NULL;
		numbers[(*n)++] = item->valuedouble;
	}
	return numbers;
}

/* A vector, or a score for each document: a JSON array. */
static bool
fill_numbers(const AirPrompt *prompt, const char *text, AirAnswer *answer, AirFailure *err)
{
	int n;
	double *numbers = numbers_of(text, &n);

	if (numbers == NULL)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
						"the fixture's answer is no array of numbers");
	if (prompt->task == AIR_RERANK && n != prompt->ninputs)
		return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, "%d scores for %d documents", n,
						prompt->ninputs);
	if (prompt->task == AIR_RERANK)
	{
		answer->scores = numbers;
		return true;
	}
	answer->nvectors = 1;
	answer->dim = n;
	answer->vectors = palloc(sizeof(float) * n);
	for (int i = 0; i < n; i++)
		answer->vectors[i] = (float) numbers[i];
	return true;
}

/*
 * The answer of a fixture: fills *answer with estimated usage, or *err.  tokens:
 * estimated input tokens of the call.
 */
bool
air_fixture_answer(const AirFixture *fixture, const AirPrompt *prompt, int tokens,
				   AirAnswer *answer, AirFailure *err)
{
	const char *text = fixture->answer ? air_to_utf8(fixture->answer) : NULL;
	const char *message = text ? text : "fixture error";

	if (fixture->error != NULL && strncmp(fixture->error, "RT", 2) == 0)
	{
		AirErrKind kind = (AirErrKind) atoi(fixture->error + 2);

		return air_fail(err, kind, remedy_of(kind), "%s", message);
	}
	if (fixture->error != NULL)
		return status_failure(atoi(fixture->error), message, err);

	answer->finish = AIR_FINISH_STOP;
	if (prompt->logprobs)
		answer->confidence = fixture->confidence;
	answer->usage.input = tokens;
	if (prompt->task != AIR_CHAT)
		return fill_numbers(prompt, text, answer, err);
	answer->text = text ? pstrdup(text) : NULL;
	answer->usage.output = text ? air_estimate_tokens(text, strlen(text)) : 0;
	return true;
}
