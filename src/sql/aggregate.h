/*
 * aggregate.h
 *	  Between the aggregates' transition functions and what is made of their state.
 *
 * A group of rows is handed over as a parcel, a jsonb object: its rows, if they fit into one
 * call, else the answers about its parts, with instruction and hints.
 */
#ifndef AIR_AGGREGATE_H
#define AIR_AGGREGATE_H

#include "sql/ask.h"

#include "utils/jsonb.h"

/* What differs between the aggregates. */
typedef struct AirAggregate
{
	const char *function; /* SQL name */
	const char *prompt;   /* name of the prompt for all rows at once */
	bool instructed;      /* has an argument "instruction" behind the row's text */
} AirAggregate;

/* What is left to be asked about a group. */
typedef struct AirParcel
{
	AirAsk ask;
	Jsonb *hints; /* NULL: none */
	bool merge;   /* texts are answers about parts, else one pack of all rows */
	const char **texts;
	int n;
} AirParcel;

/* As jsonb, and back; in CurrentMemoryContext.  The latter ereports for any other jsonb. */
extern Jsonb *air_parcel_write(const AirParcel *parcel);
extern void air_parcel_read(Jsonb *jb, AirParcel *out);

#endif
