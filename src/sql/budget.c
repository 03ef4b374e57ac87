/*
 * budget.c
 *	  ai_router.period(), and what view ai_router.spending reads from shared memory.
 */
#include "base/pg.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/period.h"
#include "config/registry.h"
#include "shared/budget.h"
#include "shared/shared.h"

PG_FUNCTION_INFO_V1(air_sql_period);
PG_FUNCTION_INFO_V1(air_sql_budget_state);

#define STATE_COLUMNS 7

/* period(period text, at timestamptz, OUT period_start, OUT resets_at) */
Datum
air_sql_period(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz start, end;
	AirPeriod period;
	TupleDesc desc;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (!air_period_named(name, &period))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period \"%s\" is not known", name),
						errhint("Valid periods: hour, day, week, month, total.")));
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("no period is around an infinite time")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	air_period_bounds(period, at, &start, &end);
	values[0] = TimestampTzGetDatum(start);
	values[1] = TimestampTzGetDatum(end);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* budget_state() returns setof record: see sql/install/budgets.sql */
Datum
air_sql_budget_state(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const AirConfig *config = air_config_acquire();
	Oid table = config->budget_spent;
	AirBudgetView b;

	air_config_release(config);
	air_shared_require();
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; air_budget_nth(i, &b); i++)
	{
		Datum values[STATE_COLUMNS];
		bool nulls[STATE_COLUMNS] = {0};

		if (b.database != MyDatabaseId || b.table != table)
			continue;
		values[0] = CStringGetTextDatum(b.name);
		values[1] = TimestampTzGetDatum(b.start);
		values[2] = BoolGetDatum(b.known);
		values[3] = Int64GetDatum(b.spent);
		values[4] = Int64GetDatum(b.reserved);
		values[5] = Int64GetDatum(b.saved_spent);
		values[6] = Int64GetDatum(b.saved_mark);
		nulls[5] = nulls[6] = b.saved_mark < 0;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
