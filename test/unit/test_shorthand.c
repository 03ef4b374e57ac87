/*
 * test_shorthand.c
 *	  base/shorthand.h: what is shorthand, what is a schema, and what each becomes;
 *	  air_schema_wrap().
 */
#include "base/pg.h"

#include "base/shorthand.h"
#include "tap.h"

static const char *
expanded(const char *text, bool *shorthand, AirSchemaError *err)
{
	AirDoc doc;
	StringInfoData out;
	char *why;

	initStringInfo(&out);
	if (!air_doc_parse(&doc, text, strlen(text), &why))
		return psprintf("it %s", why);
	if (!air_shorthand(&doc, &out, shorthand, err))
		return psprintf("%s: %s", err->path, err->message);
	return out.data;
}

/* want NULL: it is a schema and stays what it is. */
static void
means(const char *text, const char *want)
{
	bool shorthand = false;
	AirSchemaError err;
	const char *got = expanded(text, &shorthand, &err);

	is_str(got, want != NULL ? want : text, "%s", text);
	ok(shorthand == (want != NULL), "is %s: %s", want != NULL ? "shorthand" : "a schema", text);
	ok(air_schema_compile(got, strlen(got), 0, &err) != NULL, "which compiles: %s", text);
}

static void
refused(const char *text, const char *want, const char *hint)
{
	bool shorthand;
	AirSchemaError err = {0};

	is_str(expanded(text, &shorthand, &err), want, "refused: %s", text);
	if (hint != NULL)
		has(err.hint, hint, "hint for %s", text);
}

static void
test_shorthand(void)
{
	means(
		"{\"vendor\":\"text\",\"total\":\"numeric\"}",
		"{\"type\":\"object\",\"properties\":{\"vendor\":{\"type\":\"string\"},\"total\":{\"type\":"
		"\"number\"}},\"required\":[\"vendor\",\"total\"],\"additionalProperties\":false}");
	means("{\"a b\":\"date?\"}",
		  "{\"type\":\"object\",\"properties\":{\"a b\":{\"type\":[\"string\",\"null\"],\"format\":"
		  "\"date\"}},\"required\":[\"a b\"],\"additionalProperties\":false}");
	means("\"numeric\"", "{\"type\":\"number\"}");
	means("[\"text\"]", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
	means("\"text[]?\"", "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}");
	means("[{\"n\":\"int\"}]",
		  "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":"
		  "\"integer\"}},\"required\":[\"n\"],\"additionalProperties\":false}}");
	means(
		"{\"s\":{\"enum\":[\"a\",\"b\"]}}",
		"{\"type\":\"object\",\"properties\":{\"s\":{\"enum\":[\"a\",\"b\"]}},\"required\":[\"s\"],"
		"\"additionalProperties\":false}");
	means("{\"j\":\"jsonb\"}",
		  "{\"type\":\"object\",\"properties\":{\"j\":{}},\"required\":[\"j\"],"
		  "\"additionalProperties\":false}");

	/* Columns that have a keyword's name. */
	means("{\"type\":\"text\"}", "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":"
								 "\"string\"}},\"required\":[\"type\"]"
								 ",\"additionalProperties\":false}");
	means(
		"{\"type\":\"int\",\"title\":\"text\"}",
		"{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"integer\"},\"title\":{\"type\":"
		"\"string\"}},\"required\":[\"type\",\"title\"],\"additionalProperties\":false}");
	means("{\"type\":[\"text\"]}",
		  "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"array\",\"items\":{\"type\":"
		  "\"string\"}}},\"required\":[\"type\"],\"additionalProperties\":false}");
	means("{\"items\":[{\"sku\":\"text\"}]}",
		  "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":"
		  "\"object\",\"properties\":{\"sku\":{\"type\":\"string\"}},\"required\":[\"sku\"],"
		  "\"additionalProperties\":false}}},\"required\":[\"items\"],\"additionalProperties\":"
		  "false}");
	means(
		"{\"properties\":{\"color\":\"text\"}}",
		"{\"type\":\"object\",\"properties\":{\"properties\":{\"type\":\"object\",\"properties\":{"
		"\"color\":{\"type\":\"string\"}},\"required\":[\"color\"],\"additionalProperties\":false}}"
		","
		"\"required\":[\"properties\"],\"additionalProperties\":false}");
	means("{\"enum\":\"text\",\"const\":\"date\"}",
		  "{\"type\":\"object\",\"properties\":{\"enum\":{\"type\":\"string\"},\"const\":{\"type\":"
		  "\"string\",\"format\":\"date\"}},\"required\":[\"enum\",\"const\"],"
		  "\"additionalProperties\":"
		  "false}");

	/* Schemas. */
	means("{}", NULL);
	means("{\"type\":\"string\"}", NULL);
	means("{\"type\":\"integer\"}", NULL);
	means("{\"type\":\"boolean\",\"description\":\"is it paid?\"}", NULL);
	means("{\"type\":[\"string\",\"null\"]}", NULL);
	means("{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"}}}", NULL);
	means("{\"properties\":{\"a\":{}}}", NULL);
	means("{\"properties\":{}}", NULL);
	means("{\"enum\":[\"text\"]}", NULL);
	means("{\"const\":1}", NULL);
	means("{\"anyOf\":[{\"type\":\"null\"}]}", NULL);
	means("{\"$comment\":\"anything\"}", NULL);
	means("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"null\"}}}", NULL);

	refused("{\"total\":\"numerc\"}",
			"$[\"total\"]: unknown type \"numerc\" in the shorthand of a schema",
			"Did you mean \"numeric\"? Types are text");
	refused("{\"a\":{\"b\":\"money\"}}",
			"$[\"a\"][\"b\"]: unknown type \"money\" in the shorthand of a schema",
			"Types are text");
	refused("{\"a\":1}",
			"$[\"a\"]: a schema must be a JSON object, or a type's name where it is shorthand",
			NULL);
	refused("null", "$: a schema must be a JSON object, or a type's name where it is shorthand",
			NULL);
	refused("{\"a\":[\"x\",\"y\"]}",
			"$[\"a\"]: a list in the shorthand of a schema must hold one type",
			"{\"enum\": [\"a\", \"b\"]}");
	refused("{\"a\":[]}", "$[\"a\"]: a list in the shorthand of a schema must hold one type", NULL);
	refused("{\"type\":\"integer\",\"title\":\"text\"}",
			"$: this may be a JSON Schema or shorthand for columns", "Say \"int\"");
	refused("{\"a\":\"?\"}", "$[\"a\"]: unknown type \"?\" in the shorthand of a schema", NULL);
	refused("{\"a\":\"text[][]\"}",
			"$[\"a\"]: unknown type \"text[][]\" in the shorthand of a schema", NULL);
}

static void
wraps(const char *text, const char *want)
{
	AirSchemaError err;
	AirSchema *schema = air_schema_compile(text, strlen(text), 0, &err);
	StringInfoData out;

	initStringInfo(&out);
	air_schema_wrap(schema, &out);
	is_str(out.data,
		   psprintf("{\"type\":\"object\",\"properties\":{\"value\":%s},\"required\":[\"value\"],"
					"\"additionalProperties\":false}",
					want),
		   "wrapped: %s", text);
	ok(air_schema_compile(out.data, out.len, 0, &err) != NULL, "which compiles");
}

static void
test_wrap(void)
{
	wraps("{\"type\":\"string\"}", "{\"type\":\"string\"}");
	wraps("true", "true");
	wraps(
		"{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/"
		"a\"},\"$defs\":{\"a\":{\"items\":{\"$ref\":"
		"\"#\"}}}}",
		"{\"type\":\"array\",\"items\":{\"$ref\":\"#/properties/value/$defs/a\"},\"$defs\":{\"a\":{"
		"\"items\":{\"$ref\":\"#/properties/value\"}}}}");
	/* Data that looks like a reference, and a property that is called one. */
	wraps("{\"anyOf\":[{\"const\":{\"$ref\":\"#\"}},{\"properties\":{\"$ref\":{\"type\":\"string\"}"
		  "}}]}",
		  "{\"anyOf\":[{\"const\":{\"$ref\":\"#\"}},{\"properties\":{\"$ref\":{\"type\":\"string\"}"
		  "}}]}");
}

int
main(void)
{
	test_shorthand();
	test_wrap();
	return done_testing();
}
