/*
 * stats.c
 *	  Counters in shared memory, one atomic each.
 */
#include "base/pg.h"

#include "port/atomics.h"

#include "shared/stats.h"

static const char *const names[AIR_STAT_COUNT] = {
	[AIR_STAT_CALLS] = "calls",
	[AIR_STAT_FAILURES] = "failures",
	[AIR_STAT_CANCELLED] = "cancelled",
	[AIR_STAT_CACHED] = "cached",
	[AIR_STAT_ATTEMPTS] = "attempts",
	[AIR_STAT_RETRIES] = "retries",
	[AIR_STAT_SPOOL_WAITS] = "spool_waits",
	[AIR_STAT_SPOOL_REFUSED] = "spool_refused",
	[AIR_STAT_WRITTEN] = "rows_written",
	[AIR_STAT_DROPPED] = "rows_dropped",
	[AIR_STAT_TABLE_HITS] = "cache_table_hits",
	[AIR_STAT_TABLE_LOCKED] = "cache_table_locked",
	[AIR_STAT_TOO_LARGE] = "cache_too_large",
	[AIR_STAT_UNWRITTEN] = "cache_unwritten",
	[AIR_STAT_BUDGET_WAITS] = "budget_waits",
	[AIR_STAT_BUDGET_REFUSED] = "budget_refused",
	[AIR_STAT_BUDGET_UNPRICED] = "budget_unpriced",
	[AIR_STAT_BUDGET_SKIPPED] = "budget_skipped",
	[AIR_STAT_HEALTH_FULL] = "health_full",
	[AIR_STAT_FLIGHTS_FULL] = "flights_full",
};

static pg_atomic_uint64 *counters = NULL;

Size
air_stats_size(void)
{
	return sizeof(pg_atomic_uint64) * AIR_STAT_COUNT;
}

void
air_stats_attach(void *area, bool found)
{
	counters = area;
	if (!found)
		for (int i = 0; i < AIR_STAT_COUNT; i++)
			pg_atomic_init_u64(&counters[i], 0);
}

void
air_stats_add(AirCounter counter, uint64 n)
{
	if (counters != NULL)
		pg_atomic_fetch_add_u64(&counters[counter], n);
}

uint64
air_stats_read(AirCounter counter, const char **name)
{
	*name = names[counter];
	return counters == NULL ? 0 : pg_atomic_read_u64(&counters[counter]);
}

void
air_stats_reset(void)
{
	if (counters != NULL)
		for (int i = 0; i < AIR_STAT_COUNT; i++)
			pg_atomic_write_u64(&counters[i], 0);
}
