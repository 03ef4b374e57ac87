/*
 * ollama.c
 *	  Ollama's own API: local models, without a key as a rule.
 *
 * Ollama streams unless told not to, and cuts input that does not fit without
 * a word unless told not to; we tell it both.
 */
#include "base/pg.h"

#include "provider/codecs.h"
#include "provider/common.h"

/* A local model embeds a few inputs at a time: more only make a request longer. */
#define MAX_EMBED_INPUTS 64

static const AirFinishName finish_names[] = {
	{"stop", AIR_FINISH_STOP},
	{"length", AIR_FINISH_LENGTH},
};

static void
add_message(AirJson *doc, cJSON *messages, const AirMessage *message)
{
	cJSON *object = air_json_add_object(doc, messages, NULL);
	cJSON *images = NULL;

	air_json_add_str(doc, object, "role", message->role == AIR_ASSISTANT ? "assistant" : "user");
	air_json_add_str(doc, object, "content", air_message_text(message));
	for (int i = 0; i < message->nparts; i++)
	{
		if (message->parts[i].text != NULL)
			continue;
		if (images == NULL)
			images = air_json_add_array(doc, object, "images");
		air_json_add_str(doc, images, NULL, message->parts[i].data);
	}
}

/* false, or one of the four levels there are. */
static void
add_think(AirJson *doc, cJSON *body, const char *effort)
{
	if (strcmp(effort, "none") == 0)
		air_json_add_bool(doc, body, "think", false);
	else if (strcmp(effort, "minimal") == 0)
		air_json_add_str(doc, body, "think", "low");
	else if (strcmp(effort, "xhigh") == 0)
		air_json_add_str(doc, body, "think", "max");
	else
		air_json_add_str(doc, body, "think", effort);
}

static AirJson *
chat_body(const AirPrompt *prompt, const char *cap)
{
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;
	cJSON *messages;
	cJSON *options;

	air_json_add_str(doc, body, "model", prompt->model);
	air_json_add_bool(doc, body, "stream", false);
	air_json_add_bool(doc, body, "truncate", false);
	messages = air_json_add_array(doc, body, "messages");
	if (prompt->system != NULL)
	{
		cJSON *object = air_json_add_object(doc, messages, NULL);

		air_json_add_str(doc, object, "role", "system");
		air_json_add_str(doc, object, "content", prompt->system);
	}
	for (int i = 0; i < prompt->nmessages; i++)
		add_message(doc, messages, &prompt->messages[i]);
	if (prompt->reasoning_effort != NULL)
		add_think(doc, body, prompt->reasoning_effort);
	if (prompt->schema != NULL)
		air_json_add_raw(doc, body, "format", prompt->schema);

	options = air_json_add_object(doc, body, "options");
	air_json_add_num(doc, options, cap, prompt->max_tokens);
	air_add_sampling(doc, options, prompt, "temperature", "top_p");
	air_add_seed(doc, options, prompt, "seed");
	if (prompt->nstop > 0)
		air_add_strings(doc, options, "stop", prompt->stop, prompt->nstop);
	return doc;
}

static AirJson *
embed_body(const AirPrompt *prompt)
{
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;

	air_json_add_str(doc, body, "model", prompt->model);
	air_add_strings(doc, body, "input", prompt->inputs, prompt->ninputs);
	air_json_add_bool(doc, body, "truncate", false);
	if (prompt->dimensions > 0)
		air_json_add_num(doc, body, "dimensions", prompt->dimensions);
	return doc;
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	bool embed = prompt->task == AIR_EMBED;
	const char *cap = "num_predict";

	if (prompt->task == AIR_RERANK)
		return air_unsupported(err, "ollama", "reranking");
	if (endpoint->max_tokens_field != NULL)
		cap = endpoint->max_tokens_field;

	air_request_start(out,
					  psprintf("%s%s", endpoint->base_url, embed ? "/api/embed" : "/api/chat"));
	return air_request_body(out, embed ? embed_body(prompt) : chat_body(prompt, cap),
							prompt->params, err) &&
		   air_request_bearer(out, cred, err);
}

/* AirReader of /api/chat. */
static bool
read_chat(const AirPrompt *prompt pg_attribute_unused(), const cJSON *root, AirAnswer *out,
		  AirFailure *err)
{
	const cJSON *message = air_json_at(root, "message");

	if (!cJSON_IsObject(message))
		return air_malformed(err, "no message");
	out->text = air_join_text(air_json_at(message, "content"));
	air_set_finish(out, air_json_str(root, "done_reason"), finish_names, lengthof(finish_names));
	if (cJSON_IsFalse(air_json_at(root, "done")))
		out->finish = AIR_FINISH_PAUSED;
	if ((out->text == NULL || *out->text == '\0') &&
		cJSON_GetArraySize(air_json_at(message, "tool_calls")) > 0)
		out->finish = AIR_FINISH_TOOL_CALLS;
	out->model = air_copy_name(air_json_str(root, "model"));
	out->usage.input = air_count(root, "prompt_eval_count");
	out->usage.output = air_count(root, "eval_count");
	return true;
}

/* AirReader of /api/embed. */
static bool
read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	out->finish = AIR_FINISH_STOP;
	out->model = air_copy_name(air_json_str(root, "model"));
	out->usage.input = air_count(root, "prompt_eval_count");
	return air_read_vectors(prompt, air_json_at(root, "embeddings"), "embedding", false, out, err);
}

static bool
parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err)
{
	return air_read_reply(prompt, reply, out, err,
						  prompt->task == AIR_EMBED ? read_embeddings : read_chat);
}

const AirCodec air_codec_ollama = {
	.api = "ollama",
	.default_base_url = "http://localhost:11434",
	.own_hosts = "localhost 127.0.0.1 ollama.com",
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED),
	.max_embed_inputs = MAX_EMBED_INPUTS,
	.build = build,
	.parse = parse,
};
