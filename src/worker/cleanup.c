/*
 * cleanup.c
 *	  What the writer deletes: rows that are older than their retention.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/date.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "worker/batch.h"
#include "worker/guise.h"

/* Rows of a table that one clean-up deletes: it does not keep the spool waiting for long. */
#define CLEANUP_ROWS 20000

/* Delete rows whose column is less, not many; true if there may be more. */
static bool
clean_up_table(const char *table, const char *column, Oid type, Datum arg)
{
	bool locked;
	Oid relid = air_lock_table(table, &locked);
	AirGuise guise;

	if (!OidIsValid(relid))
		return false;
	guise = air_guise_on(relid);
	/* The age twice: in a partition or a child, a row of the same ctid may be a new one. */
	SPI_execute_with_args(
		psprintf("DELETE FROM ai_router.%1$s WHERE %2$s < $1 AND ctid = ANY (ARRAY("
				 "SELECT ctid FROM ai_router.%1$s WHERE %2$s < $1 ORDER BY %2$s LIMIT %3$d "
				 "FOR UPDATE SKIP LOCKED))",
				 table, column, CLEANUP_ROWS),
		1, &type, &arg, NULL, false, 0);
	air_guise_off(guise);
	return SPI_processed >= CLEANUP_ROWS;
}

/* The same for a date: whole days, by UTC. */
static bool
clean_up_days(const char *table, const char *column, TimestampTz before)
{
	return clean_up_table(table, column, DATEOID,
						  DateADTGetDatum((DateADT) (before / USECS_PER_DAY)));
}

bool
air_batch_clean_up(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz logged = now - (TimestampTz) air_log_retention_s * USECS_PER_SEC;
	TimestampTz cached = now - (TimestampTz) air_cache_retention_s * USECS_PER_SEC;
	bool more = false;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (air_log_retention_s > 0)
	{
		more |= clean_up_table("calls", "at", TIMESTAMPTZOID, TimestampTzGetDatum(logged));
		more |= clean_up_table("attempts", "at", TIMESTAMPTZOID, TimestampTzGetDatum(logged));
		more |= clean_up_table("audits", "at", TIMESTAMPTZOID, TimestampTzGetDatum(logged));
		more |= clean_up_days("hits", "day", logged);
	}
	if (air_cache_retention_s > 0)
		more |= clean_up_days("cache", "last_used", cached);
	more |= clean_up_table("cache", "expires_at", TIMESTAMPTZOID, TimestampTzGetDatum(now));
	PopActiveSnapshot();
	SPI_finish();
	return more;
}
