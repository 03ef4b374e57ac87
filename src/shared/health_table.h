/*
 * health_table.h
 *	  Where the health entries are.  For health.c.
 */
#ifndef AIR_HEALTH_TABLE_H
#define AIR_HEALTH_TABLE_H

#include "shared/breaker.h"

/* The entry with that key, locked; NULL if there is none. */
extern AirHealthEntry *air_health_find(uint64 key);

/*
 * The entry with that key, locked, made if need be; NULL if all places for it are in use, which
 * is counted, as is a place with an open breaker or a used limit that had to be given up.  now:
 * monotonic ms.
 */
extern AirHealthEntry *air_health_make(uint64 key, double now);

/* All entries, free ones among them, by number; not locked. */
extern int air_health_count(void);
extern AirHealthEntry *air_health_entry(int n);
extern int air_health_index(const AirHealthEntry *e);

#endif
