/*
 * schema_words.c
 *	  What is wrong with a document, in words.  See schema_check.h.
 *
 * The words go back to the model, and into an error message if it does not mend its
 * answer: one short sentence, whatever the names and values in it are.
 */
#include "base/pg.h"

#include "base/schema_check.h"
#include "base/text.h"

#define MAX_VALUE_BYTES 60 /* of a value or a name that is shown */
#define MAX_LIST_BYTES 200 /* of a list of them */
#define MAX_PATH_BYTES 120

static const char *const articles[AIR_TYPE_COUNT] = {
	"null", "a boolean", "an integer", "a number", "a string", "an array", "an object",
};

/* Cut what was appended from `from` on. */
static void
cut(StringInfo s, int from, int max)
{
	size_t keep;

	if (s->len - from <= max)
		return;
	keep = air_utf8_clip(s->data + from, s->len - from, max - 3);
	s->len = from + (int) keep;
	s->data[s->len] = '\0';
	appendStringInfoString(s, "...");
}

/* A string quoted, and cut inside its quotes. */
static void
append_quoted(StringInfo out, const char *s, size_t len)
{
	int from = out->len;
	size_t keep = air_utf8_clip(s, len, MAX_VALUE_BYTES);

	air_doc_quote(s, keep, out);
	cut(out, from, 3 * MAX_VALUE_BYTES);
	if (keep < len)
		appendStringInfoString(out, "...");
}

static void
append_value(StringInfo out, const AirDoc *doc, uint32 i)
{
	const AirDocNode *node = air_doc_node(doc, i);
	int from = out->len;

	switch (node->type)
	{
		case AIR_DOC_STRING:
			append_quoted(out, doc->text + node->at, node->len);
			break;
		case AIR_DOC_ARRAY:
			appendStringInfoString(out, "an array");
			break;
		case AIR_DOC_OBJECT:
			appendStringInfoString(out, "an object");
			break;
		default:
			air_doc_print(doc, i, out);
			cut(out, from, MAX_VALUE_BYTES);
	}
}

/* See schema_check.h. */
char *
air_schema_value_text(const AirDoc *doc, uint32 node)
{
	StringInfoData out;

	initStringInfo(&out);
	append_value(&out, doc, node);
	return out.data;
}

static void
append_path(StringInfo out, const AirSchemaCheck *ck, const AirSchemaPlace *place)
{
	const AirDocNode *node = air_doc_node(ck->doc, place->node);
	const char *name = ck->doc->text + node->name;
	bool plain = node->name_len > 0 && node->name_len <= MAX_VALUE_BYTES;

	if (place->up == NULL)
	{
		appendStringInfoString(out, ck->root);
		return;
	}
	append_path(out, ck, place->up);
	if (air_doc_node(ck->doc, place->up->node)->type == AIR_DOC_ARRAY)
	{
		appendStringInfo(out, "[%u]", place->index);
		return;
	}
	for (uint32 i = 0; i < node->name_len && plain; i++)
		plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
				(name[i] >= '0' && name[i] <= '9') || name[i] == '_';
	if (plain)
		appendStringInfo(out, ".%.*s", (int) node->name_len, name);
	else
	{
		appendStringInfoChar(out, '[');
		append_quoted(out, name, node->name_len);
		appendStringInfoChar(out, ']');
	}
}

/* See schema_check.h. */
bool
air_schema_problem(AirSchemaCheck *ck, const AirSchemaPlace *place, const char *fmt, ...)
{
	StringInfoData out;

	if (ck->silent > 0)
		return false;
	initStringInfo(&out);
	append_path(&out, ck, place);
	cut(&out, 0, MAX_PATH_BYTES);
	appendStringInfoString(&out, ": ");
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&out, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&out, needed);
	}
	ck->problem = out.data;
	ck->problem_depth = place->depth;
	return false;
}

/* See schema_check.h. */
bool
air_schema_wrong_type(AirSchemaCheck *ck, const AirSchemaPlace *place, int types)
{
	static const char *const kinds[] = {
		[AIR_DOC_NULL] = "null",       [AIR_DOC_FALSE] = "a boolean", [AIR_DOC_TRUE] = "a boolean",
		[AIR_DOC_NUMBER] = "a number", [AIR_DOC_STRING] = "a string", [AIR_DOC_ARRAY] = "an array",
		[AIR_DOC_OBJECT] = "an object"};
	AirDocType type = air_doc_node(ck->doc, place->node)->type;
	StringInfoData wanted;
	int left = 0;

	if (ck->silent > 0)
		return false;
	initStringInfo(&wanted);
	if ((types & AIR_TYPE_NUMBER) != 0)
		types &= ~AIR_TYPE_INTEGER;
	for (int t = 0; t < AIR_TYPE_COUNT; t++)
		left += (types >> t) & 1;

	/* "a string, a number or null": null, the first, is said last. */
	for (int n = 1; n <= AIR_TYPE_COUNT; n++)
	{
		int t = n % AIR_TYPE_COUNT;

		if ((types & (1 << t)) == 0)
			continue;
		left--;
		if (wanted.len > 0)
			appendStringInfoString(&wanted, left == 0 ? " or " : ", ");
		appendStringInfoString(&wanted, articles[t]);
	}
	if (type == AIR_DOC_NUMBER) /* one that is no integer */
		return air_schema_problem(ck, place, "expected %s, got the number %s", wanted.data,
								  air_schema_value_text(ck->doc, place->node));
	return air_schema_problem(ck, place, "expected %s, got %s", wanted.data, kinds[type]);
}

/* See schema_check.h. */
bool
air_schema_expected(AirSchemaCheck *ck, const AirSchemaPlace *place, uint32 first, uint32 n)
{
	const AirDoc *own = &ck->schema->doc;
	StringInfoData list;

	if (ck->silent > 0)
		return false;
	initStringInfo(&list);
	for (uint32 i = 0; i < n && list.len <= MAX_LIST_BYTES; i++)
	{
		appendStringInfoString(&list, i == 0 ? "" : ", ");
		append_value(&list, own, first);
		first = air_doc_node(own, first)->next;
	}
	cut(&list, 0, MAX_LIST_BYTES);
	return air_schema_problem(ck, place, "expected %s%s, got %s", n > 1 ? "one of " : "", list.data,
							  air_schema_value_text(ck->doc, place->node));
}

/* See schema_check.h. */
bool
air_schema_missing(AirSchemaCheck *ck, const AirSchemaPlace *place, const AirSchemaName *name)
{
	StringInfoData out;

	if (ck->silent > 0)
		return false;
	initStringInfo(&out);
	append_quoted(&out, name->s, name->len);
	return air_schema_problem(ck, place, "the property %s is missing", out.data);
}

/* See schema_check.h. */
bool
air_schema_not_allowed(AirSchemaCheck *ck, const AirSchemaPlace *place, const AirSchemaNode *schema,
					   uint32 member)
{
	const AirDocNode *node = air_doc_node(ck->doc, member);
	StringInfoData out;
	StringInfoData list;

	if (ck->silent > 0)
		return false;
	initStringInfo(&out);
	append_quoted(&out, ck->doc->text + node->name, node->name_len);
	initStringInfo(&list);
	for (int i = 0; i < schema->nnames && list.len <= MAX_LIST_BYTES; i++)
	{
		if (schema->names[i].schema == NULL)
			continue;
		appendStringInfoString(&list, list.len == 0 ? "" : ", ");
		append_quoted(&list, schema->names[i].s, schema->names[i].len);
	}
	cut(&list, 0, MAX_LIST_BYTES);
	if (list.len == 0)
		return air_schema_problem(ck, place, "has the property %s, must have none", out.data);
	return air_schema_problem(ck, place, "has the property %s, may only have %s", out.data,
							  list.data);
}
