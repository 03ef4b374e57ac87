/*
 * kit.c
 *	  What the codec tests share.
 *
 * palloc() outside the server is malloc() without a context, so the leak
 * checker is off; cJSON's own memory is counted instead.  Bodies of replies are
 * copied to exact size: the sanitizer sees a read behind the end.
 */
#include "base/pg.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "kit.h"

#define MAX_PARTS 8

/* The sanitizer's hook for options; no prototype of it is installed. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

AirPrompt
kit_chat(const char *model, const char *text)
{
	AirPrompt prompt = {.task = AIR_CHAT, .model = model, .max_tokens = 64};

	prompt.temperature = NAN;
	prompt.top_p = NAN;
	prompt.messages = palloc0(sizeof(AirMessage) * MAX_PARTS);
	kit_add_message(&prompt, AIR_USER, text);
	return prompt;
}

AirPrompt
kit_embed(const char *model, int n, const char *const *inputs)
{
	AirPrompt prompt = {.task = AIR_EMBED, .model = model, .ninputs = n, .inputs = inputs};

	prompt.temperature = NAN;
	prompt.top_p = NAN;
	return prompt;
}

void
kit_add_message(AirPrompt *prompt, AirRole role, const char *text)
{
	AirMessage *message = (AirMessage *) &prompt->messages[prompt->nmessages++];

	message->role = role;
	message->parts = palloc0(sizeof(AirPart) * MAX_PARTS);
	message->parts[message->nparts++].text = text;
}

void
kit_add_image(AirPrompt *prompt, const char *media_type, const char *data)
{
	AirMessage *message = (AirMessage *) &prompt->messages[prompt->nmessages - 1];

	message->parts[message->nparts].media_type = media_type;
	message->parts[message->nparts++].data = data;
}

AirEndpoint
kit_endpoint(const char *base_url)
{
	AirEndpoint endpoint = {.base_url = base_url};

	return endpoint;
}

AirCredential
kit_key(const char *key)
{
	AirCredential cred = {.kind = AIR_CRED_KEY, .key = key};

	return cred;
}

AirCredential
kit_aws(const char *session_token)
{
	AirCredential cred = {
		.kind = AIR_CRED_SIGV4,
		.access_key_id = "AKIDEXAMPLE",
		.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.session_token = session_token,
	};

	return cred;
}

Built
kit_build(const char *api, const AirPrompt *prompt, const AirEndpoint *endpoint,
		  const AirCredential *cred)
{
	Built built;

	/* Not zero: build must set what it returns. */
	memset(&built, 0x55, sizeof(built));
	built.ok = air_codec(api)->build(prompt, endpoint, cred, KIT_NOW, &built.req, &built.err);
	return built;
}

const char *
kit_body(const char *api, const AirPrompt *prompt)
{
	const char *url = air_codec(api)->default_base_url;
	AirEndpoint endpoint = kit_endpoint(url != NULL ? url : "https://res.openai.azure.com");
	AirCredential cred = kit_key("sk-test");
	Built built = kit_build(api, prompt, &endpoint, &cred);

	if (!built.ok)
		return psprintf("failed: %s", built.err.message);
	if (built.req.body_len != strlen(built.req.body))
		return "body_len is wrong";
	return built.req.body;
}

const char *
kit_header(const AirHttpRequest *req, const char *name)
{
	for (int i = 0; i < req->nheaders; i++)
	{
		if (strcmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	}
	return NULL;
}

/* A copy of exactly len bytes. */
static const char *
exact(const char *s, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, s, len);
	return copy;
}

Parsed
kit_parse_with(const char *api, const AirPrompt *prompt, const char *body, const char *name,
			   const char *value)
{
	AirHeader header = {name, value};
	AirHttpReply reply = {.status = 200, .nheaders = name != NULL ? 1 : 0, .headers = &header};
	Parsed parsed;

	reply.body_len = strlen(body);
	reply.body = exact(body, reply.body_len);
	memset(&parsed, 0, sizeof(parsed));
	memset(&parsed.err, 0x55, sizeof(parsed.err));
	parsed.answer.usage = (AirUsage){-1, -1, -1, -1, -1};
	parsed.ok = air_codec(api)->parse(prompt, &reply, &parsed.answer, &parsed.err);
	free((char *) reply.body);
	return parsed;
}

Parsed
kit_parse(const char *api, const AirPrompt *prompt, const char *body)
{
	return kit_parse_with(api, prompt, body, NULL, NULL);
}

AirFailure
kit_failure(int status, const char *body, ...)
{
	AirHeader headers[2];
	AirHttpReply reply = {.status = status, .headers = headers};
	AirFailure err;
	va_list args;
	const char *name;

	va_start(args, body);
	while ((name = va_arg(args, const char *)) != NULL && reply.nheaders < 2)
	{
		headers[reply.nheaders].name = name;
		headers[reply.nheaders++].value = va_arg(args, const char *);
	}
	va_end(args);

	reply.body_len = strlen(body);
	reply.body = exact(body, reply.body_len);
	memset(&err, 0x55, sizeof(err));
	air_reply_failure(&reply, KIT_NOW, &err);
	free((char *) reply.body);
	return err;
}

static int live = 0;
static int allocations = 0;
static int fail_allocation = 0;

static void *
counting_malloc(size_t size)
{
	if (++allocations == fail_allocation)
		return NULL;
	live++;
	return malloc(size);
}

static void
counting_free(void *p)
{
	if (p != NULL)
		live--;
	free(p);
}

void
kit_json_watch(int fail_at)
{
	cJSON_Hooks hooks = {counting_malloc, counting_free};

	cJSON_InitHooks(&hooks);
	live = 0;
	allocations = 0;
	fail_allocation = fail_at;
}

int
kit_json_live(void)
{
	return live;
}

bool
kit_json_failed(void)
{
	return fail_allocation > 0 && allocations >= fail_allocation;
}
