/*
 * schema_compile.c
 *	  From a JSON Schema to AirSchemaNodes.  See schema.h.
 *
 * One table says which keywords there are and what reads each.  A schema is compiled
 * once for each place in the document, so references may go in circles; those that
 * would come back to a place without having gone into the value are refused
 * (schema_loop.c): checking would not end.
 */
#include "base/pg.h"

#include "base/schema_compile.h"
#include "base/text.h"

/* See schema_compile.h. */
bool
air_schema_fail(AirSchemaCompiler *c, const char *message, const char *hint)
{
	if (c->err->message == NULL)
	{
		c->err->message = pstrdup(message);
		c->err->path = pstrdup(c->path.data);
		c->err->hint = hint != NULL ? pstrdup(hint) : NULL;
	}
	return false;
}

/* See schema_compile.h. */
int
air_schema_path_push(AirSchemaCompiler *c, const char *name, size_t len)
{
	int before = c->path.len;
	bool plain = len > 0;

	for (size_t i = 0; i < len && plain; i++)
		plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
				(name[i] >= '0' && name[i] <= '9') || name[i] == '_' || name[i] == '$';
	len = air_utf8_clip(name, len, 100);
	if (plain)
		appendStringInfo(&c->path, ".%.*s", (int) len, name);
	else
	{
		appendStringInfoChar(&c->path, '[');
		air_doc_quote(name, len, &c->path);
		appendStringInfoChar(&c->path, ']');
	}
	return before;
}

/* See schema_compile.h. */
void
air_schema_path_pop(AirSchemaCompiler *c, int before)
{
	c->path.len = before;
	c->path.data[before] = '\0';
}

typedef enum Keyword
{
	K_ID,
	K_SCHEMA,
	K_COMMENT,
	K_TITLE,
	K_DESCRIPTION,
	K_DEFAULT,
	K_EXAMPLES,
	K_DEPRECATED,
	K_READ_ONLY,
	K_WRITE_ONLY,
	K_REF,
	K_DEFS,
	K_DEFINITIONS,
	K_TYPE,
	K_ENUM,
	K_CONST,
	K_PROPERTIES,
	K_REQUIRED,
	K_ADDITIONAL,
	K_MIN_PROPERTIES,
	K_MAX_PROPERTIES,
	K_ITEMS,
	K_PREFIX_ITEMS,
	K_MIN_ITEMS,
	K_MAX_ITEMS,
	K_UNIQUE_ITEMS,
	K_MINIMUM,
	K_MAXIMUM,
	K_ABOVE,
	K_BELOW,
	K_MULTIPLE,
	K_MIN_LENGTH,
	K_MAX_LENGTH,
	K_PATTERN,
	K_FORMAT,
	K_ANY_OF,
	K_ALL_OF,
	K_ONE_OF,
	K_NOT,
	K_COUNT
} Keyword;

static const char *const keywords[K_COUNT] = {
	[K_ID] = "$id",
	[K_SCHEMA] = "$schema",
	[K_COMMENT] = "$comment",
	[K_TITLE] = "title",
	[K_DESCRIPTION] = "description",
	[K_DEFAULT] = "default",
	[K_EXAMPLES] = "examples",
	[K_DEPRECATED] = "deprecated",
	[K_READ_ONLY] = "readOnly",
	[K_WRITE_ONLY] = "writeOnly",
	[K_REF] = "$ref",
	[K_DEFS] = "$defs",
	[K_DEFINITIONS] = "definitions",
	[K_TYPE] = "type",
	[K_ENUM] = "enum",
	[K_CONST] = "const",
	[K_PROPERTIES] = "properties",
	[K_REQUIRED] = "required",
	[K_ADDITIONAL] = "additionalProperties",
	[K_MIN_PROPERTIES] = "minProperties",
	[K_MAX_PROPERTIES] = "maxProperties",
	[K_ITEMS] = "items",
	[K_PREFIX_ITEMS] = "prefixItems",
	[K_MIN_ITEMS] = "minItems",
	[K_MAX_ITEMS] = "maxItems",
	[K_UNIQUE_ITEMS] = "uniqueItems",
	[K_MINIMUM] = "minimum",
	[K_MAXIMUM] = "maximum",
	[K_ABOVE] = "exclusiveMinimum",
	[K_BELOW] = "exclusiveMaximum",
	[K_MULTIPLE] = "multipleOf",
	[K_MIN_LENGTH] = "minLength",
	[K_MAX_LENGTH] = "maxLength",
	[K_PATTERN] = "pattern",
	[K_FORMAT] = "format",
	[K_ANY_OF] = "anyOf",
	[K_ALL_OF] = "allOf",
	[K_ONE_OF] = "oneOf",
	[K_NOT] = "not",
};

/* Of JSON Schema, but not of ours: said so, instead of guessing at what was meant. */
static const char *const unsupported[] = {
	"$anchor",
	"$dynamicAnchor",
	"$dynamicRef",
	"$recursiveAnchor",
	"$recursiveRef",
	"$vocabulary",
	"additionalItems",
	"contains",
	"contentEncoding",
	"contentMediaType",
	"contentSchema",
	"dependencies",
	"dependentRequired",
	"dependentSchemas",
	"else",
	"id",
	"if",
	"maxContains",
	"minContains",
	"nullable",
	"patternProperties",
	"propertyNames",
	"then",
	"unevaluatedItems",
	"unevaluatedProperties",
};

static bool
fail_keyword(AirSchemaCompiler *c, uint32 i)
{
	char *name = air_doc_name(&c->schema->doc, i);
	const char *near;
	StringInfoData all;

	for (int k = 0; k < (int) lengthof(unsupported); k++)
	{
		if (strcmp(name, unsupported[k]) == 0)
			return air_schema_fail(c, psprintf("schema keyword \"%s\" is not supported", name),
								   "doc/extract.md lists the keywords that are.");
	}
	initStringInfo(&all);
	near = air_nearest(name, keywords, K_COUNT);
	if (near != NULL)
		appendStringInfo(&all, "Did you mean \"%s\"? ", near);
	appendStringInfoString(&all, "Names of values belong into \"properties\"; doc/extract.md lists "
								 "the keywords.");
	name[air_utf8_clip(name, strlen(name), 60)] = '\0';
	return air_schema_fail(c, psprintf("unknown schema keyword \"%s\"", name), all.data);
}

/* Read one keyword whose value is node i. */
static bool
read_keyword(AirSchemaCompiler *c, Keyword k, uint32 i, AirSchemaNode *out)
{
	const char *name = keywords[k];
	const AirDocNode *node = air_schema_node_at(c, i);

	switch (k)
	{
		case K_ID:
			/* It would change what references are relative to. */
			if (c->path.len > (int) strlen("$.$id"))
				return air_schema_fail(c, "\"$id\" is only supported at the top of a schema", NULL);
			return true;
		case K_SCHEMA:
		case K_COMMENT:
		case K_TITLE:
		case K_DESCRIPTION:
			return node->type == AIR_DOC_STRING || air_schema_fail_value(c, name, "a string");
		case K_DEFAULT:
		case K_EXAMPLES:
		case K_DEPRECATED:
		case K_READ_ONLY:
		case K_WRITE_ONLY:
			return true;
		case K_REF:
			return air_schema_read_ref(c, i, out);
		case K_DEFS:
		case K_DEFINITIONS:
			return air_schema_read_definitions(c, name, i);
		case K_TYPE:
			return air_schema_read_types(c, i, &out->types);
		case K_ENUM:
			out->enumeration = i;
			return (node->type == AIR_DOC_ARRAY && node->count > 0) ||
				   air_schema_fail_value(c, name, "an array that is not empty");
		case K_CONST:
			out->constant = i;
			return true;
		case K_PROPERTIES: /* with their names, below */
		case K_REQUIRED:
			return true;
		case K_ADDITIONAL:
			return air_schema_read_schema(c, i, &out->additional);
		case K_MIN_PROPERTIES:
			return air_schema_read_count(c, name, i, &out->min_properties);
		case K_MAX_PROPERTIES:
			return air_schema_read_count(c, name, i, &out->max_properties);
		case K_ITEMS:
			if (node->type == AIR_DOC_ARRAY)
				return air_schema_fail(
					c, "\"items\" of a schema must be a schema",
					"A list of schemas, one for each place, is \"prefixItems\".");
			return air_schema_read_schema(c, i, &out->items);
		case K_PREFIX_ITEMS:
			return air_schema_read_list(c, name, i, &out->prefix);
		case K_MIN_ITEMS:
			return air_schema_read_count(c, name, i, &out->min_items);
		case K_MAX_ITEMS:
			return air_schema_read_count(c, name, i, &out->max_items);
		case K_UNIQUE_ITEMS:
			return air_schema_read_boolean(c, name, i, &out->unique_items);
		case K_MINIMUM:
			return air_schema_read_number(c, name, i, &out->minimum);
		case K_MAXIMUM:
			return air_schema_read_number(c, name, i, &out->maximum);
		case K_ABOVE:
			return air_schema_read_number(c, name, i, &out->above);
		case K_BELOW:
			return air_schema_read_number(c, name, i, &out->below);
		case K_MULTIPLE:
			return air_schema_read_multiple(c, name, i, &out->multiple);
		case K_MIN_LENGTH:
			return air_schema_read_count(c, name, i, &out->min_length);
		case K_MAX_LENGTH:
			return air_schema_read_count(c, name, i, &out->max_length);
		case K_PATTERN:
			return air_schema_read_pattern(c, i, out);
		case K_FORMAT:
			return air_schema_read_format(c, i, out);
		case K_ANY_OF:
			return air_schema_read_list(c, name, i, &out->any_of);
		case K_ALL_OF:
			return air_schema_read_list(c, name, i, &out->all_of);
		case K_ONE_OF:
			return air_schema_read_list(c, name, i, &out->one_of);
		case K_NOT:
			return air_schema_read_schema(c, i, &out->not );
		case K_COUNT:
			break;
	}
	return false;
}

static bool
read_object(AirSchemaCompiler *c, uint32 at, AirSchemaNode *out)
{
	const AirDoc *doc = &c->schema->doc;
	uint32 child = at + 1;

	for (uint32 n = air_schema_node_at(c, at)->count; n > 0;
		 n--, child = air_schema_node_at(c, child)->next)
	{
		Keyword k = 0;
		int before;

		while (k < K_COUNT && !air_doc_name_is(doc, child, keywords[k]))
			k++;
		if (k == K_COUNT)
			return fail_keyword(c, child);
		before = air_schema_path_push(c, keywords[k], strlen(keywords[k]));
		if (!read_keyword(c, k, child, out))
			return false;
		air_schema_path_pop(c, before);
	}
	return air_schema_read_names(c, air_doc_member(doc, at, "properties"),
								 air_doc_member(doc, at, "required"), out);
}

/* See schema_compile.h. */
AirSchemaNode *
air_schema_compile_node(AirSchemaCompiler *c, uint32 at)
{
	AirSchemaNode *out = c->nodes[at];
	AirDocType type = air_schema_node_at(c, at)->type;

	if (out != NULL)
		return out;
	if (c->depth == AIR_DOC_DEPTH)
	{
		air_schema_fail(c, "the schema is nested too deeply", NULL);
		return NULL;
	}
	out = c->nodes[at] = palloc0(sizeof(AirSchemaNode));
	out->at = at;
	out->min_properties = out->max_properties = -1;
	out->min_items = out->max_items = -1;
	out->min_length = out->max_length = -1;
	if (type == AIR_DOC_TRUE || type == AIR_DOC_FALSE)
	{
		out->never = type == AIR_DOC_FALSE;
		return out;
	}
	if (type != AIR_DOC_OBJECT)
	{
		air_schema_fail(c, "a schema must be an object or a boolean", NULL);
		return NULL;
	}
	c->depth++;
	if (!read_object(c, at, out))
		return NULL;
	c->depth--;
	return out;
}

/* See schema.h. */
AirSchema *
air_schema_compile(const char *text, size_t len, int flags, AirSchemaError *err)
{
	AirSchema *schema = palloc0(sizeof(AirSchema));
	AirSchemaCompiler c = {.schema = schema, .err = err};
	char *why;

	memset(err, 0, sizeof(*err));
	initStringInfo(&c.path);
	appendStringInfoChar(&c.path, '$');
	schema->flags = flags;
	if (!air_doc_parse(&schema->doc, text, len, &why))
	{
		air_schema_fail(&c, psprintf("the schema %s", why), NULL);
		return NULL;
	}
	c.nodes = palloc0(schema->doc.nnodes * sizeof(AirSchemaNode *));
	schema->root = air_schema_compile_node(&c, 0);
	if (schema->root == NULL || !air_schema_check_loops(&c))
		return NULL;
	pfree(c.nodes);
	return schema;
}

/* See schema.h. */
bool
air_schema_is_object(const AirSchema *schema)
{
	return schema->root->types == AIR_TYPE_OBJECT;
}
