/*
 * launcher.c
 *	  The background worker that sees to it that no rows wait for a writer for ever.
 *
 * Writers are asked for by whoever publishes.  But the server may have no slot for
 * one just then (max_worker_processes), or it ends before it could begin, and the
 * next call may be long in coming.  So one process, connected to no database, sleeps
 * until a writer is asked for, and looks whether it came.  It also starts writers for
 * what a clean stop left in the spool, and forgets rows of dropped databases.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "shared/budget.h"
#include "shared/clears.h"
#include "shared/spool.h"
#include "worker/writer.h"

#define MAX_ORPHANS 16

/* Seconds until the postmaster starts it again. */
#define RESTART_S 1

static void
on_exit_leave(int code, Datum arg)
{
	air_spool_launcher(false);
}

/* Have a writer look after each of the databases, or forget what belongs to none. */
static void
look_after(const Oid *databases, int n, void (*start)(Oid database))
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	for (int i = 0; i < n; i++)
	{
		if (SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(databases[i])))
			start(databases[i]);
		else
		{
			air_spool_forget(databases[i]);
			air_clears_forget(databases[i]);
			air_budget_forget(databases[i]);
		}
	}
	CommitTransactionCommand();
}

/* Budgets whose marks are ahead: a writer that ended before it could take them down. */
static void
look_after_budgets(void)
{
	Oid databases[MAX_ORPHANS];
	int n = air_budget_databases(databases, MAX_ORPHANS);

	if (n > 0)
		look_after(databases, n, air_spool_errand);
}

/* Rows that nobody writes.  Returns ms to sleep, -1: until woken. */
static long
look_after_orphans(void)
{
	Oid databases[MAX_ORPHANS];
	long wait_ms;
	int n = air_spool_orphans(databases, MAX_ORPHANS, &wait_ms);

	if (n == 0)
		return wait_ms;
	look_after(databases, n, air_spool_start_writer);
	/* When to look again has changed with it. */
	return 0;
}

void
air_writer_launcher_main(Datum arg)
{
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_activity(STATE_IDLE, NULL);
	before_shmem_exit(on_exit_leave, (Datum) 0);
	air_spool_launcher(true);
	look_after_budgets();

	while (!ShutdownRequestPending)
	{
		long wait_ms = look_after_orphans();

		int woken =
			WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (wait_ms < 0 ? 0 : WL_TIMEOUT),
					  wait_ms, air_writer_wait_event_compat());

		ResetLatch(MyLatch);
		if (woken & WL_LATCH_SET)
			look_after_budgets();
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	/* Not 0: whoever terminates it gets another one. */
	proc_exit(1);
}

void
air_writer_init(void)
{
	BackgroundWorker worker = {0};

	/* pg_upgrade has the server run, but nothing may be written. */
	if (IsBinaryUpgrade)
		return;
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_S;
	strlcpy(worker.bgw_library_name, "ai_router", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "air_writer_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "ai_router launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "ai_router launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}
