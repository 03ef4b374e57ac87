/*
 * registry_read.h
 *	  From catalogs and tables to an AirConfig.
 */
#ifndef AIR_REGISTRY_READ_H
#define AIR_REGISTRY_READ_H

#include "base/pg.h"
#include "config/registry.h"

/* Where the tables are; InvalidOid where an older version of the extension has none. */
typedef struct AirTables
{
	Oid models;
	Oid rules;
	Oid fixtures;
	Oid budgets;
	Oid budget_spent;
	Oid prompts;
	Oid predictors;
} AirTables;

#define AIR_CONFIG_RELATIONS 7

/* All relations that a configuration is read from; InvalidOid where there is none. */
extern void air_config_relations(const AirTables *tables, Oid relids[AIR_CONFIG_RELATIONS]);

/*
 * Fill *config (zeroed) from the current state; everything is palloc'ed in
 * CurrentMemoryContext and *config refers to nothing outside of it.  Rows that
 * make no sense are left out with a WARNING and an entry in config->skipped.
 * The relations are locked by the caller.
 */
extern void air_config_read(const AirTables *tables, AirConfig *config);

#endif
