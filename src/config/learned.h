/*
 * learned.h
 *	  What was learned for each rule: rows of ai_router.predictors.
 */
#ifndef AIR_CONFIG_LEARNED_H
#define AIR_CONFIG_LEARNED_H

#include "base/pg.h"

#include "utils/snapshot.h"

#include "config/registry.h"

/* Read the table: of each rule the highest enabled version.  As air_config_read(). */
extern void air_config_read_learned(Oid relid, Snapshot snapshot, AirConfig *config);

/* What was learned for the rule of that name, or NULL. */
extern const AirLearned *air_config_learned(const AirConfig *config, const char *rule);

#endif
