/*
 * document.h
 *	  JSON documents that are exact: numbers keep their digits, names are unique.
 *
 * What a model answers goes into a column, so nothing may be lost or guessed on
 * the way: a number is kept as it is written, and of two members of one name
 * neither is taken: the document is refused.  A document is a flat row of
 * nodes.  All memory is palloc'ed in CurrentMemoryContext.  Usable outside the server.
 */
#ifndef AIR_DOCUMENT_H
#define AIR_DOCUMENT_H

#include "base/pg.h"
#include "base/decimal.h"
#include "lib/stringinfo.h"

/* Nesting that is followed; jsonb takes more, no answer and no schema needs it. */
#define AIR_DOC_DEPTH 200

/* Bytes that are parsed: an answer that a caller can wait for is far smaller. */
#define AIR_DOC_BYTES (16 * 1024 * 1024)

typedef enum AirDocType
{
	AIR_DOC_NULL,
	AIR_DOC_FALSE,
	AIR_DOC_TRUE,
	AIR_DOC_NUMBER,
	AIR_DOC_STRING,
	AIR_DOC_ARRAY,
	AIR_DOC_OBJECT
} AirDocType;

/* Offsets are into AirDoc.text.  Children follow their parent: the first is the next node. */
typedef struct AirDocNode
{
	AirDocType type;
	uint32 name, name_len; /* of a member of an object; not terminated */
	uint32 at, len;        /* a string, unescaped; a number, as written */
	uint32 count;          /* children */
	uint32 next;           /* the node behind this one and all in it */
} AirDocNode;

typedef struct AirDoc
{
	char *text;
	AirDocNode *nodes; /* the first is the root */
	uint32 nnodes;
} AirDoc;

/*
 * Parse len bytes (need not be terminated).  False with half a sentence in *why,
 * "has a comma where .. at character 12": invalid JSON or UTF-8, \u0000 and lone
 * surrogates, which jsonb cannot hold, two members of one name, numbers of more
 * than AIR_DECIMAL_PLACES places, deeper than AIR_DOC_DEPTH, longer than AIR_DOC_BYTES.
 */
extern bool air_doc_parse(AirDoc *doc, const char *text, size_t len, char **why);

/*
 * The same for what others write and nobody stores: of members of one name the first counts,
 * numbers may have any number of places, up to 1 GB of text.
 */
extern bool air_doc_parse_foreign(AirDoc *doc, const char *text, size_t len, char **why);

/* The children of a node are visited as: for (i = node + 1, n = count; n-- > 0; i = next). */
static inline const AirDocNode *
air_doc_node(const AirDoc *doc, uint32 i)
{
	return &doc->nodes[i];
}

/* The member of that name, 0 (which is never a member) if there is none or i is no object. */
extern uint32 air_doc_member(const AirDoc *doc, uint32 i, const char *name);

/* Is the string, or the name of the member, just this? */
extern bool air_doc_string_is(const AirDoc *doc, uint32 i, const char *s);
extern bool air_doc_name_is(const AirDoc *doc, uint32 i, const char *s);

/* A terminated copy of a string node, or of a member's name. */
extern char *air_doc_string(const AirDoc *doc, uint32 i);
extern char *air_doc_name(const AirDoc *doc, uint32 i);

/* The number of a number node. */
extern AirDecimal air_doc_decimal(const AirDoc *doc, uint32 i);

/* Equal as JSON: 1 and 1.0 are, and objects whose members are in another order. */
extern bool air_doc_equal(const AirDoc *a, uint32 i, const AirDoc *b, uint32 j);

/* Equal for equal values. */
extern uint64 air_doc_hash(const AirDoc *doc, uint32 i);

/* Append a node as compact JSON; numbers as they were written. */
extern void air_doc_print(const AirDoc *doc, uint32 i, StringInfo out);

/* Append a string as JSON, quoted. */
extern void air_doc_quote(const char *s, size_t len, StringInfo out);

#endif
