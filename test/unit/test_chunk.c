/*
 * test_chunk.c
 *	  base/chunk.h: chunks of texts made at random, and of any bytes.
 */
#include "base/pg.h"

#include "base/breaks.h"
#include "base/chunk.h"
#include "base/text.h"
#include "tap.h"

#define TEXTS 20000
#define MOST 400

static uint64 seed = 1;

static uint32
draw(uint32 n)
{
	seed = seed * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return (uint32) (seed >> 33) % n;
}

static size_t
make_text(char *s)
{
	static const char *const words[] = {"word",
										"Sentence. ",
										" ",
										"\n",
										"\n\n",
										"\xe3\x80\x82",
										"\xe4\xbb\x8a",
										"\xe3\x81\x8b",
										"\xe2\x80\x9c",
										"\xe2\x80\x9d",
										"\xc3\xa4",
										"\xe2\x82\xac",
										"\xf0\x9f\x91\x8d",
										"\xcc\x81",
										"\xe3\x80\x80",
										"1",
										"22",
										"2019. ",
										". ",
										"... ",
										"!",
										"?)",
										"(",
										"\xe3\x80\x8c",
										"Mr. ",
										"supercalifragilistic",
										"approx. ",
										"\t",
										"-",
										"$",
										"\r\n",
										"\xc2\xa0",
										"\xe2\x80\xa8",
										"\xea\xb0\x80\xeb\x82\x98 ",
										"\x01",
										"a"};
	size_t len = 0;

	for (uint32 n = draw(60); n > 0; n--)
	{
		const char *word = words[draw(lengthof(words))];

		if (len + strlen(word) > MOST)
			break;
		memcpy(s + len, word, strlen(word));
		len += strlen(word);
	}
	return len;
}

static bool
only_white(const char *s, size_t len)
{
	for (size_t i = 0; i < len;)
	{
		size_t n = air_utf8_char(s + i, len - i);

		if (n == 0 || !air_is_white(s + i, n))
			return false;
		i += n;
	}
	return true;
}

/* What is wrong with the chunks of a text, or NULL. */
static const char *
problem(const char *s, size_t len, int tokens, int overlap)
{
	AirChunker c;
	size_t start, end;
	size_t last_start = 0;
	size_t last_end = 0;

	air_chunker_init(&c, s, len, tokens, overlap);
	while (air_chunk_next(&c, &start, &end))
	{
		if (end <= start || end > len)
			return "empty, or beyond the text";
		if (!air_utf8_valid(s + start, end - start))
			return "cut inside a character";
		if (air_estimate_tokens(s + start, end - start) > tokens)
			return "too large";
		if (end <= last_end || (last_end > 0 && start <= last_start))
			return "no progress";
		if (start >= last_end && !only_white(s + last_end, start - last_end))
			return "something is missing between chunks";
		if (start < last_end && air_estimate_tokens(s + start, last_end - start) > overlap)
			return "too much overlap";
		last_start = start;
		last_end = end;
	}
	return only_white(s + last_end, len - last_end) ? NULL : "the end is missing";
}

static void
test_random(void)
{
	char s[MOST];

	for (int i = 0; i < TEXTS; i++)
	{
		size_t len = make_text(s);
		int tokens = 1 + draw(i % 3 == 0 ? 200 : 20);
		int overlap = i % 2 == 0 ? 0 : draw(tokens);
		/* A copy of its own size: the sanitizer sees what is read beyond it. */
		char *copy = memcpy(palloc(len + 1), s, len);
		const char *what = problem(copy, len, tokens, overlap);

		if (what != NULL)
		{
			ok(false, "text %d, %d tokens, overlap %d: %s: %.*s", i, tokens, overlap, what,
			   (int) len, s);
			return;
		}
		pfree(copy);
	}
	ok(true, "chunks of %d texts", TEXTS);
}

/* What is no UTF-8 is not given to it, and does no harm. */
static void
test_any_bytes(void)
{
	for (int i = 0; i < TEXTS; i++)
	{
		size_t len = draw(50);
		char *s = palloc(len + 1);
		AirChunker c;
		size_t start, end;
		size_t last = 0;
		int tokens = 1 + draw(9);

		for (size_t j = 0; j < len; j++)
			s[j] = (char) draw(256);
		air_chunker_init(&c, s, len, tokens, draw(tokens));
		while (air_chunk_next(&c, &start, &end))
		{
			if (end <= last || end > len || start >= end)
			{
				ok(false, "bytes %d: from " UINT64_FORMAT " to " UINT64_FORMAT, i, (uint64) start,
				   (uint64) end);
				return;
			}
			last = end;
		}
		pfree(s);
	}
	ok(true, "chunks of %d strings of any bytes", TEXTS);
}

int
main(void)
{
	test_random();
	test_any_bytes();
	return done_testing();
}
