/*
 * test_schema_fit.c
 *	  air_schema_fit(): what each family's structured output gets of a schema.
 */
#include "base/pg.h"

#include "base/schema.h"
#include "kit.h"
#include "tap.h"

/* want NULL: it cannot be expressed.  What is sent is a schema of ours, too. */
static void
fits(const char *api, const char *schema, const char *want)
{
	const char *got = air_schema_fit(api, schema);
	AirSchemaError err;

	is_str(got, want, "%s: %s", api, schema);
	if (got != NULL)
		ok(air_schema_compile(got, strlen(got), 0, &err) != NULL, "a schema");
}

/* What OpenAI's strict mode takes as it comes out of air_schema_fit(). */
static void
is_strict(const char *schema, bool want)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	prompt.schema = air_schema_fit("openai", schema);
	has(kit_body("openai", &prompt), want ? "\"strict\":true" : "\"strict\":false", "strict %s: %s",
		want ? "on" : "off", schema);
}

#define CLOSED ",\"additionalProperties\":false"

static void
test_keywords(void)
{
	static const char limits[] =
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":3,"
		"\"pattern\":"
		"\"^a\",\"description\":\"A name\"},\"n\":{\"type\":\"number\",\"minimum\":0,"
		"\"exclusiveMaximum\":9007199254740993},\"d\":{\"type\":\"string\",\"format\":\"date\"},"
		"\"m\":{\"type\":\"string\",\"format\":\"email\"},\"l\":{\"type\":\"array\",\"items\":{"
		"\"const\":1},\"minItems\":1,\"uniqueItems\":true}},\"required\":[\"a\",\"n\",\"d\",\"m\","
		"\"l\"],\"additionalProperties\":false}";

	fits(
		"openai", limits,
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^a\","
		"\"description\":\"A name (maxLength: 3)\"},\"n\":{\"type\":\"number\",\"minimum\":0,"
		"\"exclusiveMaximum\":9007199254740993},\"d\":{\"type\":\"string\",\"format\":\"date\"},"
		"\"m\":"
		"{\"type\":\"string\",\"description\":\"format: \\\"email\\\"\"},\"l\":{\"type\":\"array\","
		"\"items\":{\"const\":1},\"minItems\":1,\"description\":\"uniqueItems: "
		"true\"}},\"required\":["
		"\"a\",\"n\",\"d\",\"m\",\"l\"],\"additionalProperties\":false}");
	fits("anthropic", limits,
		 "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"description\":\"A name "
		 "(maxLength: 3, pattern: "
		 "\\\"^a\\\")\"},\"n\":{\"type\":\"number\",\"description\":\"minimum: "
		 "0, exclusiveMaximum: 9007199254740993\"},\"d\":{\"type\":\"string\",\"format\":\"date\"},"
		 "\"m\":{\"type\":\"string\",\"description\":\"format: \\\"email\\\"\"},\"l\":{\"type\":"
		 "\"array\",\"items\":{\"const\":1},\"description\":\"minItems: 1, uniqueItems: true\"}},"
		 "\"required\":[\"a\",\"n\",\"d\",\"m\",\"l\"],\"additionalProperties\":false}");
	fits(
		"azure",
		"{\"type\":\"object\",\"properties\":{\"d\":{\"type\":\"string\",\"format\":\"date\"}},"
		"\"required\":[\"d\"]" CLOSED "}",
		"{\"type\":\"object\",\"properties\":{\"d\":{\"type\":\"string\",\"description\":\"format: "
		"\\\"date\\\"\"}},\"required\":[\"d\"]" CLOSED "}");
	fits(
		"gemini",
		"{\"type\":\"object\",\"properties\":{\"c\":{\"const\":\"x\"}},\"required\":[\"c\"]" CLOSED
		"}",
		"{\"type\":\"object\",\"properties\":{\"c\":{\"enum\":[\"x\"]}},\"required\":[\"c\"]" CLOSED
		"}");
	fits("ollama", limits, limits);
	fits("fixture", limits, limits);
	/* Annotations that are for people go, names of properties are no keywords. */
	fits("bedrock",
		 "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
		 "\"properties\":{\"default\":{\"type\":\"string\",\"default\":\"x\",\"title\":\"T\"},"
		 "\"not\":{"
		 "\"type\":\"null\"}}}",
		 "{\"type\":\"object\",\"properties\":{\"default\":{\"type\":\"string\",\"title\":\"T\"},"
		 "\"not\":"
		 "{\"type\":\"null\"}}" CLOSED "}");
}

static void
test_shapes(void)
{
	static const char *const unsaid[] = {
		"{\"type\":\"object\"}",
		"{\"type\":\"object\",\"properties\":{\"a\":{}}}",
		"{\"type\":\"object\",\"properties\":{\"a\":true}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\"}}}",
		"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":{\"type\":\"number\"}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
		"\"additionalProperties\":true}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"allOf\":[{\"type\":\"string\"}]}}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"oneOf\":[{\"type\":\"string\"}]}}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"prefixItems\":[{\"type\":"
		"\"string\"}]}}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/"
		"a\"}},\"$defs\":{\"a\":{\"type\":"
		"\"array\",\"items\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"},{\"type\":\"null\"}]}}}}",
	};

	for (int i = 0; i < (int) lengthof(unsaid); i++)
	{
		fits("anthropic", unsaid[i], NULL);
		/* OpenAI has a mode that takes it as it is. */
		if (strstr(unsaid[i], "$ref") == NULL)
		{
			fits("openai", unsaid[i], unsaid[i]);
			is_strict(unsaid[i], false);
		}
	}
	fits("cohere", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", NULL);
	fits("anthropic", "not JSON", NULL);
}

static void
test_strict(void)
{
	is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":2}},"
			  "\"required\":[\"a\"]}",
			  true);
	is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"string\",\"null\"]},\"b\":{"
			  "\"type\":\"object\",\"properties\":{\"c\":{\"anyOf\":[{\"type\":\"string\",\"enum\":"
			  "[\"x\"]},{\"type\":\"null\"}]}},\"required\":[\"c\"]" CLOSED
			  "}},\"required\":[\"a\","
			  "\"b\"]" CLOSED "}",
			  true);
	is_strict(
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/"
		"t\",\"description\":\"d\"}},"
		"\"required\":[\"a\"],\"$defs\":{\"t\":{\"type\":\"object\",\"properties\":{\"kids\":{"
		"\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/t\"}}},\"required\":[\"kids\"]}}}",
		true);
	is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":"
			  "\"string\"}},\"required\":[\"a\"]}",
			  false);
	is_strict(
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/t\",\"type\":\"string\"}},"
		"\"required\":[\"a\"],\"$defs\":{\"t\":{\"type\":\"string\"}}}",
		false);
	is_strict("{\"type\":\"object\",\"properties\":{\"required\":{\"type\":\"string\"},\"type\":{"
			  "\"type\":"
			  "\"string\"}},\"required\":[\"required\",\"type\"]}",
			  true);
}

int
main(void)
{
	test_keywords();
	test_shapes();
	test_strict();
	return done_testing();
}
