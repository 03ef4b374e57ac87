/*
 * openai_responses.c
 *	  OpenAI's Responses API, where some models are served only.
 *
 * Used without state: store is false, so that nothing of a prompt stays behind.
 * The family has no stop sequences and no seed.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"

#include "provider/codecs.h"
#include "provider/openai_shape.h"

/* The API refuses a smaller output cap. */
#define MIN_OUTPUT_TOKENS 16

/* The status of a response, or the reason why it is incomplete. */
static const AirFinishName finish_names[] = {
	{"completed", AIR_FINISH_STOP},
	{"max_output_tokens", AIR_FINISH_LENGTH},
	{"content_filter", AIR_FINISH_CONTENT_FILTER},
	{"failed", AIR_FINISH_ERROR},
	{"cancelled", AIR_FINISH_ERROR},
	{"in_progress", AIR_FINISH_PAUSED},
	{"queued", AIR_FINISH_PAUSED},
};

static void
add_part(AirJson *doc, cJSON *parts, AirRole role, const AirPart *part)
{
	cJSON *item = air_json_add_object(doc, parts, NULL);

	if (part->text == NULL)
	{
		air_json_add_str(doc, item, "type", "input_image");
		air_json_add_str(doc, item, "image_url", air_data_url(part));
		return;
	}
	air_json_add_str(doc, item, "type", role == AIR_ASSISTANT ? "output_text" : "input_text");
	air_json_add_str(doc, item, "text", part->text);
}

/* A lone text is sent as a string, anything else as a list of messages. */
static void
add_input(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	const AirMessage *first = prompt->messages;
	cJSON *input;

	if (prompt->nmessages == 1 && first->role == AIR_USER && air_message_is_text(first))
	{
		air_json_add_str(doc, body, "input", first->parts[0].text);
		return;
	}

	input = air_json_add_array(doc, body, "input");
	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];
		cJSON *item = air_json_add_object(doc, input, NULL);
		cJSON *parts;

		air_json_add_str(doc, item, "role", message->role == AIR_ASSISTANT ? "assistant" : "user");
		if (air_message_is_text(message))
		{
			air_json_add_str(doc, item, "content", message->parts[0].text);
			continue;
		}
		parts = air_json_add_array(doc, item, "content");
		for (int j = 0; j < message->nparts; j++)
			add_part(doc, parts, message->role, &message->parts[j]);
	}
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	const char *cap = "max_output_tokens";
	AirJson *doc;
	cJSON *body;

	if (prompt->task != AIR_CHAT)
		return air_unsupported(err, "openai_responses", "embeddings or reranking");
	if (prompt->nstop > 0)
		return air_unsupported(err, "openai_responses", "stop sequences");
	/* Not raised silently: what is reserved for the call depends on it. */
	if (prompt->max_tokens < MIN_OUTPUT_TOKENS)
		return air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT,
						"api \"openai_responses\" needs max_tokens of %d or more",
						MIN_OUTPUT_TOKENS);
	if (endpoint->max_tokens_field != NULL)
		cap = endpoint->max_tokens_field;

	doc = air_json_new_object();
	body = doc->root;
	air_json_add_str(doc, body, "model", prompt->model);
	if (prompt->system != NULL)
		air_json_add_str(doc, body, "instructions", prompt->system);
	add_input(doc, body, prompt);
	air_json_add_num(doc, body, cap, prompt->max_tokens);
	air_add_sampling(doc, body, prompt, "temperature", "top_p");
	if (prompt->reasoning_effort != NULL)
		air_json_add_str(doc, air_json_add_object(doc, body, "reasoning"), "effort",
						 prompt->reasoning_effort);
	if (prompt->schema != NULL)
	{
		cJSON *format;

		format = air_json_add_object(doc, air_json_add_object(doc, body, "text"), "format");
		air_json_add_str(doc, format, "type", "json_schema");
		air_openai_add_schema(doc, format, prompt);
	}
	if (prompt->logprobs)
	{
		static const char *const include[] = {"message.output_text.logprobs"};

		air_add_strings(doc, body, "include", include, lengthof(include));
	}
	air_json_add_bool(doc, body, "store", false);

	air_request_start(out, psprintf("%s/responses", endpoint->base_url));
	return air_request_body(out, doc, prompt->params, err) &&
		   air_openai_headers(out, endpoint, cred, err);
}

/* The refusal among a message's parts, or NULL. */
static char *
find_refusal(const cJSON *content)
{
	const cJSON *part;

	cJSON_ArrayForEach (part, content)
	{
		const char *refusal = air_json_str(part, "refusal");

		if (refusal != NULL && *refusal != '\0')
			return pstrdup(refusal);
	}
	return NULL;
}

/* The tokens of an answer that is a single text, or NULL. */
static const cJSON *
find_tokens(const cJSON *output)
{
	const cJSON *found = NULL;
	const cJSON *item;
	const cJSON *part;

	cJSON_ArrayForEach (item, output)
	{
		const char *type = air_json_str(item, "type");

		if (type == NULL || strcmp(type, "message") != 0)
			continue;
		cJSON_ArrayForEach (part, air_json_at(item, "content"))
		{
			if (air_json_str(part, "text") == NULL)
				continue;
			if (found != NULL)
				return NULL;
			found = part;
		}
	}
	return air_json_at(found, "logprobs");
}

/* Join the texts of all messages; reasoning items come before them and between them. */
static void
read_output(const cJSON *output, AirAnswer *out)
{
	const cJSON *item;
	bool called = false;
	StringInfoData buf;
	bool found = false;

	initStringInfo(&buf);
	cJSON_ArrayForEach (item, output)
	{
		const char *type = air_json_str(item, "type");
		const cJSON *content = air_json_at(item, "content");
		char *text;

		if (type != NULL && strcmp(type, "function_call") == 0)
			called = true;
		if (type == NULL || strcmp(type, "message") != 0)
			continue;
		text = air_join_text(content);
		if (text != NULL)
		{
			appendStringInfoString(&buf, text);
			found = true;
		}
		if (out->refusal == NULL)
			out->refusal = find_refusal(content);
	}
	if (found)
		out->text = buf.data;
	else if (called && out->finish == AIR_FINISH_STOP)
		out->finish = AIR_FINISH_TOOL_CALLS;
}

/* AirReader of a response. */
static bool
read_response(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const char *reason = air_json_str(root, "incomplete_details.reason");
	const cJSON *usage = air_json_at(root, "usage");

	if (!cJSON_IsArray(air_json_at(root, "output")))
		return air_malformed(err, "no output");

	air_set_finish(out, reason != NULL ? reason : air_json_str(root, "status"), finish_names,
				   lengthof(finish_names));
	read_output(air_json_at(root, "output"), out);
	if (prompt->logprobs)
		out->confidence =
			air_confidence(find_tokens(air_json_at(root, "output")), "token", "logprob", out->text);
	out->model = air_copy_name(air_json_str(root, "model"));
	out->usage.input = air_count(usage, "input_tokens");
	out->usage.cached = air_count(usage, "input_tokens_details.cached_tokens");
	out->usage.cache_write = air_count(usage, "input_tokens_details.cache_write_tokens");
	out->usage.output = air_count(usage, "output_tokens");
	out->usage.reasoning = air_count(usage, "output_tokens_details.reasoning_tokens");
	return true;
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	return air_read_reply(prompt, reply, out, err, read_response);
}

const AirCodec air_codec_openai_responses = {
	.api = "openai_responses",
	.default_base_url = "https://api.openai.com/v1",
	.own_hosts = "api.openai.com *.api.openai.com",
	.key_required = true,
	.tasks = 1 << AIR_CHAT,
	.build = build,
	.parse = parse,
};
