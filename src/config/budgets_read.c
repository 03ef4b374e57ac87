/*
 * budgets_read.c
 *	  Budgets as the configuration holds them.
 */
#include "base/pg.h"

#include "config/registry_rows.h"
#include "config/tablescan.h"

static bool
read_budget(AirConfig *config, void *source, void *row)
{
	AirScan *scan = source;
	AirBudget *b = row;
	char *period = air_scan_text(scan, "period");

	/* The table's constraint says the same: in shared memory names have a fixed place. */
	if (strlen(b->name) > AIR_BUDGET_NAME)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("its name is longer than %d bytes", AIR_BUDGET_NAME)));
	b->role = air_scan_text(scan, "role");
	b->model = air_scan_text(scan, "model");
	if (period == NULL || !air_period_named(period, &b->period))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period \"%s\" is not known", period ? period : "")));
	b->limit = air_scan_money(scan, "limit_usd");
	if (b->limit == AIR_NANO_UNKNOWN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("it has no limit_usd")));
	b->hard = air_scan_bool(scan, "hard", true);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const AirBudget *) a)->name, ((const AirBudget *) b)->name);
}

void
air_config_read_budgets(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		AirBudget budget = {.name = air_scan_text(scan, "name")};

		if (!air_config_read_row(config, "budget", budget.name, read_budget, scan, &budget))
			continue;
		config->budgets = air_config_grow(config->budgets, config->nbudgets, sizeof(AirBudget));
		config->budgets[config->nbudgets++] = budget;
	}
	air_scan_end(scan);
	if (config->nbudgets > 1)
		qsort(config->budgets, config->nbudgets, sizeof(AirBudget), by_name);
}
