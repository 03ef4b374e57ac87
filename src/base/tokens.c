/*
 * tokens.c
 *	  The estimate of how many tokens a text has.
 *
 * Runs on every call, so it is a small automaton: one table look-up per byte,
 * no branch that depends on the text.  A word opens a token at its first letter
 * and again after every fourth; digits after every third; every punctuation
 * mark and CJK character is a token; other letters count in pairs.
 */
#include "base/pg.h"

#include "base/text.h"

/* What a byte is.  Continuation bytes change nothing: the lead byte has counted. */
typedef enum ByteClass
{
	BLANK,
	LETTER,
	DIGIT,
	PUNCT,
	PAIRED,    /* lead byte of a character below U+3000 */
	WHOLE,     /* lead byte of a character from U+3000 on */
	FOLLOWING, /* continuation byte */
	NCLASSES
} ByteClass;

/* Where in a run we are.  START: the next character opens a token whatever it is. */
typedef enum State
{
	START,
	LETTERS1,
	LETTERS2,
	LETTERS3,
	DIGITS1,
	DIGITS2,
	PAIR1,
	NSTATES
} State;

#define NEW 0x80 /* this byte opens a token */

/* Blanks end a run; punctuation and whole characters are tokens of their own in every state. */
#define ROW(letter, digit, paired, same)                                                           \
	{                                                                                              \
		[BLANK] = START, [LETTER] = (letter), [DIGIT] = (digit), [PUNCT] = START | NEW,            \
		[PAIRED] = (paired), [WHOLE] = START | NEW, [FOLLOWING] = (same)                           \
	}

/* A transition: the next state, with NEW added when a token begins here. */
static const uint8 step[NSTATES][NCLASSES] = {
	[START] = ROW(LETTERS1 | NEW, DIGITS1 | NEW, PAIR1 | NEW, START),
	[LETTERS1] = ROW(LETTERS2, DIGITS1 | NEW, PAIR1 | NEW, LETTERS1),
	[LETTERS2] = ROW(LETTERS3, DIGITS1 | NEW, PAIR1 | NEW, LETTERS2),
	/* The fourth letter fills its token: the fifth opens another. */
	[LETTERS3] = ROW(START, DIGITS1 | NEW, PAIR1 | NEW, LETTERS3),
	[DIGITS1] = ROW(LETTERS1 | NEW, DIGITS2, PAIR1 | NEW, DIGITS1),
	[DIGITS2] = ROW(LETTERS1 | NEW, START, PAIR1 | NEW, DIGITS2),
	[PAIR1] = ROW(LETTERS1 | NEW, DIGITS1 | NEW, START, PAIR1),
};

static const uint8 class_of[256] = {
	[0 ... ' '] = BLANK,         ['!' ... '/'] = PUNCT,    ['0' ... '9'] = DIGIT,
	[':' ... '@'] = PUNCT,       ['A' ... 'Z'] = LETTER,   ['[' ... '`'] = PUNCT,
	['a' ... 'z'] = LETTER,      ['{' ... '~'] = PUNCT,    [0x7f] = BLANK,
	[0x80 ... 0xbf] = FOLLOWING, [0xc0 ... 0xe2] = PAIRED, [0xe3 ... 0xff] = WHOLE,
};

/* See text.h. */
int
air_estimate_tokens(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *) s;
	const unsigned char *end = p + len;
	uint8 state = START;
	size_t tokens = 0;

	for (; p < end; p++)
	{
		uint8 next = step[state][class_of[*p]];

		tokens += next >> 7;
		state = next & (NEW - 1);
	}
	return (int) Min(tokens, PG_INT32_MAX);
}
