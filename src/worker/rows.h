/*
 * rows.h
 *	  Records of the spool as rows of the ledger's tables.
 */
#ifndef AIR_ROWS_H
#define AIR_ROWS_H

#include "access/tupdesc.h"
#include "shared/spool.h"

/*
 * What records of a kind become.  In the order in which a batch writes them; its tables
 * are locked in that order.
 */
typedef struct AirRowKind
{
	const char *table;  /* in schema ai_router */
	const char *insert; /* reads relation "spooled"; %1$s: the columns that records fill */
	size_t fixed;       /* bytes before the texts */
} AirRowKind;

/* NULL: an unknown kind; kinds count from 0. */
extern const AirRowKind *air_rows_kind(int kind);

/*
 * Fill values and nulls for a row of that description from a record.  Columns are found by
 * name and type; known[i] says which: the same ones for all records of a kind.  The others
 * (a newer version's, or somebody's own) are not ours to fill.  False if the record is damaged.
 * Memory: CurrentMemoryContext.
 */
extern bool air_rows_fill(const AirSpoolRecord *record, TupleDesc desc, Datum *values, bool *nulls,
						  bool *known);

#endif
