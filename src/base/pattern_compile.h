/*
 * pattern_compile.h
 *	  What the files that compile a pattern share.
 */
#ifndef AIR_PATTERN_COMPILE_H
#define AIR_PATTERN_COMPILE_H

#include "base/pattern_program.h"

typedef struct AirPatternCompiler
{
	AirPattern *out;
	const char *p;
	const char *end;
	int room;
	int class_room;
	int depth;
	const char *why;
} AirPatternCompiler;

/* Set what is wrong, if nothing is yet.  Always false. */
extern bool air_pattern_fail(AirPatternCompiler *c, const char *why);

/* Append an instruction; false when there are too many. */
extern bool air_pattern_emit(AirPatternCompiler *c, AirPatternOp op, uint32 x, uint32 y);

/* --- pattern_class.c --- */

/* A new class, empty; one with all characters that "." stands for. */
extern uint32 air_pattern_new_class(AirPatternCompiler *c);
extern uint32 air_pattern_any(AirPatternCompiler *c);

/* Is letter one of d D w W s S?  Adds it to the class if so. */
extern bool air_pattern_add_shorthand(AirPatternCompiler *c, uint32 class, char letter);

/* What stands in brackets; the first of them has been passed. */
extern bool air_pattern_parse_class(AirPatternCompiler *c);

/* One character as it stands; the escape behind a backslash that stands for one. */
extern uint32 air_pattern_take_char(AirPatternCompiler *c);
extern bool air_pattern_take_escape(AirPatternCompiler *c, uint32 *ch);

#endif
