/*
 * shmem.c
 *	  Reserve and attach the extension's shared memory.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "shared/budget.h"
#include "shared/cache.h"
#include "shared/callid.h"
#include "shared/clears.h"
#include "shared/health.h"
#include "shared/limits.h"
#include "shared/progress.h"
#include "shared/flight.h"
#include "shared/shared.h"
#include "shared/spool.h"
#include "shared/stats.h"

/*
 * A part: one struct that is set up once and found by every process.  attach runs
 * under AddinShmemInitLock; save at a stop, in the postmaster, after everything else
 * has ended (NULL: nothing to keep); at an immediate stop the others were killed.
 */
typedef struct SharedPart
{
	const char *name;
	Size (*size)(void);
	void (*attach)(void *area, bool found);
	void (*save)(void);
} SharedPart;

static const SharedPart parts[] = {
	{"ai_router call ids", air_callids_size, air_callids_attach, air_callids_save},
	{"ai_router health", air_health_size, air_health_attach, NULL},
	{"ai_router limits", air_limits_size, air_limits_attach, NULL},
	{"ai_router counters", air_stats_size, air_stats_attach, NULL},
	{"ai_router spool", air_spool_size, air_spool_attach, air_spool_save},
	{"ai_router clears", air_clears_size, air_clears_attach, NULL},
	/* Behind the spool, whose writers it calls. */
	{"ai_router budgets", air_budget_size, air_budget_attach, air_budget_save},
	{"ai_router cache", air_cache_shmem_size, air_cache_attach, NULL},
	{"ai_router progress", air_progress_size, air_progress_attach, NULL},
	{"ai_router flights", air_flights_size, air_flights_attach, NULL},
};

static bool attached = false;
static shmem_request_hook_type prev_request_hook = NULL;
static shmem_startup_hook_type prev_startup_hook = NULL;

static void
on_request(void)
{
	if (prev_request_hook)
		prev_request_hook();
	for (int i = 0; i < lengthof(parts); i++)
		RequestAddinShmemSpace(parts[i].size());
}

/* After a crash (code != 0) what the files hold is older than what was, but whole. */
static void
on_shutdown(int code, Datum arg)
{
	if (code != 0 || !attached || IsUnderPostmaster)
		return;
	for (int i = 0; i < lengthof(parts); i++)
		if (parts[i].save != NULL)
			parts[i].save();
}

static void
on_startup(void)
{
	if (prev_startup_hook)
		prev_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < lengthof(parts); i++)
	{
		bool found;
		void *area = ShmemInitStruct(parts[i].name, parts[i].size(), &found);

		parts[i].attach(area, found);
	}
	LWLockRelease(AddinShmemInitLock);
	attached = true;
	if (!IsUnderPostmaster)
	{
		air_shared_restore();
		on_shmem_exit(on_shutdown, (Datum) 0);
	}
}

void
air_shared_init(void)
{
	prev_request_hook = shmem_request_hook;
	shmem_request_hook = on_request;
	prev_startup_hook = shmem_startup_hook;
	shmem_startup_hook = on_startup;
}

void
air_shared_require(void)
{
	if (!attached)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("ai_router must be loaded via shared_preload_libraries"),
			 errhint("Run ALTER SYSTEM SET shared_preload_libraries = 'ai_router' (keep what it "
					 "holds already) and restart the server.")));
}

int64
air_next_call_id(void)
{
	air_shared_require();
	return air_callids_next();
}
