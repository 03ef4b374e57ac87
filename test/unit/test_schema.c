/*
 * test_schema.c
 *	  base/schema.h against cases in files.
 *
 * schema/NAME.json has the form of the official JSON-Schema-Test-Suite: an array of groups,
 * each a schema and documents that satisfy it or not.  Beyond that a test may have
 * "problem", the words; a group "error" and "hint" instead of tests, for a schema that is
 * refused; and "columns": true.  Where the official suite is installed (Debian:
 * json-schema-test-suite, or its tests/draft7 in SCHEMA_SUITE) its cases are run as well.
 */
#include "base/pg.h"

#include <dirent.h>

#include "base/schema.h"
#include "tap.h"

#define SUITE "/usr/share/json-schema-test-suite/tests/draft7"

static char *
read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text;

	if (f == NULL)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = (size_t) ftell(f);
	rewind(f);
	text = palloc(*len + 1);
	if (fread(text, 1, *len, f) != *len)
		*len = 0;
	fclose(f);
	text[*len] = '\0';
	return text;
}

/* A node as JSON again: what is under test parses its own copy, to exact size. */
static char *
printed(const AirDoc *doc, uint32 node, size_t *len)
{
	StringInfoData out;
	char *copy;

	initStringInfo(&out);
	air_doc_print(doc, node, &out);
	*len = (size_t) out.len;
	copy = malloc(out.len);
	memcpy(copy, out.data, out.len);
	return copy;
}

static const char *
text_of(const AirDoc *doc, uint32 node, const char *name)
{
	uint32 member = air_doc_member(doc, node, name);

	return member != 0 ? air_doc_string(doc, member) : NULL;
}

static void
run_test(const AirSchema *schema, const AirDoc *file, uint32 test, const char *name)
{
	bool want = air_doc_node(file, air_doc_member(file, test, "valid"))->type == AIR_DOC_TRUE;
	const char *words = text_of(file, test, "problem");
	char *problem = NULL;
	char *why = NULL;
	AirDoc data;
	size_t len;
	char *text = printed(file, air_doc_member(file, test, "data"), &len);
	bool got =
		air_doc_parse(&data, text, len, &why) && air_schema_check(schema, &data, 0, "$", &problem);

	ok(got == want && why == NULL && (problem == NULL) == want, "%s, %s", name,
	   text_of(file, test, "description"));
	if (words != NULL)
		is_str(problem, words, "%s, %s: in words", name, text_of(file, test, "description"));
	free(text);
}

/* Where draft 7 means something else than 2020-12. */
static bool
is_of_before(const char *name)
{
	return strstr(name, "ref overrides any sibling keywords") != NULL;
}

static void
run_group(const AirDoc *file, uint32 group, const char *name, bool foreign)
{
	uint32 columns = air_doc_member(file, group, "columns");
	uint32 tests = air_doc_member(file, group, "tests");
	const char *error = text_of(file, group, "error");
	const char *hint = text_of(file, group, "hint");
	AirSchemaError err;
	size_t len;
	char *text = printed(file, air_doc_member(file, group, "schema"), &len);
	AirSchema *schema = air_schema_compile(text, len, columns != 0 ? AIR_SCHEMA_COLUMNS : 0, &err);
	uint32 test = tests + 1;

	free(text);
	if (error != NULL)
	{
		is_str(schema == NULL ? psprintf("%s: %s", err.path, err.message) : "accepted", error,
			   "%s: refused", name);
		if (hint != NULL)
			is_str(schema == NULL ? err.hint : NULL, hint, "%s: hint", name);
		return;
	}
	if (schema == NULL)
	{
		if (!foreign)
			is_str(psprintf("%s: %s", err.path, err.message), NULL, "%s: a schema", name);
		else
			printf("# refused: %s: %s: %s\n", name, err.path, err.message);
		return;
	}
	for (uint32 n = air_doc_node(file, tests)->count; n > 0; n--)
	{
		run_test(schema, file, test, name);
		test = air_doc_node(file, test)->next;
	}
}

static void
run_file(const char *dir, const char *name, bool foreign)
{
	size_t len;
	char *text = read_all(psprintf("%s/%s", dir, name), &len);
	char *why = NULL;
	AirDoc file;
	uint32 group = 1;

	if (!ok(text != NULL && air_doc_parse(&file, text, len, &why), "%s is read%s%s", name,
			why != NULL ? ": it " : "", why != NULL ? why : ""))
		return;
	for (uint32 n = air_doc_node(&file, 0)->count; n > 0; n--)
	{
		const char *group_name = psprintf("%s: %s", name, text_of(&file, group, "description"));

		if (!foreign || !is_of_before(group_name))
			run_group(&file, group, group_name, foreign);
		group = air_doc_node(&file, group)->next;
	}
}

/* Files of the official suite that are about what we do not have. */
static bool
is_other(const char *name)
{
	/* They need a network, and the metaschema. */
	return strcmp(name, "refRemote.json") == 0 || strcmp(name, "definitions.json") == 0;
}

static void
run_directory(const char *path, bool foreign)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int files = 0;

	if (dir == NULL && foreign)
	{
		printf("# %s is not there: the official cases are not run\n", path);
		return;
	}
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strstr(entry->d_name, ".json") == NULL || (foreign && is_other(entry->d_name)))
			continue;
		run_file(path, entry->d_name, foreign);
		files++;
	}
	if (dir != NULL)
		closedir(dir);
	ok(files > 0, "there are cases in %s", path);
}

/* What files cannot say. */
static void
test_texts(void)
{
	static const struct
	{
		const char *text;
		const char *why;
	} bad[] = {
		{"", "is empty"},
		{" \n", "is empty"},
		{"{\"a\":1", "ends before it is complete, at character 7"},
		{"{\"a\":1}x", "has text behind the JSON value, at character 8"},
		{"{\"a\":1,\"b\":2,\"a\":3}",
		 "has two members of the same name in one object, at character 15"},
		{"{\"a\":1,\"\\u0061\":3}",
		 "has two members of the same name in one object, at character 9"},
		{"[1,]", "has something that is no JSON value, at character 4"},
		{"[1 2]", "has no comma between two values, at character 4"},
		{"{a:1}", "has something other than a quoted name in an object, at character 2"},
		{"{\"a\" 1}", "has no colon behind a name, at character 6"},
		{"[\"\\u0000\"]",
		 "has the character \\u0000 in a string, which cannot be stored, at character 5"},
		{"[\"\\ud800\"]", "has half a surrogate pair in a string, at character 9"},
		{"[\"\\udc00\\ud800\"]", "has half a surrogate pair in a string, at character 9"},
		{"[\"\\x\"]", "has an unknown escape in a string, at character 4"},
		{"[\"\\u12\"]", "has an incomplete escape in a string, at character 5"},
		{"[\"a\nb\"]", "has a control character in a string, at character 4"},
		{"\"abc", "ends before it is complete, at character 5"},
		{"\"abc\\", "ends before it is complete, at character 6"},
		{"01", "has a number that begins with 0, at character 1"},
		{"+1", "has something that is no JSON value, at character 1"},
		{".5", "has something that is no JSON value, at character 1"},
		{"1.", "ends before it is complete, at character 3"},
		{"1.x", "has an incomplete number, at character 3"},
		{"1e", "ends before it is complete, at character 3"},
		{"-", "ends before it is complete, at character 2"},
		{"NaN", "has something that is no JSON value, at character 1"},
		{"-Infinity", "has something that is no JSON value, at character 2"},
		{"1e1001", "has a number with too many places, at character 1"},
		{"1e-1001", "has a number with too many places, at character 1"},
		{"0e1001", "has a number with too many places, at character 1"},
		{"-0.0e107890156789", "has a number with too many places, at character 1"},
		{"0e-1001", "has a number with too many places, at character 1"},
		{"[1.0e-1000]", "has a number with too many places, at character 2"},
		{"1e999999999999999999999", "has a number with too many places, at character 1"},
		{"tru", "has something that is no JSON value, at character 1"},
		{"\xff", "is not valid UTF-8"},
		{"\"\xc3\"", "is not valid UTF-8"},
		{"[\"\xc3\xa4\" 1]", "has no comma between two values, at character 6"},
	};
	StringInfoData deep;
	AirDoc doc;
	char *why;

	for (int i = 0; i < (int) lengthof(bad); i++)
	{
		size_t len = strlen(bad[i].text);
		char *copy = malloc(Max(len, 1));

		memcpy(copy, bad[i].text, len);
		why = NULL;
		is_str(air_doc_parse(&doc, copy, len, &why) ? "accepted" : why, bad[i].why, "refused: %s",
			   bad[i].text);
		free(copy);
	}
	initStringInfo(&deep);
	for (int i = 0; i < AIR_DOC_DEPTH; i++)
		appendStringInfoChar(&deep, '[');
	for (int i = 0; i < AIR_DOC_DEPTH; i++)
		appendStringInfoChar(&deep, ']');
	ok(air_doc_parse(&doc, deep.data, deep.len, &why), "as deep as it may be");
	is_str(air_doc_parse(&doc, psprintf("[%s]", deep.data), deep.len + 2, &why) ? NULL : why,
		   "is nested too deeply, at character 201", "a level deeper");
	ok(!air_doc_parse(&doc, "\0", 1, &why), "a NUL byte is refused");
}

static void
is_printed(const char *text, const char *want)
{
	AirDoc doc;
	StringInfoData out;
	char *why;

	initStringInfo(&out);
	if (air_doc_parse(&doc, text, strlen(text), &why))
		air_doc_print(&doc, 0, &out);
	is_str(out.data, want, "printed: %s", want);
}

static void
test_printing(void)
{
	is_printed(" { \"a\" : [ 1.50 , -0 , 1E+2 , 12345678901234567890 ] , \"b\" : { } } ",
			   "{\"a\":[1.50,-0,1E+2,12345678901234567890],\"b\":{}}");
	is_printed("[\"\\u00e4\\ud83d\\ude00\\/\\\"\\\\\\n\\u0001\",true,false,null]",
			   "[\"\xc3\xa4\xf0\x9f\x98\x80/\\\"\\\\\\n\\u0001\",true,false,null]");
	is_printed("\"\"", "\"\"");
}

/* Work that grows faster than the text ends, and not in success. */
static void
test_bounds(void)
{
	AirSchemaError err;
	AirSchema *schema;
	AirDoc doc;
	StringInfoData text;
	char *problem;
	char *why;

	/* 2^60 ways through a schema. */
	initStringInfo(&text);
	appendStringInfoString(&text, "{\"$ref\":\"#/$defs/a0\",\"$defs\":{");
	for (int i = 0; i < 60; i++)
		appendStringInfo(
			&text, "\"a%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/a%d\"},{\"$ref\":\"#/$defs/a%d\"}]},",
			i, i + 1, i + 1);
	appendStringInfoString(&text, "\"a60\":{\"type\":\"string\"}}}");
	schema = air_schema_compile(text.data, text.len, 0, &err);
	ok(schema != NULL, "a schema with many ways through it");
	ok(air_doc_parse(&doc, "1", 1, &why), "a document");
	ok(schema != NULL && !air_schema_check(schema, &doc, 0, "$", &problem), "it does not pass");
	is_str(problem, "$: it is too large to be checked against its schema", "and says so");

	/* The same under "not": what is not known is not good. */
	schema = air_schema_compile(
		psprintf("{\"not\":{\"$ref\":\"#/$defs/a0\"},%s", strstr(text.data, "\"$defs\"")),
		strlen(psprintf("{\"not\":{\"$ref\":\"#/$defs/a0\"},%s", strstr(text.data, "\"$defs\""))),
		0, &err);
	ok(schema != NULL && !air_schema_check(schema, &doc, 0, "$", &problem),
	   "nor does it under \"not\"");

	/* A pattern that hurts engines that go back, and one that is large. */
	resetStringInfo(&text);
	appendStringInfoChar(&text, '"');
	for (int i = 0; i < 50000; i++)
		appendStringInfoChar(&text, 'a');
	appendStringInfoString(&text, "b\"");
	schema = air_schema_compile("{\"pattern\":\"^(a+)+$\"}", 21, 0, &err);
	ok(air_doc_parse(&doc, text.data, text.len, &why), "a long string");
	ok(schema != NULL && !air_schema_check(schema, &doc, 0, "$", &problem), "does not match");
	is_str(problem, "$: must match the pattern \"^(a+)+$\"", "which is found out");
	schema = air_schema_compile("{\"pattern\":\"(a?){900}c\"}", 24, 0, &err);
	ok(schema != NULL && !air_schema_check(schema, &doc, 0, "$", &problem), "nor a dear one");
	is_str(problem, "$: it is too large to be checked against its schema", "which is given up");
	schema = air_schema_compile("{\"pattern\":\"((a{1000}){1000}){1000}\"}", 37, 0, &err);
	is_str(schema == NULL ? err.message : NULL, "the pattern is too large", "a huge pattern");
}

int
main(void)
{
	const char *suite = getenv("SCHEMA_SUITE");

	test_texts();
	test_printing();
	test_bounds();
	run_directory("schema", false);
	run_directory(suite != NULL ? suite : SUITE, true);
	return done_testing();
}
