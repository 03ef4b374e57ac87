/*
 * gemini.c
 *	  Google's Gemini API: generateContent.  Embeddings are in gemini_embed.c.
 *
 * Reasoning counts against the output cap but not in candidatesTokenCount.
 * Google adds and renames enum values often; unknown ones are kept as text.
 */
#include "base/pg.h"

#include "base/text.h"
#include "provider/codecs.h"
#include "provider/gemini.h"

static const AirFinishName finish_names[] = {
	{"STOP", AIR_FINISH_STOP},
	{"MAX_TOKENS", AIR_FINISH_LENGTH},
	{"SAFETY", AIR_FINISH_CONTENT_FILTER},
	{"RECITATION", AIR_FINISH_CONTENT_FILTER},
	{"BLOCKLIST", AIR_FINISH_CONTENT_FILTER},
	{"PROHIBITED_CONTENT", AIR_FINISH_CONTENT_FILTER},
	{"SPII", AIR_FINISH_CONTENT_FILTER},
	{"LANGUAGE", AIR_FINISH_CONTENT_FILTER},
	{"MALFORMED_FUNCTION_CALL", AIR_FINISH_ERROR},
	{"UNEXPECTED_TOOL_CALL", AIR_FINISH_ERROR},
	{"TOO_MANY_TOOL_CALLS", AIR_FINISH_ERROR},
	{"OTHER", AIR_FINISH_ERROR},
};

static void
add_parts(AirJson *doc, cJSON *object, const AirMessage *message)
{
	cJSON *parts = air_json_add_array(doc, object, "parts");

	for (int i = 0; i < message->nparts; i++)
	{
		const AirPart *part = &message->parts[i];
		cJSON *item = air_json_add_object(doc, parts, NULL);
		cJSON *data;

		if (part->text != NULL)
		{
			air_json_add_str(doc, item, "text", part->text);
			continue;
		}
		data = air_json_add_object(doc, item, "inlineData");
		air_json_add_str(doc, data, "mimeType", part->media_type);
		air_json_add_str(doc, data, "data", part->data);
	}
}

/* Generation 2 models take a budget of tokens, later ones a level. */
static void
add_thinking(AirJson *doc, cJSON *config, const AirPrompt *prompt)
{
	static const struct
	{
		const char *effort;
		const char *level;
		int budget;
	} efforts[] = {
		{"none", "MINIMAL", 0},     {"minimal", "MINIMAL", 0}, {"low", "LOW", 1024},
		{"medium", "MEDIUM", 8192}, {"high", "HIGH", 24576},
	};
	/* xhigh and max: as much as there is. */
	size_t i = lengthof(efforts) - 1;
	cJSON *thinking;

	if (prompt->reasoning_effort == NULL)
		return;
	for (size_t j = 0; j < lengthof(efforts); j++)
	{
		if (strcmp(efforts[j].effort, prompt->reasoning_effort) == 0)
			i = j;
	}
	thinking = air_json_add_object(doc, config, "thinkingConfig");
	if (strstr(prompt->model, "gemini-2") != NULL)
		air_json_add_num(doc, thinking, "thinkingBudget", efforts[i].budget);
	else
		air_json_add_str(doc, thinking, "thinkingLevel", efforts[i].level);
}

static void
add_config(AirJson *doc, cJSON *body, const AirPrompt *prompt, const char *cap)
{
	cJSON *config = air_json_add_object(doc, body, "generationConfig");

	air_json_add_num(doc, config, cap, prompt->max_tokens);
	air_add_sampling(doc, config, prompt, "temperature", "topP");
	air_add_seed(doc, config, prompt, "seed");
	if (prompt->nstop > 0)
		air_add_strings(doc, config, "stopSequences", prompt->stop, prompt->nstop);
	if (prompt->schema != NULL)
	{
		air_json_add_str(doc, config, "responseMimeType", "application/json");
		air_json_add_raw(doc, config, "responseJsonSchema", prompt->schema);
	}
	if (prompt->logprobs)
		air_json_add_bool(doc, config, "responseLogprobs", true);
	add_thinking(doc, config, prompt);
}

static AirJson *
chat_body(const AirPrompt *prompt, const char *cap)
{
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;
	cJSON *contents;

	if (prompt->system != NULL)
	{
		AirPart part = {.text = prompt->system};
		AirMessage message = {.nparts = 1, .parts = &part};

		add_parts(doc, air_json_add_object(doc, body, "systemInstruction"), &message);
	}
	contents = air_json_add_array(doc, body, "contents");
	for (int i = 0; i < prompt->nmessages; i++)
	{
		cJSON *turn = air_json_add_object(doc, contents, NULL);

		air_json_add_str(doc, turn, "role",
						 prompt->messages[i].role == AIR_ASSISTANT ? "model" : "user");
		add_parts(doc, turn, &prompt->messages[i]);
	}
	add_config(doc, body, prompt, cap);
	return doc;
}

/* See gemini.h. */
char *
air_gemini_model(const AirPrompt *prompt)
{
	const char *prefix = "models/";

	if (strncmp(prompt->model, prefix, strlen(prefix)) == 0)
		return pstrdup(prompt->model);
	return psprintf("%s%s", prefix, prompt->model);
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	const char *cap = "maxOutputTokens";
	const char *id = air_gemini_model(prompt) + strlen("models/");
	bool built;

	if (prompt->task == AIR_RERANK)
		return air_unsupported(err, "gemini", "reranking");
	if (endpoint->max_tokens_field != NULL)
		cap = endpoint->max_tokens_field;

	air_request_start(
		out, psprintf("%s/models/%s:%s", endpoint->base_url, air_url_encode(id),
					  prompt->task == AIR_EMBED ? "batchEmbedContents" : "generateContent"));
	if (prompt->task == AIR_EMBED)
		built = air_gemini_embed_body(prompt, out, err);
	else
		built = air_request_body(out, chat_body(prompt, cap), prompt->params, err);
	return built && air_request_key(out, cred, "x-goog-api-key", "", err);
}

static void
read_usage(const cJSON *counts, AirUsage *usage)
{
	int64 total = air_count(counts, "totalTokenCount");

	usage->input = air_count_sum(air_count(counts, "promptTokenCount"),
								 air_count(counts, "toolUsePromptTokenCount"));
	usage->cached = air_count(counts, "cachedContentTokenCount");
	usage->reasoning = air_count(counts, "thoughtsTokenCount");
	usage->output = air_count_sum(air_count(counts, "candidatesTokenCount"), usage->reasoning);
	/* A zero is left out of the reply. */
	if (usage->output < 0 && usage->input >= 0 && total >= usage->input)
		usage->output = total - usage->input;
}

/* A blocked prompt has no candidate, only a reason. */
static bool
read_blocked(const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const char *reason = air_json_str(root, "promptFeedback.blockReason");

	if (reason == NULL)
		return air_malformed(err, "no candidate");
	out->finish = AIR_FINISH_CONTENT_FILTER;
	out->finish_raw = air_copy_name(reason);
	return true;
}

static void
read_candidate(const AirPrompt *prompt, const cJSON *candidate, AirAnswer *out)
{
	const cJSON *parts = air_json_at(candidate, "content.parts");
	const char *reason = air_json_str(candidate, "finishReason");
	const cJSON *part;

	out->text = air_join_text(parts);
	if (prompt->logprobs)
		out->confidence = air_confidence(air_json_at(candidate, "logprobsResult.chosenCandidates"),
										 "token", "logProbability", out->text);
	air_set_finish(out, reason, finish_names, lengthof(finish_names));
	/* IMAGE_SAFETY, IMAGE_PROHIBITED_CONTENT and more to come. */
	if (reason != NULL && strncmp(reason, "IMAGE_", strlen("IMAGE_")) == 0)
		out->finish = AIR_FINISH_CONTENT_FILTER;
	cJSON_ArrayForEach (part, parts)
	{
		if (out->text == NULL && air_json_at(part, "functionCall") != NULL)
			out->finish = AIR_FINISH_TOOL_CALLS;
	}
}

/* AirReader of generateContent. */
static bool
read_content(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const cJSON *candidate = air_json_at(root, "candidates.0");

	if (cJSON_IsObject(candidate))
		read_candidate(prompt, candidate, out);
	else if (!read_blocked(root, out, err))
		return false;
	out->model = air_copy_name(air_json_str(root, "modelVersion"));
	read_usage(air_json_at(root, "usageMetadata"), &out->usage);
	return true;
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	return air_read_reply(prompt, reply, out, err,
						  prompt->task == AIR_EMBED ? air_gemini_read_embeddings : read_content);
}

const AirCodec air_codec_gemini = {
	.api = "gemini",
	.default_base_url = "https://generativelanguage.googleapis.com/v1beta",
	.own_hosts = "generativelanguage.googleapis.com",
	.key_required = true,
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED),
	.max_embed_inputs = AIR_GEMINI_EMBED_INPUTS,
	.build = build,
	.parse = parse,
};
