/*
 * breaks.h
 *	  Where a text may be cut, and how good a place that is.  Usable outside the server.
 */
#ifndef AIR_BREAKS_H
#define AIR_BREAKS_H

#include "base/pg.h"

/* From bad to good. */
typedef enum AirBreak
{
	AIR_BREAK_NONE,
	AIR_BREAK_CHARACTER, /* before what belongs to the character before, such as an accent */
	AIR_BREAK_CLUSTER,   /* amid a word */
	AIR_BREAK_WORD,      /* after white space, and beside most CJK characters */
	AIR_BREAK_LINE,
	AIR_BREAK_SENTENCE,
	AIR_BREAK_PARAGRAPH,
	AIR_NBREAKS
} AirBreak;

/* What is known of the text before a character; all zero at the start of a line. */
typedef struct AirBreaks
{
	bool white;       /* the character before is white space; the next two are about this gap */
	uint8 newlines;   /* in it, 2: or more */
	uint8 kind;       /* of the last character that is not white space */
	uint8 ended;      /* the sentence: see breaks.c */
	bool inside_line; /* something stands on the line before the present word */
	bool digits;      /* the present word consists of digits */
	int letters;      /* how many letters it has; -1: others than ASCII among them */
	uint64 word;      /* its last letters, lower-cased, the last one in the lowest byte */
} AirBreaks;

/*
 * The break before the character of n bytes at s, the next one of a UTF-8 text.  White space has
 * none before it: *white tells.
 */
extern AirBreak air_break_before(AirBreaks *b, const char *s, size_t n, bool *white);

/* Is the character of n bytes at s white space, no-break spaces excepted? */
extern bool air_is_white(const char *s, size_t n);

#endif
