/*
 * mutate.c
 *	  Mutations that keep a body JSON.
 *
 * Bytes changed at random are hardly ever JSON, and what is no JSON ends at the
 * parser.  So half of the mutations work on the tree: take away, double, swap,
 * rename, replace, move elsewhere.  The other half is libFuzzer's.
 */
#include "base/pg.h"

#include <cjson/cJSON.h>

#include "fuzz.h"
#include "mutate.h"

#define MAX_BODY 65536

/* xorshift: the seed is libFuzzer's, so that a run can be repeated. */
static uint64 state;

static unsigned
dice(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n > 0 ? (unsigned) ((state >> 11) % n) : 0;
}

/* What goes where a value was: JSON text, some of it refused on purpose. */
static const char *const values[] = {
	"null",
	"true",
	"false",
	"0",
	"-0",
	"1",
	"2",
	"-1",
	"0.5",
	"1e-320",
	"1e39",
	"1e308",
	"1e999",
	"-1e999",
	"4294967295",
	"4294967296",
	"2147483648",
	"9007199254740993",
	"9223372036854775807",
	"9223372036854775808",
	"18446744073709551616",
	"1e12",
	"1000000000001",
	"\"\"",
	"\" \"",
	"\"0\"",
	"\"1\"",
	"\"a\"",
	"\"\\u0000\"",
	"\"\\ud83d\\ude00\"",
	"\"\\ud83d\"",
	"\"\\udc00\"",
	"\"\\u202e\\u0085\\u0007\"",
	"\"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\"",
	"\"\xff\xfe\"",
	"\"\xed\xa0\x80\"",
	"\"\xc0\x80\"",
	"\"AACAPw==\"",
	"\"AADAfw==\"",
	"\"AACAfw==\"",
	"\"AACAPwAAAEA=\"",
	"\"AACAPwAA\"",
	"\"=\"",
	"\"sk-abcdefghijklmnop\"",
	"\"error\"",
	"[]",
	"{}",
	"[[]]",
	"[{}]",
	"[null]",
	"[0]",
	"[1,2]",
	"[\"\"]",
	"{\"\":null}",
	"{\"message\":\"no\",\"code\":\"rate_limit_exceeded\"}",
	"{\"index\":0}",
	"\"60s\"",
	"\"12ms\"",
};

/* Names that some codec reads: a member may turn up where it is not expected. */
static const char *const names[] = {
	"error",
	"message",
	"code",
	"type",
	"status",
	"choices",
	"content",
	"text",
	"refusal",
	"finish_reason",
	"tool_calls",
	"usage",
	"prompt_tokens",
	"completion_tokens",
	"total_tokens",
	"prompt_tokens_details",
	"cached_tokens",
	"reasoning_tokens",
	"model",
	"id",
	"output",
	"incomplete_details",
	"reason",
	"input_tokens",
	"output_tokens",
	"stop_reason",
	"data",
	"index",
	"embedding",
	"embeddings",
	"values",
	"float",
	"candidates",
	"parts",
	"finishReason",
	"thought",
	"functionCall",
	"promptFeedback",
	"blockReason",
	"usageMetadata",
	"promptTokenCount",
	"candidatesTokenCount",
	"thoughtsTokenCount",
	"totalTokenCount",
	"done",
	"done_reason",
	"prompt_eval_count",
	"eval_count",
	"results",
	"relevance_score",
	"meta",
	"billed_units",
	"stopReason",
	"inputTokens",
	"outputTokens",
	"details",
	"retryDelay",
	"violations",
	"quotaId",
	"__type",
	"Code",
	"Message",
	"detail",
	"msg",
	"metadata",
	"reasons",
	"request_id",
	"responseId",
	"logprobs",
	"",
};

static int
count_nodes(const cJSON *node)
{
	int n = 1;

	for (const cJSON *child = node->child; child != NULL; child = child->next)
		n += count_nodes(child);
	return n;
}

/* Node number *n of the tree in depth-first order, and its parent. */
static cJSON *
find_node(cJSON *node, cJSON *above, int *n, cJSON **parent)
{
	if ((*n)-- == 0)
	{
		*parent = above;
		return node;
	}
	for (cJSON *child = node->child; child != NULL; child = child->next)
	{
		cJSON *found = find_node(child, node, n, parent);

		if (found != NULL)
			return found;
	}
	return NULL;
}

static cJSON *
pick(cJSON *root, cJSON **parent)
{
	int n = (int) dice(count_nodes(root));

	*parent = NULL;
	return find_node(root, NULL, &n, parent);
}

/* Add to an object under a name, or to an array. */
static void
add(cJSON *parent, const char *name, cJSON *item)
{
	if (cJSON_IsObject(parent))
		cJSON_AddItemToObject(parent, name != NULL ? name : names[dice(lengthof(names))], item);
	else if (cJSON_IsArray(parent))
		cJSON_AddItemToArray(parent, item);
	else
		cJSON_Delete(item);
}

/* A long run of a value, or a deep nest of them. */
static cJSON *
many(cJSON *node)
{
	int n = 1 << dice(8);
	cJSON *array = cJSON_CreateArray();

	for (int i = 0; i < n && dice(2) == 0; i++)
	{
		cJSON *outer = cJSON_CreateArray();

		cJSON_AddItemToArray(outer, array);
		array = outer;
	}
	for (int i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_Duplicate(node, true));
	return array;
}

/* Put item where node is; root stays in its place. */
static void
replace(cJSON *parent, cJSON *node, cJSON *item)
{
	if (parent == NULL)
	{
		cJSON_Delete(item);
		return;
	}
	free(item->string);
	item->string = NULL;
	if (node->string != NULL)
	{
		item->string = malloc(strlen(node->string) + 1);
		strcpy(item->string, node->string);
	}
	cJSON_ReplaceItemViaPointer(parent, node, item);
}

static void
rename_member(cJSON *parent, cJSON *node)
{
	const char *name = names[dice(lengthof(names))];

	if (!cJSON_IsObject(parent) || node->string == NULL)
		return;
	free(node->string);
	node->string = malloc(strlen(name) + 1);
	strcpy(node->string, name);
}

/* Half of a string, or it twice. */
static void
stretch(cJSON *node)
{
	size_t len;
	char *text;

	if (!cJSON_IsString(node))
		return;
	len = strlen(node->valuestring);
	if (dice(2) == 0)
	{
		node->valuestring[len / 2] = '\0';
		return;
	}
	text = malloc(2 * len + 1);
	memcpy(text, node->valuestring, len);
	memcpy(text + len, node->valuestring, len + 1);
	free(node->valuestring);
	node->valuestring = text;
}

static void
mutate_tree(cJSON *root, cJSON *donor)
{
	cJSON *parent;
	cJSON *node = pick(root, &parent);
	cJSON *other_parent;
	cJSON *other = pick(donor != NULL ? donor : root, &other_parent);

	switch (dice(9))
	{
		case 0: /* take away */
			if (parent != NULL)
				cJSON_Delete(cJSON_DetachItemViaPointer(parent, node));
			break;
		case 1: /* once more, at the end */
			if (parent != NULL)
				add(parent, node->string, cJSON_Duplicate(node, true));
			break;
		case 2: /* to the end: another order */
			if (parent != NULL)
			{
				char *name = node->string != NULL ? pstrdup(node->string) : NULL;

				add(parent, name, cJSON_DetachItemViaPointer(parent, node));
			}
			break;
		case 3:
			rename_member(parent, node);
			break;
		case 4: /* what stands elsewhere, or in another input */
			replace(parent, node, cJSON_Duplicate(other, true));
			break;
		case 5:
			add(node, NULL, cJSON_Duplicate(other, true));
			break;
		case 6:
			replace(parent, node, many(node));
			break;
		case 7:
			stretch(node);
			break;
		default:
			replace(parent, node, cJSON_CreateRaw(values[dice(lengthof(values))]));
			break;
	}
}

static cJSON *
parse_body(const uint8_t *data, size_t size, size_t *at)
{
	cJSON *root;
	char *text;

	*at = body_offset((const char *) data, size);
	/* Targets without a head. */
	if (*at == size)
		*at = 0;
	text = malloc(size - *at + 1);
	memcpy(text, data + *at, size - *at);
	text[size - *at] = '\0';
	root = cJSON_Parse(text);
	free(text);
	return root;
}

/* Print the tree behind the head of an input; 0 if it does not fit. */
static size_t
put_body(uint8_t *out, const uint8_t *head, size_t at, const cJSON *root, size_t max_size)
{
	char *text = cJSON_PrintUnformatted(root);
	size_t len = text != NULL ? strlen(text) : 0;

	if (text == NULL || len > MAX_BODY || at + len > max_size)
	{
		free(text);
		return 0;
	}
	memmove(out, head, at);
	memcpy(out + at, text, len);
	free(text);
	return at + len;
}

/* See mutate.h. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t at;
	size_t done;
	cJSON *root;

	state = seed * UINT64CONST(0x9e3779b97f4a7c15) + 1;
	if (dice(2) == 0 || size == 0 || (root = parse_body(data, size, &at)) == NULL)
		return LLVMFuzzerMutate(data, size, max_size);

	for (unsigned i = dice(3) + 1; i > 0; i--)
		mutate_tree(root, NULL);
	done = put_body(data, data, at, root, max_size);
	cJSON_Delete(root);
	free_all();
	return done > 0 ? done : LLVMFuzzerMutate(data, size, max_size);
}

/* See mutate.h. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
						  uint8_t *out, size_t max_size, unsigned int seed)
{
	size_t at;
	size_t other_at;
	size_t done = 0;
	cJSON *root = size1 > 0 ? parse_body(data1, size1, &at) : NULL;
	cJSON *donor = size2 > 0 ? parse_body(data2, size2, &other_at) : NULL;

	state = seed * UINT64CONST(0x9e3779b97f4a7c15) + 1;
	if (root != NULL && donor != NULL)
	{
		mutate_tree(root, donor);
		done = put_body(out, data1, at, root, max_size);
	}
	cJSON_Delete(root);
	cJSON_Delete(donor);
	free_all();
	return done;
}
