/*
 * chunk.h
 *	  Cutting a long text into pieces of at most so many tokens.  Usable outside the server.
 */
#ifndef AIR_CHUNK_H
#define AIR_CHUNK_H

#include "base/pg.h"

typedef struct AirChunker
{
	const char *text; /* UTF-8, not changed, not copied */
	size_t len;
	int64 tokens;  /* at most, in a chunk; at least 1 */
	int64 overlap; /* at most, of the chunk before in the next one; less than tokens */
	size_t start;  /* of the last chunk */
	size_t end;    /* of it; 0: there was none */
	int64 has;     /* tokens of it */
} AirChunker;

extern void air_chunker_init(AirChunker *c, const char *text, size_t len, int tokens, int overlap);

/*
 * The next chunk is text[start..end), with no white space at its ends; false: there is none.
 * Without overlap the chunks are the text but for white space before, between and after them.
 * A chunk ends with a paragraph if it is then at least half full, else with the last sentence
 * that fits; a sentence that fits is never cut.  One that does not is cut at a line's end, else
 * between words, else between characters.  Overlap is made of whole sentences, if even the last
 * one is too long of lines or words, and leaves room for the next sentence.
 * Time is linear in the text (with overlap: in what is given), memory constant.  Interruptible.
 */
extern bool air_chunk_next(AirChunker *c, size_t *start, size_t *end);

#endif
