/*
 * registry_rows.h
 *	  Between the files that read a configuration: arrays that grow, rows that are
 *	  left out.  Only src/config includes it.
 */
#ifndef AIR_REGISTRY_ROWS_H
#define AIR_REGISTRY_ROWS_H

#include "config/registry.h"
#include "utils/snapshot.h"

/* Reads the current row into *row; returns false to leave it out silently. */
typedef bool (*AirReadRow)(AirConfig *config, void *source, void *row);

/* Room for one more element behind n: arrays double from 8.  In CurrentMemoryContext. */
extern void *air_config_grow(void *array, int n, size_t size);

/*
 * Read a row.  False if it is to be left out; where that is for its content, a WARNING
 * and an entry of config->skipped say so.
 */
extern bool air_config_read_row(AirConfig *config, const char *noun, const char *name,
								AirReadRow read, void *source, void *row);

/* budgets_read.c: all rows of ai_router.budgets as the snapshot sees them. */
extern void air_config_read_budgets(Oid relid, Snapshot snapshot, AirConfig *config);

#endif
