/*
 * sketch.h
 *	  The text that a prompt will be like: what is constant in it as it is, and filler of the
 *	  expected length for the rest.
 *
 * It is never sent.  It has about as many tokens as the real one, and rules that look
 * at the size of a prompt, or at the words it begins with, decide about it as they would about
 * that.
 */
#ifndef AIR_SKETCH_H
#define AIR_SKETCH_H

#include "base/pg.h"

#include "batch/scope.h"
#include "lib/stringinfo.h"

/* So many bytes of text count as a token where the text itself is not known. */
#define AIR_BYTES_PER_TOKEN 4

/* An answer is taken to have so many tokens where neither history nor max_tokens says less. */
#define AIR_USUAL_ANSWER 200

/* An array whose length is not known is taken to have so many elements, as by the planner. */
#define AIR_USUAL_ARRAY 10

typedef struct AirSketch
{
	StringInfoData text;
	double beyond; /* tokens that a text of sane size has no room for */
} AirSketch;

/* Sketch the text of an expression, in CurrentMemoryContext.  Reads syscache only. */
extern void air_sketch(const AirScope *scope, Node *expr, AirSketch *sketch);

/* How many elements an array expression has. */
extern double air_sketch_elements(const AirScope *scope, Node *expr);

/* The Const that an expression is, looking through Params; NULL: it is none. */
extern Const *air_sketch_const(const AirScope *scope, Node *expr);

#endif
