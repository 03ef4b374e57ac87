/*
 * text.c
 *	  Small text services: UTF-8, encodings, near names.
 *
 * The token estimate, which runs on every call, is in tokens.c.
 */
#include "base/pg.h"

#include "common/base64.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/text.h"

/* Longest name that air_nearest() compares; hint and option names are far shorter. */
#define MAX_NAME 63

/* See text.h. */
bool
air_utf8_valid(const char *s, size_t len)
{
	if (len > PG_INT32_MAX)
		return false;
	return (size_t) pg_encoding_verifymbstr(PG_UTF8, s, (int) len) == len;
}

/* See text.h. */
size_t
air_utf8_char(const char *s, size_t len)
{
	int n;

	if (len == 0)
		return 0;
	n = pg_encoding_verifymbchar(PG_UTF8, s, (int) Min(len, 4));
	return n > 0 ? (size_t) n : 0;
}

/* See text.h. */
size_t
air_utf8_chars(const char *s, size_t len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	size_t n = 0;
	size_t i = 0;

	/* Eight bytes at a time: all that begin with bits 10 continue a character. */
	for (; i + sizeof(uint64) <= len; i += sizeof(uint64))
	{
		uint64 word;

		memcpy(&word, s + i, sizeof(word));
		n += sizeof(word) - (size_t) ((((word >> 7) & ~(word >> 6) & ones) * ones) >> 56);
	}
	for (; i < len; i++)
		n += ((unsigned char) s[i] & 0xc0) != 0x80;
	return n;
}

/* See text.h. */
size_t
air_utf8_clip(const char *s, size_t len, size_t max)
{
	size_t n = max;

	if (len <= max)
		return len;
	while (n > 0 && ((unsigned char) s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* See text.h. */
char *
air_url_encode(const char *s)
{
	static const char digits[] = "0123456789ABCDEF";
	StringInfoData buf;

	initStringInfo(&buf);
	for (; *s != '\0'; s++)
	{
		unsigned char c = (unsigned char) *s;

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			strchr("-._~", c) != NULL)
			appendStringInfoChar(&buf, (char) c);
		else
		{
			appendStringInfoChar(&buf, '%');
			appendStringInfoChar(&buf, digits[c >> 4]);
			appendStringInfoChar(&buf, digits[c & 0x0f]);
		}
	}
	return buf.data;
}

/* See text.h. */
char *
air_base64_decode(const char *s, size_t *len)
{
	size_t srclen = strlen(s);
	const char *padding;
	char *dst;
	int n;

	/* pg_b64_dec_len() computes in int. */
	if (srclen > PG_INT32_MAX / 3)
		return NULL;
	/* The decoder goes on behind padding: two pieces stuck together would be a third thing. */
	padding = s + strcspn(s, "=");
	if (padding[strspn(padding, "=")] != '\0')
		return NULL;
	n = pg_b64_dec_len((int) srclen);
	dst = palloc(n + 1);

	/* The destination is char * up to version 17 and uint8 * from 18 on. */
	n = pg_b64_decode(s, (int) srclen, (void *) dst, n);
	if (n < 0)
	{
		pfree(dst);
		return NULL;
	}
	dst[n] = '\0';
	*len = (size_t) n;
	return dst;
}

/*
 * Edits (insert, delete, replace, swap of neighbours) between two names of at
 * most MAX_NAME bytes, ASCII letters compared without case.
 */
static int
edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	int row[3][MAX_NAME + 1];
	int *before = row[0];
	int *above = row[1];
	int *current = row[2];

	for (size_t j = 0; j <= blen; j++)
		above[j] = (int) j;

	for (size_t i = 1; i <= alen; i++)
	{
		int *recycled = before;

		current[0] = (int) i;
		for (size_t j = 1; j <= blen; j++)
		{
			int differs =
				pg_tolower((unsigned char) a[i - 1]) != pg_tolower((unsigned char) b[j - 1]);
			int best = above[j - 1] + differs;

			best = Min(best, above[j] + 1);
			best = Min(best, current[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = Min(best, before[j - 2] + 1);
			current[j] = best;
		}
		before = above;
		above = current;
		current = recycled;
	}
	return above[blen];
}

/* See text.h. */
const char *
air_nearest(const char *word, const char *const *list, int n)
{
	size_t wordlen = strlen(word);
	const char *nearest = NULL;
	int best;

	if (wordlen == 0 || wordlen > MAX_NAME)
		return NULL;

	/* A third of the word may be wrong; more makes the advice a guess. */
	best = Max(1, (int) wordlen / 3) + 1;
	for (int i = 0; i < n; i++)
	{
		size_t len = strlen(list[i]);
		int distance;

		if (len > MAX_NAME)
			continue;
		distance = edit_distance(word, wordlen, list[i], len);
		if (distance < best)
		{
			best = distance;
			nearest = list[i];
		}
	}
	return nearest;
}
