/*
 * json.c
 *	  Building and printing JSON documents with cJSON; parsed ones as its nodes.
 *
 * cJSON allocates with malloc and keeps doing so (other users of the library
 * in this process share its hooks), so a document that is built hangs on the memory
 * context that it was made in.  Its parser is not used: it cuts strings at \u0000, lets invalid
 * UTF-8 through, and two or three pieces of memory per value were a fifth of what a call
 * costs.  Reading members is in json_read.c.
 */
#include "base/pg.h"

#include <limits.h>

#ifndef FRONTEND
#include "utils/memutils.h"
#endif

#include "base/document.h"
#include "base/json.h"

/* What air_json_new_object() really allocates. */
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

/* The number at s, which is terminated by a byte that belongs to none. */
static double
number_at(const char *s, uint32 len)
{
	double value = 0;
	bool negative = *s == '-';

	/* Counts and indexes: exact, and much cheaper than strtod(). */
	if (len <= 15)
	{
		const char *p = s + negative;

		while (*p >= '0' && *p <= '9')
			value = value * 10 + (*p++ - '0');
		if (p == s + len)
			return negative ? -value : value;
	}
	return strtod(s, NULL);
}

/* A node as cJSON's parser would have made it.  Its text is terminated in place: what stood there
 * has been read. */
static void
fill_node(cJSON *node, const AirDoc *doc, uint32 i, bool member)
{
	static const int types[] = {
		[AIR_DOC_NULL] = cJSON_NULL,     [AIR_DOC_FALSE] = cJSON_False,
		[AIR_DOC_TRUE] = cJSON_True,     [AIR_DOC_NUMBER] = cJSON_Number,
		[AIR_DOC_STRING] = cJSON_String, [AIR_DOC_ARRAY] = cJSON_Array,
		[AIR_DOC_OBJECT] = cJSON_Object,
	};
	const AirDocNode *from = &doc->nodes[i];

	node->type = types[from->type];
	if (member)
	{
		node->string = doc->text + from->name;
		node->string[from->name_len] = '\0';
	}
	if (from->type == AIR_DOC_STRING)
	{
		node->valuestring = doc->text + from->at;
		node->valuestring[from->len] = '\0';
	}
	else if (from->type == AIR_DOC_NUMBER)
	{
		node->valuedouble = number_at(doc->text + from->at, from->len);
		node->valueint = (int) Max(Min(node->valuedouble, (double) INT_MAX), (double) INT_MIN);
	}
	else if (from->type == AIR_DOC_TRUE)
		node->valueint = 1;
}

/* Hang the children of node i onto it, in cJSON's way: the first one's prev is the last. */
static void
link_children(cJSON *nodes, const AirDoc *doc, uint32 i)
{
	bool members = doc->nodes[i].type == AIR_DOC_OBJECT;
	uint32 child = i + 1;
	cJSON *last = NULL;

	for (uint32 n = doc->nodes[i].count; n > 0; n--, child = doc->nodes[child].next)
	{
		cJSON *node = &nodes[child];

		fill_node(node, doc, child, members);
		if (last == NULL)
			nodes[i].child = node;
		else
		{
			last->next = node;
			node->prev = last;
		}
		last = node;
	}
	if (last != NULL)
		nodes[i].child->prev = last;
}

/* See json.h. */
AirJson *
air_json_parse(const char *text, size_t len, char **why)
{
	AirDoc doc;
	AirJson *json;

	if (!air_doc_parse_foreign(&doc, text, len, why))
		return NULL;
	json = palloc0(sizeof(AirJson));
	json->text = doc.text;
	json->root = palloc_extended(sizeof(cJSON) * doc.nnodes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	fill_node(json->root, &doc, 0, false);
	for (uint32 i = 0; i < doc.nnodes; i++)
		link_children(json->root, &doc, i);
	pfree(doc.nodes);
	return json;
}

/* See json.h. */
void
air_json_free(AirJson *doc)
{
	cJSON *root = doc->root;

	doc->root = NULL;
	if (doc->text == NULL)
		cJSON_Delete(root);
	else if (root != NULL)
	{
		pfree(root);
		pfree(doc->text);
	}
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
