/*
 * cohere.c
 *	  Cohere's v2 API: chat, and the frame for embeddings and reranking.
 */
#include "base/pg.h"

#include "provider/codecs.h"
#include "provider/cohere.h"

/* The API refuses more texts. */
#define MAX_EMBED_INPUTS 96

static const AirFinishName finish_names[] = {
	{"COMPLETE", AIR_FINISH_STOP},
	{"STOP_SEQUENCE", AIR_FINISH_STOP},
	{"MAX_TOKENS", AIR_FINISH_LENGTH},
	{"TOOL_CALL", AIR_FINISH_TOOL_CALLS},
	{"ERROR", AIR_FINISH_ERROR},
	{"TIMEOUT", AIR_FINISH_ERROR},
	{"ERROR_TOXIC", AIR_FINISH_CONTENT_FILTER},
};

static AirJson *
chat_body(const AirPrompt *prompt, const char *cap)
{
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;

	air_json_add_str(doc, body, "model", prompt->model);
	air_add_messages(doc, body, prompt);
	air_json_add_num(doc, body, cap, prompt->max_tokens);
	air_add_sampling(doc, body, prompt, "temperature", "p");
	air_add_seed(doc, body, prompt, "seed");
	if (prompt->nstop > 0)
		air_add_strings(doc, body, "stop_sequences", prompt->stop, prompt->nstop);
	if (prompt->reasoning_effort != NULL)
		air_json_add_str(doc, air_json_add_object(doc, body, "thinking"), "type",
						 strcmp(prompt->reasoning_effort, "none") == 0 ? "disabled" : "enabled");
	if (prompt->logprobs)
		air_json_add_bool(doc, body, "logprobs", true);
	if (prompt->schema != NULL)
	{
		cJSON *format = air_json_add_object(doc, body, "response_format");

		air_json_add_str(doc, format, "type", "json_object");
		air_json_add_raw(doc, format, "json_schema", prompt->schema);
	}
	return doc;
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	static const char *const paths[] = {
		[AIR_CHAT] = "/v2/chat", [AIR_EMBED] = "/v2/embed", [AIR_RERANK] = "/v2/rerank"};
	const char *cap =
		endpoint->max_tokens_field != NULL ? endpoint->max_tokens_field : "max_tokens";
	AirJson *doc;

	if (prompt->task == AIR_EMBED)
		doc = air_cohere_embed_body(prompt);
	else if (prompt->task == AIR_RERANK)
		doc = air_cohere_rerank_body(prompt);
	else
		doc = chat_body(prompt, cap);

	air_request_start(out, psprintf("%s%s", endpoint->base_url, paths[prompt->task]));
	return air_request_body(out, doc, prompt->params, err) && air_request_bearer(out, cred, err);
}

/* What is billed counts, not what the model saw; only when it is missing, the latter. */
static int64
count_tokens(const cJSON *root, const char *direction)
{
	int64 billed = air_count(root, psprintf("usage.billed_units.%s", direction));

	return billed >= 0 ? billed : air_count(root, psprintf("usage.tokens.%s", direction));
}

/* AirReader of /v2/chat. */
static bool
read_chat(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const cJSON *message = air_json_at(root, "message");

	if (!cJSON_IsObject(message))
		return air_malformed(err, "no message");
	out->text = air_join_text(air_json_at(message, "content"));
	if (prompt->logprobs)
		out->confidence =
			air_confidence(air_json_at(root, "logprobs"), "text", "logprobs", out->text);
	air_set_finish(out, air_json_str(root, "finish_reason"), finish_names, lengthof(finish_names));
	out->usage.input = count_tokens(root, "input_tokens");
	out->usage.output = count_tokens(root, "output_tokens");
	out->usage.cached = air_count(root, "usage.cached_tokens");
	return true;
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	AirReader reader = read_chat;

	if (prompt->task == AIR_EMBED)
		reader = air_cohere_read_embeddings;
	else if (prompt->task == AIR_RERANK)
		reader = air_cohere_read_scores;
	return air_read_reply(prompt, reply, out, err, reader);
}

const AirCodec air_codec_cohere = {
	.api = "cohere",
	.default_base_url = "https://api.cohere.com",
	.own_hosts = "api.cohere.com",
	.key_required = true,
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED) | (1 << AIR_RERANK),
	.max_embed_inputs = MAX_EMBED_INPUTS,
	.build = build,
	.parse = parse,
};
