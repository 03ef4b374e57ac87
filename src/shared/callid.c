/*
 * callid.c
 *	  Call ids: a shared counter below a persisted high-water mark.
 *
 * The file holds an id that was never given.  Before ids reach it, whoever is
 * near moves it on by a block, without holding a lock: a flag says that the
 * write is under way, and the others still have half a block to go.
 *
 * A standby and a restored backup have an old copy of the file, and a ledger with
 * later ids in it: ids of each timeline start above those of the one before.
 */
#include "base/pg.h"

#include <unistd.h>

#include "access/xlog.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

#include "shared/callid.h"

#define MARK_FILE "pg_stat/ai_router.call_id"
#define MARK_TEMP "pg_stat/ai_router.call_id.tmp"
#define BLOCK 100000

/* 2^40 ids for each timeline; and the number of the last one that has ids of its own. */
#define TIMELINE_SHIFT 40
#define MOST_TIMELINES ((1 << 22) - 1)

typedef struct CallIds
{
	pg_atomic_uint64 next;    /* next id to give */
	pg_atomic_uint64 high;    /* ids below this may be given: the file promises it */
	pg_atomic_flag extending; /* somebody writes the file */
	pg_atomic_uint32 placed;  /* next is known to be in the timeline's range */
} CallIds;

static CallIds *ids = NULL;

/* Write the mark durably.  A failure is logged: an id that may repeat after a crash beats a failing
 * call.  Raises only where this process has too many files open. */
static void
write_mark(uint64 mark)
{
	FILE *f = AllocateFile(MARK_TEMP, PG_BINARY_W);
	bool ok = f != NULL && fprintf(f, UINT64_FORMAT "\n", mark) > 0;

	if (f != NULL && FreeFile(f) != 0)
		ok = false;
	if (!ok || durable_rename(MARK_TEMP, MARK_FILE, LOG) != 0)
		ereport(LOG,
				(errcode_for_file_access(), errmsg("could not write file \"%s\": %m", MARK_FILE)));
}

Size
air_callids_size(void)
{
	return sizeof(CallIds);
}

void
air_callids_attach(void *area, bool found)
{
	uint64 mark = 0;
	FILE *f;

	ids = area;
	if (found)
		return;
	f = AllocateFile(MARK_FILE, PG_BINARY_R);
	if (f != NULL)
	{
		if (fscanf(f, UINT64_FORMAT, &mark) != 1 || mark > PG_INT64_MAX / 2)
		{
			ereport(LOG, (errmsg("file \"%s\" is damaged: call ids start again", MARK_FILE)));
			mark = 0;
		}
		FreeFile(f);
	}
	mark = Max(mark, 1);
	pg_atomic_init_u64(&ids->next, mark);
	pg_atomic_init_u64(&ids->high, mark + BLOCK);
	pg_atomic_init_flag(&ids->extending);
	pg_atomic_init_u32(&ids->placed, 0);
	write_mark(mark + BLOCK);
}

void
air_callids_save(void)
{
	write_mark(pg_atomic_read_u64(&ids->next));
}

/* Move the mark on for an id, unless somebody did since it was looked at.  Gives the flag back. */
static void
extend(uint64 id)
{
	uint64 high = pg_atomic_read_u64(&ids->high);

	PG_TRY();
	{
		if (id + BLOCK / 2 >= high)
		{
			high = Max(high, id) + BLOCK;
			write_mark(high);
			pg_atomic_write_u64(&ids->high, high);
		}
	}
	PG_FINALLY();
	{
		pg_atomic_clear_flag(&ids->extending);
	}
	PG_END_TRY();
}

/* Once after a start or a promotion: no id below the timeline's first one from here on. */
static void
place(void)
{
	TimeLineID timeline;
	uint64 next = pg_atomic_read_u64(&ids->next);
	uint64 first;

	/* What is called in recovery enters no ledger. */
	if (RecoveryInProgress())
		return;
	timeline = GetWALInsertionTimeLine();
	first = (uint64) Min(timeline - 1, MOST_TIMELINES) << TIMELINE_SHIFT;
	/* The mark follows by itself: extend() goes by the id. */
	while (next < first && !pg_atomic_compare_exchange_u64(&ids->next, &next, first))
		;
	pg_atomic_write_u32(&ids->placed, 1);
}

int64
air_callids_next(void)
{
	uint64 id;

	if (pg_atomic_read_u32(&ids->placed) == 0)
		place();
	id = pg_atomic_fetch_add_u64(&ids->next, 1);

	for (;;)
	{
		uint64 high = pg_atomic_read_u64(&ids->high);

		if (id + BLOCK / 2 < high)
			return (int64) id;
		if (pg_atomic_test_set_flag(&ids->extending))
			extend(id);
		else if (id < high)
			return (int64) id;
		else
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1,
							 PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
}
