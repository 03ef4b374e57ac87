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

/* The version of a rule's that is to be read. */
typedef struct Best
{
	char *rule;
	int version; /* 0: none */
	int below;   /* this one and those above it cannot be read */
} Best;

typedef struct Bests
{
	Best *best;
	int n;
} Bests;

static Best *
best_of(const Bests *bests, const char *rule)
{
	for (int i = 0; i < bests->n; i++)
		if (strcmp(bests->best[i].rule, rule) == 0)
			return &bests->best[i];
	return NULL;
}

/* Find the highest enabled version of each rule.  The predictors themselves are not read. */
static void
find_bests(Oid relid, Snapshot snapshot, Bests *bests)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		char *rule = air_scan_text(scan, "rule");
		int version = (int) air_scan_int(scan, "version", 0);
		Best *best;

		if (rule == NULL || !air_scan_bool(scan, "enabled", true))
			continue;
		best = best_of(bests, rule);
		if (best == NULL)
		{
			bests->best = air_config_grow(bests->best, bests->n, sizeof(Best));
			best = &bests->best[bests->n++];
			*best = (Best){.rule = rule, .below = PG_INT32_MAX};
		}
		else
			pfree(rule);
		if (version < best->below && version > best->version)
			best->version = version;
	}
	air_scan_end(scan);
}

/* Read those; false: some cannot be read, and the next lower ones of their rules are to be. */
static bool
read_bests(Oid relid, Snapshot snapshot, AirConfig *config, Bests *bests)
{
	AirScan *scan = air_scan_begin(relid, snapshot);
	bool all = true;

	while (air_scan_next(scan))
	{
		AirLearned row = {.rule = air_scan_text(scan, "rule"),
						  .version = (int) air_scan_int(scan, "version", 0)};
		Best *best = row.rule != NULL ? best_of(bests, row.rule) : NULL;

		if (best == NULL || best->version != row.version || entry_of(config, row.rule) != NULL)
		{
			if (row.rule != NULL)
				pfree(row.rule);
			continue;
		}
		best->version = 0;
		best->below = row.version;
		if (!air_config_read_row(config, "predictor of rule", row.rule, read_predictor, scan, &row))
		{
			all = false;
			continue;
		}
		config->learned = air_config_grow(config->learned, config->nlearned, sizeof(AirLearned));
		config->learned[config->nlearned++] = row;
	}
	air_scan_end(scan);
	return all;
}

/* See learned.h.  Each training leaves a version of some hundred kB: only one is read. */
void
air_config_read_learned(Oid relid, Snapshot snapshot, AirConfig *config)
{
	Bests bests = {0};

	do
		find_bests(relid, snapshot, &bests);
	while (!read_bests(relid, snapshot, config, &bests));
}

/* See learned.h. */
const AirLearned *
air_config_learned(const AirConfig *config, const char *rule)
{
	return entry_of(unconstify(AirConfig *, config), rule);
}
