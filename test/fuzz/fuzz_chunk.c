/*
 * fuzz_chunk.c
 *	  Cutting texts into pieces.
 *
 * Numbers: tokens and overlap; the body is the text.
 */
#include "base/pg.h"

#include "base/breaks.h"
#include "base/chunk.h"
#include "base/text.h"

#include "fuzz.h"

/* White space only? */
static bool
is_blank(const char *s, size_t len)
{
	while (len > 0)
	{
		size_t n = air_utf8_char(s, len);

		if (!air_is_white(s, n))
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* See fuzz.h. */
void
run_chunk(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	Input input = read_input(data, size);
	int tokens = (int) Min(Max(input.numbers[0], 1), 1000);
	int overlap = (int) Min(Max(input.numbers[1], 0), tokens - 1);
	size_t behind = 0; /* the end of the chunk before */
	size_t before = 0; /* and its start */
	size_t start;
	size_t end;
	AirChunker c;
	bool first = true;

	if (!air_utf8_valid(input.body, input.body_len))
		return;
	air_chunker_init(&c, input.body, input.body_len, tokens, overlap);
	while (air_chunk_next(&c, &start, &end))
	{
		PROMISE(start < end && end <= input.body_len, "%zu %zu", start, end);
		PROMISE(air_utf8_valid(input.body + start, end - start), "a character is cut");
		PROMISE(air_estimate_tokens(input.body + start, end - start) <= tokens ||
					air_utf8_char(input.body + start, end - start) == end - start,
				"%d tokens of %d", air_estimate_tokens(input.body + start, end - start), tokens);
		PROMISE(end > behind && (first || start > before), "no progress");
		if (start > behind)
			PROMISE(is_blank(input.body + behind, start - behind), "text is left out");
		else if (start < behind)
			PROMISE(air_estimate_tokens(input.body + start, behind - start) <= overlap, "overlap");
		before = start;
		behind = end;
		first = false;
	}
	PROMISE(is_blank(input.body + behind, input.body_len - behind), "text is left at the end");
}
