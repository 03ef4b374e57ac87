/*
 * learned.c
 *	  What was learned for each rule: rows of ai_router.predictors.
 *
 * The bytes of a predictor live as long as the configuration that they belong to, and are
 * read where they lie.  No locks: the table is locked by who reads the configuration.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"

#include "config/learned.h"
#include "config/registry_rows.h"
#include "config/tablescan.h"

static AirLearned *
entry_of(AirConfig *config, const char *rule)
{
	for (int i = 0; i < config->nlearned; i++)
		if (strcmp(config->learned[i].rule, rule) == 0)
			return &config->learned[i];
	return NULL;
}

static bool
read_predictor(AirConfig *config, void *source, void *row)
{
	AirLearned *learned = row;
	bytea *bytes = (bytea *) air_scan_varlena(source, "predictor", BYTEAOID);
	const char *why = "it is missing";

	if (bytes != NULL && air_predictor_open_hook != NULL)
		learned->predictor =
			air_predictor_open_hook((uint8 *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &why);
	if (learned->predictor == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("version %d cannot be read: %s", learned->version, why)));
	return true;
}

/* See learned.h. */
void
air_config_read_learned(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		AirLearned row = {.rule = air_scan_text(scan, "rule"),
						  .version = (int) air_scan_int(scan, "version", 0)};
		AirLearned *entry;

		if (!air_scan_bool(scan, "enabled", true) || row.rule == NULL)
			continue;
		entry = entry_of(config, row.rule);
		if (entry != NULL && entry->version > row.version)
			continue;
		if (!air_config_read_row(config, "predictor of rule", row.rule, read_predictor, scan, &row))
			continue;
		if (entry == NULL)
		{
			config->learned =
				air_config_grow(config->learned, config->nlearned, sizeof(AirLearned));
			entry = &config->learned[config->nlearned++];
		}
		*entry = row;
	}
	air_scan_end(scan);
}

/* See learned.h. */
const AirLearned *
air_config_learned(const AirConfig *config, const char *rule)
{
	return entry_of(unconstify(AirConfig *, config), rule);
}
