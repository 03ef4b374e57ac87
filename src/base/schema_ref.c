/*
 * schema_ref.c
 *	  References of a schema, and the circles that they make.
 */
#include "base/pg.h"

#include "base/schema_compile.h"
#include "base/text.h"

/* One component of a pointer, up to a / or the end, unescaped: %25, ~1 and ~0. */
static char *
take_component(const char **p)
{
	StringInfoData out;

	initStringInfo(&out);
	while (**p != '\0' && **p != '/')
	{
		unsigned int byte;
		char hex[3] = {0};

		if (**p == '%' && strlen(*p) >= 3)
		{
			memcpy(hex, *p + 1, 2);
			if (strspn(hex, "0123456789abcdefABCDEF") == 2 && (byte = strtoul(hex, NULL, 16)) != 0)
			{
				appendStringInfoChar(&out, (char) byte);
				*p += 3;
				continue;
			}
		}
		appendStringInfoChar(&out, **p);
		(*p)++;
	}

	/* In this order: ~01 is ~1. */
	for (char *tilde = out.data; (tilde = strchr(tilde, '~')) != NULL; tilde++)
	{
		if (tilde[1] == '0' || tilde[1] == '1')
		{
			*tilde = tilde[1] == '0' ? '~' : '/';
			memmove(tilde + 1, tilde + 2, strlen(tilde + 2) + 1);
		}
	}
	return out.data;
}

/* The child of a container by its name or index, 0 if there is none. */
static uint32
child_at(const AirDoc *doc, uint32 i, const char *component)
{
	uint32 child = i + 1;
	unsigned long index;
	char *end;

	if (air_doc_node(doc, i)->type == AIR_DOC_OBJECT)
		return air_doc_member(doc, i, component);
	if (air_doc_node(doc, i)->type != AIR_DOC_ARRAY || *component < '0' || *component > '9')
		return 0;
	index = strtoul(component, &end, 10);
	if (*end != '\0' || index >= air_doc_node(doc, i)->count)
		return 0;
	while (index-- > 0)
		child = air_doc_node(doc, child)->next;
	return child;
}

static bool
is_pointer(const char *ref)
{
	return ref[0] == '#' && (ref[1] == '\0' || ref[1] == '/');
}

/* See schema.h. */
bool
air_schema_pointer(const AirDoc *doc, const char *ref, uint32 *target)
{
	const char *p = ref + 1;

	*target = 0;
	if (!is_pointer(ref))
		return false;
	while (*p == '/')
	{
		p++;
		*target = child_at(doc, *target, take_component(&p));
		if (*target == 0)
			return false;
	}
	return true;
}

/* See schema_compile.h. */
bool
air_schema_find_ref(AirSchemaCompiler *c, uint32 i, uint32 *target)
{
	char *ref = air_doc_string(&c->schema->doc, i);

	if (!is_pointer(ref))
		return air_schema_fail(c,
							   "\"$ref\" of a schema must be a JSON pointer into the schema itself",
							   "Put what it refers to under \"$defs\" and write \"#/$defs/name\".");
	if (air_schema_pointer(&c->schema->doc, ref, target))
		return true;
	ref[air_utf8_clip(ref, strlen(ref), 100)] = '\0';
	return air_schema_fail(c, psprintf("there is nothing at \"%s\" in the schema", ref), NULL);
}

enum
{
	UNSEEN,
	UNDER_WAY,
	DONE
};

static bool loops(AirSchemaNode *node, int depth);

static bool
any_loops(const AirSchemaList *list, int depth)
{
	for (int i = 0; i < list->n; i++)
	{
		if (loops(list->schemas[i], depth))
			return true;
	}
	return false;
}

/* Does a node lead to itself through what is checked at the same place of a value? */
static bool
loops(AirSchemaNode *node, int depth)
{
	bool found;

	if (node == NULL || node->seen == DONE)
		return false;
	if (node->seen == UNDER_WAY || depth == AIR_DOC_DEPTH)
		return true;
	node->seen = UNDER_WAY;
	depth++;
	found = loops(node->ref, depth) || loops(node->not, depth) || any_loops(&node->any_of, depth) ||
			any_loops(&node->all_of, depth) || any_loops(&node->one_of, depth);
	node->seen = DONE;
	return found;
}

/* See schema_compile.h. */
bool
air_schema_check_loops(AirSchemaCompiler *c)
{
	for (uint32 i = 0; i < c->schema->doc.nnodes; i++)
	{
		if (c->nodes[i] != NULL && loops(c->nodes[i], 0))
			return air_schema_fail(c, "the schema refers to itself without end",
								   "A $ref may lead back to its own schema only through "
								   "\"properties\" or \"items\".");
	}
	return true;
}
