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

/* Start writers, or forget what belongs to no database.  Returns ms to sleep, -1: until woken. */
static long
look_after_orphans(void)
{
	Oid databases[MAX_ORPHANS];
	long wait_ms;
	int n = air_spool_orphans(databases, MAX_ORPHANS, &wait_ms);

	if (n == 0)
		return wait_ms;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	for (int i = 0; i < n; i++)
	{
		if (SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(databases[i])))
			air_spool_start_writer(databases[i]);
		else
			air_spool_forget(databases[i]);
	}
	CommitTransactionCommand();
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

	while (!ShutdownRequestPending)
	{
		long wait_ms = look_after_orphans();

		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (wait_ms < 0 ? 0 : WL_TIMEOUT),
						 wait_ms, air_writer_wait_event_compat());
		ResetLatch(MyLatch);
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
