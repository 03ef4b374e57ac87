/*
 * fuzz_schema.c
 *	  JSON Schema: schemas, documents, patterns, numbers.
 *
 * "schema" is a schema and a document, "shorthand" one document, "pattern" a pattern and a text,
 *"decimal" two numbers, with a line of "&" between them.
 */
#include "base/pg.h"

#include <math.h>

#include "base/json.h"
#include "base/pattern.h"
#include "base/schema.h"
#include "base/shorthand.h"
#include "base/text.h"
#include "provider/provider.h"

#include "fuzz.h"

/* Both halves of an input, to exact size; the second is empty without a mark. */
static void
halves(const char *data, size_t size, char *half[2], size_t len[2])
{
	const char *mark = memmem(data, size, "\n&\n", 3);

	len[0] = mark != NULL ? (size_t) (mark - data) : size;
	len[1] = mark != NULL ? size - len[0] - 3 : 0;
	half[0] = exact(data, len[0]);
	half[1] = exact(data + size - len[1], len[1]);
}

/* Parse; what is accepted is JSON to others too, and survives printing. */
static bool
read_document(AirDoc *doc, const char *text, size_t len)
{
	char *why = NULL;
	StringInfoData out;
	StringInfoData again;
	AirDoc copy;
	cJSON *theirs;

	if (!air_doc_parse(doc, text, len, &why))
	{
		PROMISE(why != NULL);
		check_line(why, "reason");
		return false;
	}
	PROMISE(air_utf8_valid(text, len));
	theirs = cJSON_Parse(pnstrdup(text, len));
	PROMISE(theirs != NULL);
	cJSON_Delete(theirs);

	initStringInfo(&out);
	air_doc_print(doc, 0, &out);
	PROMISE(air_doc_parse(&copy, exact(out.data, out.len), out.len, &why), "%s", why);
	PROMISE(copy.nnodes == doc->nnodes);
	PROMISE(air_doc_equal(doc, 0, &copy, 0) && air_doc_equal(&copy, 0, doc, 0), "%s", out.data);
	PROMISE(air_doc_hash(doc, 0) == air_doc_hash(&copy, 0));
	initStringInfo(&again);
	air_doc_print(&copy, 0, &again);
	PROMISE(strcmp(out.data, again.data) == 0, "%s", out.data);
	return true;
}

/* What becomes of a schema that is sent: JSON that says no more than it, if anything is left. */
static void
send_schema(const AirSchema *schema, const char *text)
{
	static const char *const apis[] = {"openai", "azure",  "anthropic",
									   "gemini", "cohere", "ollama"};
	StringInfoData wrapped;
	AirDoc doc;
	AirSchemaError err;
	char *why;

	initStringInfo(&wrapped);
	air_schema_wrap(schema, &wrapped);
	PROMISE(air_doc_parse(&doc, wrapped.data, wrapped.len, &why) || strstr(why, "deep") != NULL,
			"%s", why);
	for (int i = 0; i < (int) lengthof(apis); i++)
	{
		const char *fitted = air_schema_fit(apis[i], text);

		if (fitted == NULL || fitted == text)
			continue;
		PROMISE(air_schema_compile(fitted, strlen(fitted), 0, &err) != NULL, "%s: %s", err.message,
				fitted);
		check_text(fitted, "fitted");
		PROMISE(strcmp(air_schema_fit(apis[i], fitted), fitted) == 0, "%s", fitted);
	}
}

/* A document as shorthand: a schema, or the reason. */
static void
expand_shorthand(const AirDoc *doc)
{
	StringInfoData out;
	AirSchemaError err;
	AirDoc schema;
	bool shorthand;
	char *why;

	initStringInfo(&out);
	if (air_shorthand(doc, &out, &shorthand, &err))
		PROMISE(air_doc_parse(&schema, out.data, out.len, &why) || strstr(why, "deep") != NULL,
				"%s: %s", why, out.data);
	else
	{
		check_text(err.message, "message");
		check_text(err.path, "path");
		check_text(err.hint, "hint");
		PROMISE(err.message != NULL);
	}
}

/* See fuzz.h. */
void
run_schema(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	char *half[2];
	size_t len[2];
	AirDoc doc;
	bool parsed;

	halves(data, size, half, len);
	parsed = read_document(&doc, half[1], len[1]);
	if (parsed)
		expand_shorthand(&doc);
	for (int flags = 0; air_utf8_valid(half[0], len[0]) && flags <= AIR_SCHEMA_COLUMNS; flags++)
	{
		AirSchemaError err;
		AirSchema *schema;
		char *problem = NULL;
		char *again = NULL;
		bool valid;

		memset(&err, 0, sizeof(err));
		schema = air_schema_compile(half[0], len[0], flags, &err);
		if (schema == NULL)
		{
			PROMISE(err.message != NULL && *err.message != '\0' && err.path != NULL);
			check_text(err.message, "message");
			check_text(err.path, "path");
			check_text(err.hint, "hint");
			continue;
		}
		if (flags == 0)
			send_schema(schema, pnstrdup(half[0], len[0]));
		if (!parsed)
			continue;
		valid = air_schema_check(schema, &doc, 0, "$", &problem);
		PROMISE(valid == (problem == NULL));
		check_text(problem, "problem");
		if (air_schema_is_object(schema) && valid)
			PROMISE(air_doc_node(&doc, 0)->type == AIR_DOC_OBJECT);
		/* Once more: the same. */
		PROMISE(air_schema_check(schema, &doc, 0, "$", &again) == valid);
		PROMISE(valid || strcmp(problem, again) == 0);
	}
}

/* See fuzz.h. */
void
run_shorthand(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	AirDoc doc;
	StringInfoData out;
	AirSchemaError err;
	bool shorthand = false;

	if (!read_document(&doc, exact(data, size), size))
		return;
	initStringInfo(&out);
	memset(&err, 0, sizeof(err));
	if (!air_shorthand(&doc, &out, &shorthand, &err))
	{
		PROMISE(err.message != NULL && *err.message != '\0' && err.path != NULL);
		check_text(err.message, "message");
		check_text(err.path, "path");
		check_text(err.hint, "hint");
		return;
	}
	/* A schema is deeper than its shorthand: too deep, maybe, but nothing worse. */
	if (!read_document(&doc, exact(out.data, out.len), out.len))
	{
		PROMISE(air_schema_compile(out.data, out.len, AIR_SCHEMA_COLUMNS, &err) == NULL);
		PROMISE(strstr(err.message, "nest") != NULL || strstr(err.message, "deep") != NULL, "%s",
				err.message);
		return;
	}
	/* A column may be a schema in full, and that one may be wrong: its name is then in the path. */
	if (shorthand && air_schema_compile(out.data, out.len, AIR_SCHEMA_COLUMNS, &err) == NULL)
		PROMISE(strncmp(err.path, "$.", 2) == 0, "%s: %s: %s", out.data, err.path, err.message);
}

/* See fuzz.h. */
void
run_pattern(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	char *half[2];
	size_t len[2];
	const char *why = NULL;
	AirPattern *pattern;
	int64 steps = 1000000;
	int64 left = steps;
	bool matches;

	halves(data, size, half, len);
	if (!air_utf8_valid(half[0], len[0]) || !air_utf8_valid(half[1], len[1]))
		return;
	pattern = air_pattern_compile(half[0], len[0], &why);
	PROMISE((pattern == NULL) == (why != NULL));
	if (pattern == NULL)
		return;
	matches = air_pattern_matches(pattern, half[1], len[1], &left);
	PROMISE(left < steps);
	/* A text that holds one that matches does so too, where nothing is said about the rest. */
	if (matches && memchr(half[0], '$', len[0]) == NULL && memchr(half[0], '^', len[0]) == NULL &&
		memchr(half[0], '\\', len[0]) == NULL)
	{
		char *longer = psprintf("<%.*s>", (int) len[1], half[1]);

		left = 2 * steps;
		PROMISE(air_pattern_matches(pattern, longer, strlen(longer), &left) || left <= 0 ||
				memchr(half[1], '\0', len[1]) != NULL);
	}
}

/* See fuzz.h. */
void
run_decimal(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	char *half[2];
	size_t len[2];
	AirDecimal d[2];
	double value[2];
	AirDoc doc;
	char *why;

	halves(data, size, half, len);
	for (int i = 0; i < 2; i++)
	{
		/* The parser takes only what has JSON's form. */
		if (!air_doc_parse(&doc, half[i], len[i], &why) ||
			air_doc_node(&doc, 0)->type != AIR_DOC_NUMBER)
			return;
		d[i] = air_doc_decimal(&doc, 0);
		value[i] = strtod(pnstrdup(half[i], len[i]), NULL);
		PROMISE(d[i].ndigits == 0 || (d[i].digits[0] >= '1' && d[i].digits[0] <= '9'));
		PROMISE(!(d[i].negative && d[i].ndigits == 0));
		PROMISE(air_decimal_compare(&d[i], &d[i]) == 0);
		if (air_decimal_is_integer(&d[i]) && fabs(value[i]) < 1e300)
			PROMISE(value[i] == floor(value[i]));
	}
	PROMISE(air_decimal_compare(&d[0], &d[1]) == -air_decimal_compare(&d[1], &d[0]));
	/* Doubles are in the same order, or equal for being rounded. */
	PROMISE(value[0] == value[1] ||
			(value[0] < value[1]) == (air_decimal_compare(&d[0], &d[1]) < 0));
	if (air_decimal_compare(&d[0], &d[1]) == 0)
		PROMISE(value[0] == value[1] && air_decimal_hash(&d[0]) == air_decimal_hash(&d[1]));
	if (d[1].ndigits > 0 && d[1].ndigits <= AIR_DECIMAL_DIVISOR_DIGITS && !d[1].negative)
	{
		bool multiple = air_decimal_is_multiple(&d[0], &d[1]);

		/* Exact in doubles. */
		if (fabs(value[0]) < 1e15 && value[1] < 1e15 && value[0] == floor(value[0]) &&
			value[1] == floor(value[1]) && air_decimal_is_integer(&d[0]) &&
			air_decimal_is_integer(&d[1]))
			PROMISE(multiple == (fmod(value[0], value[1]) == 0));
	}
}
