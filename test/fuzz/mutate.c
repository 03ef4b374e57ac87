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
/* clang-format off */
static const char *const values[] = {
	"null", "true", "false", "0", "-0", "1", "2", "-1", "0.5", "1e-320", "1e39", "1e308",
	"1e999", "-1e999", "4294967295", "4294967296", "2147483648", "9007199254740993",
	"9223372036854775807", "9223372036854775808", "18446744073709551616", "1e12",
	"1000000000001", "\"\"", "\" \"", "\"0\"", "\"1\"", "\"a\"", "\"\\u0000\"",
	"\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\udc00\"", "\"\\u202e\\u0085\\u0007\"",
	"\"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\"", "\"\xff\xfe\"", "\"\xed\xa0\x80\"",
	"\"\xc0\x80\"", "\"AACAPw==\"", "\"AADAfw==\"", "\"AACAfw==\"", "\"AACAPwAAAEA=\"",
	"\"AACAPwAA\"", "\"=\"", "\"sk-abcdefghijklmnop\"", "\"error\"", "[]", "{}", "[[]]", "[{}]",
	"[null]", "[0]", "[1,2]", "[\"\"]", "{\"\":null}",
	"{\"message\":\"no\",\"code\":\"rate_limit_exceeded\"}", "{\"index\":0}", "\"60s\"",
	"\"12ms\"", "\"#\"", "\"#/$defs/a\"", "\"#/properties/a\"", "\"object\"",
	"\"array\"", "\"string\"", "\"integer\"", "\"number\"", "\"boolean\"", "\"null\"",
	"[\"string\",\"null\"]", "\"date-time\"", "\"uuid\"", "\"2026-08-22\"", "\"12:00:00+02:00\"",
	"\"^(a|b)*[^c-e]{2,5}$\"", "0.1", "1e2", "1.0", "{\"type\":\"string\"}", "{\"$ref\":\"#\"}",
};
/* clang-format on */

/* Names that some codec reads: a member may turn up where it is not expected. */
/* clang-format off */
static const char *const names[] = {
	"error", "message", "code", "type", "status", "choices", "content", "text", "refusal",
	"finish_reason", "tool_calls", "usage", "prompt_tokens", "completion_tokens", "total_tokens",
	"prompt_tokens_details", "cached_tokens", "reasoning_tokens", "model", "id", "output",
	"incomplete_details", "reason", "input_tokens", "output_tokens", "stop_reason", "data",
	"index", "embedding", "embeddings", "values", "float", "candidates", "parts", "finishReason",
	"thought", "functionCall", "promptFeedback", "blockReason", "usageMetadata",
	"promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount", "done",
	"done_reason", "prompt_eval_count", "eval_count", "results", "relevance_score", "meta",
	"billed_units", "stopReason", "inputTokens", "outputTokens", "details", "retryDelay",
	"violations", "quotaId", "__type", "Code", "Message", "detail", "msg", "metadata", "reasons",
	"request_id", "responseId", "logprobs", "logprob", "token", "bytes",
	"logprobsResult", "chosenCandidates", "logProbability", "token_ids", "label", "labels", "answer",
	"score", "provider", "task", "tags", "require", "quality",
	"prefer", "max_cost", "timeout_ms", "retries", "system", "max_tokens", "temperature",
	"top_p", "stop", "seed", "reasoning_effort", "schema", "dimensions", "cache", "cache_ttl",
	"on_error", "$ref", "$defs", "definitions", "$schema", "$id", "$anchor", "properties", "required",
	"additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties",
	"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains",
	"enum", "const", "anyOf", "allOf", "oneOf", "not", "if", "then", "else", "minimum", "maximum",
	"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
	"format", "title", "description", "default", "examples", "nullable", "",
};
/* clang-format on */

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
				char *name = node->string != NULL ? strdup(node->string) : NULL;

				add(parent, name, cJSON_DetachItemViaPointer(parent, node));
				free(name);
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

/* A piece of an input: a body, or what stands before or behind a line of "&" in it. */
typedef struct Piece
{
	size_t at;
	size_t len;
} Piece;

static Piece
pick_piece(const uint8_t *data, size_t size)
{
	Piece piece = {.at = body_offset((const char *) data, size)};
	const uint8_t *mark;

	/* Targets without a head. */
	if (piece.at == size)
		piece.at = 0;
	piece.len = size - piece.at;
	mark = memmem(data + piece.at, piece.len, "\n&\n", 3);
	if (mark != NULL && dice(2) == 0)
		piece.len = (size_t) (mark - (data + piece.at));
	else if (mark != NULL)
	{
		piece.at = (size_t) (mark - data) + 3;
		piece.len = size - piece.at;
	}
	return piece;
}

static cJSON *
parse_piece(const uint8_t *data, const Piece *piece)
{
	char *text = malloc(piece->len + 1);
	cJSON *root;

	memcpy(text, data + piece->at, piece->len);
	text[piece->len] = '\0';
	root = cJSON_Parse(text);
	free(text);
	return root;
}

/* Print a tree in the place of its piece; 0 if it does not fit.  out may be data. */
static size_t
put_piece(uint8_t *out, size_t max_size, const uint8_t *data, size_t size, const Piece *piece,
		  const cJSON *root)
{
	char *text = cJSON_PrintUnformatted(root);
	size_t len = text != NULL ? strlen(text) : 0;
	size_t behind = size - piece->at - piece->len;

	if (text == NULL || len > MAX_BODY || piece->at + len + behind > max_size)
	{
		free(text);
		return 0;
	}
	memmove(out + piece->at + len, data + piece->at + piece->len, behind);
	memmove(out, data, piece->at);
	memcpy(out + piece->at, text, len);
	free(text);
	return piece->at + len + behind;
}

/* See mutate.h. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	Piece piece;
	size_t done;
	cJSON *root;

	state = seed * UINT64CONST(0x9e3779b97f4a7c15) + 1;
	if (size == 0 || dice(2) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	piece = pick_piece(data, size);
	root = parse_piece(data, &piece);
	if (root == NULL)
		return LLVMFuzzerMutate(data, size, max_size);

	for (unsigned i = dice(3) + 1; i > 0; i--)
		mutate_tree(root, NULL);
	done = put_piece(data, max_size, data, size, &piece, root);
	cJSON_Delete(root);
	return done > 0 ? done : LLVMFuzzerMutate(data, size, max_size);
}

/* See mutate.h. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
						  uint8_t *out, size_t max_size, unsigned int seed)
{
	Piece piece;
	Piece other;
	size_t done = 0;
	cJSON *root;
	cJSON *donor;

	state = seed * UINT64CONST(0x9e3779b97f4a7c15) + 1;
	if (size1 == 0 || size2 == 0)
		return 0;
	piece = pick_piece(data1, size1);
	other = pick_piece(data2, size2);
	root = parse_piece(data1, &piece);
	donor = parse_piece(data2, &other);
	if (root != NULL && donor != NULL)
	{
		mutate_tree(root, donor);
		done = put_piece(out, max_size, data1, size1, &piece, root);
	}
	cJSON_Delete(root);
	cJSON_Delete(donor);
	return done;
}
