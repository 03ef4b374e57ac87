/*
 * common.c
 *	  Building requests: what more than one wire family needs.
 *
 * Memory is CurrentMemoryContext's.  Nothing here looks at a secret except to
 * put it into a header.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "base/text.h"
#include "provider/common.h"

/* See common.h. */
void
air_request_start(AirHttpRequest *out, const char *url)
{
	memset(out, 0, sizeof(*out));
	out->url = url;
	air_request_header(out, "content-type", "application/json");
}

/* See common.h. */
bool
air_params(const char *params, AirJson **patch, AirFailure *err)
{
	char *why;

	*patch = NULL;
	if (params == NULL)
		return true;
	*patch = air_json_parse(params, strlen(params), &why);
	if (*patch != NULL && cJSON_IsObject((*patch)->root))
		return true;

	if (*patch != NULL)
		air_json_free(*patch);
	air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT, "params of the model are not a JSON object");
	err->hint = "Correct the column params of the model in ai_router.models.";
	return false;
}

/* See common.h. */
bool
air_request_body(AirHttpRequest *out, AirJson *doc, const char *params, AirFailure *err)
{
	AirJson *patch;
	bool valid = air_params(params, &patch, err);

	if (valid && patch != NULL)
	{
		air_json_merge(doc, doc->root, patch->root);
		air_json_free(patch);
	}
	if (valid)
		out->body = air_json_print(doc);
	air_json_free(doc);
	if (!valid)
		return false;
	if (out->body == NULL)
		return air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY,
						"out of memory while building the request");
	out->body_len = strlen(out->body);
	return true;
}

/* See common.h. */
bool
air_request_key(AirHttpRequest *out, const AirCredential *cred, const char *name,
				const char *prefix, AirFailure *err)
{
	if (cred->kind != AIR_CRED_KEY)
		return true;
	if (air_request_header(out, name, psprintf("%s%s", prefix, cred->key)))
		return true;
	air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT, "the API key holds a line break");
	err->hint = "Check the api_key of the user mapping or the file it is read from.";
	return false;
}

/* See common.h. */
bool
air_request_bearer(AirHttpRequest *out, const AirCredential *cred, AirFailure *err)
{
	return air_request_key(out, cred, "authorization", "Bearer ", err);
}

/* See common.h. */
bool
air_request_option(AirHttpRequest *out, const char *name, const char *value, AirFailure *err)
{
	if (value == NULL || air_request_header(out, name, value))
		return true;
	return air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT,
					"the server option for header \"%s\" holds a line break", name);
}

/* See common.h. */
bool
air_unsupported(AirFailure *err, const char *api, const char *what)
{
	return air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT, "api \"%s\" has no %s", api, what);
}

/* See common.h. */
char *
air_url_authority(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *start = scheme != NULL ? scheme + 3 : url;
	const char *dflt = pg_strncasecmp(url, "http://", 7) == 0 ? ":80" : ":443";
	char *host = pnstrdup(start, strcspn(start, "/?#"));
	char *at = strrchr(host, '@');
	size_t len;

	if (at != NULL)
		host = at + 1;
	for (char *p = host; *p != '\0'; p++)
		*p = (char) pg_ascii_tolower((unsigned char) *p);

	len = strlen(host);
	if (len > strlen(dflt) && strcmp(host + len - strlen(dflt), dflt) == 0)
		host[len - strlen(dflt)] = '\0';
	return host;
}

/* See common.h. */
bool
air_url_at(const char *url, const char *host)
{
	const char *scheme = strstr(url, "://");
	const char *start = scheme != NULL ? scheme + 3 : url;
	const char *end = start + strcspn(start, "/?#");
	size_t want = strlen(host);
	size_t len;

	for (const char *at = start; (at = memchr(at, '@', end - at)) != NULL;)
		start = ++at;
	len = strcspn(start, ":/?#");
	if (len < want || pg_strncasecmp(start + len - want, host, want) != 0)
		return false;
	return len == want || start[len - want - 1] == '.';
}

/* See common.h. */
bool
air_message_is_text(const AirMessage *message)
{
	return message->nparts == 1 && message->parts[0].text != NULL;
}

/* See common.h. */
char *
air_message_text(const AirMessage *message)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < message->nparts; i++)
	{
		if (message->parts[i].text == NULL)
			continue;
		if (buf.len > 0)
			appendStringInfoChar(&buf, '\n');
		appendStringInfoString(&buf, message->parts[i].text);
	}
	return buf.data;
}

/* See common.h. */
char *
air_data_url(const AirPart *part)
{
	return psprintf("data:%s;base64,%s", part->media_type, part->data);
}

/* See common.h. */
bool
air_effort_is_least(const char *effort)
{
	return strcmp(effort, "none") == 0 || strcmp(effort, "minimal") == 0;
}

/* See common.h. */
void
air_add_strings(AirJson *doc, cJSON *parent, const char *name, const char *const *strings, int n)
{
	cJSON *array = air_json_add_array(doc, parent, name);

	for (int i = 0; i < n; i++)
		air_json_add_str(doc, array, NULL, strings[i]);
}

/* See common.h. */
void
air_add_sampling(AirJson *doc, cJSON *parent, const AirPrompt *prompt, const char *temperature,
				 const char *top_p)
{
	if (!isnan(prompt->temperature))
		air_json_add_num(doc, parent, temperature, prompt->temperature);
	if (!isnan(prompt->top_p))
		air_json_add_num(doc, parent, top_p, prompt->top_p);
}

/* See common.h. */
void
air_add_seed(AirJson *doc, cJSON *parent, const AirPrompt *prompt, const char *name)
{
	/* As raw text: a double would round the large ones. */
	if (prompt->has_seed)
		air_json_add_raw(doc, parent, name, psprintf(INT64_FORMAT, prompt->seed));
}

/* Add a message's "content" in OpenAI's form: a string, or an array of parts. */
static void
add_content(AirJson *doc, cJSON *object, const AirMessage *message)
{
	cJSON *parts;

	if (air_message_is_text(message))
	{
		air_json_add_str(doc, object, "content", message->parts[0].text);
		return;
	}

	parts = air_json_add_array(doc, object, "content");
	for (int i = 0; i < message->nparts; i++)
	{
		const AirPart *part = &message->parts[i];
		cJSON *item = air_json_add_object(doc, parts, NULL);

		air_json_add_str(doc, item, "type", part->text != NULL ? "text" : "image_url");
		if (part->text != NULL)
			air_json_add_str(doc, item, "text", part->text);
		else
			air_json_add_str(doc, air_json_add_object(doc, item, "image_url"), "url",
							 air_data_url(part));
	}
}

/* See common.h. */
void
air_add_messages(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	cJSON *messages = air_json_add_array(doc, body, "messages");

	if (prompt->system != NULL)
	{
		cJSON *object = air_json_add_object(doc, messages, NULL);

		air_json_add_str(doc, object, "role", "system");
		air_json_add_str(doc, object, "content", prompt->system);
	}
	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];
		cJSON *object = air_json_add_object(doc, messages, NULL);

		air_json_add_str(doc, object, "role",
						 message->role == AIR_ASSISTANT ? "assistant" : "user");
		add_content(doc, object, message);
	}
}
