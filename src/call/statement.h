/*
 * statement.h
 *	  The user's statement as a scope: what "per statement" means.
 *
 * The outermost executor or utility run opens a statement; FETCH, PL/pgSQL and
 * SPI inside it belong to it.
 */
#ifndef AIR_STATEMENT_H
#define AIR_STATEMENT_H

#include "base/pg.h"

/* Install the executor and utility hooks.  From _PG_init; chains what was there. */
extern void air_statement_init(void);

/* Count a call that failed and became NULL; the first message goes into the WARNING's DETAIL. */
extern void air_statement_count_null(const char *message);

#endif
