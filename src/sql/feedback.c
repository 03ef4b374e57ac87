/*
 * feedback.c
 *	  ai_feedback(call_id, score): the outcome of a call becomes an example.
 *
 * The call's row is on its way to the ledger for up to a second: who judges an answer at
 * once waits for it.  The row is read with the caller's rights, so row level security
 * decides whose calls one may judge; the example is written as the owner of its table, for
 * a role that could insert examples itself could insert anybody's.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/clock.h"
#include "base/compat.h"
#include "shared/shared.h"
#include "shared/spool.h"
#include "sql/spi.h"

/* A row is written within a second; where the tables are locked it takes longer. */
#define LEDGER_WAIT_MS 5000.0
#define LOOK_MS 20

#define FIND                                                                                       \
	"SELECT c.model, c.task, c.prompt, c.features, c.at FROM ai_router.calls c"                    \
	" WHERE c.call_id = $1 ORDER BY c.at DESC LIMIT 1"

/*
 * Ids begin anew in a cluster that a dump was restored into: what was said before the call
 * was made is about another one.
 */
#define PART "UPDATE ai_router.examples SET call_id = NULL WHERE call_id = $1 AND at < $2"

#define KEEP                                                                                       \
	"INSERT INTO ai_router.examples (model, task, prompt, features, score, source, call_id, at)"   \
	" VALUES ($1, $2, $3, $4, $5, 'feedback', $6, pg_catalog.clock_timestamp())"                   \
	" ON CONFLICT (call_id) DO UPDATE SET score = EXCLUDED.score, at = EXCLUDED.at"

PG_FUNCTION_INFO_V1(ai_feedback);

/* Are rows on their way to the ledger? */
static bool
rows_are_coming(void)
{
	uint64 size, used;

	air_spool_usage(&size, &used);
	return used > 0;
}

/* Read the call's row into SPI's table; false: there is none, and none is coming. */
static bool
find_call(int64 call_id)
{
	Oid type = INT8OID;
	Datum value = Int64GetDatum(call_id);
	double begun = air_monotonic_ms();

	for (;;)
	{
		bool coming = rows_are_coming();

		if (SPI_execute_with_args(FIND, 1, &type, &value, NULL, false, 1) != SPI_OK_SELECT)
			elog(ERROR, "could not read ai_router.calls");
		if (SPI_processed > 0)
			return true;
		if (!coming || air_monotonic_ms() - begun > LEDGER_WAIT_MS)
			return false;
		air_spool_hurry();
		if (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS,
					  air_wait_event_compat()) &
			WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static Datum
column(int i, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i, isnull);
}

/* The owner of ai_router.examples. */
static Oid
owner_of_examples(void)
{
	Oid relid = get_relname_relid("examples", get_namespace_oid("ai_router", false));
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("table ai_router.examples does not exist"),
						errhint("Use ALTER EXTENSION ai_router UPDATE.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Make the row that was found an example. */
static void
keep(float4 score, int64 call_id)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, BYTEAOID, FLOAT4OID, INT8OID};
	Datum values[lengthof(types)];
	char nulls[lengthof(types) + 1] = "      ";
	Oid part_types[] = {INT8OID, TIMESTAMPTZOID};
	Datum part[lengthof(part_types)] = {Int64GetDatum(call_id)};
	bool isnull;
	Oid user;
	int security;

	for (int i = 0; i < 4; i++)
	{
		values[i] = column(i + 1, &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
	part[1] = column(5, &isnull);
	values[4] = Float4GetDatum(score);
	values[5] = Int64GetDatum(call_id);
	if (nulls[2] == 'n' && nulls[3] == 'n')
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("nothing of the prompt of call " INT64_FORMAT " was kept", call_id),
						errhint("Outcomes can be learned of chat calls that are made while "
								"ai_router.log_features or ai_router.log_prompts is on.")));
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner_of_examples(),
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	if (SPI_execute_with_args(PART, lengthof(part_types), part_types, part, NULL, false, 0) !=
		SPI_OK_UPDATE)
		elog(ERROR, "could not update ai_router.examples");
	if (SPI_execute_with_args(KEEP, lengthof(types), unconstify(Oid *, &types[0]), values, nulls,
							  false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write ai_router.examples");
	SetUserIdAndSecContext(user, security);
}

/* ai_feedback(call_id bigint, score real) returns void */
Datum
ai_feedback(PG_FUNCTION_ARGS)
{
	int64 call_id = PG_GETARG_INT64(0);
	float4 score = PG_GETARG_FLOAT4(1);
	AirSpi spi;

	air_shared_require();
	if (!(score >= 0 && score <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a score must lie between 0 and 1"), errhint("0: useless, 1: right.")));
	spi = air_spi_begin();
	if (!find_call(call_id))
		ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
						errmsg("there is no call " INT64_FORMAT " of yours", call_id),
						errhint("See ai_router.calls; ai_last_call_id() tells the last one of this "
								"session. In a transaction with an isolation level above READ "
								"COMMITTED only calls from before it are seen.")));
	keep(score, call_id);
	air_spi_end(spi);
	PG_RETURN_VOID();
}
