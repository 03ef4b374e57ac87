/*
 * stats.c
 *	  ai_router.counters() and ai_router.stats_reset(): behind the view ai_router.stats.
 */
#include "base/pg.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "shared/spool.h"
#include "shared/stats.h"

PG_FUNCTION_INFO_V1(air_counters);
PG_FUNCTION_INFO_V1(air_stats_reset_sql);

static void
put(ReturnSetInfo *rsinfo, const char *name, uint64 value)
{
	Datum values[2] = {CStringGetTextDatum(name), Int64GetDatum((int64) value)};
	bool nulls[2] = {false, false};

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* counters(OUT name text, OUT value bigint) returns setof record */
Datum
air_counters(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64 size, used;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < AIR_STAT_COUNT; i++)
	{
		const char *name;
		uint64 value = air_stats_read(i, &name);

		put(rsinfo, name, value);
	}
	air_spool_usage(&size, &used);
	put(rsinfo, "spool_bytes", size);
	put(rsinfo, "spool_bytes_used", used);
	return (Datum) 0;
}

/* stats_reset() returns void */
Datum
air_stats_reset_sql(PG_FUNCTION_ARGS)
{
	air_stats_reset();
	PG_RETURN_VOID();
}
