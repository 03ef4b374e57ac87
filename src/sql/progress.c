/*
 * progress.c
 *	  What view ai_router.progress shows.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_authid.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "shared/progress.h"
#include "shared/shared.h"

PG_FUNCTION_INFO_V1(air_sql_progress);

#define PROGRESS_COLUMNS 17

/* As pg_stat_activity: one's own, that of roles one is a member of, or all for who watches. */
static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		   has_privs_of_role(GetUserId(), role);
}

/* An estimate in whole seconds, as if it were no better than that. */
static Datum
interval_of(double seconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = (TimeOffset) (ceil(Min(seconds, 1e9)) * USECS_PER_SEC);
	return IntervalPGetDatum(interval);
}

/* ai_router.running() returns setof record: the columns of ai_router.progress */
Datum
air_sql_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz now = GetCurrentTimestamp();
	AirProgress p;

	air_shared_require();
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; air_progress_nth(i, &p); i++)
	{
		Datum values[PROGRESS_COLUMNS];
		bool nulls[PROGRESS_COLUMNS] = {0};
		double seconds;
		double left;

		if (p.pid == 0 || !may_see(p.role))
			continue;
		seconds = Max((double) (now - p.calls_from) / USECS_PER_SEC, 0.001);
		values[0] = Int32GetDatum(p.pid);
		values[1] = ObjectIdGetDatum(p.database);
		values[2] = ObjectIdGetDatum(p.role);
		values[3] = Int64GetDatum(p.query_id);
		nulls[3] = p.query_id == 0;
		values[4] = TimestampTzGetDatum(p.started_at);
		values[5] = Int64GetDatum(p.calls);
		values[6] = Int32GetDatum(p.in_flight);
		values[7] = Int64GetDatum(p.done);
		values[8] = Int64GetDatum(p.cached);
		values[9] = Int64GetDatum(p.joined);
		values[10] = Int64GetDatum(p.failed);
		values[11] = NumericGetDatum(air_nano_to_numeric(p.spent));
		values[12] = NumericGetDatum(air_nano_to_numeric(p.reserved));
		values[13] = Float8GetDatum(p.done / seconds);
		values[14] = Int64GetDatum(p.rows_done);
		values[15] = Int64GetDatum(p.rows_expected);
		nulls[14] = nulls[15] = p.rows_expected == 0;
		left = air_progress_left(&p, now);
		nulls[16] = left < 0;
		if (!nulls[16])
			values[16] = interval_of(left);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
