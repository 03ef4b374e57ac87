/*
 * logprobs.c
 *	  How sure a model was of its answer: the product of its tokens' probabilities.
 *
 * Servers disagree on what they list: some tokens of the reasoning come before
 * the answer, an end mark behind it, white space at its edges is cut from the
 * text alone.  So the tokens' own text is looked up, and only those count that
 * make up the answer.  Whatever does not fit gives "unknown", never an error: a
 * good answer is not lost for a bad number beside it.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "provider/common.h"

/* Log probabilities are asked for with small answers; beyond that nobody has use for them. */
#define MAX_ANSWER 4096
#define MAX_TOKENS 4096
#define MAX_TEXT (64 * 1024)

/* Rounding makes the logarithm of a certain token this much larger than 0 at most. */
#define MAX_LOGPROB 0.01

typedef struct Token
{
	int start; /* of its text */
	int end;
	double logprob; /* NaN: none that makes sense */
} Token;

/* A log probability, NaN if it cannot be one. */
static double
read_number(const cJSON *item)
{
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble > MAX_LOGPROB)
		return NAN;
	return Min(item->valuedouble, 0);
}

/* A token's number, or the sum of them where a piece of text has several (Cohere). */
static double
read_logprob(const cJSON *item)
{
	const cJSON *number;
	double sum = 0;

	if (!cJSON_IsArray(item))
		return read_number(item);
	if (cJSON_GetArraySize(item) == 0)
		return NAN;
	cJSON_ArrayForEach (number, item)
		sum += read_number(number);
	return sum;
}

/* Append a token's bytes; a token that is half a character is spelt out in "bytes" only. */
static bool
add_text(StringInfo buf, const cJSON *token, const char *member)
{
	const cJSON *bytes = air_json_at(token, "bytes");
	const char *text = air_json_str(token, member);
	const cJSON *byte;

	if (cJSON_IsArray(bytes))
	{
		cJSON_ArrayForEach (byte, bytes)
		{
			if (!cJSON_IsNumber(byte) || !(byte->valuedouble >= 0 && byte->valuedouble <= 255) ||
				buf->len >= MAX_TEXT)
				return false;
			appendStringInfoChar(buf, (char) (unsigned char) byte->valuedouble);
		}
		return true;
	}
	if (text == NULL || strlen(text) > (size_t) (MAX_TEXT - buf->len))
		return false;
	appendStringInfoString(buf, text);
	return true;
}

/* Where the answer stands in the tokens' text for the last time, -1 if it does not. */
static int
find_answer(const StringInfoData *buf, const char *answer, int len)
{
	for (int at = buf->len - len; at >= 0; at--)
		if (buf->data[at] == answer[0] && memcmp(buf->data + at, answer, (size_t) len) == 0)
			return at;
	return -1;
}

/* See common.h. */
double
air_confidence(const cJSON *tokens, const char *text, const char *logprob, const char *answer)
{
	static const char blanks[] = " \t\r\n";
	const cJSON *item;
	StringInfoData buf;
	Token *list;
	int n = 0;
	size_t len;
	int at;
	double sum = 0;

	if (!cJSON_IsArray(tokens) || answer == NULL)
		return NAN;
	answer += strspn(answer, blanks);
	for (len = strlen(answer); len > 0 && strchr(blanks, answer[len - 1]) != NULL;)
		len--;
	if (len == 0 || len > MAX_ANSWER || cJSON_GetArraySize(tokens) > MAX_TOKENS)
		return NAN;

	initStringInfo(&buf);
	list = palloc(sizeof(Token) * (size_t) Max(cJSON_GetArraySize(tokens), 1));
	cJSON_ArrayForEach (item, tokens)
	{
		Token *token = &list[n++];

		token->start = buf.len;
		if (!add_text(&buf, item, text))
			return NAN;
		token->end = buf.len;
		token->logprob = read_logprob(air_json_at(item, logprob));
	}

	at = find_answer(&buf, answer, (int) len);
	if (at < 0)
		return NAN;
	for (int i = 0; i < n; i++)
		if (list[i].start < at + (int) len && list[i].end > at)
			sum += list[i].logprob;
	return isnan(sum) ? NAN : exp(sum);
}
