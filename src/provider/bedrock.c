/*
 * bedrock.c
 *	  Amazon Bedrock: chat through Converse, one form for all vendors' models.
 *
 * Embeddings go through InvokeModel and have a form for each vendor
 * (bedrock_embed.c).  A key is sent as it is; other credentials sign.  Signing
 * hashes, so in the server a request is built inside a transaction.
 */
#include "base/pg.h"

#include "base/text.h"
#include "provider/bedrock.h"
#include "provider/codecs.h"
#include "provider/sigv4.h"

static const AirFinishName finish_names[] = {
	{"end_turn", AIR_FINISH_STOP},
	{"stop_sequence", AIR_FINISH_STOP},
	{"max_tokens", AIR_FINISH_LENGTH},
	{"model_context_window_exceeded", AIR_FINISH_LENGTH},
	{"tool_use", AIR_FINISH_TOOL_CALLS},
	{"content_filtered", AIR_FINISH_CONTENT_FILTER},
	{"guardrail_intervened", AIR_FINISH_CONTENT_FILTER},
	{"malformed_model_output", AIR_FINISH_ERROR},
	{"malformed_tool_use", AIR_FINISH_ERROR},
};

/* Converse names image formats by themselves, without "image/".  NULL: not one of its four. */
static const char *
image_format(const AirPart *part)
{
	static const char *const formats[] = {"png", "jpeg", "gif", "webp"};
	const char *prefix = "image/";

	if (strncmp(part->media_type, prefix, strlen(prefix)) != 0)
		return NULL;
	for (size_t i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(part->media_type + strlen(prefix), formats[i]) == 0)
			return formats[i];
	}
	return NULL;
}

static bool
check_images(const AirPrompt *prompt, AirFailure *err)
{
	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];

		for (int j = 0; j < message->nparts; j++)
		{
			const AirPart *part = &message->parts[j];

			if (part->text == NULL && image_format(part) == NULL)
				return air_unsupported(err, "bedrock",
									   psprintf("images of type %s", part->media_type));
		}
	}
	return true;
}

static void
add_part(AirJson *doc, cJSON *content, const AirPart *part)
{
	cJSON *item = air_json_add_object(doc, content, NULL);
	cJSON *image;

	if (part->text != NULL)
	{
		air_json_add_str(doc, item, "text", part->text);
		return;
	}
	image = air_json_add_object(doc, item, "image");
	air_json_add_str(doc, image, "format", image_format(part));
	air_json_add_str(doc, air_json_add_object(doc, image, "source"), "bytes", part->data);
}

/* The schema is a string in this family, and effort stands beside it. */
static void
add_output_config(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	const char *effort = prompt->reasoning_effort;
	cJSON *config;

	if (effort == NULL && prompt->schema == NULL)
		return;
	config = air_json_add_object(doc, body, "outputConfig");
	if (effort != NULL)
		air_json_add_str(doc, config, "effort", air_effort_is_least(effort) ? "low" : effort);
	if (prompt->schema != NULL)
	{
		cJSON *format = air_json_add_object(doc, config, "textFormat");
		cJSON *schema;

		air_json_add_str(doc, format, "type", "json_schema");
		schema =
			air_json_add_object(doc, air_json_add_object(doc, format, "structure"), "jsonSchema");
		air_json_add_str(doc, schema, "name",
						 prompt->schema_name != NULL ? prompt->schema_name : "answer");
		air_json_add_str(doc, schema, "schema", prompt->schema);
	}
}

static AirJson *
converse_body(const AirPrompt *prompt, const AirEndpoint *endpoint)
{
	const char *cap = endpoint->max_tokens_field != NULL ? endpoint->max_tokens_field : "maxTokens";
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;
	cJSON *messages = air_json_add_array(doc, body, "messages");
	cJSON *config;

	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];
		cJSON *object = air_json_add_object(doc, messages, NULL);
		cJSON *content;

		air_json_add_str(doc, object, "role",
						 message->role == AIR_ASSISTANT ? "assistant" : "user");
		content = air_json_add_array(doc, object, "content");
		for (int j = 0; j < message->nparts; j++)
			add_part(doc, content, &message->parts[j]);
	}
	if (prompt->system != NULL)
		air_json_add_str(doc,
						 air_json_add_object(doc, air_json_add_array(doc, body, "system"), NULL),
						 "text", prompt->system);

	config = air_json_add_object(doc, body, "inferenceConfig");
	air_json_add_num(doc, config, cap, prompt->max_tokens);
	air_add_sampling(doc, config, prompt, "temperature", "topP");
	if (prompt->nstop > 0)
		air_add_strings(doc, config, "stopSequences", prompt->stop, prompt->nstop);
	add_output_config(doc, body, prompt);
	return doc;
}

/* The region option, or the one in the name of an Amazon host: "bedrock-runtime.REGION.". */
static const char *
signing_region(const AirEndpoint *endpoint)
{
	static const char *const prefixes[] = {"bedrock-runtime.", "bedrock-runtime-fips."};
	const char *host = air_url_authority(endpoint->base_url);

	if (endpoint->region != NULL)
		return endpoint->region;
	for (size_t i = 0; i < lengthof(prefixes); i++)
	{
		size_t n = strlen(prefixes[i]);

		if (strncmp(host, prefixes[i], n) == 0 && strchr(host + n, '.') != NULL)
			return pnstrdup(host + n, strcspn(host + n, "."));
	}
	return NULL;
}

static bool
authorize(AirHttpRequest *out, const AirEndpoint *endpoint, const AirCredential *cred, int64 now,
		  AirFailure *err)
{
	AirSigV4Scope scope = {.service = "bedrock", .now = now};

	if (cred->kind != AIR_CRED_SIGV4)
		return air_request_bearer(out, cred, err);
	scope.region = signing_region(endpoint);
	if (scope.region != NULL)
		return air_sigv4_sign(out, cred, &scope, err);

	air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT, "signing needs a region");
	err->hint = "Set it with ALTER SERVER .. OPTIONS (ADD region 'us-east-1').";
	return false;
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred, int64 now,
	  AirHttpRequest *out, AirFailure *err)
{
	bool embed = prompt->task == AIR_EMBED;
	AirJson *doc;

	if (prompt->task == AIR_RERANK)
		return air_unsupported(err, "bedrock", "reranking");
	if (!check_images(prompt, err))
		return false;
	doc = embed ? air_bedrock_embed_body(prompt, err) : converse_body(prompt, endpoint);
	if (doc == NULL)
		return false;

	air_request_start(out, psprintf("%s/model/%s/%s", endpoint->base_url,
									air_url_encode(prompt->model), embed ? "invoke" : "converse"));
	return air_request_body(out, doc, prompt->params, err) &&
		   air_request_option(out, "accept", "application/json", err) &&
		   authorize(out, endpoint, cred, now, err);
}

/* AirReader of Converse. */
static bool
read_converse(const AirPrompt *prompt pg_attribute_unused(), const cJSON *root, AirAnswer *out,
			  AirFailure *err)
{
	const cJSON *content = air_json_at(root, "output.message.content");
	const cJSON *counts = air_json_at(root, "usage");

	if (!cJSON_IsArray(content))
		return air_malformed(err, "no output.message.content");
	out->text = air_join_text(content);
	air_set_finish(out, air_json_str(root, "stopReason"), finish_names, lengthof(finish_names));

	out->usage.cached = air_count(counts, "cacheReadInputTokens");
	out->usage.cache_write = air_count(counts, "cacheWriteInputTokens");
	out->usage.input = air_count(counts, "inputTokens");
	/* As at Anthropic, what the cache did is counted beside the input. */
	if (out->usage.input >= 0)
		out->usage.input = air_count_sum(out->usage.input,
										 air_count_sum(out->usage.cached, out->usage.cache_write));
	out->usage.output = air_count(counts, "outputTokens");
	return true;
}

/* InvokeModel reports tokens in headers when the model's body does not. */
static int64
header_count(const AirHttpReply *reply, const char *name)
{
	const char *value = air_reply_header(reply, name);
	char *end;
	long long count;

	if (value == NULL || *value == '\0')
		return -1;
	count = strtoll(value, &end, 10);
	return *end == '\0' && count >= 0 ? air_plausible_count((double) count) : -1;
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	if (prompt->task != AIR_EMBED)
		return air_read_reply(prompt, reply, out, err, read_converse);
	if (!air_read_reply(prompt, reply, out, err, air_bedrock_read_embeddings))
		return false;
	if (out->usage.input < 0)
		out->usage.input = header_count(reply, "x-amzn-bedrock-input-token-count");
	return true;
}

const AirCodec air_codec_bedrock = {
	.api = "bedrock",
	.default_base_url = "https://bedrock-runtime.{region}.amazonaws.com",
	.own_hosts = "bedrock-runtime.*.amazonaws.com bedrock-runtime-fips.*.amazonaws.com "
				 "bedrock-runtime.*.api.aws bedrock-runtime.*.amazonaws.com.cn "
				 "bedrock-runtime.*.amazonaws.eu",
	.key_required = true,
	.sigv4 = true,
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED),
	.max_embed_inputs = 1, /* Titan and Nova take one text, and this is for all models */
	.build = build,
	.parse = parse,
};
