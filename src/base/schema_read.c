/*
 * schema_read.c
 *	  The values of a schema's keywords, each read into its AirSchemaNode.
 */
#include "base/pg.h"

#include "base/schema_compile.h"
#include "base/text.h"

const char *const air_schema_types[AIR_TYPE_COUNT] = {
	"null", "boolean", "integer", "number", "string", "array", "object",
};

/* Lengths and counts beyond this are no limits. */
#define MAX_COUNT INT64CONST(1000000000)

/* The value of a keyword is not of the kind that it must be. */
bool
air_schema_fail_value(AirSchemaCompiler *c, const char *keyword, const char *must_be)
{
	return air_schema_fail(c, psprintf("\"%s\" of a schema must be %s", keyword, must_be), NULL);
}

/* See schema_compile.h. */
bool
air_schema_read_count(AirSchemaCompiler *c, const char *keyword, uint32 i, int64 *out)
{
	AirDecimal d;
	const char *p;
	int64 value = 0;

	if (air_schema_node_at(c, i)->type != AIR_DOC_NUMBER)
		return air_schema_fail_value(c, keyword, "an integer that is not negative");
	d = air_doc_decimal(&c->schema->doc, i);
	if (d.negative || !air_decimal_is_integer(&d))
		return air_schema_fail_value(c, keyword, "an integer that is not negative");
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

/* See schema_compile.h. */
bool
air_schema_read_number(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out)
{
	if (air_schema_node_at(c, i)->type == AIR_DOC_TRUE ||
		air_schema_node_at(c, i)->type == AIR_DOC_FALSE)
		return air_schema_fail(
			c, psprintf("\"%s\" of a schema must be a number", keyword),
			"In early drafts of JSON Schema it was a boolean beside minimum or maximum.");
	if (air_schema_node_at(c, i)->type != AIR_DOC_NUMBER)
		return air_schema_fail_value(c, keyword, "a number");
	*out = i;
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_multiple(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out)
{
	AirDecimal d;

	if (!air_schema_read_number(c, keyword, i, out))
		return false;
	d = air_doc_decimal(&c->schema->doc, i);
	if (d.negative || d.ndigits == 0)
		return air_schema_fail_value(c, keyword, "greater than 0");
	if (d.ndigits > AIR_DECIMAL_DIVISOR_DIGITS)
		return air_schema_fail_value(c, keyword, "a number of at most 18 digits");
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_boolean(AirSchemaCompiler *c, const char *keyword, uint32 i, bool *out)
{
	AirDocType type = air_schema_node_at(c, i)->type;

	if (type != AIR_DOC_TRUE && type != AIR_DOC_FALSE)
		return air_schema_fail_value(c, keyword, "a boolean");
	*out = type == AIR_DOC_TRUE;
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_schema(AirSchemaCompiler *c, uint32 i, AirSchemaNode **out)
{
	*out = air_schema_compile_node(c, i);
	return *out != NULL;
}

/* See schema_compile.h. */
bool
air_schema_read_list(AirSchemaCompiler *c, const char *keyword, uint32 i, AirSchemaList *out)
{
	const AirDocNode *node = air_schema_node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_ARRAY || node->count == 0)
		return air_schema_fail_value(c, keyword, "an array of schemas that is not empty");
	out->n = (int) node->count;
	out->schemas = palloc0(out->n * sizeof(AirSchemaNode *));
	for (int n = 0; n < out->n; n++, child = air_schema_node_at(c, child)->next)
	{
		int before = c->path.len;

		appendStringInfo(&c->path, "[%d]", n);
		if (!air_schema_read_schema(c, child, &out->schemas[n]))
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

	if (air_schema_node_at(c, i)->type != AIR_DOC_STRING)
		return air_schema_fail_value(c, "type", "the name of a type, or an array of names");
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

/* See schema_compile.h. */
bool
air_schema_read_types(AirSchemaCompiler *c, uint32 i, uint8 *types)
{
	const AirDocNode *node = air_schema_node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_ARRAY)
		return read_type(c, i, types);
	if (node->count == 0)
		return air_schema_fail_value(c, "type", "the name of a type, or an array of names");
	for (uint32 n = node->count; n > 0; n--, child = air_schema_node_at(c, child)->next)
	{
		if (!read_type(c, child, types))
			return false;
	}
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_pattern(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	const AirDocNode *node = air_schema_node_at(c, i);
	const char *why;

	if (node->type != AIR_DOC_STRING)
		return air_schema_fail_value(c, "pattern", "a string");
	out->pattern = air_pattern_compile(c->schema->doc.text + node->at, node->len, &why);
	out->pattern_at = i;
	if (out->pattern == NULL)
		return air_schema_fail(c, psprintf("the pattern %s", why),
							   "Patterns are regular expressions as in JavaScript, without "
							   "look-around, back-references and \\p{..}.");
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_format(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	static const char *const names[] = {
		[AIR_FORMAT_DATE] = "date",
		[AIR_FORMAT_TIME] = "time",
		[AIR_FORMAT_DATE_TIME] = "date-time",
		[AIR_FORMAT_UUID] = "uuid",
	};

	if (air_schema_node_at(c, i)->type != AIR_DOC_STRING)
		return air_schema_fail_value(c, "format", "a string");
	if ((c->schema->flags & AIR_SCHEMA_COLUMNS) == 0)
		return true;
	for (int f = AIR_FORMAT_DATE; f < (int) lengthof(names); f++)
	{
		if (air_doc_string_is(&c->schema->doc, i, names[f]))
			out->format = f;
	}
	return true;
}

/* See schema_compile.h. */
bool
air_schema_read_ref(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out)
{
	uint32 target;

	if (air_schema_node_at(c, i)->type != AIR_DOC_STRING)
		return air_schema_fail_value(c, "$ref", "a string");
	if (!air_schema_find_ref(c, i, &target))
		return false;
	return air_schema_read_schema(c, target, &out->ref);
}

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
bool
air_schema_read_names(AirSchemaCompiler *c, uint32 properties, uint32 required, AirSchemaNode *out)
{
	const char *text = c->schema->doc.text;
	uint32 nproperties = properties != 0 ? air_schema_node_at(c, properties)->count : 0;
	uint32 nrequired = required != 0 ? air_schema_node_at(c, required)->count : 0;
	uint32 child;

	if (properties != 0 && air_schema_node_at(c, properties)->type != AIR_DOC_OBJECT)
		return air_schema_fail_value(c, "properties", "an object");
	if (required != 0 && air_schema_node_at(c, required)->type != AIR_DOC_ARRAY)
		return air_schema_fail_value(c, "required", "an array of names");
	if (nproperties + nrequired == 0)
		return true;
	out->names = palloc0((nproperties + nrequired) * sizeof(AirSchemaName));

	child = properties + 1;
	for (uint32 n = nproperties; n > 0; n--, child = air_schema_node_at(c, child)->next)
	{
		AirSchemaName *name = &out->names[out->nnames++];
		int before = air_schema_path_push(c, "properties", strlen("properties"));

		name->s = text + air_schema_node_at(c, child)->name;
		name->len = air_schema_node_at(c, child)->name_len;
		air_schema_path_push(c, name->s, name->len);
		if (!air_schema_read_schema(c, child, &name->schema))
			return false;
		air_schema_path_pop(c, before);
	}
	child = required + 1;
	for (uint32 n = nrequired; n > 0; n--, child = air_schema_node_at(c, child)->next)
	{
		AirSchemaName *name = &out->names[out->nnames++];

		if (air_schema_node_at(c, child)->type != AIR_DOC_STRING)
			return air_schema_fail_value(c, "required", "an array of names");
		name->s = text + air_schema_node_at(c, child)->at;
		name->len = air_schema_node_at(c, child)->len;
		name->required = true;
	}
	merge_names(out);
	return true;
}

/* Definitions: compiled so that what is wrong in them is found, used by references. */
bool
air_schema_read_definitions(AirSchemaCompiler *c, const char *keyword, uint32 i)
{
	const AirDocNode *node = air_schema_node_at(c, i);
	uint32 child = i + 1;

	if (node->type != AIR_DOC_OBJECT)
		return air_schema_fail_value(c, keyword, "an object of schemas");
	for (uint32 n = node->count; n > 0; n--, child = air_schema_node_at(c, child)->next)
	{
		AirSchemaNode *ignored;
		int before =
			air_schema_path_push(c, c->schema->doc.text + air_schema_node_at(c, child)->name,
								 air_schema_node_at(c, child)->name_len);

		if (!air_schema_read_schema(c, child, &ignored))
			return false;
		air_schema_path_pop(c, before);
	}
	return true;
}
