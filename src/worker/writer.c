/*
 * writer.c
 *	  The background worker that empties a database's spool into its tables, and
 *	  moves the marks of its budgets.
 *
 * One per database, there only while there is something to write: it goes after a
 * second of idleness, so that DROP DATABASE need not wait for it.  A batch leaves
 * the spool when its transaction has committed, with interrupts held off in
 * between: a writer that is terminated writes nothing twice and loses nothing.
 *
 * Commits are synchronous but local (synchronous_commit): a flush per batch costs
 * little, what left the spool is on disk, and a standby that is away keeps no
 * caller waiting for room.
 *
 * No transaction is open while it waits; it waits for no table lock.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "shared/spool.h"
#include "shared/stats.h"
#include "worker/batch.h"
#include "worker/leases.h"
#include "worker/writer.h"

#define PAUSE_MS 200 /* between looks: rows wait no longer than that and one batch */
#define IDLE_MS 1000
#define LOCKED_MS 100
#define TROUBLE_MS 1000
#define BATCH_RECORDS 2000
#define BATCH_BYTES (1024 * 1024)
#define MAX_ORPHANS 16

/* After a batch failed its records go one by one, until so many have. */
static int singles = 0;

/* Terminated: what is left needs another writer, and nobody may come to publish any more. */
static void
on_exit_detach(int code, Datum arg)
{
	(void) air_spool_writer_detach(true);
	air_spool_start_writer(MyDatabaseId);
}

/* Wait, serving interrupts and reloads; with hurry, until somebody waits for space at the most. */
static void
pause_ms(int ms, bool hurry)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
	long left = ms;

	pgstat_report_activity(STATE_IDLE, NULL);
	do
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
						 air_writer_wait_event_compat());
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
	} while (!hurry && left > 0);
}

/* Trouble of the server and not of a row: wait and try again. */
static bool
is_passing(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'): /* invalid transaction state: read only */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'): /* transaction rollback */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'): /* insufficient resources */
		case MAKE_SQLSTATE('5', '5', '0', '0', '0'): /* not in prerequisite state: lock timeout */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'): /* operator intervention */
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'): /* system error */
			return true;
		default:
			return false;
	}
}

static void
begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, "writing calls of ai_router");
}

/* The transaction failed: forget it and tell the log, without a word of what was to be written. */
static int
failed(const char *what, MemoryContext cxt)
{
	ErrorData *error;
	int code;

	MemoryContextSwitchTo(cxt);
	HOLD_INTERRUPTS();
	error = CopyErrorData();
	FlushErrorState();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	code = error->sqlerrcode;
	/* Class 22 and 23 quote values. */
	if (is_passing(code))
		ereport(LOG, (errmsg("%s failed: %s: %s", what, unpack_sql_state(code), error->message)));
	else
		ereport(LOG, (errmsg("%s failed: %s", what, unpack_sql_state(code))));
	return code;
}

/* Take records out of the spool that will not be written. */
static void
discard(int n)
{
	air_spool_remove(n);
	air_stats_add(AIR_STAT_DROPPED, n);
}

/* One batch of n records.  Returns ms to wait before the next, 0: none. */
static int
write_batch(const AirSpoolRecord *records, int n, uint64 incarnation, MemoryContext cxt)
{
	volatile int result = AIR_BATCH_LOCKED;

	PG_TRY();
	{
		begin();
		result = air_batch_insert(records, n, incarnation);
		/* A row that is committed must leave the spool: no interrupt in between. */
		HOLD_INTERRUPTS();
		if (result == AIR_BATCH_WRITTEN)
		{
			CommitTransactionCommand();
			air_spool_remove(n);
		}
		else
			AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_CATCH();
	{
		int code = failed("writing calls of ai_router", cxt);

		if (is_passing(code))
			return TROUBLE_MS;
		result = AIR_BATCH_REFUSED;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);

	switch (result)
	{
		case AIR_BATCH_LOCKED:
			return LOCKED_MS;
		case AIR_BATCH_NO_TABLES:
			discard(n);
			return 0;
		case AIR_BATCH_REFUSED:
			/* Find the one that cannot be written. */
			if (n > 1)
				singles = n;
			else
				discard(1);
			return 0;
		default:
			return 0;
	}
}

/* The minute's clean-up. */
static void
clean_up(MemoryContext cxt)
{
	if (!air_spool_cleanup_due(GetCurrentTimestamp()))
		return;
	PG_TRY();
	{
		begin();
		air_batch_clean_up();
		air_leases_clean_up();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		(void) failed("deleting old calls of ai_router", cxt);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
}

/* Move marks of budgets.  Returns ms to wait before the next try, 0: none. */
static int
move_marks(bool idle, MemoryContext cxt)
{
	AirLeases *leases = palloc(sizeof(AirLeases));
	volatile int wait = 0;

	PG_TRY();
	{
		begin();
		if (!air_leases_write(idle, leases))
			wait = LOCKED_MS;
		/* What the table says must be known here: no interrupt in between. */
		HOLD_INTERRUPTS();
		CommitTransactionCommand();
		air_leases_done(leases);
		RESUME_INTERRUPTS();
		if (leases->n == AIR_LEASES)
			air_spool_errand(MyDatabaseId);
	}
	PG_CATCH();
	{
		(void) failed("writing what budgets spent", cxt);
		wait = TROUBLE_MS;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	return wait;
}

/* What other databases left: start their writers, or forget it where the database is gone. */
static void
look_after_orphans(void)
{
	Oid databases[2 * MAX_ORPHANS];
	int n = air_spool_orphans(databases, MAX_ORPHANS);

	n += air_budget_databases(databases + n, MAX_ORPHANS);
	if (n == 0)
		return;
	begin();
	for (int i = 0; i < n; i++)
	{
		if (SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(databases[i])))
			air_spool_start_writer(databases[i]);
		else
		{
			air_spool_forget(databases[i]);
			air_budget_forget(databases[i]);
		}
	}
	CommitTransactionCommand();
}

/* Settings of the database or of the server must not get in the way. */
static void
set_up(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_deferrable", "off"},
		{"synchronous_commit", "local"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"lock_timeout", "1s"},
		{"log_statement", "none"},
		{"log_min_duration_statement", "-1"},
		{"jit", "off"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

void
air_writer_main(Datum database)
{
	MemoryContext cxt;
	AirSpoolRecord *records = palloc(sizeof(AirSpoolRecord) * BATCH_RECORDS);
	int idle = 0;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
	set_up();
	if (!air_spool_writer_attach(DatumGetObjectId(database)))
		return;
	before_shmem_exit(on_exit_detach, (Datum) 0);
	cxt = AllocSetContextCreate(TopMemoryContext, "ai_router writer", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		uint64 incarnation;
		int n, batch_wait, wait = 0;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(cxt);
		MemoryContextSwitchTo(cxt);
		/* Marks first: calls wait for them, nobody waits for rows. */
		if (air_spool_errand_taken() && air_budget_work(MyDatabaseId, false))
		{
			wait = move_marks(false, cxt);
			idle = 0;
			/* What is still to be done waits for the next round, whoever else asks. */
			if (wait > 0)
				air_spool_errand(MyDatabaseId);
		}
		n = air_spool_peek(records, singles > 0 ? 1 : BATCH_RECORDS, BATCH_BYTES, &incarnation);
		if (n > 0)
		{
			if (singles > 0)
				singles--;
			batch_wait = write_batch(records, n, incarnation, cxt);
			wait = Max(wait, batch_wait);
			idle = 0;
			clean_up(cxt);
			pgstat_report_stat(false);
		}
		else
		{
			if (idle >= IDLE_MS && wait == 0)
			{
				if (air_budget_work(MyDatabaseId, true))
					(void) move_marks(true, cxt);
				look_after_orphans();
				pgstat_report_stat(true);
				if (air_spool_writer_detach(false))
					return;
			}
			idle += PAUSE_MS;
		}
		if (wait > 0)
			pause_ms(wait, false);
		else if (n < BATCH_RECORDS && singles == 0)
			pause_ms(PAUSE_MS, true);
	}
}

void
air_writer_launcher_main(Datum arg)
{
	Oid databases[MAX_ORPHANS];
	int n;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	n = air_spool_orphans(databases, MAX_ORPHANS);
	for (int i = 0; i < n; i++)
		air_spool_start_writer(databases[i]);
}

void
air_writer_init(void)
{
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "ai_router", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "air_writer_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "ai_router launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "ai_router launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}
