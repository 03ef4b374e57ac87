/*
 * clear.c
 *	  Forgetting answers, in all places where they can be.
 *
 * From the moment that the clear is entered in shared/clears.c nobody gives an older answer out or
 * takes one into shared memory again.  The rows are deleted by the writer, whose queue
 * puts everything in order: answers that were told before the clear are in the table when it comes,
 * and newer ones come after it.  So the caller's transaction deletes nothing: it holds
 * up no writer, and a ROLLBACK brings nothing back into one place and not into the other.
 *
 * On a hot standby only its own shared memory can be cleared.
 */
#include "base/pg.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/latch.h"

#include "base/clock.h"
#include "base/compat.h"
#include "call/clear.h"
#include "shared/cache.h"
#include "shared/clears.h"
#include "shared/ledger.h"
#include "shared/spool.h"

/* Until the writer has been there; it is looked for so often. */
#define WAIT_MS 5000
#define LOOK_MS 10

/* Wait a moment; false if that has been long enough. */
static bool
wait_a_moment(double start)
{
	if (air_monotonic_ms() - start > WAIT_MS)
		return false;
	air_spool_hurry();
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS,
					 air_cache_wait_event_compat());
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

/* Enter the clear and tell the writer; returns its generation. */
static uint64
begin(const char *model, size_t len)
{
	AirCacheClearRecord r = {.len = model == NULL ? -1 : (int32) len};
	AirSlice slices[2] = {{&r, sizeof(r)}, {model, len}};
	double start = air_monotonic_ms();
	AirSpoolSpace space;

	if (sizeof(r) + len > air_spool_max_record())
		return 0;
	while (!air_spool_reserve(sizeof(r) + len, &space))
		if (!wait_a_moment(start))
			return 0;
	/* No interrupts from here on. */
	r.generation = air_clears_begin(MyDatabaseId, model, len);
	if (r.generation == 0)
		air_spool_release(&space);
	else
		(void) air_spool_publish(&space, AIR_RECORD_CACHE_CLEAR, slices, model == NULL ? 1 : 2);
	return r.generation;
}

int64
air_clear(const char *model)
{
	size_t len = model == NULL ? 0 : strlen(model);
	double start = air_monotonic_ms();
	uint64 generation;
	int64 here, rows;

	if (RecoveryInProgress())
	{
		ereport(WARNING, (errmsg("only shared memory is cleared on a hot standby"),
						  errhint("Call ai_router.cache_clear() on the primary server first.")));
		return air_cache_clear(MyDatabaseId, model);
	}
	generation = begin(model, len);
	if (generation == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no room in the spool to clear the cache"),
				 errhint("See whether a session holds a lock on a table of schema ai_router, "
						 "whether max_worker_processes leaves room for the worker, and the "
						 "server's log.")));
	here = air_cache_clear(MyDatabaseId, model);
	while (!air_clears_is_done(generation, &rows))
		if (!wait_a_moment(start))
		{
			ereport(WARNING,
					(errmsg("cached answers are forgotten, but not yet deleted from "
							"ai_router.cache"),
					 errhint("They are as soon as the background worker can write: see whether a "
							 "session holds a lock on a table of schema ai_router.")));
			break;
		}
	return Max(here, rows);
}
