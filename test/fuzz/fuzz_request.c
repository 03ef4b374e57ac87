/*
 * fuzz_request.c
 *	  Building and signing requests from hostile texts and settings.
 *
 * Numbers: api, task, effort and kind of credential (1: a key, 2: signed, else
 * none).  Headers are the settings by name; the body is the user's text.
 */
#include "base/pg.h"

#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "provider/sigv4.h"

#include "fuzz.h"

static const char *
setting(const Input *input, const char *name)
{
	for (int i = 0; i < input->nheaders; i++)
	{
		if (strcmp(input->headers[i].name, name) == 0)
			return input->headers[i].value;
	}
	return NULL;
}

static const char *
setting_or(const Input *input, const char *name, const char *otherwise)
{
	const char *value = setting(input, name);

	return value != NULL ? value : otherwise;
}

/* True if a string of the document is the text. */
static bool
holds(const cJSON *node, const char *text)
{
	const cJSON *member;

	if (cJSON_IsString(node) && strcmp(node->valuestring, text) == 0)
		return true;
	cJSON_ArrayForEach (member, node)
	{
		if (holds(member, text))
			return true;
	}
	return false;
}

static void
check_body(const AirHttpRequest *req, const AirPrompt *prompt, const char *text)
{
	char *why;
	AirJson *doc;

	PROMISE(req->body != NULL && req->body_len == strlen(req->body));
	doc = air_json_parse(req->body, req->body_len, &why);
	PROMISE(doc != NULL && cJSON_IsObject(doc->root), "%s", req->body);
	/* params may replace anything. */
	PROMISE(prompt->params != NULL || holds(doc->root, text), "%s", req->body);
	air_json_free(doc);
}

static void
check_request(const AirHttpRequest *req, const AirCredential *cred)
{
	int signatures = 0;

	for (int i = 0; i < req->nheaders; i++)
	{
		PROMISE(strpbrk(req->headers[i].value, "\r\n") == NULL);
		if (strcmp(req->headers[i].name, "authorization") == 0)
			signatures++;
	}
	if (cred->kind == AIR_CRED_SIGV4)
	{
		const char *canonical = air_sigv4_canonical(req);
		int lines = 0;

		PROMISE(signatures <= 1);
		for (const char *p = canonical; *p != '\0'; p++)
			lines += *p == '\n';
		/* method, path, query, 3 or 4 headers, empty line, list, hash: no setting adds one */
		PROMISE(lines >= 7 && lines <= 9, "%s", canonical);
	}
}

/* What the server's options and catalogue let through. */
static bool
allowed(const Input *input, const char *text)
{
	for (int i = 0; i < input->nheaders; i++)
	{
		if (!air_utf8_valid(input->headers[i].value, strlen(input->headers[i].value)))
			return false;
	}
	return air_utf8_valid(text, strlen(text)) && *text != '\0';
}

/* A schema is printed jsonb, so it is valid; deep ones are not what is tried here. */
static const char *
schema_of(const Input *input)
{
	const char *schema = setting(input, "schema");
	char *why;
	AirJson *doc;
	bool object;

	if (schema == NULL || strlen(schema) > 800)
		return NULL;
	doc = air_json_parse(schema, strlen(schema), &why);
	object = doc != NULL && cJSON_IsObject(doc->root);
	if (doc != NULL)
		air_json_free(doc);
	return object ? schema : NULL;
}

/* See fuzz.h. */
void
run_request(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	static const char *const efforts[] = {NULL,   "none", "minimal", "low",
										  "high", "max",  "medium",  "xhigh"};
	Input input = read_input(data, size);
	const char *text = pnstrdup(input.body, input.body_len);
	const char *system = setting(&input, "system");
	const char *stop[] = {"STOP", "\"\\"};
	int napis;
	const char *const *apis = air_codec_names(&napis);
	const AirCodec *codec = air_codec(apis[(unsigned long) input.numbers[0] % napis]);
	AirPart parts[] = {{.text = text}, {.media_type = "image/png", .data = "iVBORw0KGgo="}};
	AirMessage messages[] = {{AIR_USER, 1, parts}, {AIR_ASSISTANT, 1, parts}, {AIR_USER, 2, parts}};
	const char *inputs[] = {text, "second"};
	AirPrompt prompt = {
		.task = (AirTask) ((unsigned long) input.numbers[1] % 3),
		.model = setting_or(&input, "model", "m"),
		.system = system,
		.nmessages = input.nheaders % 2 == 0 ? 1 : 3,
		.messages = messages,
		.max_tokens = 1 + (int) (input.body_len % 100),
		.temperature = input.numbers[2] % 2 == 0 ? NAN : 0.7,
		.top_p = NAN,
		.has_seed = input.numbers[2] % 3 == 0,
		.seed = PG_INT64_MIN,
		.nstop = input.numbers[2] % 5 == 0 ? 2 : 0,
		.stop = stop,
		.reasoning_effort = efforts[(unsigned long) input.numbers[2] % lengthof(efforts)],
		.schema = schema_of(&input),
		.ninputs = 1,
		.inputs = inputs,
		.query = text,
		.dimensions = input.numbers[2] % 7 == 0 ? 256 : 0,
		.params = setting(&input, "params"),
	};
	AirEndpoint endpoint = {
		.base_url = setting_or(&input, "base_url", "https://api.example.com"),
		.region = setting(&input, "region"),
		.api_version = setting(&input, "api_version"),
		.organization = setting(&input, "organization"),
		.project = setting(&input, "project"),
		.max_tokens_field = setting(&input, "max_tokens_field"),
	};
	AirCredential cred = {
		.kind = input.numbers[3] == 1   ? AIR_CRED_KEY
				: input.numbers[3] == 2 ? AIR_CRED_SIGV4
										: AIR_CRED_NONE,
		.key = setting_or(&input, "key", "sk-test"),
		.access_key_id = setting_or(&input, "key", "AKIDEXAMPLE"),
		.secret_access_key = "secret",
		.session_token = setting(&input, "token"),
	};
	AirHttpRequest req;
	AirFailure err;

	if (!allowed(&input, text) || (cred.kind == AIR_CRED_SIGV4 && !codec->sigv4) ||
		(codec->tasks & (1u << prompt.task)) == 0)
		return;
	memset(&req, 0x55, sizeof(req));
	memset(&err, 0x55, sizeof(err));
	if (codec->build(&prompt, &endpoint, &cred, FUZZ_NOW, &req, &err))
	{
		check_body(&req, &prompt, text);
		check_request(&req, &cred);
	}
	else
		check_failure(&err);
}
