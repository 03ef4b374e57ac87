/*
 * column_type.h
 *	  Types of PostgreSQL as JSON Schema, and JSON as their values.
 */
#ifndef AIR_SQL_COLUMN_TYPE_H
#define AIR_SQL_COLUMN_TYPE_H

#include "base/document.h"

#include "access/tupdesc.h"
#include "fmgr.h"

typedef enum AirColumnKind
{
	AIR_COLUMN_TEXT, /* whatever the type reads: a string */
	AIR_COLUMN_NUMBER,
	AIR_COLUMN_INTEGER,
	AIR_COLUMN_BOOLEAN,
	AIR_COLUMN_JSON,
	AIR_COLUMN_ENUM,
	AIR_COLUMN_ARRAY,
	AIR_COLUMN_ROW
} AirColumnKind;

/* A type, looked at once: what its schema says and how its values are made. */
typedef struct AirColumnType
{
	Oid type; /* as declared, maybe a domain */
	Oid base; /* without domains */
	int32 typmod;
	AirColumnKind kind;
	bool not_null; /* a domain says so */
	FmgrInfo input;
	Oid ioparam;
	void *domain; /* what domain_check() keeps */
	MemoryContext cxt;

	struct AirColumnType *element; /* of an array */
	int16 typlen;
	bool typbyval;
	char typalign;

	TupleDesc desc; /* of a row */
	struct AirColumn *columns;
} AirColumnType;

typedef struct AirColumn
{
	const char *name;    /* UTF-8 */
	AirColumnType *type; /* NULL: not asked for, stays NULL */
	const char *comment; /* server encoding, or NULL */
	bool nullable;
} AirColumn;

/* Look at a type, in CurrentMemoryContext.  ereports for one that no value can be read for. */
extern AirColumnType *air_column_type(Oid type, int32 typmod);

/*
 * Append the JSON Schema of a type, UTF-8: closed objects with all columns required, so that
 * every provider can enforce it; null is allowed where it is nullable.
 */
extern void
air_column_schema(const AirColumnType *type, bool nullable, const char *comment, StringInfo out);

/*
 * The value that a node of a document, which satisfies the schema, stands for.  path names
 * the column being made, in *path, for the message of an error that the type's input or a
 * domain raises.
 */
extern Datum air_column_value(AirColumnType *type, const AirDoc *doc, uint32 node,
							  const char **path, bool *isnull);

#endif
