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

static inline const AirDocNode *
air_schema_node_at(const AirSchemaCompiler *c, uint32 i)
{
	return air_doc_node(&c->schema->doc, i);
}

/* Fail because the value of a keyword is not what it must be.  Always false. */
extern bool air_schema_fail_value(AirSchemaCompiler *c, const char *keyword, const char *must_be);

/* Read the value at node i of a keyword; false after an error.  schema_read.c */
extern bool air_schema_read_count(AirSchemaCompiler *c, const char *keyword, uint32 i, int64 *out);
extern bool
air_schema_read_number(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out);
extern bool
air_schema_read_multiple(AirSchemaCompiler *c, const char *keyword, uint32 i, uint32 *out);
extern bool air_schema_read_boolean(AirSchemaCompiler *c, const char *keyword, uint32 i, bool *out);
extern bool air_schema_read_schema(AirSchemaCompiler *c, uint32 i, AirSchemaNode **out);
extern bool
air_schema_read_list(AirSchemaCompiler *c, const char *keyword, uint32 i, AirSchemaList *out);
extern bool air_schema_read_types(AirSchemaCompiler *c, uint32 i, uint8 *types);
extern bool air_schema_read_pattern(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out);
extern bool air_schema_read_format(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out);
extern bool air_schema_read_ref(AirSchemaCompiler *c, uint32 i, AirSchemaNode *out);
extern bool air_schema_read_definitions(AirSchemaCompiler *c, const char *keyword, uint32 i);

/* "properties" and "required" together, either may be 0. */
extern bool
air_schema_read_names(AirSchemaCompiler *c, uint32 properties, uint32 required, AirSchemaNode *out);

/* The node that the string at i refers to: "#", or a JSON pointer behind it.  schema_ref.c */
extern bool air_schema_find_ref(AirSchemaCompiler *c, uint32 i, uint32 *target);

/* No schema comes back to itself at the same place of a value.  schema_ref.c */
extern bool air_schema_check_loops(AirSchemaCompiler *c);

#endif
