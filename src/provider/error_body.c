/*
 * error_body.c
 *	  Reading what an error body says, whichever provider wrote it.
 *
 * Proxies answer in HTML and providers in half a dozen shapes (providers.md
 * 1.10), so nothing is required: what is found is copied, cleaned and redacted.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"

#include "base/text.h"
#include "provider/common.h"
#include "provider/failure.h"

/* More than any message that is shown: keys are masked before it is cut. */
#define MAX_SOURCE 2000

/* True if the first character that is no blank opens a tag. */
static bool
is_html(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (unsigned char) s[i] <= ' ')
		i++;
	return i < len && s[i] == '<';
}

/* Foreign text on one line: runs of blanks become one, tags of HTML go, a final stop goes. */
static const char *
clean_message(const char *text, size_t len)
{
	StringInfoData buf;
	size_t n = Min(len, MAX_SOURCE);
	char *s = memcpy(palloc(n + 1), text, n);
	bool html = is_html(text, len);
	bool in_tag = false;

	air_blank_controls(s, n);
	initStringInfo(&buf);
	for (size_t i = 0; i < n; i++)
	{
		bool blank = (unsigned char) s[i] <= ' ';

		if (html && (s[i] == '<' || s[i] == '>'))
		{
			in_tag = s[i] == '<';
			blank = true;
		}
		if (blank && buf.len > 0 && buf.data[buf.len - 1] != ' ')
			appendStringInfoChar(&buf, ' ');
		if (!blank && !in_tag)
			appendStringInfoChar(&buf, s[i]);
	}
	while (buf.len > 0 && strchr(" .", buf.data[buf.len - 1]) != NULL)
		buf.data[--buf.len] = '\0';
	return buf.len > 0 ? air_redact(buf.data) : NULL;
}

static const char *
clean_string(const char *s)
{
	return s != NULL ? clean_message(s, strlen(s)) : NULL;
}

/* A name for machines: redacted too, since it is foreign all the same. */
static const char *
clean_code(const char *s)
{
	const char *copy = air_copy_name(s);

	return copy != NULL && *copy != '\0' ? air_redact(copy) : NULL;
}

/* The first string among the members of node, or NULL. */
static const char *
first_string(const cJSON *node, const char *const *members, int n)
{
	const char *s = NULL;

	for (int i = 0; i < n && (s == NULL || *s == '\0'); i++)
		s = air_json_str(node, members[i]);
	return s;
}

/* The object that describes the error: "error", that of a choice, or the body itself. */
static const cJSON *
error_object(const cJSON *root)
{
	const cJSON *error = air_json_at(root, "error");

	if (cJSON_IsObject(error))
		return error;
	error = air_json_at(root, "choices.0.error");
	if (cJSON_IsObject(error))
		return error;
	return root;
}

/* Amazon's error name: the header or a member, without URL behind and name space before it. */
static const char *
amazon_code(const AirHttpReply *reply, const cJSON *root)
{
	static const char *const members[] = {"__type", "Code"};
	const char *name = air_reply_header(reply, "x-amzn-errortype");
	const char *hash;
	char *copy;

	if (name == NULL)
		name = first_string(root, members, lengthof(members));
	if (name == NULL)
		return NULL;
	copy = pnstrdup(name, strcspn(name, ":"));
	hash = strrchr(copy, '#');
	return hash != NULL ? hash + 1 : copy;
}

/* Google's list of typed details: how long to wait, which quota, what is wrong with the key. */
static void
read_details(const cJSON *details, AirErrorFacts *facts)
{
	const cJSON *detail;
	const cJSON *violation;

	cJSON_ArrayForEach (detail, details)
	{
		const char *reason = air_json_str(detail, "reason");
		const char *delay = air_json_str(detail, "retryDelay");

		if (reason != NULL && strcmp(reason, "API_KEY_INVALID") == 0)
			facts->code = pstrdup(reason);
		if (delay != NULL)
			facts->wait = pstrdup(delay);
		cJSON_ArrayForEach (violation, air_json_at(detail, "violations"))
		{
			const char *quota = air_json_str(violation, "quotaId");

			if (quota != NULL && strstr(quota, "PerDay") != NULL)
				facts->daily = true;
		}
	}
}

static void
read_json(const AirHttpReply *reply, const cJSON *root, AirErrorFacts *facts)
{
	static const char *const code_members[] = {"code", "status", "type"};
	static const char *const message_members[] = {"message", "Message", "error", "detail"};
	const cJSON *error = error_object(root);
	const char *type = air_json_str(error, "type");
	const char *message = first_string(error, message_members, lengthof(message_members));
	int64 number;

	/* "type":"error" and "object":"error" only say that this is one. */
	facts->type = type != NULL && strcmp(type, "error") != 0 ? clean_code(type) : NULL;
	facts->code = clean_code(amazon_code(reply, root));
	if (facts->code == NULL)
		facts->code = clean_code(first_string(error, code_members, lengthof(code_members)));
	if (facts->code != NULL && strcmp(facts->code, "error") == 0)
		facts->code = NULL;
	facts->param = clean_code(air_json_str(error, "param"));
	number = air_json_int(error, "code", 0);
	facts->number = number >= 100 && number <= 599 ? (int) number : 0;
	facts->moderated = cJSON_IsArray(air_json_at(error, "metadata.reasons"));

	if (message == NULL)
		message = air_json_str(error, "detail.0.msg");
	facts->message = clean_string(message);
	read_details(air_json_at(error, "details"), facts);
}

/* See failure.h. */
bool
air_has_error(const cJSON *root)
{
	static const char *const paths[] = {"error", "choices.0.error"};

	for (size_t i = 0; i < lengthof(paths); i++)
	{
		const cJSON *error = air_json_at(root, paths[i]);

		/* Some servers send an empty one along with a good answer. */
		if (cJSON_IsObject(error) ? error->child != NULL
								  : (cJSON_IsString(error) && *error->valuestring != '\0'))
			return true;
	}
	return false;
}

/* See failure.h. */
void
air_error_facts(const AirHttpReply *reply, const cJSON *root, AirErrorFacts *facts)
{
	memset(facts, 0, sizeof(*facts));

	/* Google wraps its errors in an array at times. */
	if (cJSON_IsArray(root))
		root = root->child;
	if (cJSON_IsObject(root))
		read_json(reply, root, facts);
	else
	{
		facts->code = clean_code(amazon_code(reply, NULL));
		facts->message = clean_message(reply->body, reply->body_len);
	}
}
