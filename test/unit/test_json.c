/*
 * test_json.c
 *	  base/json.h: what is refused, what is read, what is printed.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "base/json.h"
#include "kit.h"
#include "tap.h"

/* Parse an exact copy, so that a read behind the end is seen. */
static AirJson *
parse(const char *text, size_t len, char **why)
{
	char *copy = malloc(len > 0 ? len : 1);
	AirJson *doc;

	memcpy(copy, text, len);
	doc = air_json_parse(copy, len, why);
	free(copy);
	return doc;
}

static void
is_refused(const char *text, size_t len, const char *want, const char *name)
{
	char *why = NULL;
	AirJson *doc = parse(text, len, &why);

	is_str(doc == NULL ? why : "accepted", want, "refused: %s", name);
}

static void
is_accepted(const char *text, const char *name)
{
	char *why = NULL;
	AirJson *doc = parse(text, strlen(text), &why);

	ok(doc != NULL && why == NULL, "accepted: %s", name);
	if (doc != NULL)
		air_json_free(doc);
}

/* depth arrays inside each other. */
static char *
nested(int depth)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < depth; i++)
		appendStringInfoChar(&buf, '[');
	for (int i = 0; i < depth; i++)
		appendStringInfoChar(&buf, ']');
	return buf.data;
}

static void
test_refusals(void)
{
	is_refused("", 0, "is empty", "nothing");
	is_refused("{", 1, "ends before it is complete, at character 2", "a cut object");
	is_refused("{\"1\":1,", 7, "ends before it is complete, at character 8",
			   "an object cut behind a comma");
	is_refused("\"abc", 4, "ends before it is complete, at character 5", "a cut string");
	is_refused("nul", 3, "has something that is no JSON value, at character 1", "a cut word");
	is_refused("{} x", 4, "has text behind the JSON value, at character 4", "something behind");
	is_refused("{}{}", 4, "has text behind the JSON value, at character 3", "two values");
	is_refused("{\"a\":\"\xff\"}", 9, "is not valid UTF-8", "bad UTF-8");
	is_refused("{\"a\":\"\0\"}", 9, "is not valid UTF-8", "a NUL byte");
	is_refused("{\"a\":\"x\\u0000y\"}", 16,
			   "has the character \\u0000 in a string, which cannot be stored, at character 10",
			   "an escaped NUL");
	is_refused("[\"\\ud800\"]", 10, "has half a surrogate pair in a string, at character 9",
			   "half a pair");
	is_refused("[\"\\udc00\\ud800\"]", 16, "has half a surrogate pair in a string, at character 9",
			   "a pair the wrong way");
	is_refused("[\"\\ud800\\n\"]", 12, "has half a surrogate pair in a string, at character 9",
			   "half a pair, then another");
	is_refused("[\"\\u12", 6, "has an incomplete escape in a string, at character 5",
			   "a cut escape");
	is_refused("[\"\\u12zz\"]", 10, "has an incomplete escape in a string, at character 5",
			   "an escape of no digits");
	is_refused("[\"\\", 3, "ends before it is complete, at character 4", "cut at a backslash");
	is_refused(nested(1001), 2002, "is nested too deeply, at character 201", "1001 levels");
	is_refused(nested(100000), 200000, "is nested too deeply, at character 201", "100000 levels");

	is_accepted(nested(200), "200 levels");
	is_accepted(" \n{\"a\":[1,2.5e3,true,null,\"\\ud83d\\ude00 \\\\u0000\"]} \r\n\t",
				"odd but right");
	is_accepted("\"[[[[\"", "brackets in a string do not count");
	is_accepted("12", "a lone number");
}

static void
test_reading(void)
{
	const char *text = "{\"a\":{\"b\":[10,\"s\",{\"c\":1.5}]},\"big\":1e300,\"neg\":-3.9,"
					   "\"t\":true,\"n\":null,\"7\":\"seven\",\"e\":\"\"}";
	char *why;
	AirJson *doc = parse(text, strlen(text), &why);
	const cJSON *root = doc->root;

	is_int(air_json_int(root, "a.b.0", -7), 10, "an index in a path");
	is_str(air_json_str(root, "a.b.1"), "s", "a string in an array");
	is_num(air_json_num(root, "a.b.2.c", 0), 1.5, "a member of an element");
	is_str(air_json_str(root, "7"), "seven", "a name of digits in an object");
	is_str(air_json_str(root, "e"), "", "an empty string is a string");
	is_int(air_json_int(root, "neg", 0), -3, "a fraction is cut");
	is_int(air_json_int(root, "big", -7), -7, "beyond int64 is the default");
	is_int(air_json_int(root, "a.b.1", -7), -7, "a string is no number");
	is_int(air_json_int(root, "a.b.9", -7), -7, "beyond the array");
	is_int(air_json_int(root, "n", -7), -7, "null is no number");
	is_str(air_json_str(root, "t"), NULL, "true is no string");
	is_str(air_json_str(root, "a.b.x"), NULL, "a name in an array");
	is_str(air_json_str(root, "A"), NULL, "case matters");
	is_str(air_json_str(NULL, "a"), NULL, "a NULL node");
	ok(air_json_at(root, "") == root, "an empty path is the node itself");
	air_json_free(doc);
	air_json_free(doc);
	ok(doc->root == NULL, "freeing twice is allowed");
}

/* What exact documents refuse, and others may say. */
static void
test_loose(void)
{
	const char *text =
		"{\"a\":1,\"\\u0061\":2,\"n\":[-0,123456789012345,1234567890123456789,0.1,-1.5e-3,"
		"1e400,100000000000000000000000000000000000000000000000000000000000000000000],"
		"\"s\":\"a\\u00e4\\n\\ud83d\\ude00\",\"o\":{},\"l\":[]}";
	char *why;
	AirJson *doc = parse(text, strlen(text), &why);
	const cJSON *root = doc->root;
	const cJSON *n = air_json_at(root, "n");

	is_int(air_json_int(root, "a", 0), 1, "of two members of one name the first");
	is_str(air_json_str(root, "s"), "a\xc3\xa4\n\xf0\x9f\x98\x80", "escapes");
	ok(signbit(air_json_num(n, "0", 1)), "minus zero");
	is_num(air_json_num(n, "1", 0), 123456789012345.0, "an integer that a double holds");
	is_num(air_json_num(n, "2", 0), 1234567890123456789.0, "one that is rounded");
	is_num(air_json_num(n, "3", 0), 0.1, "a fraction");
	is_num(air_json_num(n, "4", 0), -0.0015, "a power of ten");
	ok(isinf(air_json_num(n, "5", 0)), "beyond a double");
	is_num(air_json_num(n, "6", 0), 1e68, "more places than cJSON reads");
	is_int(cJSON_GetArraySize(n), 7, "elements");
	ok(root->child->prev->next == NULL && strcmp(root->child->prev->string, "l") == 0,
	   "the first one's prev is the last, as cJSON has it");
	ok(air_json_at(root, "o")->child == NULL && cJSON_IsArray(air_json_at(root, "l")),
	   "empty ones");
	ok(cJSON_Compare(root, root, true), "cJSON can walk it");
}

static void
merge(AirJson *doc, const char *text)
{
	char *why;
	AirJson *patch = parse(text, strlen(text), &why);

	air_json_merge(doc, doc->root, patch->root);
	air_json_free(patch);
}

static void
test_building(void)
{
	AirJson *doc = air_json_new_object();
	cJSON *list;

	air_json_add_str(doc, doc->root, "s", "a\"b\n\xc3\xa4");
	air_json_add_num(doc, doc->root, "n", 0.7);
	air_json_add_bool(doc, doc->root, "b", false);
	air_json_add_raw(doc, doc->root, "r", "9223372036854775807");
	list = air_json_add_array(doc, doc->root, "l");
	air_json_add_num(doc, list, NULL, 3);
	air_json_add_str(doc, air_json_add_object(doc, list, NULL), "x", "");
	is_str(air_json_print(doc),
		   "{\"s\":\"a\\\"b\\n\xc3\xa4\",\"n\":0.7,\"b\":false,\"r\":9223372036854775807,"
		   "\"l\":[3,{\"x\":\"\"}]}",
		   "printed compactly, raw text verbatim");

	merge(doc, "{\"n\":null,\"l\":{\"y\":1},\"new\":[true],\"s\":\"t\"}");
	is_str(air_json_print(doc),
		   "{\"b\":false,\"r\":9223372036854775807,\"l\":{\"y\":1},\"new\":[true],\"s\":\"t\"}",
		   "merge replaces, removes and adds");
	merge(doc, "{\"l\":{\"z\":{\"k\":2}}}");
	is_str(air_json_print(doc),
		   "{\"b\":false,\"r\":9223372036854775807,\"l\":{\"y\":1,\"z\":{\"k\":2}},\"new\":[true],"
		   "\"s\":\"t\"}",
		   "objects are merged member by member");

	air_json_add_str(doc, NULL, "s", "x");
	ok(air_json_print(doc) == NULL, "an addition to nothing spoils the document");
	air_json_free(doc);
}

int
main(void)
{
	kit_json_watch(0);
	test_refusals();
	test_reading();
	test_loose();
	test_building();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
