/*
 * schema_node.h
 *	  A compiled schema, as schema_compile.c makes it and schema_check.c reads it.
 */
#ifndef AIR_SCHEMA_NODE_H
#define AIR_SCHEMA_NODE_H

#include "base/pattern.h"
#include "base/schema.h"

/* Bits for types; an integer is a number whose value is one. */
typedef enum AirSchemaType
{
	AIR_TYPE_NULL = 1 << 0,
	AIR_TYPE_BOOLEAN = 1 << 1,
	AIR_TYPE_INTEGER = 1 << 2,
	AIR_TYPE_NUMBER = 1 << 3,
	AIR_TYPE_STRING = 1 << 4,
	AIR_TYPE_ARRAY = 1 << 5,
	AIR_TYPE_OBJECT = 1 << 6
} AirSchemaType;

#define AIR_TYPE_COUNT 7
extern const char *const air_schema_types[AIR_TYPE_COUNT]; /* names, by bit */

typedef enum AirSchemaFormat
{
	AIR_FORMAT_ANY,
	AIR_FORMAT_DATE,
	AIR_FORMAT_TIME,
	AIR_FORMAT_DATE_TIME,
	AIR_FORMAT_UUID
} AirSchemaFormat;

typedef struct AirSchemaNode AirSchemaNode;

/* A name that "properties" or "required" mentions. */
typedef struct AirSchemaName
{
	const char *s;
	uint32 len;
	AirSchemaNode *schema; /* NULL: not in properties */
	bool required;
} AirSchemaName;

typedef struct AirSchemaList
{
	int n;
	AirSchemaNode **schemas;
} AirSchemaList;

/* Nodes of the schema's document are given by number, 0: the keyword is not there. */
struct AirSchemaNode
{
	uint32 at;   /* its node, for error messages */
	bool never;  /* the schema false */
	uint8 types; /* 0: any */
	uint8 format;
	bool unique_items;

	uint32 enumeration;
	uint32 constant;
	bool has_const;

	/* objects */
	int nnames;
	AirSchemaName *names; /* sorted, see air_schema_name() */
	AirSchemaNode *additional;
	int64 min_properties;
	int64 max_properties; /* -1: none, as in all that follow */

	/* arrays */
	AirSchemaList prefix;
	AirSchemaNode *items;
	int64 min_items;
	int64 max_items;

	/* numbers */
	uint32 minimum;
	uint32 maximum;
	uint32 above;
	uint32 below;
	uint32 multiple;

	/* strings */
	int64 min_length;
	int64 max_length;
	AirPattern *pattern;
	uint32 pattern_at;

	AirSchemaList any_of;
	AirSchemaList all_of;
	AirSchemaList one_of;
	AirSchemaNode * not ;
	AirSchemaNode *ref;

	uint8 seen; /* while loops are looked for */
};

struct AirSchema
{
	AirDoc doc;
	int flags;
	AirSchemaNode *root;
};

/* Compare names as they are sorted. */
static inline int
air_schema_name_compare(const AirSchemaName *a, const AirSchemaName *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->s, b->s, a->len);
}

/* The name's entry, NULL if the node does not mention it. */
static inline const AirSchemaName *
air_schema_name(const AirSchemaNode *node, const char *s, uint32 len)
{
	AirSchemaName key = {.s = s, .len = len};
	int from = 0;
	int to = node->nnames;

	while (from < to)
	{
		int middle = (from + to) / 2;
		int order = air_schema_name_compare(&key, &node->names[middle]);

		if (order == 0)
			return &node->names[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* Is the text of that format, as a PostgreSQL type reads it whatever its settings are?
 * schema_format.c */
extern bool air_schema_format(AirSchemaFormat format, const char *s, size_t len);

#endif
