/*
 * cache.c
 *	  ai_router.cache_clear() and the row of ai_router.cache_stats.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "call/clear.h"
#include "shared/cache.h"
#include "shared/shared.h"
#include "sql/front.h"

PG_FUNCTION_INFO_V1(air_sql_cache_clear);
PG_FUNCTION_INFO_V1(air_sql_cache_counters);

/* ai_router.cache_clear(model text) returns bigint */
Datum
air_sql_cache_clear(PG_FUNCTION_ARGS)
{
	char *model = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));

	air_shared_require();
	PG_RETURN_INT64(air_clear(model));
}

/* ai_router.cache_counters() */
Datum
air_sql_cache_counters(PG_FUNCTION_ARGS)
{
	TupleDesc desc = air_front_tupdesc(fcinfo);
	AirCacheStats stats;
	Datum values[6];
	bool nulls[6] = {false};

	air_shared_require();
	if (desc->natts != lengthof(values))
		elog(ERROR, "cache_counters has %d columns", desc->natts);
	air_cache_stats(&stats);
	values[0] = Int64GetDatum(stats.entries);
	values[1] = Int64GetDatum(stats.bytes);
	values[2] = Int64GetDatum(stats.hits);
	values[3] = Int64GetDatum(stats.misses);
	values[4] = Int64GetDatum(stats.evictions);
	values[5] = Int64GetDatum(stats.refused);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
