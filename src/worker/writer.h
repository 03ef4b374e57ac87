/*
 * writer.h
 *	  The background worker that empties a database's spool into its tables.
 */
#ifndef AIR_WRITER_H
#define AIR_WRITER_H

#include "base/pg.h"

/*
 * Register the worker that, once after a start, has writers started for what the last
 * stop left in the spool.  From _PG_init, only while the postmaster preloads.
 */
extern void air_writer_init(void);

/* Entry points of background workers: named in bgw_function_name. */
extern PGDLLEXPORT void air_writer_main(Datum database);
extern PGDLLEXPORT void air_writer_launcher_main(Datum arg);

#endif
