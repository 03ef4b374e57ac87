/*
 * document.h
 *	  Answers that are JSON documents: demanded, judged, and handed over.
 */
#ifndef AIR_SQL_DOCUMENT_H
#define AIR_SQL_DOCUMENT_H

#include "base/schema.h"
#include "sql/front.h"

/*
 * What is demanded: compiled once per call site.  Providers enforce schemas of objects only,
 * so any other is asked for as the property "value" of one.
 */
typedef struct AirDemand
{
	AirSchema *schema;
	bool wrapped;
	const char *text; /* what the provider gets, server encoding */
	const char *name; /* tells apart what is checked in another way: part of the cache key */
} AirDemand;

/* Judges an answer by an AirDemand, its argument; the document is kept without blanks. */
extern const AirCheck air_demand_check;

/*
 * Make a demand of a schema in the server encoding, in CurrentMemoryContext.  ereports for a
 * schema that cannot be used; function names the caller's function.
 */
extern void air_demand_make(AirDemand *demand, const char *schema, int flags, const char *function);

/*
 * State the call of a function that reads what `input` says: the active prompt of the
 * function's name, the demand's schema, its judge.  In CurrentMemoryContext.  ereports if
 * hints hold a schema of their own.
 */
extern void air_demand_spec(AirCallSpec *spec, const char *function, const char *prompt_name,
							const char *input, const AirDemand *demand, const AirHints *hints);

/* A schema in the server encoding out of a jsonb, shorthand expanded; *flags for it.  ereports. */
extern char *air_demand_schema(Jsonb *schema, int *flags, const char *function);

#endif
