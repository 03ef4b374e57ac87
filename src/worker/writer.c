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
#include "utils/wait_event.h"

#include "base/clock.h"
#include "base/compat.h"
#include "shared/clears.h"
#include "shared/spool.h"
#include "shared/stats.h"
#include "worker/batch.h"
#include "worker/rows.h"
#include "worker/leases.h"
#include "worker/writer.h"

#define PAUSE_MS 200 /* between looks: rows wait no longer than that and one batch */
#define IDLE_MS 1000
#define LOCKED_MS 100
#define TROUBLE_MS 1000
#define BATCH_RECORDS 2000
#define BATCH_BYTES (1024 * 1024)
#define CLEANUP_MS 60000
#define CLEANUP_MORE_MS 1000 /* after one that did not get to the end */
#define QUIET_MS 10000

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
	double end = air_monotonic_ms() + ms;
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
		left = (long) Max(end - air_monotonic_ms(), 0);
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

/*
 * Tell the log, without a word of what was to be written.  What fails the same way
 * again and again, each second or each row, is told of now and then.
 */
static void
report(const char *what, const ErrorData *error)
{
	static int last_code = 0;
	static double quiet_until = 0;
	static int unsaid = 0;
	double now = air_monotonic_ms();

	if (error->sqlerrcode == last_code && now < quiet_until)
	{
		unsaid++;
		return;
	}
	/* Class 22 and 23 quote values. */
	ereport(LOG, (is_passing(error->sqlerrcode)
					  ? errmsg("%s failed: %s: %s", what, unpack_sql_state(error->sqlerrcode),
							   error->message)
					  : errmsg("%s failed: %s", what, unpack_sql_state(error->sqlerrcode)),
				  unsaid > 0 ? errdetail("%d more failures since the last message.", unsaid) : 0));
	last_code = error->sqlerrcode;
	quiet_until = now + QUIET_MS;
	unsaid = 0;
}

/* The transaction failed: forget it.  Returns the SQLSTATE. */
static int
failed(const char *what, MemoryContext cxt)
{
	ErrorData *error;

	MemoryContextSwitchTo(cxt);
	HOLD_INTERRUPTS();
	error = CopyErrorData();
	FlushErrorState();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	report(what, error);
	return error->sqlerrcode;
}

/* Take records out of the spool that will not be written. */
static void
discard(const AirSpoolRecord *records, int n)
{
	air_spool_remove(n);
	air_rows_done(records, n, 0);
	air_stats_add(AIR_STAT_DROPPED, n);
}

/* One batch of n records.  Returns ms to wait before the next, 0: none. */
static int
write_batch(const AirSpoolRecord *records, int n, uint64 incarnation, MemoryContext cxt)
{
	volatile int result = AIR_BATCH_LOCKED;
	int64 changed;

	PG_TRY();
	{
		int rows;

		begin();
		result = air_batch_insert(records, n, incarnation, &rows, &changed);
		/* A row that is committed must leave the spool: no interrupt in between. */
		HOLD_INTERRUPTS();
		if (result == AIR_BATCH_WRITTEN)
		{
			CommitTransactionCommand();
			air_spool_remove(n);
			air_rows_done(records, n, changed);
			air_stats_add(AIR_STAT_WRITTEN, rows);
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
			discard(records, n);
			return 0;
		case AIR_BATCH_REFUSED:
			/* Find the one that cannot be written. */
			if (n > 1)
				singles = n;
			else
				discard(records, 1);
			return 0;
		default:
			return 0;
	}
}

/* The minute's clean-up. */
static void
clean_up(MemoryContext cxt)
{
	if (!air_spool_cleanup_due())
		return;
	air_spool_cleanup_in(CLEANUP_MS);
	PG_TRY();
	{
		begin();
		if (air_batch_clean_up())
			air_spool_cleanup_in(CLEANUP_MORE_MS);
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
#if PG_VERSION_NUM >= 170000
		{"transaction_timeout", "0"},
#endif
		{"temp_file_limit", "-1"},
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
	/* What was called before a database was closed is written all the same. */
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid,
											  BGWORKER_BYPASS_ALLOWCONN);
	set_up();
	if (!air_spool_writer_attach(DatumGetObjectId(database)))
		return;
	before_shmem_exit(on_exit_detach, (Datum) 0);
	cxt = AllocSetContextCreate(TopMemoryContext, "ai_router writer", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		uint64 incarnation;
		int n, found, wait = 0;

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
		found = air_spool_peek(records, singles > 0 ? 1 : BATCH_RECORDS, BATCH_BYTES, &incarnation);
		n = air_rows_batch(records, found);
		if (n > 0)
		{
			int trouble;

			if (singles > 0)
				singles--;
			trouble = write_batch(records, n, incarnation, cxt);
			wait = Max(wait, trouble);
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
				pgstat_report_stat(true);
				if (air_spool_writer_detach(false))
					return;
			}
			idle += PAUSE_MS;
		}
		if (wait > 0)
			pause_ms(wait, false);
		else if (n == found && n < BATCH_RECORDS && singles == 0)
			pause_ms(PAUSE_MS, true);
	}
}
