/*
 * schema_fit.c
 *	  A JSON Schema in the part of JSON Schema that a family enforces.
 *
 * Each family takes some keywords and answers 400 to the others (providers.md 1.5).  Our
 * caller checks answers against the whole schema, so a limit that cannot be enforced may as
 * well be words: it goes into the description, where the model reads it.  What is left says
 * no more than the schema does, and may say less; objects that say nothing of further
 * properties are closed, as families that can only close them would have it.  A schema whose
 * very shape a family cannot express is not sent at all.
 */
#include "base/pg.h"

#include "base/schema.h"
#include "provider/openai_shape.h"

/* Families, as bits. */
#define OPENAI 1    /* in strict mode */
#define AZURE 2     /* likewise; fewer keywords */
#define ANTHROPIC 4 /* and Bedrock */
#define GEMINI 8
#define COHERE 16
#define EVERYBODY (OPENAI | AZURE | ANTHROPIC | GEMINI | COHERE)

/* What becomes of a keyword where it is not taken. */
typedef enum Otherwise
{
	GONE,    /* it says nothing about the value */
	WORDS,   /* it becomes words */
	NOT_SAID /* the schema cannot be expressed */
} Otherwise;

typedef struct Keyword
{
	const char *name;
	unsigned taken; /* by these families */
	Otherwise otherwise;
} Keyword;

static const Keyword keywords[] = {
	{"type", EVERYBODY, GONE},
	{"properties", EVERYBODY, GONE},
	{"required", EVERYBODY, GONE},
	{"additionalProperties", EVERYBODY, GONE},
	{"items", EVERYBODY, GONE},
	{"enum", EVERYBODY, GONE},
	{"const", EVERYBODY, WORDS},
	{"anyOf", EVERYBODY, GONE},
	{"$ref", EVERYBODY, GONE},
	{"$defs", EVERYBODY, GONE},
	{"definitions", EVERYBODY, GONE},
	{"title", EVERYBODY, GONE},
	{"$id", 0, GONE},
	{"$schema", 0, GONE},
	{"$comment", 0, GONE},
	{"default", 0, GONE},
	{"examples", 0, WORDS},
	{"deprecated", 0, GONE},
	{"readOnly", 0, GONE},
	{"writeOnly", 0, GONE},
	{"format", EVERYBODY & ~AZURE, WORDS},
	{"minimum", OPENAI | GEMINI, WORDS},
	{"maximum", OPENAI | GEMINI, WORDS},
	{"exclusiveMinimum", OPENAI, WORDS},
	{"exclusiveMaximum", OPENAI, WORDS},
	{"multipleOf", OPENAI, WORDS},
	{"pattern", OPENAI | COHERE, WORDS},
	{"minItems", OPENAI | GEMINI, WORDS},
	{"maxItems", OPENAI | GEMINI, WORDS},
	{"uniqueItems", 0, WORDS},
	{"minLength", 0, WORDS},
	{"maxLength", 0, WORDS},
	{"minProperties", 0, WORDS},
	{"maxProperties", 0, WORDS},
	{"not", 0, WORDS},
	{"prefixItems", GEMINI, NOT_SAID},
	{"oneOf", GEMINI, NOT_SAID},
	{"allOf", 0, NOT_SAID},
};

/* Formats that all who know formats know. */
static const char *const formats[] = {"date", "time", "date-time", "uuid"};

typedef struct Fit
{
	const AirDoc *doc;
	unsigned family;
	StringInfo out;
	uint8 *seen; /* by node, while circles are looked for */
	bool good;
} Fit;

static void fit_schema(Fit *fit, uint32 i);

static void
append_name(Fit *fit, uint32 child, bool *first)
{
	const AirDocNode *node = air_doc_node(fit->doc, child);

	if (!*first)
		appendStringInfoChar(fit->out, ',');
	*first = false;
	air_doc_quote(fit->doc->text + node->name, node->name_len, fit->out);
	appendStringInfoChar(fit->out, ':');
}

static const Keyword *
find_keyword(const AirDoc *doc, uint32 child)
{
	for (int k = 0; k < (int) lengthof(keywords); k++)
	{
		if (air_doc_name_is(doc, child, keywords[k].name))
			return &keywords[k];
	}
	return NULL;
}

/* Does the family take the keyword with this value? */
static bool
is_taken(const Fit *fit, const Keyword *keyword, uint32 child)
{
	if ((keyword->taken & fit->family) == 0)
		return false;
	if (strcmp(keyword->name, "format") == 0)
	{
		for (int f = 0; f < (int) lengthof(formats); f++)
		{
			if (air_doc_string_is(fit->doc, child, formats[f]))
				return true;
		}
		return false;
	}
	/* Gemini's enum knows strings and numbers, and no const. */
	if (fit->family == GEMINI && strcmp(keyword->name, "const") == 0)
		return false;
	return true;
}

static bool
is_of(const AirDoc *doc, uint32 i, AirDocType type)
{
	return i != 0 && air_doc_node(doc, i)->type == type;
}

/* Does "type" name this one, alone or among others? */
static bool
has_type(const AirDoc *doc, uint32 i, const char *name)
{
	uint32 type = air_doc_member(doc, i, "type");
	uint32 child = type + 1;

	if (!is_of(doc, type, AIR_DOC_ARRAY))
		return type != 0 && air_doc_string_is(doc, type, name);
	for (uint32 n = air_doc_node(doc, type)->count; n > 0;
		 n--, child = air_doc_node(doc, child)->next)
	{
		if (air_doc_string_is(doc, child, name))
			return true;
	}
	return false;
}

/* Is every property of an object schema required? */
static bool
all_required(const AirDoc *doc, uint32 i)
{
	uint32 properties = air_doc_member(doc, i, "properties");
	uint32 required = air_doc_member(doc, i, "required");
	uint32 property = properties + 1;

	if (properties == 0)
		return true;
	for (uint32 n = air_doc_node(doc, properties)->count; n > 0;
		 n--, property = air_doc_node(doc, property)->next)
	{
		uint32 name = required + 1;
		uint32 left = required != 0 ? air_doc_node(doc, required)->count : 0;

		while (left > 0 && !air_doc_string_is(doc, name, air_doc_name(doc, property)))
		{
			name = air_doc_node(doc, name)->next;
			left--;
		}
		if (left == 0)
			return false;
	}
	return true;
}

/* Can the family express what the schema is about at all? */
static bool
has_shape(const Fit *fit, uint32 i)
{
	static const char *const shapes[] = {"type", "$ref", "anyOf", "oneOf", "enum", "const"};
	const AirDoc *doc = fit->doc;
	bool typed = false;
	uint32 required;

	for (int s = 0; s < (int) lengthof(shapes); s++)
		typed |= air_doc_member(doc, i, shapes[s]) != 0;
	if (!typed)
		return false;
	if (has_type(doc, i, "array") && !is_of(doc, air_doc_member(doc, i, "items"), AIR_DOC_OBJECT) &&
		air_doc_member(doc, i, "prefixItems") == 0)
		return false;
	if (!has_type(doc, i, "object"))
		return true;

	/* A map of any names, an object of anything. */
	if (!is_of(doc, air_doc_member(doc, i, "properties"), AIR_DOC_OBJECT) ||
		is_of(doc, air_doc_member(doc, i, "additionalProperties"), AIR_DOC_OBJECT) ||
		is_of(doc, air_doc_member(doc, i, "additionalProperties"), AIR_DOC_TRUE))
		return fit->family == GEMINI;
	if ((fit->family & (OPENAI | AZURE)) != 0)
		return all_required(doc, i);
	required = air_doc_member(doc, i, "required");
	/* Cohere wants something to be required. */
	return fit->family != COHERE ||
		   (is_of(doc, required, AIR_DOC_ARRAY) && air_doc_node(doc, required)->count > 0);
}

/* Does a schema say nothing beside its reference but annotations and what becomes words? */
static bool
is_mere_reference(const Fit *fit, uint32 i)
{
	const AirDoc *doc = fit->doc;
	uint32 child = i + 1;

	for (uint32 n = air_doc_node(doc, i)->count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		const Keyword *keyword = find_keyword(doc, child);

		if (!air_doc_name_is(doc, child, "$ref") && !air_doc_name_is(doc, child, "title") &&
			!air_doc_name_is(doc, child, "description") &&
			(keyword == NULL || (keyword->taken & fit->family) != 0))
			return false;
	}
	return true;
}

/* The description: what it says, and what nothing else says any more. */
static void
append_description(Fit *fit, uint32 own, const char *words, bool *first)
{
	StringInfoData text;

	if (own == 0 && *words == '\0')
		return;
	initStringInfo(&text);
	if (own != 0)
		appendStringInfoString(&text, air_doc_string(fit->doc, own));
	if (*words != '\0')
		appendStringInfo(&text, own != 0 ? " (%s)" : "%s", words);
	appendStringInfoString(fit->out, *first ? "\"description\":" : ",\"description\":");
	*first = false;
	air_doc_quote(text.data, text.len, fit->out);
}

static void
fit_each(Fit *fit, uint32 i)
{
	const AirDocNode *node = air_doc_node(fit->doc, i);
	bool object = node->type == AIR_DOC_OBJECT;
	uint32 child = i + 1;
	bool first = true;

	appendStringInfoChar(fit->out, object ? '{' : '[');
	for (uint32 n = node->count; n > 0; n--, child = air_doc_node(fit->doc, child)->next)
	{
		if (object)
			append_name(fit, child, &first);
		else
		{
			appendStringInfoString(fit->out, first ? "" : ",");
			first = false;
		}
		fit_schema(fit, child);
	}
	appendStringInfoChar(fit->out, object ? '}' : ']');
}

/* A keyword that is not taken: into words, if it says something. */
static void
leave_out(Fit *fit, const Keyword *keyword, uint32 child, bool has_enum, StringInfo words,
		  bool *first)
{
	if (strcmp(keyword->name, "const") == 0 && !has_enum)
	{
		appendStringInfoString(fit->out, *first ? "\"enum\":[" : ",\"enum\":[");
		*first = false;
		air_doc_print(fit->doc, child, fit->out);
		appendStringInfoChar(fit->out, ']');
		return;
	}
	if (keyword->otherwise == NOT_SAID)
		fit->good = false;
	if (keyword->otherwise != WORDS)
		return;
	appendStringInfo(words, words->len > 0 ? ", %s: " : "%s: ", keyword->name);
	air_doc_print(fit->doc, child, words);
}

static void
fit_object(Fit *fit, uint32 i)
{
	const AirDoc *doc = fit->doc;
	uint32 child = i + 1;
	uint32 description = 0;
	bool first = true;
	StringInfoData words;

	initStringInfo(&words);
	appendStringInfoChar(fit->out, '{');
	for (uint32 n = air_doc_node(doc, i)->count; n > 0; n--, child = air_doc_node(doc, child)->next)
	{
		const Keyword *keyword = find_keyword(doc, child);

		if (air_doc_name_is(doc, child, "description"))
			description = is_of(doc, child, AIR_DOC_STRING) ? child : 0;
		else if (keyword == NULL)
			fit->good = false;
		else if (!is_taken(fit, keyword, child))
			leave_out(fit, keyword, child, air_doc_member(doc, i, "enum") != 0, &words, &first);
		else
		{
			AirSchemaPart part = air_schema_part(doc, child);

			append_name(fit, child, &first);
			if (part == AIR_PART_SCHEMAS && air_doc_node(doc, child)->type >= AIR_DOC_ARRAY)
				fit_each(fit, child);
			else if (part == AIR_PART_SCHEMA && is_of(doc, child, AIR_DOC_OBJECT))
				fit_schema(fit, child);
			else
				air_doc_print(doc, child, fit->out);
		}
	}
	if (has_type(doc, i, "object") && air_doc_member(doc, i, "additionalProperties") == 0 &&
		is_of(doc, air_doc_member(doc, i, "properties"), AIR_DOC_OBJECT))
	{
		appendStringInfoString(fit->out, first ? "\"additionalProperties\":false"
											   : ",\"additionalProperties\":false");
		first = false;
	}
	append_description(fit, description, words.data, &first);
	appendStringInfoChar(fit->out, '}');
}

static void
fit_schema(Fit *fit, uint32 i)
{
	if (!fit->good)
		return;
	fit->good = air_doc_node(fit->doc, i)->type == AIR_DOC_OBJECT;
	if (!fit->good || !has_shape(fit, i))
		fit->good = false;
	else if ((fit->family & (OPENAI | AZURE)) != 0 && air_doc_member(fit->doc, i, "$ref") != 0)
	{
		/* OpenAI takes nothing beside it. */
		fit->good = is_mere_reference(fit, i);
		appendStringInfoString(fit->out, "{\"$ref\":");
		air_doc_print(fit->doc, air_doc_member(fit->doc, i, "$ref"), fit->out);
		appendStringInfoChar(fit->out, '}');
	}
	else
		fit_object(fit, i);
}

enum
{
	UNSEEN,
	UNDER_WAY,
	DONE
};

/* Does what is at node i lead back to itself? */
static bool
recurs(Fit *fit, uint32 i, int depth)
{
	const AirDoc *doc = fit->doc;
	uint32 child = i + 1;
	uint32 ref = air_doc_member(doc, i, "$ref");
	uint32 target;
	bool found = false;

	if (fit->seen[i] == DONE)
		return false;
	if (fit->seen[i] == UNDER_WAY || depth > AIR_DOC_DEPTH)
		return true;
	fit->seen[i] = UNDER_WAY;
	if (is_of(doc, ref, AIR_DOC_STRING) &&
		air_schema_pointer(doc, air_doc_string(doc, ref), &target))
		found = recurs(fit, target, depth + 1);
	for (uint32 n = air_doc_node(doc, i)->count; n > 0 && !found;
		 n--, child = air_doc_node(doc, child)->next)
		found = recurs(fit, child, depth + 1);
	fit->seen[i] = DONE;
	return found;
}

/* The document as the family takes it, NULL if it cannot be expressed. */
static char *
fit_document(const AirDoc *doc, unsigned family)
{
	StringInfoData out;
	Fit fit = {.doc = doc, .family = family, .out = &out, .good = true};

	fit.seen = palloc0(doc->nnodes);
	if (family == ANTHROPIC && recurs(&fit, 0, 0))
		return NULL;
	initStringInfo(&out);
	fit_schema(&fit, 0);
	return fit.good ? out.data : NULL;
}

/* See provider.h. */
const char *
air_schema_fit(const char *api, const char *schema)
{
	static const struct
	{
		const char *api;
		unsigned family;
	} families[] = {
		{"openai", OPENAI},       {"openai_responses", OPENAI}, {"azure", AZURE},
		{"anthropic", ANTHROPIC}, {"bedrock", ANTHROPIC},       {"gemini", GEMINI},
		{"cohere", COHERE},
	};
	unsigned family = 0;
	const char *fitted;
	AirDoc doc;
	char *why;

	for (int f = 0; f < (int) lengthof(families); f++)
	{
		if (strcmp(families[f].api, api) == 0)
			family = families[f].family;
	}
	if (family == 0)
		return schema;
	if (!air_doc_parse(&doc, schema, strlen(schema), &why))
		return NULL;
	fitted = fit_document(&doc, family);
	/* OpenAI's other mode takes any schema, as advice. */
	return fitted == NULL && (family & (OPENAI | AZURE)) != 0 ? schema : fitted;
}

/* See openai_shape.h. */
bool
air_openai_is_strict(const char *schema)
{
	const char *fitted;
	AirDoc doc;
	AirDoc again;
	char *why;

	if (!air_doc_parse(&doc, schema, strlen(schema), &why) ||
		!air_doc_string_is(&doc, air_doc_member(&doc, 0, "type"), "object"))
		return false;
	fitted = fit_document(&doc, OPENAI);
	return fitted != NULL && air_doc_parse(&again, fitted, strlen(fitted), &why) &&
		   air_doc_equal(&doc, 0, &again, 0);
}
