/*
 * chat.c
 *	  ai_chat(): a whole conversation as jsonb.
 *
 * Messages are [{"role": .., "content": ..}], content a string or an array of
 * {"type": "text", "text": ..} and {"type": "image_url", "image_url": {"url":
 * "data:image/png;base64,.."}}.  Images come as data only: a URL in a prompt
 * would let whoever writes a row make the provider fetch things.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "sql/doors.h"
#include "sql/front.h"

PG_FUNCTION_INFO_V1(ai_chat);

pg_noreturn static void bad_messages(const char *what);

static void
bad_messages(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", what),
					errhint("Messages look like [{\"role\": \"user\", \"content\": \"Hello\"}]; "
							"roles are system, user and assistant.")));
	pg_unreachable();
}

/* Member of an object, NULL if there is none. */
static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
}

/* Member that must be a string, as C string; NULL if missing or of another type. */
static char *
string_member(JsonbContainer *object, const char *name)
{
	JsonbValue *v = member(object, name);

	if (v == NULL || v->type != jbvString)
		return NULL;
	return pnstrdup(v->val.string.val, v->val.string.len);
}

/* Split "data:image/png;base64,AAAA"; other forms are refused. */
static void
image_part(const char *url, AirPart *part)
{
	const char *comma = strchr(url, ',');
	const char *type = url + strlen("data:");
	const char *semi;

	if (strncmp(url, "data:image/", 11) != 0 || comma == NULL)
		bad_messages("an image must be a data: URL with base64 data");
	semi = memchr(type, ';', comma - type);
	if (semi == NULL || comma - semi != 7 || strncmp(semi, ";base64", 7) != 0)
		bad_messages("an image must be a data: URL with base64 data");
	part->media_type = pnstrdup(type, semi - type);
	part->data = comma + 1;
	/* Both go into JSON and, for some providers, into a URL of ours: plain characters only. */
	if (strspn(part->media_type, "abcdefghijklmnopqrstuvwxyz/+.-") != strlen(part->media_type) ||
		strspn(part->data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") !=
			strlen(part->data))
		bad_messages("an image holds characters that are not base64");
}

/* One element of a content array. */
static void
read_part(JsonbValue *v, AirPart *part)
{
	char *type;

	if (v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
		bad_messages("each part of a message's content must be an object");
	type = string_member(v->val.binary.data, "type");
	if (type != NULL && strcmp(type, "text") == 0)
	{
		part->text = string_member(v->val.binary.data, "text");
		if (part->text == NULL)
			bad_messages("a text part needs a string \"text\"");
	}
	else if (type != NULL && strcmp(type, "image_url") == 0)
	{
		JsonbValue *image = member(v->val.binary.data, "image_url");
		char *url = NULL;

		if (image != NULL && image->type == jbvBinary &&
			JsonContainerIsObject(image->val.binary.data))
			url = string_member(image->val.binary.data, "url");
		if (url == NULL)
			bad_messages("an image part needs {\"image_url\": {\"url\": ..}}");
		image_part(url, part);
	}
	else
		bad_messages("the type of a content part must be \"text\" or \"image_url\"");
}

/* The content of a message: a string, or an array of parts. */
static void
read_content(JsonbValue *v, AirMessage *message)
{
	if (v != NULL && v->type == jbvString)
	{
		message->nparts = 1;
		message->parts = palloc0(sizeof(AirPart));
		message->parts[0].text = pnstrdup(v->val.string.val, v->val.string.len);
		return;
	}
	if (v == NULL || v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data))
		bad_messages("the content of a message must be a string or an array of parts");
	message->nparts = JsonContainerSize(v->val.binary.data);
	if (message->nparts == 0)
		bad_messages("the content of a message must not be empty");
	message->parts = palloc0(sizeof(AirPart) * message->nparts);
	for (int i = 0; i < message->nparts; i++)
		read_part(getIthJsonbValueFromContainer(v->val.binary.data, i), &message->parts[i]);
}

/* System messages are set apart: most families have a place of their own for them. */
static void
add_system(StringInfo system, const AirMessage *message)
{
	for (int i = 0; i < message->nparts; i++)
	{
		if (message->parts[i].text == NULL)
			bad_messages("a system message cannot hold images");
		/* One buffer that grows: joining two strings each time would take quadratic memory. */
		if (system->data == NULL)
			initStringInfo(system);
		else
			appendStringInfoString(system, "\n\n");
		appendStringInfoString(system, message->parts[i].text);
	}
}

/* Fill the spec's system and messages from the jsonb; everything is copied. */
static void
read_messages(Jsonb *jb, AirCallSpec *spec)
{
	int n = JB_ROOT_COUNT(jb);
	AirMessage *messages = palloc0(sizeof(AirMessage) * Max(n, 1));
	StringInfoData system = {0};
	bool asked = false;

	if (!JB_ROOT_IS_ARRAY(jb) || JB_ROOT_IS_SCALAR(jb))
		bad_messages("messages must be a JSON array");
	for (int i = 0; i < n; i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(&jb->root, i);
		AirMessage *message = &messages[spec->nmessages];
		JsonbContainer *object;
		char *role;

		CHECK_FOR_INTERRUPTS();
		if (v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
			bad_messages("each message must be an object");
		object = v->val.binary.data;
		if (JsonContainerSize(object) != 2 || member(object, "role") == NULL ||
			member(object, "content") == NULL)
			bad_messages("a message has exactly the keys \"role\" and \"content\"");
		role = string_member(object, "role");
		read_content(member(object, "content"), message);
		if (role != NULL && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0))
		{
			add_system(&system, message);
			continue;
		}
		if (role != NULL && strcmp(role, "user") == 0)
		{
			message->role = AIR_USER;
			asked = true;
		}
		else if (role != NULL && strcmp(role, "assistant") == 0)
			message->role = AIR_ASSISTANT;
		else
			bad_messages("the role of a message must be system, user or assistant");
		spec->nmessages++;
	}
	if (!asked)
		bad_messages("messages must hold at least one user message");
	spec->messages = messages;
	spec->system = system.data;
}

static AirWork *
chat_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	AirCallSpec spec = {.function = "ai_chat", .task = AIR_CHAT};

	if (PG_ARGISNULL(0))
		return NULL;
	spec.hints = air_front_hints(fcinfo, 1);
	read_messages(PG_GETARG_JSONB_P(0), &spec);
	return air_front_begin(flow, &spec, air_front_take_text);
}

const AirDoor air_door_chat = {
	.symbol = "ai_chat",
	.name = "ai_chat",
	.begin = chat_begin,
	.finish = air_front_finish,
};

/* ai_chat(messages jsonb, hints jsonb) returns text */
Datum
ai_chat(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_chat, fcinfo);
}
