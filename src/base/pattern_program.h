/*
 * pattern_program.h
 *	  A compiled pattern, as pattern_compile.c makes it and pattern_match.c runs it.
 */
#ifndef AIR_PATTERN_PROGRAM_H
#define AIR_PATTERN_PROGRAM_H

#include "base/pattern.h"

typedef enum AirPatternOp
{
	AIR_PAT_CHAR,  /* the character x */
	AIR_PAT_CLASS, /* a character of class x */
	AIR_PAT_JUMP,  /* go on at x */
	AIR_PAT_SPLIT, /* go on at x and at y */
	AIR_PAT_BEGIN, /* at the begin of the text */
	AIR_PAT_END,
	AIR_PAT_WORD,     /* between a word and what is none */
	AIR_PAT_NOT_WORD, /* not there */
	AIR_PAT_MATCH
} AirPatternOp;

typedef struct AirPatternInstr
{
	AirPatternOp op;
	uint32 x;
	uint32 y;
} AirPatternInstr;

typedef struct AirPatternRange
{
	uint32 first;
	uint32 last;
} AirPatternRange;

typedef struct AirPatternClass
{
	bool negated;
	int nranges;
	AirPatternRange *ranges;
} AirPatternClass;

struct AirPattern
{
	int ninstrs;
	AirPatternInstr *instrs;
	int nclasses;
	AirPatternClass *classes;
};

/* The character at s, which is valid UTF-8; *len gets its bytes. */
static inline uint32
air_pattern_char(const char *s, int *len)
{
	const unsigned char *p = (const unsigned char *) s;

	if (p[0] < 0x80)
	{
		*len = 1;
		return p[0];
	}
	if (p[0] < 0xe0)
	{
		*len = 2;
		return (uint32) (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if (p[0] < 0xf0)
	{
		*len = 3;
		return (uint32) (p[0] & 0x0f) << 12 | (uint32) (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	}
	*len = 4;
	return (uint32) (p[0] & 0x07) << 18 | (uint32) (p[1] & 0x3f) << 12 |
		   (uint32) (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

#endif
