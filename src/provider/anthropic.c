/*
 * anthropic.c
 *	  Anthropic's Messages API.
 *
 * No seed exists in this family.  Cached tokens are counted beside the input,
 * not within it.
 */
#include "base/pg.h"

#include "provider/codecs.h"
#include "provider/common.h"

#define API_VERSION "2023-06-01"

static const AirFinishName finish_names[] = {
	{"end_turn", AIR_FINISH_STOP},       {"stop_sequence", AIR_FINISH_STOP},
	{"max_tokens", AIR_FINISH_LENGTH},   {"model_context_window_exceeded", AIR_FINISH_LENGTH},
	{"tool_use", AIR_FINISH_TOOL_CALLS}, {"refusal", AIR_FINISH_CONTENT_FILTER},
	{"pause_turn", AIR_FINISH_PAUSED},
};

static void
add_part(AirJson *doc, cJSON *parts, const AirPart *part)
{
	cJSON *item = air_json_add_object(doc, parts, NULL);
	cJSON *source;

	air_json_add_str(doc, item, "type", part->text != NULL ? "text" : "image");
	if (part->text != NULL)
	{
		air_json_add_str(doc, item, "text", part->text);
		return;
	}
	source = air_json_add_object(doc, item, "source");
	air_json_add_str(doc, source, "type", "base64");
	air_json_add_str(doc, source, "media_type", part->media_type);
	air_json_add_str(doc, source, "data", part->data);
}

static void
add_turns(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	cJSON *messages = air_json_add_array(doc, body, "messages");

	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];
		cJSON *object = air_json_add_object(doc, messages, NULL);
		cJSON *parts;

		air_json_add_str(doc, object, "role",
						 message->role == AIR_ASSISTANT ? "assistant" : "user");
		if (air_message_is_text(message))
		{
			air_json_add_str(doc, object, "content", message->parts[0].text);
			continue;
		}
		parts = air_json_add_array(doc, object, "content");
		for (int j = 0; j < message->nparts; j++)
			add_part(doc, parts, &message->parts[j]);
	}
}

/* Effort and schema share an object; thinking is asked for only where effort wants it. */
static void
add_output_config(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	const char *effort = prompt->reasoning_effort;
	bool least = effort != NULL && air_effort_is_least(effort);
	cJSON *config;

	if (effort == NULL && prompt->schema == NULL)
		return;
	if (effort != NULL && !least)
		air_json_add_str(doc, air_json_add_object(doc, body, "thinking"), "type", "adaptive");

	config = air_json_add_object(doc, body, "output_config");
	if (effort != NULL)
		air_json_add_str(doc, config, "effort", least ? "low" : effort);
	if (prompt->schema != NULL)
	{
		cJSON *format = air_json_add_object(doc, config, "format");

		air_json_add_str(doc, format, "type", "json_schema");
		air_json_add_raw(doc, format, "schema", prompt->schema);
	}
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	const char *cap = "max_tokens";
	const char *version = API_VERSION;
	AirJson *doc;
	cJSON *body;

	if (prompt->task != AIR_CHAT)
		return air_unsupported(err, "anthropic", "embeddings or reranking");
	if (endpoint->max_tokens_field != NULL)
		cap = endpoint->max_tokens_field;
	if (endpoint->api_version != NULL)
		version = endpoint->api_version;

	doc = air_json_new_object();
	body = doc->root;
	air_json_add_str(doc, body, "model", prompt->model);
	air_json_add_num(doc, body, cap, prompt->max_tokens);
	if (prompt->system != NULL)
		air_json_add_str(doc, body, "system", prompt->system);
	add_turns(doc, body, prompt);
	air_add_sampling(doc, body, prompt, "temperature", "top_p");
	if (prompt->nstop > 0)
		air_add_strings(doc, body, "stop_sequences", prompt->stop, prompt->nstop);
	add_output_config(doc, body, prompt);

	air_request_start(out, psprintf("%s/v1/messages", endpoint->base_url));
	return air_request_body(out, doc, prompt->params, err) &&
		   air_request_key(out, cred, "x-api-key", "", err) &&
		   air_request_option(out, "anthropic-version", version, err);
}

static void
read_usage(const cJSON *counts, AirUsage *usage)
{
	usage->cached = air_count(counts, "cache_read_input_tokens");
	usage->cache_write = air_count(counts, "cache_creation_input_tokens");
	usage->input = air_count(counts, "input_tokens");
	if (usage->input >= 0)
		usage->input =
			air_count_sum(usage->input, air_count_sum(usage->cached, usage->cache_write));
	usage->output = air_count(counts, "output_tokens");
	usage->reasoning = air_count(counts, "output_tokens_details.thinking_tokens");
}

/* AirReader of a message. */
static bool
read_message(const AirPrompt *prompt pg_attribute_unused(), const cJSON *root, AirAnswer *out,
			 AirFailure *err)
{
	const cJSON *content = air_json_at(root, "content");

	if (!cJSON_IsArray(content))
		return air_malformed(err, "no content");
	out->text = air_join_text(content);
	air_set_finish(out, air_json_str(root, "stop_reason"), finish_names, lengthof(finish_names));
	out->model = air_copy_name(air_json_str(root, "model"));
	read_usage(air_json_at(root, "usage"), &out->usage);
	return true;
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	return air_read_reply(prompt, reply, out, err, read_message);
}

const AirCodec air_codec_anthropic = {
	.api = "anthropic",
	.default_base_url = "https://api.anthropic.com",
	.own_hosts = "api.anthropic.com",
	.key_required = true,
	.tasks = 1 << AIR_CHAT,
	.build = build,
	.parse = parse,
};
