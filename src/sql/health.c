/*
 * health.c
 *	  What view ai_router.model_health shows, and ai_router.health_reset().
 */
#include "base/pg.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "shared/health.h"
#include "shared/shared.h"

PG_FUNCTION_INFO_V1(air_sql_health);
PG_FUNCTION_INFO_V1(air_sql_health_reset);

#define HEALTH_COLUMNS 12

static const char *const breaker_names[] = {"closed", "open", "half-open"};

/* A number that may be unknown (NaN). */
static void
put_double(Datum *value, bool *isnull, double d)
{
	*isnull = isnan(d);
	*value = *isnull ? (Datum) 0 : Float8GetDatum(d);
}

/* ai_router.health() returns setof record: the columns of ai_router.model_health */
Datum
air_sql_health(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	AirHealthView h;

	air_shared_require();
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; air_health_nth(i, &h); i++)
	{
		Datum values[HEALTH_COLUMNS] = {0};
		bool nulls[HEALTH_COLUMNS] = {0};

		/* Nothing there, or the places of a whole server. */
		if (h.model[0] == '\0')
			continue;
		values[0] = CStringGetTextDatum(h.model);
		values[1] = CStringGetTextDatum(h.provider);
		values[2] = CStringGetTextDatum(breaker_names[h.breaker]);
		values[3] = Int32GetDatum(h.in_flight);
		put_double(&values[4], &nulls[4], h.p50);
		put_double(&values[5], &nulls[5], h.p95);
		values[6] = Float8GetDatum(h.error_rate);
		values[7] = Int64GetDatum((int64) h.requests);
		values[8] = Int64GetDatum((int64) h.failures);
		nulls[9] = h.until <= 0;
		if (!nulls[9])
			values[9] = TimestampTzGetDatum(
				GetCurrentTimestamp() + (TimestampTz) ((h.until - air_monotonic_ms()) * 1000.0));
		put_double(&values[10], &nulls[10], h.rpm_room);
		put_double(&values[11], &nulls[11], h.tpm_room);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ai_router.health_reset() returns void */
Datum
air_sql_health_reset(PG_FUNCTION_ARGS)
{
	air_shared_require();
	air_health_reset();
	PG_RETURN_VOID();
}
