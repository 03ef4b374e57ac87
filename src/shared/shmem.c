/*
 * shmem.c
 *	  Reserve and attach the extension's shared memory.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "shared/callid.h"
#include "shared/shared.h"

typedef struct AirShared
{
	AirCallIds call_ids;
} AirShared;

static AirShared *shared = NULL;
static shmem_request_hook_type prev_request_hook = NULL;
static shmem_startup_hook_type prev_startup_hook = NULL;

static void
on_request(void)
{
	if (prev_request_hook)
		prev_request_hook();
	RequestAddinShmemSpace(sizeof(AirShared));
}

/* Runs in the postmaster after everything else has stopped; a crash (code != 0) keeps the mark. */
static void
on_shutdown(int code, Datum arg)
{
	if (code == 0 && shared != NULL && !IsUnderPostmaster)
		air_callids_save(&shared->call_ids);
}

static void
on_startup(void)
{
	bool found;

	if (prev_startup_hook)
		prev_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("ai_router", sizeof(AirShared), &found);
	LWLockRelease(AddinShmemInitLock);
	if (!found)
		air_callids_init(&shared->call_ids);
	if (!IsUnderPostmaster)
		on_shmem_exit(on_shutdown, (Datum) 0);
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
	if (shared == NULL)
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
	return air_callids_next(&shared->call_ids);
}
