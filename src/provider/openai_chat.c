/*
 * openai_chat.c
 *	  OpenAI chat completions, and every server that speaks them.
 *
 * Some servers refuse fields they do not know, others drop them silently, so
 * the body holds nothing that was not asked for, and the few names on which
 * hosts differ come from an AirOpenAiDialect.
 */
#include "base/pg.h"

#include "provider/codecs.h"
#include "provider/openai_shape.h"

static const AirFinishName finish_names[] = {
	{"stop", AIR_FINISH_STOP},
	{"length", AIR_FINISH_LENGTH},
	{"model_length", AIR_FINISH_LENGTH},
	{"tool_calls", AIR_FINISH_TOOL_CALLS},
	{"function_call", AIR_FINISH_TOOL_CALLS},
	{"content_filter", AIR_FINISH_CONTENT_FILTER},
	{"error", AIR_FINISH_ERROR},
	{"insufficient_system_resource", AIR_FINISH_ERROR},
};

/* See openai_shape.h. */
AirJson *
air_openai_body(const AirPrompt *prompt, const AirOpenAiDialect *dialect)
{
	AirJson *doc;
	cJSON *body;

	if (prompt->task == AIR_EMBED)
		return air_openai_embed_body(prompt, dialect);

	doc = air_json_new_object();
	body = doc->root;
	if (dialect->model != NULL)
		air_json_add_str(doc, body, "model", dialect->model);
	air_add_messages(doc, body, prompt);
	air_json_add_num(doc, body, dialect->max_tokens, prompt->max_tokens);
	air_add_sampling(doc, body, prompt, "temperature", "top_p");
	air_add_seed(doc, body, prompt, dialect->seed);
	if (prompt->nstop > 0)
		air_add_strings(doc, body, "stop", prompt->stop, prompt->nstop);
	if (prompt->reasoning_effort != NULL)
		air_json_add_str(doc, body, "reasoning_effort", prompt->reasoning_effort);
	if (prompt->logprobs)
		air_json_add_bool(doc, body, "logprobs", true);
	if (prompt->schema != NULL)
	{
		cJSON *format = air_json_add_object(doc, body, "response_format");

		air_json_add_str(doc, format, "type", "json_schema");
		air_openai_add_schema(doc, air_json_add_object(doc, format, "json_schema"), prompt);
	}
	return doc;
}

/* See openai_shape.h. */
const char *
air_openai_path(const AirPrompt *prompt)
{
	return prompt->task == AIR_EMBED ? "/embeddings" : "/chat/completions";
}

/* See openai_shape.h. */
bool
air_openai_headers(AirHttpRequest *out, const AirEndpoint *endpoint, const AirCredential *cred,
				   AirFailure *err)
{
	return air_request_bearer(out, cred, err) &&
		   air_request_option(out, "openai-organization", endpoint->organization, err) &&
		   air_request_option(out, "openai-project", endpoint->project, err);
}

static bool
is_azure(const char *base_url)
{
	return air_url_at(base_url, "openai.azure.com") ||
		   air_url_at(base_url, "services.ai.azure.com");
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	bool openai = air_url_at(endpoint->base_url, "api.openai.com");
	bool azure = is_azure(endpoint->base_url);
	bool mistral = air_url_at(endpoint->base_url, "api.mistral.ai");
	AirOpenAiDialect dialect = {
		.model = prompt->model,
		.max_tokens = openai || azure ? "max_completion_tokens" : "max_tokens",
		.seed = mistral ? "random_seed" : "seed",
		.dimensions = mistral ? "output_dimension" : "dimensions",
		.base64_vectors = openai || azure,
	};

	if (prompt->task == AIR_RERANK)
		return air_unsupported(err, "openai", "reranking");
	if (endpoint->max_tokens_field != NULL)
		dialect.max_tokens = endpoint->max_tokens_field;

	air_request_start(out, psprintf("%s%s", endpoint->base_url, air_openai_path(prompt)));
	return air_request_body(out, air_openai_body(prompt, &dialect), prompt->params, err) &&
		   air_openai_headers(out, endpoint, cred, err);
}

static void
read_usage(const cJSON *root, AirUsage *usage)
{
	const cJSON *counts = air_json_at(root, "usage");
	int64 total = air_count(counts, "total_tokens");

	usage->input = air_count(counts, "prompt_tokens");
	usage->cached = air_count(counts, "prompt_tokens_details.cached_tokens");
	if (usage->cached < 0)
		usage->cached = air_count(counts, "prompt_cache_hit_tokens"); /* DeepSeek */
	if (usage->cached < 0)
		usage->cached = air_count(counts, "num_cached_tokens"); /* Mistral */
	usage->cache_write = air_count(counts, "prompt_tokens_details.cache_write_tokens");
	usage->output = air_count(counts, "completion_tokens");
	usage->reasoning = air_count(counts, "completion_tokens_details.reasoning_tokens");

	/* xAI has left reasoning out of completion_tokens; the total holds it. */
	if (usage->input >= 0 && usage->output >= 0 && total > usage->input + usage->output)
		usage->output = total - usage->input;
}

/* AirReader of a chat completion. */
static bool
read_chat(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const cJSON *choice = air_json_at(root, "choices.0");
	const cJSON *message = air_json_at(choice, "message");
	const char *refusal = air_json_str(message, "refusal");

	if (!cJSON_IsObject(message))
		return air_malformed(err, "no choices[0].message");

	out->text = air_join_text(air_json_at(message, "content"));
	if (refusal != NULL && *refusal != '\0')
		out->refusal = pstrdup(refusal);
	air_set_finish(out, air_json_str(choice, "finish_reason"), finish_names,
				   lengthof(finish_names));
	if (prompt->logprobs)
		out->confidence =
			air_confidence(air_json_at(choice, "logprobs.content"), "token", "logprob", out->text);
	/* Some servers say "stop" when the answer is a tool call. */
	if ((out->text == NULL || *out->text == '\0') &&
		cJSON_GetArraySize(air_json_at(message, "tool_calls")) > 0)
		out->finish = AIR_FINISH_TOOL_CALLS;
	out->model = air_copy_name(air_json_str(root, "model"));
	read_usage(root, &out->usage);
	return true;
}

/* See openai_shape.h. */
bool
air_openai_parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out,
				 AirFailure *err)
{
	return air_read_reply(prompt, reply, out, err,
						  prompt->task == AIR_EMBED ? air_openai_read_embeddings : read_chat);
}

/* AirCodec.embed_limits */
static AirEmbedLimits
embed_limits(const char *base_url, const char *model)
{
	if (air_url_at(base_url, "api.openai.com") || is_azure(base_url))
		return air_openai_embed_limits(base_url, model);
	return (AirEmbedLimits){.inputs = AIR_COMPATIBLE_EMBED_INPUTS};
}

const AirCodec air_codec_openai = {
	.api = "openai",
	.default_base_url = "https://api.openai.com/v1",
	.own_hosts = "api.openai.com *.api.openai.com",
	.key_required = true,
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED),
	.max_embed_inputs = AIR_OPENAI_EMBED_INPUTS,
	.embed_limits = embed_limits,
	.build = build,
	.parse = air_openai_parse,
};
