/*
 * fuzz_json.c
 *	  Reading, printing and merging JSON.
 *
 * The input is one document, or two with a line of "&" between them, the second
 * of which is merged into the first.
 */
#include "base/pg.h"

#include "base/json.h"
#include "base/text.h"

#include "fuzz.h"

static AirJson *
parse(const char *text, size_t len)
{
	char *why = NULL;
	AirJson *doc = air_json_parse(text, len, &why);

	PROMISE((doc == NULL) == (why != NULL));
	return doc;
}

/* Text of ours is read back as the same text. */
static void
check_print(const AirJson *doc)
{
	char *printed = air_json_print(doc);
	AirJson *again;

	PROMISE(printed != NULL);
	again = parse(printed, strlen(printed));
	PROMISE(again != NULL, "%s", printed);
	PROMISE(strcmp(air_json_print(again), printed) == 0, "%s", printed);
	air_json_free(again);
}

/* What cJSON reads, too, it reads as the same; it gives up on numbers of more than 63 places. */
static void
check_alike(const AirJson *doc, const char *text, size_t len)
{
	cJSON *theirs = cJSON_Parse(pnstrdup(text, len));
	char *printed = theirs != NULL ? cJSON_PrintUnformatted(theirs) : NULL;

	if (printed != NULL)
		PROMISE(strcmp(air_json_print(doc), printed) == 0, "%s", printed);
	cJSON_free(printed);
	cJSON_Delete(theirs);
}

static void
check_strings(const cJSON *node)
{
	const cJSON *member;

	check_text(node->string, "name");
	check_text(node->valuestring, "string");
	cJSON_ArrayForEach (member, node)
		check_strings(member);
}

/* True if two members have one name: not so in bodies, which are ours, nor in params, once jsonb.
 */
static bool
is_ambiguous(const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
	{
		for (const cJSON *m = member->next; m != NULL; m = m->next)
		{
			if (strcmp(m->string, member->string) == 0)
				return true;
		}
	}
	return false;
}

/* What was merged is there. */
static void
check_merged(const cJSON *target, const cJSON *patch)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, patch)
	{
		const cJSON *now = cJSON_GetObjectItemCaseSensitive(target, member->string);

		if (cJSON_IsNull(member))
			PROMISE(now == NULL);
		else
			PROMISE(now != NULL && (now->type & 0xff) == (member->type & 0xff));
	}
}

/* See fuzz.h. */
void
run_json(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	const char *mark = memmem(data, size, "\n&\n", 3);
	size_t len = mark != NULL ? (size_t) (mark - data) : size;
	AirJson *doc = parse(exact(data, len), len);
	AirJson *patch;

	if (doc == NULL)
		return;
	PROMISE(air_utf8_valid(data, len), "a document that is no UTF-8 was read");
	check_strings(doc->root);
	check_print(doc);
	check_alike(doc, data, len);

	patch = mark != NULL ? parse(exact(mark + 3, size - len - 3), size - len - 3) : NULL;
	if (patch != NULL && cJSON_IsObject(doc->root) && cJSON_IsObject(patch->root))
	{
		bool unique = !is_ambiguous(doc->root) && !is_ambiguous(patch->root);
		AirJson *target = air_json_new_object();

		/* Into an empty object, which is a copy, and then into what is there. */
		air_json_merge(target, target->root, doc->root);
		air_json_merge(target, target->root, patch->root);
		PROMISE(!target->incomplete);
		check_print(target);
		if (unique)
			check_merged(target->root, patch->root);
		air_json_free(target);
	}
	if (patch != NULL)
		air_json_free(patch);
	air_json_free(doc);
	air_json_free(doc); /* allowed */
}
