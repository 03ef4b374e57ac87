/*
 * rows.h
 *	  Records of the spool as rows of the ledger's tables.
 */
#ifndef AIR_ROWS_H
#define AIR_ROWS_H

#include "access/tupdesc.h"
#include "shared/spool.h"

/* The table in schema ai_router that records of a kind belong to; NULL: an unknown kind. */
extern const char *air_rows_table(int kind);

/*
 * Fill values and nulls for a row of that description from a record.  Columns are found by
 * name and type: one that this library does not know stays NULL.  False if the record is
 * damaged.  Memory: CurrentMemoryContext.
 */
extern bool air_rows_fill(const AirSpoolRecord *record, TupleDesc desc, Datum *values, bool *nulls);

#endif
