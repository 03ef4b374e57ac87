/*
 * tokens.c
 *	  The estimate of how many tokens a text has.
 *
 * Runs on every call, so it is a small automaton without a branch that depends
 * on the text.  A word opens a token at its first letter and again after every
 * fourth; digits after every third; every punctuation mark and CJK character is
 * a token; other letters count in pairs.
 *
 * A state is a shift: each kind of byte has a word of 8-bit lanes, one per
 * state, and the lane of the present state holds the next one.  So a byte costs
 * the processor one shift that waits for the byte before; all look-ups run ahead.
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
	START = 0,
	LETTERS1 = 8,
	LETTERS2 = 16,
	LETTERS3 = 24,
	DIGITS1 = 32,
	DIGITS2 = 40,
	PAIR1 = 48
} State;

#define NEW 0x80        /* in a lane: this byte opens a token */
#define STATE_MASK 0x3f /* the bits of a lane that are the state */

#define FROM(state, next) ((uint64) (next) << (state))
#define FROM_ANY(next) ((uint64) (next) *UINT64CONST(0x01010101010101))

static const uint64 step[NCLASSES] = {
	[BLANK] = FROM_ANY(START),
	[PUNCT] = FROM_ANY(START | NEW),
	[WHOLE] = FROM_ANY(START | NEW),
	/* The fourth letter fills its token: the fifth opens another.  Likewise below. */
	[LETTER] = FROM(START, LETTERS1 | NEW) | FROM(LETTERS1, LETTERS2) | FROM(LETTERS2, LETTERS3) |
			   FROM(LETTERS3, START) | FROM(DIGITS1, LETTERS1 | NEW) |
			   FROM(DIGITS2, LETTERS1 | NEW) | FROM(PAIR1, LETTERS1 | NEW),
	[DIGIT] = FROM(START, DIGITS1 | NEW) | FROM(LETTERS1, DIGITS1 | NEW) |
			  FROM(LETTERS2, DIGITS1 | NEW) | FROM(LETTERS3, DIGITS1 | NEW) |
			  FROM(DIGITS1, DIGITS2) | FROM(DIGITS2, START) | FROM(PAIR1, DIGITS1 | NEW),
	[PAIRED] = FROM(START, PAIR1 | NEW) | FROM(LETTERS1, PAIR1 | NEW) |
			   FROM(LETTERS2, PAIR1 | NEW) | FROM(LETTERS3, PAIR1 | NEW) |
			   FROM(DIGITS1, PAIR1 | NEW) | FROM(DIGITS2, PAIR1 | NEW) | FROM(PAIR1, START),
	[FOLLOWING] = FROM(START, START) | FROM(LETTERS1, LETTERS1) | FROM(LETTERS2, LETTERS2) |
				  FROM(LETTERS3, LETTERS3) | FROM(DIGITS1, DIGITS1) | FROM(DIGITS2, DIGITS2) |
				  FROM(PAIR1, PAIR1),
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
	uint64 state = START;
	size_t tokens = 0;

	for (; p < end; p++)
	{
		state = step[class_of[*p]] >> (state & STATE_MASK);
		tokens += (state & NEW) != 0;
	}
	return (int) Min(tokens, PG_INT32_MAX);
}
