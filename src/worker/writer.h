/*
 * writer.h
 *	  The background workers: one that empties a database's spool into its tables,
 *	  and one that sees to it that there is one.
 */
#ifndef AIR_WRITER_H
#define AIR_WRITER_H

#include "base/pg.h"

/* Register the launcher, see launcher.c.  From _PG_init, only while the postmaster preloads. */
extern void air_writer_init(void);

/* Entry points of background workers: named in bgw_function_name. */
extern PGDLLEXPORT void air_writer_main(Datum database);
extern PGDLLEXPORT void air_writer_launcher_main(Datum arg);

#endif
