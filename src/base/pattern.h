/*
 * pattern.h
 *	  Regular expressions of JSON Schema's "pattern": those of JavaScript.
 *
 * Not PostgreSQL's engine: answers are judged while calls are under way, where
 * nothing may raise an error, be interrupted or take long, and what a pattern
 * means should not depend on a collation.  This one runs all alternatives side by
 * side: its time is bounded by pattern times text, whatever both are.  It knows all
 * that needs no memory of what was matched: no back-references, no look-around,
 * no \p{..}; . \d \w \s \b are JavaScript's (\d and \w are ASCII).  Usable
 * outside the server.
 */
#ifndef AIR_PATTERN_H
#define AIR_PATTERN_H

#include "base/pg.h"

typedef struct AirPattern AirPattern;

/*
 * Compile valid UTF-8; NULL with half a sentence in *why ("has a ) too many").  Memory is
 * CurrentMemoryContext's.
 */
extern AirPattern *air_pattern_compile(const char *s, size_t len, const char **why);

/*
 * Does it match anywhere in the text, valid UTF-8?  Each step takes one from *steps;
 * false when there are none left.
 */
extern bool air_pattern_matches(const AirPattern *pattern, const char *s, size_t len, int64 *steps);

#endif
