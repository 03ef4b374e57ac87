/*
 * tablescan.h
 *	  Reading a table of the extension from C, columns by name.
 *
 * One library meets several SQL versions: a column that is not there reads as NULL.
 */
#ifndef AIR_TABLESCAN_H
#define AIR_TABLESCAN_H

#include "base/pg.h"
#include "base/money.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct AirScan AirScan;

/*
 * Take AccessShareLock on all these tables (InvalidOid is left out), in five seconds together:
 * after that, or after lock_timeout where that is shorter, 55P03 is raised.  Like any wait for a
 * lock it can be interrupted, and the deadlock detector sees it.  Needs a transaction.
 */
extern void air_tables_lock(const Oid *relids, int n);
extern void air_tables_unlock(const Oid *relids, int n);

/*
 * Scan the table as the (registered) snapshot sees it.  Holds AccessShareLock on the table until
 * air_scan_end(), or until the transaction ends in an error.
 */
extern AirScan *air_scan_begin(Oid relid, Snapshot snapshot);
extern bool air_scan_next(AirScan *scan);
extern void air_scan_end(AirScan *scan);

/*
 * The same for look-ups by primary key, of one column, in a table that the caller has opened and
 * locked, as its index.  air_scan_find: the row with that key, if there is one.
 */
extern AirScan *air_scan_begin_keyed(Relation rel, Relation index, Snapshot snapshot);
extern bool air_scan_find(AirScan *scan, RegProcedure equals, Datum key);

/* The same for the rows from the index's last one back. */
extern AirScan *air_scan_begin_last(Relation rel, Relation index, Snapshot snapshot);
extern bool air_scan_previous(AirScan *scan);

/*
 * A column of the current row.  Values by reference are palloc'ed copies; NULL
 * (or dflt) stands for NULL and for a missing column.  A column of another type than
 * the name of the function says is an error.
 */
extern char *air_scan_text(AirScan *scan, const char *column);
extern int64 air_scan_int(AirScan *scan, const char *column, int64 dflt);
extern double air_scan_float(AirScan *scan, const char *column, double dflt);
extern bool air_scan_bool(AirScan *scan, const char *column, bool dflt);
extern TimestampTz air_scan_time(AirScan *scan, const char *column, TimestampTz dflt);
extern DateADT air_scan_date(AirScan *scan, const char *column, DateADT dflt);
extern AirNano air_scan_money(AirScan *scan, const char *column);
extern Jsonb *air_scan_jsonb(AirScan *scan, const char *column);

/* As the others, for a type without a function of its own: a copy of the varlena. */
extern struct varlena *air_scan_varlena(AirScan *scan, const char *column, Oid type);

/* Arrays: *n gets the number of elements; NULL elements are errors. */
extern char **air_scan_texts(AirScan *scan, const char *column, int *n);
extern double *air_scan_reals(AirScan *scan, const char *column, int *n);

#endif
