/*
 * progress.c
 *	  What view ai_router.progress shows.
 */
#include "base/pg.h"

#include "catalog/pg_authid.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "shared/progress.h"
#include "shared/shared.h"

PG_FUNCTION_INFO_V1(air_sql_progress);

#define PROGRESS_COLUMNS 14

/* As pg_stat_activity: one's own, that of roles one is a member of, or all for who watches. */
static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		   has_privs_of_role(GetUserId(), role);
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
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
