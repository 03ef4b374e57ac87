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
 * state, and the lane of the present state holds the next one.  Two bytes are taken
 * in one step, by a word for each pair of kinds, made from those of single bytes at
 * first use.  So two bytes cost the processor one shift that waits for the two
 * before; all look-ups run ahead.
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
	NCLASSES,
	WIDTH = 8 /* of the table for two: a power of two */
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

/* As step[], for a byte of one kind and then one of another. */
static uint64 step2[NCLASSES][WIDTH];

#define COUNT_SHIFT 6 /* in a lane of step2: how many tokens the two bytes open */

static void
make_pairs(void)
{
	for (int a = 0; a < NCLASSES; a++)
		for (int b = 0; b < NCLASSES; b++)
		{
			uint64 word = 0;

			for (int state = START; state <= PAIR1; state += 8)
			{
				uint64 one = step[a] >> state;
				uint64 two = step[b] >> (one & STATE_MASK);
				uint64 count = ((one & NEW) != 0) + ((two & NEW) != 0);

				word |= ((two & STATE_MASK) | count << COUNT_SHIFT) << state;
			}
			step2[a][b] = word;
		}
}

/* See text.h. */
int
air_estimate_tokens(const char *s, size_t len)
{
	static bool made = false;
	const unsigned char *p = (const unsigned char *) s;
	const unsigned char *end = p + len;
	uint64 state = START;
	size_t counts = 0;

	if (!made)
		make_pairs();
	made = true;
	for (; end - p >= 2; p += 2)
	{
		state = step2[class_of[p[0]]][class_of[p[1]]] >> (state & STATE_MASK);
		counts += state & (3 << COUNT_SHIFT);
	}
	counts >>= COUNT_SHIFT;
	if (p < end)
		counts += ((step[class_of[*p]] >> (state & STATE_MASK)) & NEW) != 0;
	return (int) Min(counts, PG_INT32_MAX);
}

/* See text.h. */
bool
air_token_opens(unsigned char byte, unsigned *state)
{
	uint64 lane = step[class_of[byte]] >> *state;

	*state = lane & STATE_MASK;
	return (lane & NEW) != 0;
}
