/*
 * shorthand.c
 *	  From shorthand to JSON Schema.  See shorthand.h.
 */
#include "base/pg.h"

#include "base/schema_node.h"
#include "base/shorthand.h"
#include "base/text.h"

typedef struct Expansion
{
	const AirDoc *doc;
	StringInfo out;
	AirSchemaError *err;
	StringInfoData path;
} Expansion;

/* Names of types, as people write them in a CREATE TABLE. */
static const struct
{
	const char *name;
	const char *type;
	const char *format;
} types[] = {
	{"text", "string", NULL},
	{"varchar", "string", NULL},
	{"char", "string", NULL},
	{"string", "string", NULL},
	{"numeric", "number", NULL},
	{"decimal", "number", NULL},
	{"number", "number", NULL},
	{"real", "number", NULL},
	{"float", "number", NULL},
	{"float4", "number", NULL},
	{"float8", "number", NULL},
	{"double precision", "number", NULL},
	{"integer", "integer", NULL},
	{"int", "integer", NULL},
	{"int2", "integer", NULL},
	{"int4", "integer", NULL},
	{"int8", "integer", NULL},
	{"smallint", "integer", NULL},
	{"bigint", "integer", NULL},
	{"boolean", "boolean", NULL},
	{"bool", "boolean", NULL},
	{"date", "string", "date"},
	{"time", "string", "time"},
	{"timestamp", "string", "date-time"},
	{"timestamptz", "string", "date-time"},
	{"uuid", "string", "uuid"},
	{"json", NULL, NULL},
	{"jsonb", NULL, NULL},
};

#define NTYPES ((int) lengthof(types))

static bool expand(Expansion *x, uint32 i);

static bool
fail(Expansion *x, const char *message, const char *hint)
{
	x->err->message = pstrdup(message);
	x->err->path = x->path.data;
	x->err->hint = pstrdup(hint);
	return false;
}

/* The type of a name without its endings, -1 if it is none. */
static int
find_type(const char *name, size_t len)
{
	for (int t = 0; t < NTYPES; t++)
	{
		if (strlen(types[t].name) == len && memcmp(types[t].name, name, len) == 0)
			return t;
	}
	return -1;
}

/* Take the ending off a name of len bytes: the length without it. */
static size_t
without(const char *name, size_t len, const char *ending)
{
	size_t n = strlen(ending);

	return len > n && memcmp(name + len - n, ending, n) == 0 ? len - n : len;
}

/* Is node i a string that names a type, "text", "text[]", "text?"? */
static bool
names_type(const AirDoc *doc, uint32 i)
{
	const AirDocNode *node = air_doc_node(doc, i);
	const char *s = doc->text + node->at;

	return node->type == AIR_DOC_STRING &&
		   find_type(s, without(s, without(s, node->len, "?"), "[]")) >= 0;
}

static bool
names_schema_type(const AirDoc *doc, uint32 i)
{
	for (int t = 0; t < AIR_TYPE_COUNT; t++)
	{
		if (air_doc_string_is(doc, i, air_schema_types[t]))
			return true;
	}
	return false;
}

/* Do all children of a container pass? */
static bool
all_children(const AirDoc *doc, uint32 i, bool (*test)(const AirDoc *, uint32))
{
	uint32 child = i + 1;

	for (uint32 n = air_doc_node(doc, i)->count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		if (!test(doc, child))
			return false;
	}
	return true;
}

static bool
is_object_or_boolean(const AirDoc *doc, uint32 i)
{
	AirDocType type = air_doc_node(doc, i)->type;

	return type == AIR_DOC_OBJECT || type == AIR_DOC_TRUE || type == AIR_DOC_FALSE;
}

static bool
is_of(const AirDoc *doc, uint32 i, AirDocType type)
{
	return i != 0 && air_doc_node(doc, i)->type == type;
}

/*
 * Does an object say of itself that it is a JSON Schema?  By a name that begins with $; a
 * "type" that is one of JSON Schema's, or a list of them; an "enum", "anyOf", "oneOf" or
 * "allOf" with a list; a "const" that names no type; "properties" that are schemas.  The
 * empty one is a schema too.
 */
static bool
is_schema(const AirDoc *doc, uint32 i)
{
	static const char *const lists[] = {"enum", "anyOf", "oneOf", "allOf"};
	const AirDocNode *node = air_doc_node(doc, i);
	uint32 child = i + 1;
	uint32 type = air_doc_member(doc, i, "type");
	uint32 constant = air_doc_member(doc, i, "const");
	uint32 properties = air_doc_member(doc, i, "properties");

	if (node->count == 0)
		return true;
	for (uint32 n = node->count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		if (air_doc_node(doc, child)->name_len > 0 &&
			doc->text[air_doc_node(doc, child)->name] == '$')
			return true;
	}
	if (type != 0 && (names_schema_type(doc, type) ||
					  (is_of(doc, type, AIR_DOC_ARRAY) && air_doc_node(doc, type)->count > 0 &&
					   all_children(doc, type, names_schema_type))))
		return true;
	for (int l = 0; l < (int) lengthof(lists); l++)
	{
		if (is_of(doc, air_doc_member(doc, i, lists[l]), AIR_DOC_ARRAY))
			return true;
	}
	if (constant != 0 && !names_type(doc, constant))
		return true;
	return is_of(doc, properties, AIR_DOC_OBJECT) &&
		   all_children(doc, properties, is_object_or_boolean);
}

/* Every member of a schema would also be a column: {"type": "integer", "title": "text"}. */
static bool
is_both(const AirDoc *doc, uint32 i)
{
	return air_doc_node(doc, i)->count > 1 && all_children(doc, i, names_type);
}

static void
append_type(Expansion *x, int t, bool nullable)
{
	if (types[t].type == NULL)
	{
		appendStringInfoString(x->out, "{}");
		return;
	}
	appendStringInfo(x->out, nullable ? "{\"type\":[\"%s\",\"null\"]" : "{\"type\":\"%s\"",
					 types[t].type);
	if (types[t].format != NULL)
		appendStringInfo(x->out, ",\"format\":\"%s\"", types[t].format);
	appendStringInfoChar(x->out, '}');
}

static bool
expand_name(Expansion *x, uint32 i)
{
	const AirDocNode *node = air_doc_node(x->doc, i);
	const char *s = x->doc->text + node->at;
	size_t named = without(s, node->len, "?");
	size_t len = without(s, named, "[]");
	bool nullable = named < node->len;
	int t = find_type(s, len);
	const char *names[NTYPES];
	const char *near;

	if (t >= 0)
	{
		if (len == named)
			append_type(x, t, nullable);
		else
		{
			appendStringInfoString(x->out, nullable ? "{\"type\":[\"array\",\"null\"],\"items\":"
													: "{\"type\":\"array\",\"items\":");
			append_type(x, t, false);
			appendStringInfoChar(x->out, '}');
		}
		return true;
	}
	for (t = 0; t < NTYPES; t++)
		names[t] = types[t].name;
	near = air_nearest(pnstrdup(s, len), names, NTYPES);
	return fail(x,
				psprintf("unknown type \"%.*s\" in the shorthand of a schema",
						 (int) air_utf8_clip(s, node->len, 60), s),
				psprintf("%s%s%sTypes are text, numeric, integer, boolean, date, time, timestamp, "
						 "uuid and json; a JSON Schema has a \"type\" that it knows.",
						 near != NULL ? "Did you mean \"" : "", near != NULL ? near : "",
						 near != NULL ? "\"? " : ""));
}

static bool
expand_columns(Expansion *x, uint32 i)
{
	const AirDoc *doc = x->doc;
	uint32 count = air_doc_node(doc, i)->count;
	uint32 child = i + 1;

	appendStringInfoString(x->out, "{\"type\":\"object\",\"properties\":{");
	for (uint32 n = count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		const AirDocNode *node = air_doc_node(doc, child);
		int before = x->path.len;

		appendStringInfoChar(&x->path, '[');
		air_doc_quote(doc->text + node->name,
					  air_utf8_clip(doc->text + node->name, node->name_len, 60), &x->path);
		appendStringInfoChar(&x->path, ']');
		air_doc_quote(doc->text + node->name, node->name_len, x->out);
		appendStringInfoChar(x->out, ':');
		if (!expand(x, child))
			return false;
		if (n > 1)
			appendStringInfoChar(x->out, ',');
		x->path.len = before;
		x->path.data[before] = '\0';
	}
	appendStringInfoString(x->out, "},\"required\":[");
	child = i + 1;
	for (uint32 n = count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		air_doc_quote(doc->text + air_doc_node(doc, child)->name,
					  air_doc_node(doc, child)->name_len, x->out);
		if (n > 1)
			appendStringInfoChar(x->out, ',');
	}
	appendStringInfoString(x->out, "],\"additionalProperties\":false}");
	return true;
}

static bool
expand(Expansion *x, uint32 i)
{
	const AirDocNode *node = air_doc_node(x->doc, i);

	switch (node->type)
	{
		case AIR_DOC_STRING:
			return expand_name(x, i);
		case AIR_DOC_ARRAY:
			if (node->count != 1)
				return fail(x, "a list in the shorthand of a schema must hold one type",
							"[\"text\"] is a list of texts; one of several values is {\"enum\": "
							"[\"a\", \"b\"]}.");
			appendStringInfoString(x->out, "{\"type\":\"array\",\"items\":");
			if (!expand(x, i + 1))
				return false;
			appendStringInfoChar(x->out, '}');
			return true;
		case AIR_DOC_OBJECT:
			if (!is_schema(x->doc, i))
				return expand_columns(x, i);
			if (is_both(x->doc, i))
				return fail(x, "this may be a JSON Schema or shorthand for columns",
							"Say \"int\" for \"integer\" and \"bool\" for \"boolean\" to mean "
							"columns, or describe the schema in more than one word.");
			air_doc_print(x->doc, i, x->out);
			return true;
		default:
			return fail(x, "a schema must be a JSON object, or a type's name where it is shorthand",
						"Write {\"vendor\": \"text\", \"total\": \"numeric\"}, or a JSON Schema.");
	}
}

/* See shorthand.h. */
bool
air_shorthand(const AirDoc *doc, StringInfo out, bool *shorthand, AirSchemaError *err)
{
	Expansion x = {.doc = doc, .out = out, .err = err};

	memset(err, 0, sizeof(*err));
	initStringInfo(&x.path);
	appendStringInfoChar(&x.path, '$');
	*shorthand = air_doc_node(doc, 0)->type != AIR_DOC_OBJECT || !is_schema(doc, 0);
	return expand(&x, 0);
}
