/*
 * leases.c
 *	  What the writer does for budgets, inside a transaction.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "worker/batch.h"
#include "worker/guise.h"
#include "worker/leases.h"

/* Old periods are kept for reports; a total budget that still exists for ever. */
#define CLEAN_UP                                                                                   \
	"DELETE FROM ai_router.budget_spent WHERE updated < now() - interval '400 days' AND "          \
	"(isfinite(period_start) OR name <> ALL ($1))"

/* What the table says; 0: nothing. */
static AirNano
read_mark(Datum *key)
{
	Oid types[] = {TEXTOID, TIMESTAMPTZOID};
	AirNano mark = 0;
	bool null;

	SPI_execute_with_args("SELECT nanodollars FROM ai_router.budget_spent WHERE name = $1 AND "
						  "period_start = $2",
						  2, types, key, NULL, true, 1);
	if (SPI_processed > 0)
		mark = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	return mark;
}

static void
write_mark(Datum *key, AirNano mark)
{
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, INT8OID};
	Datum args[] = {key[0], key[1], Int64GetDatum(mark)};

	SPI_execute_with_args(
		"INSERT INTO ai_router.budget_spent AS s (name, period_start, nanodollars, updated) "
		"VALUES ($1, $2, $3, now()) ON CONFLICT (name, period_start) DO UPDATE SET nanodollars = "
		"EXCLUDED.nanodollars, updated = EXCLUDED.updated",
		3, types, args, NULL, false, 0);
}

bool
air_leases_write(bool idle, AirLeases *leases)
{
	bool locked;
	Oid table = air_lock_table("budget_spent", &locked);
	AirGuise guise;

	leases->n = 0;
	if (!OidIsValid(table))
	{
		if (!locked)
			air_budget_forget(MyDatabaseId);
		return !locked;
	}
	leases->n = air_budget_due(MyDatabaseId, table, idle, leases->leases, AIR_LEASES);
	if (leases->n == 0)
		return true;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	guise = air_guise_on(table);
	for (int i = 0; i < leases->n; i++)
	{
		const AirLease *lease = &leases->leases[i];
		Datum key[] = {CStringGetTextDatum(lease->name), TimestampTzGetDatum(lease->start)};

		leases->before[i] = read_mark(key);
		leases->after[i] = air_lease_mark(lease, leases->before[i]);
		if (leases->after[i] != leases->before[i])
			write_mark(key, leases->after[i]);
	}
	air_guise_off(guise);
	PopActiveSnapshot();
	SPI_finish();
	return true;
}

void
air_leases_done(const AirLeases *leases)
{
	for (int i = 0; i < leases->n; i++)
		air_budget_written(&leases->leases[i], leases->before[i], leases->after[i]);
}

/* The owners of the two tables may have no rights on the other's: each sees his own. */
void
air_leases_clean_up(void)
{
	bool locked, null;
	Oid spent = air_lock_table("budget_spent", &locked);
	Oid budgets = air_lock_table("budgets", &locked);
	Oid type = TEXTARRAYOID;
	AirGuise guise;
	Datum names;

	if (!OidIsValid(spent) || !OidIsValid(budgets))
		return;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	guise = air_guise_on(budgets);
	SPI_execute("SELECT ARRAY(SELECT name FROM ai_router.budgets)", true, 1);
	names = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
	air_guise_off(guise);
	guise = air_guise_on(spent);
	SPI_execute_with_args(CLEAN_UP, 1, &type, &names, NULL, false, 0);
	air_guise_off(guise);
	PopActiveSnapshot();
	SPI_finish();
}
