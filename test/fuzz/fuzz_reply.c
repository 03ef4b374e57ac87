/*
 * fuzz_reply.c
 *	  The parse function of each codec: 2xx replies of every kind.
 *
 * The line of numbers is the number of inputs, the dimensions asked for, and
 * whether log probabilities were asked for.
 * What is accepted must be usable, and every vector or score must stand in the
 * row that the reply says, read here a second time in the plainest way.
 */
#include "base/pg.h"

#include <math.h>
#include <openssl/evp.h>

#include "base/json.h"

#include "fuzz.h"

#define MAX_INPUTS 300

static void
check_usage(const AirUsage *usage)
{
	PROMISE(usage->input >= -1 && usage->cached >= -1 && usage->cache_write >= -1);
	PROMISE(usage->output >= -1 && usage->reasoning >= -1);
	if (usage->input >= 0)
		PROMISE(Max(usage->cached, 0) + Max(usage->cache_write, 0) <= usage->input);
	if (usage->output >= 0)
		PROMISE(usage->reasoning <= usage->output);
	/* Sums and prices are computed of them. */
	PROMISE(usage->input <= INT64CONST(4000000000000) &&
			usage->output <= INT64CONST(4000000000000));
}

/* The items of an embedding reply and where their vectors are. */
static const cJSON *
vector_items(const Target *target, const cJSON *root, const char **member)
{
	const cJSON *items;

	*member = "embedding";
	if (strcmp(target->api, "openai") == 0 || strcmp(target->api, "azure") == 0)
		return air_json_at(root, "data");
	if (strcmp(target->api, "gemini") == 0)
		*member = "values";
	items = air_json_at(root, "embeddings");
	return cJSON_IsObject(items) ? air_json_at(items, "float") : items;
}

/* The row that an item says it is for. */
static int
said_row(const Target *target, const cJSON *item, int position)
{
	bool indexed = strcmp(target->api, "openai") == 0 || strcmp(target->api, "azure") == 0 ||
				   target->task == AIR_RERANK;
	const cJSON *index = indexed ? air_json_at(item, "index") : NULL;

	/* null says as little as nothing. */
	if (index == NULL || (cJSON_IsNull(index) && target->task != AIR_RERANK))
		return position;
	PROMISE(cJSON_IsNumber(index), "an index that is no number was taken");
	PROMISE(index->valuedouble == floor(index->valuedouble), "an index between two rows was taken");
	PROMISE(fabs(index->valuedouble) <= MAX_INPUTS);
	return (int) index->valuedouble;
}

/* True if a vector of the reply is the row of the answer. */
static bool
same_vector(const cJSON *vector, const float *row, int dim)
{
	size_t len;
	char *bytes;

	if (cJSON_IsArray(vector))
	{
		const cJSON *number = vector->child;

		for (int i = 0; i < dim; i++, number = number->next)
		{
			if (number == NULL || (float) number->valuedouble != row[i])
				return false;
		}
		return number == NULL;
	}
	/* Blanks within, which the decoder skips: not read again here. */
	len = strlen(vector->valuestring);
	if (strpbrk(vector->valuestring, " \t\r\n") != NULL)
		return true;
	bytes = palloc(len + 1);
	return EVP_DecodeBlock((unsigned char *) bytes, (unsigned char *) vector->valuestring,
						   (int) len) >= dim * 4 &&
		   memcmp(bytes, row, (size_t) dim * 4) == 0;
}

static void
check_vectors(const Target *target, const cJSON *root, const AirAnswer *answer)
{
	const char *member;
	const cJSON *items = vector_items(target, root, &member);
	const cJSON *lone = strcmp(target->api, "bedrock") == 0 ? air_json_at(root, "embedding") : NULL;
	const cJSON *item;
	int position = 0;

	if (lone != NULL)
	{
		PROMISE(answer->nvectors == 1 && same_vector(lone, answer->vectors, answer->dim));
		return;
	}
	PROMISE(cJSON_GetArraySize(items) == answer->nvectors);
	cJSON_ArrayForEach (item, items)
	{
		int row = said_row(target, item, position++);
		const cJSON *vector = cJSON_IsObject(item) ? air_json_at(item, member) : item;

		PROMISE(row >= 0 && row < answer->nvectors);
		PROMISE(same_vector(vector, answer->vectors + (size_t) row * answer->dim, answer->dim),
				"row %d", row);
	}
}

static void
check_scores(const Target *target, const cJSON *root, const AirPrompt *prompt,
			 const AirAnswer *answer)
{
	const cJSON *result;
	int position = 0;

	PROMISE(cJSON_GetArraySize(air_json_at(root, "results")) == prompt->ninputs);
	cJSON_ArrayForEach (result, air_json_at(root, "results"))
	{
		int row = said_row(target, result, position++);

		PROMISE(row >= 0 && row < prompt->ninputs);
		PROMISE(air_json_num(result, "relevance_score", -1) == answer->scores[row]);
	}
}

/* An answer that is usable by air_answer_check() is so by what it says. */
static void
check_usable(const Target *target, const cJSON *root, const AirPrompt *prompt,
			 const AirAnswer *answer)
{
	switch (target->task)
	{
		case AIR_CHAT:
			PROMISE(answer->text != NULL && *answer->text != '\0' && answer->refusal == NULL);
			break;
		case AIR_EMBED:
			PROMISE(answer->nvectors == prompt->ninputs && answer->dim > 0);
			PROMISE(prompt->dimensions == 0 || answer->dim == prompt->dimensions);
			for (size_t i = 0; i < (size_t) answer->nvectors * answer->dim; i++)
				PROMISE(isfinite(answer->vectors[i]));
			check_vectors(target, root, answer);
			break;
		case AIR_RERANK:
			for (int i = 0; i < prompt->ninputs; i++)
				PROMISE(isfinite(answer->scores[i]));
			check_scores(target, root, prompt, answer);
			break;
	}
}

/* See fuzz.h. */
void
run_reply(const Target *target, const char *data, size_t size)
{
	Input input = read_input(data, size);
	AirHttpReply reply = {.status = 200,
						  .nheaders = input.nheaders,
						  .headers = input.headers,
						  .body = input.body,
						  .body_len = input.body_len};
	AirPrompt prompt = {
		.task = target->task, .model = "m", .max_tokens = 64, .logprobs = input.numbers[2] != 0};
	AirAnswer answer = {.usage = {-1, -1, -1, -1, -1}, .confidence = NAN};
	AirFailure err;

	prompt.ninputs = (int) Min(Max(input.numbers[0], 1), MAX_INPUTS);
	prompt.dimensions = (int) Min(Max(input.numbers[1], 0), 4096);
	memset(&err, 0x55, sizeof(err));
	if (!air_codec(target->api)->parse(&prompt, &reply, &answer, &err))
	{
		check_failure(&err);
		return;
	}

	check_usage(&answer.usage);
	PROMISE(isnan(answer.confidence) || (answer.confidence >= 0 && answer.confidence <= 1), "%g",
			answer.confidence);
	check_text(answer.text, "text");
	check_text(answer.refusal, "refusal");
	check_line(answer.finish_raw, "finish reason");
	check_line(answer.request_id, "request id");
	check_line(answer.model, "model");
	PROMISE(strcmp(air_finish_name(answer.finish), "other") != 0 ||
			answer.finish == AIR_FINISH_OTHER);

	memset(&err, 0x55, sizeof(err));
	if (air_answer_check(&prompt, &answer, &err))
	{
		char *why;
		AirJson *doc = air_json_parse(input.body, input.body_len, &why);

		PROMISE(doc != NULL);
		check_usable(target, doc->root, &prompt, &answer);
		air_json_free(doc);
	}
	else
		check_failure(&err);
}
