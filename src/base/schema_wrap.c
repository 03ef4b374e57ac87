/*
 * schema_wrap.c
 *	  A schema as the property "value" of an object.  See schema.h.
 *
 * Providers enforce schemas of objects only.  What refers to the root of the schema then
 * has to refer to where it has gone.
 */
#include "base/pg.h"

#include "base/schema_node.h"

#define WHERE "#/properties/value"

static void
wrap(const AirDoc *doc, uint32 i, AirSchemaPart part, StringInfo out)
{
	const AirDocNode *node = air_doc_node(doc, i);
	uint32 child = i + 1;

	if (part == AIR_PART_DATA || (node->type != AIR_DOC_OBJECT && node->type != AIR_DOC_ARRAY))
	{
		air_doc_print(doc, i, out);
		return;
	}
	appendStringInfoChar(out, node->type == AIR_DOC_ARRAY ? '[' : '{');
	for (uint32 n = node->count; n > 0; n--)
	{
		const AirDocNode *c = air_doc_node(doc, child);

		if (node->type == AIR_DOC_OBJECT)
		{
			air_doc_quote(doc->text + c->name, c->name_len, out);
			appendStringInfoChar(out, ':');
		}
		if (node->type == AIR_DOC_ARRAY || part == AIR_PART_SCHEMAS)
			wrap(doc, child, AIR_PART_SCHEMA, out);
		else if (air_doc_name_is(doc, child, "$ref") && c->type == AIR_DOC_STRING && c->len > 0)
		{
			char *to = psprintf(WHERE "%.*s", (int) c->len - 1, doc->text + c->at + 1);

			air_doc_quote(to, strlen(to), out);
		}
		else
			wrap(doc, child, air_schema_part(doc, child), out);
		if (n > 1)
			appendStringInfoChar(out, ',');
		child = c->next;
	}
	appendStringInfoChar(out, node->type == AIR_DOC_ARRAY ? ']' : '}');
}

/* See schema.h. */
void
air_schema_wrap(const AirSchema *schema, StringInfo out)
{
	appendStringInfoString(out, "{\"type\":\"object\",\"properties\":{\"value\":");
	wrap(&schema->doc, 0, AIR_PART_SCHEMA, out);
	appendStringInfoString(out, "},\"required\":[\"value\"],\"additionalProperties\":false}");
}

/* See schema.h. */
AirSchemaPart
air_schema_part(const AirDoc *doc, uint32 member)
{
	static const struct
	{
		const char *name;
		AirSchemaPart part;
	} parts[] = {
		{"properties", AIR_PART_SCHEMAS},  {"$defs", AIR_PART_SCHEMAS},
		{"definitions", AIR_PART_SCHEMAS}, {"items", AIR_PART_SCHEMA},
		{"not", AIR_PART_SCHEMA},          {"additionalProperties", AIR_PART_SCHEMA},
		{"prefixItems", AIR_PART_SCHEMAS}, {"anyOf", AIR_PART_SCHEMAS},
		{"allOf", AIR_PART_SCHEMAS},       {"oneOf", AIR_PART_SCHEMAS},
	};

	for (int p = 0; p < (int) lengthof(parts); p++)
	{
		if (air_doc_name_is(doc, member, parts[p].name))
			return parts[p].part;
	}
	return AIR_PART_DATA;
}
