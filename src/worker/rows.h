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
	const char *insert; /* or another command: reads relation "spooled"; %1$s: the columns
						   that records fill */
	size_t fixed;       /* bytes before the texts */
} AirRowKind;

/* NULL: an unknown kind; those that are known are below AIR_RECORD_KINDS. */
extern const AirRowKind *air_rows_kind(int kind);

/*
 * Of n records, how many a batch may take: a clear comes alone, since it deletes what was
 * there before it and nothing that follows.
 */
extern int air_rows_batch(const AirSpoolRecord *records, int n);

/* Is this an answer that has been cleared since it was received?  Then it is not written. */
extern bool air_rows_void(const AirSpoolRecord *record);

/* The records are written, or never will be; rows: what the last command changed. */
extern void air_rows_done(const AirSpoolRecord *records, int n, int64 rows);

/*
 * Fill values and nulls for a row of that description from a record.  Columns are found by
 * name and type; known[i] says which: the same ones for all records of a kind.  The others
 * (a newer version's, or somebody's own) are not ours to fill.  False if the record is damaged.
 * Memory: CurrentMemoryContext.
 */
extern bool air_rows_fill(const AirSpoolRecord *record, TupleDesc desc, Datum *values, bool *nulls,
						  bool *known);

#endif
