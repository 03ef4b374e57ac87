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
	const char *insert; /* reads relation "spooled", which has the table's columns */
	size_t fixed;       /* bytes before the texts */
} AirRowKind;

/* By AirRecordKind; NULL: an unknown kind. */
extern const AirRowKind *air_rows_kind(int kind);

/*
 * Fill values and nulls for a row of that description from a record.  Columns are found by
 * name and type: one that this library does not know stays NULL.  False if the record is
 * damaged.  Memory: CurrentMemoryContext.
 */
extern bool air_rows_fill(const AirSpoolRecord *record, TupleDesc desc, Datum *values, bool *nulls);

#endif
