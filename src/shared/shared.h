/*
 * shared.h
 *	  The extension's shared memory.
 *
 * Everything here needs shared_preload_libraries; air_shared_require() says so
 * to whoever calls without it.
 */
#ifndef AIR_SHARED_H
#define AIR_SHARED_H

#include "base/pg.h"

/* Install the shared memory hooks.  From _PG_init, only while the postmaster preloads. */
extern void air_shared_init(void);

/* Give out what the spool holds at a start.  In the postmaster, when all parts are there. */
extern void air_shared_restore(void);

/* ereports (55000) with the setting's name unless the library was preloaded. */
extern void air_shared_require(void);

/*
 * The next call id of this cluster: positive, never given twice, also not after
 * a crash.  May wait a moment, interruptibly, once in a hundred thousand calls.
 */
extern int64 air_next_call_id(void);

#endif
