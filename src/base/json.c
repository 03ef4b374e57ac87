/*
 * json.c
 *	  Parsing, building and printing JSON documents on top of cJSON.
 *
 * cJSON allocates with malloc and keeps doing so (other users of the library
 * in this process share its hooks), so every document hangs on the memory
 * context that it was made in.  Reading members is in json_read.c.
 */
#include "base/pg.h"

#ifndef FRONTEND
#include "utils/memutils.h"
#endif

#include "base/json.h"
#include "base/text.h"

#define MAX_TEXT ((size_t) 0x3fffffff - 1) /* what one palloc() gives, with a terminator */

/* What air_json_parse() and air_json_new_object() really allocate. */
typedef struct Document
{
	AirJson json;
#ifndef FRONTEND
	MemoryContextCallback reset;
#endif
} Document;

#ifndef FRONTEND
static void
free_at_reset(void *arg)
{
	air_json_free((AirJson *) arg);
}
#endif

/* A document without a tree, already protected: from here on nothing can leak. */
static AirJson *
new_document(void)
{
	Document *doc = palloc0(sizeof(Document));

#ifndef FRONTEND
	doc->reset.func = free_at_reset;
	doc->reset.arg = &doc->json;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &doc->reset);
#endif
	return &doc->json;
}

/* The four hex digits at p as a number, or -1. */
static int
hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

/* Check the \uXXXX escape whose digits begin at *p; moves *p behind it.  NULL or a reason. */
static const char *
check_escape(const char **p, const char *end)
{
	int code = hex4(*p, end);

	if (code < 0)
		return "incomplete escape in a string";
	if (code == 0)
		return "NUL character in a string";
	*p += 4;
	if (code < 0xd800 || code > 0xdfff)
		return NULL;
	if (code > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return "lone surrogate in a string";
	code = hex4(*p + 2, end);
	if (code < 0xdc00 || code > 0xdfff)
		return "lone surrogate in a string";
	*p += 6;
	return NULL;
}

/*
 * What cJSON would get wrong: NULL if nothing, else the reason.  A backslash that
 * is not inside a string is no JSON and refused by cJSON, so only escapes need a
 * look, and most texts hold none.  Depth is bounded by cJSON (CJSON_NESTING_LIMIT).
 */
static const char *
check_text(const char *text, size_t len)
{
	const char *end = text + len;
	const char *p = text;

	if (len > MAX_TEXT)
		return "too large";
	if (!air_utf8_valid(text, len))
		return "not valid UTF-8";

	while ((p = memchr(p, '\\', end - p)) != NULL && end - p >= 2)
	{
		bool unicode = p[1] == 'u';
		const char *why;

		p += 2;
		if (unicode && (why = check_escape(&p, end)) != NULL)
			return why;
	}
	return NULL;
}

/* See json.h. */
AirJson *
air_json_parse(const char *text, size_t len, const char **why)
{
	AirJson *doc;
	char *copy;
	const char *stop = NULL;

	*why = check_text(text, len);
	if (*why != NULL)
		return NULL;

	doc = new_document();

	/* cJSON 1.7.15 reads a byte too far in texts that have no terminator. */
	copy = palloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	doc->root = cJSON_ParseWithLengthOpts(copy, len + 1, &stop, false);

	if (doc->root == NULL)
		*why = len == 0 ? "empty" : "not valid JSON";
	else if (stop[strspn(stop, " \t\r\n")] != '\0')
	{
		*why = "text behind the JSON value";
		air_json_free(doc);
	}
	pfree(copy);
	return doc->root == NULL ? NULL : doc;
}

/* See json.h. */
void
air_json_free(AirJson *doc)
{
	cJSON *root = doc->root;

	doc->root = NULL;
	cJSON_Delete(root);
}

/* See json.h. */
void
air_json_leave(AirJson *doc pg_attribute_unused())
{
#ifdef FRONTEND
	air_json_free(doc);
#endif
}

/* See json.h. */
AirJson *
air_json_new_object(void)
{
	AirJson *doc = new_document();

	doc->root = cJSON_CreateObject();
	doc->incomplete = (doc->root == NULL);
	return doc;
}

/* See json.h. */
char *
air_json_print(const AirJson *doc)
{
	char *printed;
	char *copy;
	size_t size;

	if (doc->incomplete || doc->root == NULL)
		return NULL;
	printed = cJSON_PrintUnformatted(doc->root);
	if (printed == NULL)
		return NULL;

	/* An ERROR for want of memory here would leak the malloc'ed text: do not raise one. */
	size = strlen(printed) + 1;
	copy = palloc_extended(size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
	if (copy != NULL)
		memcpy(copy, printed, size);
	cJSON_free(printed);
	return copy;
}

/* See json.h. */
cJSON *
air_json_add(AirJson *doc, cJSON *parent, const char *name, cJSON *item)
{
	bool added = false;

	if (item != NULL && parent != NULL)
		added = name != NULL ? cJSON_AddItemToObject(parent, name, item)
							 : cJSON_AddItemToArray(parent, item);
	if (added)
		return item;

	doc->incomplete = true;
	cJSON_Delete(item);
	return NULL;
}

/* See json.h. */
cJSON *
air_json_add_object(AirJson *doc, cJSON *parent, const char *name)
{
	return air_json_add(doc, parent, name, cJSON_CreateObject());
}

/* See json.h. */
cJSON *
air_json_add_array(AirJson *doc, cJSON *parent, const char *name)
{
	return air_json_add(doc, parent, name, cJSON_CreateArray());
}

/* See json.h. */
void
air_json_add_str(AirJson *doc, cJSON *parent, const char *name, const char *value)
{
	air_json_add(doc, parent, name, cJSON_CreateString(value));
}

/* See json.h. */
void
air_json_add_num(AirJson *doc, cJSON *parent, const char *name, double value)
{
	char integer[32];

	/* cJSON prints a number, reads it back and compares: too dear for a count. */
	if (value > -1e9 && value < 1e9 && value == (double) (int) value)
	{
		snprintf(integer, sizeof(integer), "%d", (int) value);
		air_json_add_raw(doc, parent, name, integer);
	}
	else
		air_json_add(doc, parent, name, cJSON_CreateNumber(value));
}

/* See json.h. */
void
air_json_add_bool(AirJson *doc, cJSON *parent, const char *name, bool value)
{
	air_json_add(doc, parent, name, cJSON_CreateBool(value));
}

/* See json.h. */
void
air_json_add_raw(AirJson *doc, cJSON *parent, const char *name, const char *raw)
{
	air_json_add(doc, parent, name, cJSON_CreateRaw(raw));
}

/* See json.h.  Depth is bounded by what air_json_parse() lets through. */
void
air_json_merge(AirJson *doc, cJSON *target, const cJSON *patch)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, patch)
	{
		cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);

		if (cJSON_IsObject(member) && cJSON_IsObject(old))
		{
			air_json_merge(doc, old, member);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
		if (!cJSON_IsNull(member))
			air_json_add(doc, target, member->string, cJSON_Duplicate(member, true));
	}
}
