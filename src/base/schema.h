/*
 * schema.h
 *	  JSON Schema: compiled once, then asked whether a document satisfies it.
 *
 * What is understood is what providers take for structured output, in the meaning
 * of draft 2020-12; a keyword that is not understood is an error, never silence.
 * References stay within the schema.  Checking never raises, is bounded in time and
 * depth, and says in words what is wrong, for the model to mend it.  doc/extract.md
 * has the list.  Usable outside the server.
 */
#ifndef AIR_SCHEMA_H
#define AIR_SCHEMA_H

#include "base/pg.h"
#include "base/document.h"

typedef struct AirSchema AirSchema;

/* Why a schema cannot be used.  palloc'ed. */
typedef struct AirSchemaError
{
	char *message; /* as errmsg() wants it */
	char *path;    /* where, "$.properties.total" */
	char *hint;    /* a full sentence, or NULL */
} AirSchemaError;

/*
 * With AIR_SCHEMA_COLUMNS a document is to become a value of PostgreSQL types: the formats
 * date, time, date-time and uuid are demanded as its types read them in any setting (the
 * offset of a time may be missing), integers must fit into 64 bits and numbers into a
 * double's range.  Otherwise formats are annotations, and numbers have any size.
 */
#define AIR_SCHEMA_COLUMNS 1

/* Compile a schema, valid UTF-8; NULL with *err filled.  It lives in CurrentMemoryContext. */
extern AirSchema *air_schema_compile(const char *text, size_t len, int flags, AirSchemaError *err);

/*
 * Does the node satisfy the schema?  If not, *problem says what is wrong and where, as
 * "$.items[2].total: expected a number, got a string"; root is what the path begins with.
 */
extern bool air_schema_check(const AirSchema *schema, const AirDoc *doc, uint32 node,
							 const char *root, char **problem);

/* What a member of a schema holds: a schema, an object or array of them, or something else. */
typedef enum AirSchemaPart
{
	AIR_PART_DATA,
	AIR_PART_SCHEMA,
	AIR_PART_SCHEMAS
} AirSchemaPart;

extern AirSchemaPart air_schema_part(const AirDoc *doc, uint32 member);

/*
 * The node that a JSON pointer in a fragment leads to: "#", "#/$defs/line".  False if it has
 * another form or leads nowhere.
 */
extern bool air_schema_pointer(const AirDoc *doc, const char *ref, uint32 *target);

/* Append the schema of an object whose only property "value" satisfies the schema. */
extern void air_schema_wrap(const AirSchema *schema, StringInfo out);

/* Can only objects satisfy it?  That is, does it say "type": "object". */
extern bool air_schema_is_object(const AirSchema *schema);

#endif
