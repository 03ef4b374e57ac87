/*
 * schema_check.h
 *	  What the files that check a document share.
 */
#ifndef AIR_SCHEMA_CHECK_H
#define AIR_SCHEMA_CHECK_H

#include "base/schema_node.h"

/* Where in the document we are; frames of the stack, so that a path costs nothing until it is said.
 */
typedef struct AirSchemaPlace
{
	const struct AirSchemaPlace *up; /* NULL: the root */
	uint32 node;
	uint32 index; /* in an array */
	int depth;
} AirSchemaPlace;

typedef struct AirSchemaCheck
{
	const AirSchema *schema;
	const AirDoc *doc;
	const char *root; /* what paths begin with */
	int64 steps;      /* left; below 0: given up */
	int depth;
	int silent;    /* > 0: no words are wanted */
	char *problem; /* the last one that was said */
	int problem_depth;
} AirSchemaCheck;

/* Say what is wrong at a place, unless silence is wanted.  All of these return false. */
extern bool air_schema_problem(AirSchemaCheck *ck, const AirSchemaPlace *place, const char *fmt,
							   ...) pg_attribute_printf(3, 4);
extern bool air_schema_wrong_type(AirSchemaCheck *ck, const AirSchemaPlace *place, int types);

/* It is none of the n values of the schema's document from node `first` on. */
extern bool
air_schema_expected(AirSchemaCheck *ck, const AirSchemaPlace *place, uint32 first, uint32 n);
extern bool
air_schema_missing(AirSchemaCheck *ck, const AirSchemaPlace *place, const AirSchemaName *name);
extern bool air_schema_not_allowed(AirSchemaCheck *ck, const AirSchemaPlace *place,
								   const AirSchemaNode *schema, uint32 member);

/* A value for a sentence: JSON, cut short. */
extern char *air_schema_value_text(const AirDoc *doc, uint32 node);

#endif
