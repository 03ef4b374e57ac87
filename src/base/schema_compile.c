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

const char *const air_schema_types[AIR_TYPE_COUNT] = {
	"null", "boolean", "integer", "number", "string", "array", "object",
};

/* Lengths and counts beyond this are no limits. */
#define MAX_COUNT INT64CONST(1000000000)

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

/* The value of a keyword is not of the kind that it must be. */
static bool
fail_value(AirSchemaCompiler *c, const char *keyword, const char *must_be)
{
	return air_schema_fail(c, psprintf("\"%s\" of a schema must be %s", keyword, must_be), NULL);
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

/* --- readers of values --- */

static const AirDocNode *
node_at(AirSchemaCompiler *c, uint32 i)
{
	return air_doc_node(&c->schema->doc, i);
}

static bool
read_count(AirSchemaCompiler *c, const char *keyword, uint32 i, int64 *out)
{
	AirDecimal d;
	const char *p;
	int64 value = 0;

	if (node_at(c, i)->type != AIR_DOC_NUMBER)
		return fail_value(c, keyword, "an integer that is not negative");
	d = air_doc_decimal(&c->schema->doc, i);
	if (d.negative || !air_decimal_is_integer(&d))
		return fail_value(c, keyword, "an integer that is not negative");
	p = d.digits;
	for (int n = 0; n < d.ndigits + d.exponent && d.ndigits > 0; n++)
	{
		if (n < d.ndigits && *p == '.')
			p++;
		value = value * 10 + (n < d.ndigits ? *p - '0' : 0);
		value = Min(value, MAX_COUNT);
		p++;
	}
	*out = value;
	return true;
}

static bool
read_number(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out)
{
	if (node_at(c, i)->type == AIR_DOC_TRUE || node_at(c, i)->type == AIR_DOC_FALSE)
		return air_schema_fail(
			c, psprintf("\"%s\" of a schema must be a number", keyword),
			"In early drafts of JSON Schema it was a boolean beside minimum or maximum.");
	if (node_at(c, i)->type != AIR_DOC_NUMBER)
		return fail_value(c, keyword, "a number");
	*out = i;
	return true;
}

static bool
read_multiple(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out)
{
	AirDecimal d;

	if (!read_number(c, keyword, i, out))
		return false;
	d = air_doc_decimal(&c->schema->doc, i);
	if (d.negative || d.ndigits == 0)
		return fail_value(c, keyword, "greater than 0");
	if (d.ndigits > AIR_DECIMAL_DIVISOR_DIGITS)
		return fail_value(c, keyword, "a number of at most 18 digits");
	return true;
}

static bool
read_boolean(AirSchemaCompiler *c, const char *keyword, uint32 i, bool *out)
{
	AirDocType type = node_at(c, i)->type;

	if (type != AIR_DOC_TRUE && type != AIR_DOC_FALSE)
		return fail_value(c, keyword, "a boolean");
	*out = type == AIR_DOC_TRUE;
	return true;
}

static bool
read_schema(AirSchemaCompiler *c, uint32 i, AirSchemaNode **out)
{
	*out = air_schema_compile_node(c, i);
	return *out != NULL;
}

static bool
read_list(AirSchemaCompiler *c, const char *keyword, uint32 i, AirSchemaList *out)
{
	const AirDocNode *node = node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_ARRAY || node->count == 0)
		return fail_value(c, keyword, "an array of schemas that is not empty");
	out->n = (int) node->count;
	out->schemas = palloc0(out->n * sizeof(AirSchemaNode *));
	for (int n = 0; n < out->n; n++, child = node_at(c, child)->next)
	{
		int before = c->path.len;

		appendStringInfo(&c->path, "[%d]", n);
		if (!read_schema(c, child, &out->schemas[n]))
			return false;
		air_schema_path_pop(c, before);
	}
	return true;
}

/* One name of a type. */
static bool
read_type(AirSchemaCompiler *c, uint32 i, uint8 *types)
{
	char *name;
	const char *near;
	const char *meant;

	if (node_at(c, i)->type != AIR_DOC_STRING)
		return fail_value(c, "type", "the name of a type, or an array of names");
	for (int t = 0; t < AIR_TYPE_COUNT; t++)
	{
		if (air_doc_string_is(&c->schema->doc, i, air_schema_types[t]))
		{
			*types |= 1 << t;
			return true;
		}
	}
	name = air_doc_string(&c->schema->doc, i);
	near = air_nearest(name, air_schema_types, AIR_TYPE_COUNT);
	meant = near != NULL ? psprintf("Did you mean \"%s\"? ", near) : "";
	return air_schema_fail(
		c,
		psprintf("unknown type \"%.*s\" in a schema", (int) air_utf8_clip(name, strlen(name), 60),
				 name),
		psprintf("%sTypes of JSON Schema are null, boolean, integer, number, string, array and "
				 "object.",
				 meant));
}

static bool
read_types(AirSchemaCompiler *c, uint32 i, uint8 *types)
{
	const AirDocNode *node = node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_ARRAY)
		return read_type(c, i, types);
	if (node->count == 0)
		return fail_value(c, "type", "the name of a type, or an array of names");
	for (uint32 n = node->count; n > 0; n--, child = node_at(c, child)->next)
	{
		if (!read_type(c, child, types))
			return false;
	}
	return true;
}

static bool
read_pattern(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	const AirDocNode *node = node_at(c, i);
	const char *why;

	if (node->type != AIR_DOC_STRING)
		return fail_value(c, "pattern", "a string");
	out->pattern = air_pattern_compile(c->schema->doc.text + node->at, node->len, &why);
	out->pattern_at = i;
	if (out->pattern == NULL)
		return air_schema_fail(c, psprintf("the pattern %s", why),
							   "Patterns are regular expressions as in JavaScript, without "
							   "look-around, back-references and \\p{..}.");
	return true;
}

static bool
read_format(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	static const char *const names[] = {
		[AIR_FORMAT_DATE] = "date",
		[AIR_FORMAT_TIME] = "time",
		[AIR_FORMAT_DATE_TIME] = "date-time",
		[AIR_FORMAT_UUID] = "uuid",
	};

	if (node_at(c, i)->type != AIR_DOC_STRING)
		return fail_value(c, "format", "a string");
	if ((c->schema->flags & AIR_SCHEMA_COLUMNS) == 0)
		return true;
	for (int f = AIR_FORMAT_DATE; f < (int) lengthof(names); f++)
	{
		if (air_doc_string_is(&c->schema->doc, i, names[f]))
			out->format = f;
	}
	return true;
}

static bool
read_ref(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	uint32 target;

	if (node_at(c, i)->type != AIR_DOC_STRING)
		return fail_value(c, "$ref", "a string");
	if (!air_schema_find_ref(c, i, &target))
		return false;
	return read_schema(c, target, &out->ref);
}

/* --- names --- */

static int
compare_names(const void *a, const void *b)
{
	return air_schema_name_compare(a, b);
}

/* Sort the names by what they are and make those that are there twice one. */
static void
merge_names(AirSchemaNode *out)
{
	int n = 0;

	qsort(out->names, out->nnames, sizeof(AirSchemaName), compare_names);
	for (int i = 0; i < out->nnames; i++)
	{
		AirSchemaName *name = &out->names[i];

		if (n > 0 && air_schema_name_compare(&out->names[n - 1], name) == 0)
		{
			out->names[n - 1].required |= name->required;
			if (name->schema != NULL)
				out->names[n - 1].schema = name->schema;
		}
		else
			out->names[n++] = *name;
	}
	out->nnames = n;
}

/* "properties" and "required" together, either may be 0. */
static bool
read_names(AirSchemaCompiler *c, uint32 properties, uint32 required, AirSchemaNode *out)
{
	const char *text = c->schema->doc.text;
	uint32 nproperties = properties != 0 ? node_at(c, properties)->count : 0;
	uint32 nrequired = required != 0 ? node_at(c, required)->count : 0;
	uint32 child;

	if (properties != 0 && node_at(c, properties)->type != AIR_DOC_OBJECT)
		return fail_value(c, "properties", "an object");
	if (required != 0 && node_at(c, required)->type != AIR_DOC_ARRAY)
		return fail_value(c, "required", "an array of names");
	if (nproperties + nrequired == 0)
		return true;
	out->names = palloc0((nproperties + nrequired) * sizeof(AirSchemaName));

	child = properties + 1;
	for (uint32 n = nproperties; n > 0; n--, child = node_at(c, child)->next)
	{
		AirSchemaName *name = &out->names[out->nnames++];
		int before = air_schema_path_push(c, "properties", strlen("properties"));

		name->s = text + node_at(c, child)->name;
		name->len = node_at(c, child)->name_len;
		air_schema_path_push(c, name->s, name->len);
		if (!read_schema(c, child, &name->schema))
			return false;
		air_schema_path_pop(c, before);
	}
	child = required + 1;
	for (uint32 n = nrequired; n > 0; n--, child = node_at(c, child)->next)
	{
		AirSchemaName *name = &out->names[out->nnames++];

		if (node_at(c, child)->type != AIR_DOC_STRING)
			return fail_value(c, "required", "an array of names");
		name->s = text + node_at(c, child)->at;
		name->len = node_at(c, child)->len;
		name->required = true;
	}
	merge_names(out);
	return true;
}

/* Definitions: compiled so that what is wrong in them is found, used by references. */
static bool
read_definitions(AirSchemaCompiler *c, const char *keyword, uint32 i)
{
	const AirDocNode *node = node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_OBJECT)
		return fail_value(c, keyword, "an object of schemas");
	for (uint32 n = node->count; n > 0; n--, child = node_at(c, child)->next)
	{
		AirSchemaNode *ignored;
		int before = air_schema_path_push(c, c->schema->doc.text + node_at(c, child)->name,
										  node_at(c, child)->name_len);

		if (!read_schema(c, child, &ignored))
			return false;
		air_schema_path_pop(c, before);
	}
	return true;
}

/* --- keywords --- */

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
	const AirDocNode *node = node_at(c, i);

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
			return node->type == AIR_DOC_STRING || fail_value(c, name, "a string");
		case K_DEFAULT:
		case K_EXAMPLES:
		case K_DEPRECATED:
		case K_READ_ONLY:
		case K_WRITE_ONLY:
			return true;
		case K_REF:
			return read_ref(c, i, out);
		case K_DEFS:
		case K_DEFINITIONS:
			return read_definitions(c, name, i);
		case K_TYPE:
			return read_types(c, i, &out->types);
		case K_ENUM:
			out->enumeration = i;
			return (node->type == AIR_DOC_ARRAY && node->count > 0) ||
				   fail_value(c, name, "an array that is not empty");
		case K_CONST:
			out->constant = i;
			return true;
		case K_PROPERTIES: /* with their names, below */
		case K_REQUIRED:
			return true;
		case K_ADDITIONAL:
			return read_schema(c, i, &out->additional);
		case K_MIN_PROPERTIES:
			return read_count(c, name, i, &out->min_properties);
		case K_MAX_PROPERTIES:
			return read_count(c, name, i, &out->max_properties);
		case K_ITEMS:
			if (node->type == AIR_DOC_ARRAY)
				return air_schema_fail(
					c, "\"items\" of a schema must be a schema",
					"A list of schemas, one for each place, is \"prefixItems\".");
			return read_schema(c, i, &out->items);
		case K_PREFIX_ITEMS:
			return read_list(c, name, i, &out->prefix);
		case K_MIN_ITEMS:
			return read_count(c, name, i, &out->min_items);
		case K_MAX_ITEMS:
			return read_count(c, name, i, &out->max_items);
		case K_UNIQUE_ITEMS:
			return read_boolean(c, name, i, &out->unique_items);
		case K_MINIMUM:
			return read_number(c, name, i, &out->minimum);
		case K_MAXIMUM:
			return read_number(c, name, i, &out->maximum);
		case K_ABOVE:
			return read_number(c, name, i, &out->above);
		case K_BELOW:
			return read_number(c, name, i, &out->below);
		case K_MULTIPLE:
			return read_multiple(c, name, i, &out->multiple);
		case K_MIN_LENGTH:
			return read_count(c, name, i, &out->min_length);
		case K_MAX_LENGTH:
			return read_count(c, name, i, &out->max_length);
		case K_PATTERN:
			return read_pattern(c, i, out);
		case K_FORMAT:
			return read_format(c, i, out);
		case K_ANY_OF:
			return read_list(c, name, i, &out->any_of);
		case K_ALL_OF:
			return read_list(c, name, i, &out->all_of);
		case K_ONE_OF:
			return read_list(c, name, i, &out->one_of);
		case K_NOT:
			return read_schema(c, i, &out->not );
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

	for (uint32 n = node_at(c, at)->count; n > 0; n--, child = node_at(c, child)->next)
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
	return read_names(c, air_doc_member(doc, at, "properties"), air_doc_member(doc, at, "required"),
					  out);
}

/* See schema_compile.h. */
AirSchemaNode *
air_schema_compile_node(AirSchemaCompiler *c, uint32 at)
{
	AirSchemaNode *out = c->nodes[at];
	AirDocType type = node_at(c, at)->type;

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
