/*
 * reply.c
 *	  Reading 2xx replies: what more than one wire family needs.
 *
 * All that goes into the answer is a copy.  The document is not freed here: it goes with its
 * memory context, which the engine deletes while it waits for the next answer.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "base/text.h"
#include "provider/common.h"
#include "provider/failure.h"

#define MAX_NAME 200   /* bytes of a foreign name that are kept */
#define MAX_COUNT 1e12 /* tokens beyond which a count is nonsense */

/* See common.h. */
bool
air_malformed(AirFailure *err, const char *what)
{
	air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, "malformed reply: %s", what);
	err->unknown_cost = true;
	return false;
}

/* Bytes at s of n, a control or a mark that is not shown as itself: its length, else 0. */
static size_t
control_length(const unsigned char *s, size_t n)
{
	if (s[0] < ' ' || s[0] == 0x7f)
		return 1;
	if (n >= 2 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
		return 2;
	if (n < 3 || s[0] != 0xe2)
		return 0;
	/* U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069 */
	if (s[1] == 0x80 && ((s[2] >= 0x8e && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae)))
		return 3;
	return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9 ? 3 : 0;
}

/* See common.h. */
void
air_blank_controls(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		size_t n = control_length((const unsigned char *) s + i, len - i);

		memset(s + i, ' ', n);
		i += n > 0 ? n - 1 : 0;
	}
}

/* See common.h. */
char *
air_copy_name(const char *name)
{
	char *copy;

	if (name == NULL)
		return NULL;
	copy = pnstrdup(name, air_utf8_clip(name, strlen(name), MAX_NAME));
	air_blank_controls(copy, strlen(copy));
	/* Header values need not be text at all. */
	return air_utf8_valid(copy, strlen(copy)) ? copy : NULL;
}

/* See common.h. */
const char *
air_request_id(const AirHttpReply *reply, const cJSON *root)
{
	static const char *const headers[] = {"x-request-id", "request-id", "x-amzn-requestid",
										  "apim-request-id"};
	static const char *const members[] = {"request_id", "responseId", "id"};
	const char *id = NULL;

	for (size_t i = 0; i < lengthof(headers) && id == NULL; i++)
		id = air_reply_header(reply, headers[i]);
	for (size_t i = 0; i < lengthof(members) && id == NULL && root != NULL; i++)
		id = air_json_str(root, members[i]);
	return id != NULL && *id != '\0' ? air_copy_name(id) : NULL;
}

/* See common.h. */
int64
air_plausible_count(double count)
{
	return count >= 0 && count <= MAX_COUNT ? (int64) count : -1;
}

/* See common.h. */
int64
air_count(const cJSON *node, const char *path)
{
	return air_plausible_count(air_json_num(node, path, -1));
}

/* See common.h. */
int64
air_count_sum(int64 a, int64 b)
{
	if (a < 0 || b < 0)
		return Max(a, b);
	return a + b;
}

/* Parts of a total are at most the total; a provider that says otherwise must not make cost < 0. */
static void
tidy_usage(AirUsage *usage)
{
	if (usage->input >= 0)
	{
		usage->cached = Min(usage->cached, usage->input);
		usage->cache_write = Min(usage->cache_write, usage->input - Max(usage->cached, 0));
	}
	if (usage->output >= 0)
		usage->reasoning = Min(usage->reasoning, usage->output);
}

/* See common.h. */
bool
air_read_reply(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out, AirFailure *err,
			   AirReader reader)
{
	char *why;
	AirJson *doc = air_json_parse(reply->body, reply->body_len, &why);
	const cJSON *root = doc != NULL ? doc->root : NULL;
	bool done = false;

	out->confidence = NAN;
	if (doc == NULL)
		air_malformed(err, psprintf("it %s", why));
	else if (air_has_error(root))
		air_error_inside(reply, root, err);
	else
		done = reader(prompt, root, out, err);

	if (done)
	{
		tidy_usage(&out->usage);
		out->request_id = air_request_id(reply, root);
	}
	else
	{
		err->http_status = reply->status;
		err->request_id = air_request_id(reply, root);
	}
	return done;
}

/* The text of one part, or NULL if it is something else (reasoning, a tool call, an image). */
static const char *
part_text(const cJSON *part)
{
	const char *type = air_json_str(part, "type");

	if (cJSON_IsString(part))
		return part->valuestring;
	if (cJSON_IsTrue(air_json_at(part, "thought")))
		return NULL;
	if (type != NULL && strcmp(type, "text") != 0 && strcmp(type, "output_text") != 0)
		return NULL;
	return air_json_str(part, "text");
}

/* See common.h. */
char *
air_join_text(const cJSON *content)
{
	const cJSON *part;
	StringInfoData buf;
	bool found = false;

	if (cJSON_IsString(content))
		return pstrdup(content->valuestring);
	if (!cJSON_IsArray(content))
		return NULL;

	initStringInfo(&buf);
	cJSON_ArrayForEach (part, content)
	{
		const char *text = part_text(part);

		if (text != NULL)
		{
			appendStringInfoString(&buf, text);
			found = true;
		}
	}
	return found ? buf.data : NULL;
}

/* See common.h. */
void
air_set_finish(AirAnswer *out, const char *raw, const AirFinishName *names, int n)
{
	out->finish = AIR_FINISH_OTHER;
	out->finish_raw = air_copy_name(raw);
	for (int i = 0; i < n && raw != NULL; i++)
	{
		if (strcmp(raw, names[i].raw) == 0)
			out->finish = names[i].finish;
	}
}
