/*
 * schema_compile.h
 *	  What the files that compile a schema share.
 */
#ifndef AIR_SCHEMA_COMPILE_H
#define AIR_SCHEMA_COMPILE_H

#include "base/schema_node.h"

typedef struct AirSchemaCompiler
{
	AirSchema *schema;
	AirSchemaNode **nodes; /* by node of the document; NULL: not compiled */
	AirSchemaError *err;
	StringInfoData path; /* where we are */
	int depth;
} AirSchemaCompiler;

/* Set the error, if there is none yet, with the path where we are.  Always false. */
extern bool air_schema_fail(AirSchemaCompiler *c, const char *message, const char *hint);

/* Go into a member; what is returned leads back. */
extern int air_schema_path_push(AirSchemaCompiler *c, const char *name, size_t len);
extern void air_schema_path_pop(AirSchemaCompiler *c, int before);

/* The schema at a node of the document, compiled if it is not yet; NULL after an error. */
extern AirSchemaNode *air_schema_compile_node(AirSchemaCompiler *c, uint32 at);

/* The node that the string at i refers to: "#", or a JSON pointer behind it.  schema_ref.c */
extern bool air_schema_find_ref(AirSchemaCompiler *c, uint32 i, uint32 *target);

/* No schema comes back to itself at the same place of a value.  schema_ref.c */
extern bool air_schema_check_loops(AirSchemaCompiler *c);

#endif
