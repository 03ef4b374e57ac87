/*
 * progress.c
 *	  Slots in shared memory that show what statements are at.
 *
 * The protocol is that of pg_stat_activity: the owner makes its counter odd, writes,
 * and makes it even again; who reads the same even number before and after has read
 * one state.  No locks.  A backend that ends empties its slot; one that is killed takes
 * all of shared memory with it.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/proc.h"

#include "shared/progress.h"

typedef struct Slot
{
	pg_atomic_uint32 changes; /* odd: being written */
	AirProgress progress;
} Slot;

/* Apart, so that no owner disturbs another. */
typedef union PaddedSlot
{
	Slot slot;
	char pad[(sizeof(Slot) + PG_CACHE_LINE_SIZE - 1) / PG_CACHE_LINE_SIZE * PG_CACHE_LINE_SIZE];
} PaddedSlot;

typedef struct Slots
{
	int n;
	PaddedSlot slots[FLEXIBLE_ARRAY_MEMBER];
} Slots;

static Slots *slots = NULL;
static Slot *mine = NULL; /* once this backend has shown something */

Size
air_progress_size(void)
{
	return offsetof(Slots, slots) + sizeof(PaddedSlot) * MaxBackends;
}

void
air_progress_attach(void *area, bool found)
{
	slots = area;
	if (found)
		return;
	memset(area, 0, air_progress_size());
	slots->n = MaxBackends;
	for (int i = 0; i < slots->n; i++)
		pg_atomic_init_u32(&slots->slots[i].slot.changes, 0);
}

/* Nothing between the two counts may raise or be interrupted: it is a mere copy. */
static void
put(const AirProgress *progress)
{
	uint32 changes = pg_atomic_read_u32(&mine->changes);

	pg_atomic_write_u32(&mine->changes, changes + 1);
	pg_write_barrier();
	mine->progress = *progress;
	pg_write_barrier();
	pg_atomic_write_u32(&mine->changes, changes + 2);
}

static void
on_exit_backend(int code, Datum arg)
{
	air_progress_hide();
}

void
air_progress_show(const AirProgress *progress)
{
	if (mine == NULL)
	{
		int i = (int) (MyProc - ProcGlobal->allProcs);

		if (slots == NULL || i >= slots->n)
			return;
		on_shmem_exit(on_exit_backend, (Datum) 0);
		mine = &slots->slots[i].slot;
	}
	put(progress);
}

void
air_progress_hide(void)
{
	static const AirProgress nothing;

	if (mine != NULL)
		put(&nothing);
}

double
air_progress_left(const AirProgress *p, TimestampTz now)
{
	if (p->rows_done == 0 || p->rows_done >= p->rows_expected)
		return -1;
	return (double) (now - p->calls_from) / USECS_PER_SEC / p->rows_done *
		   (p->rows_expected - p->rows_done);
}

bool
air_progress_nth(int i, AirProgress *out)
{
	Slot *slot;
	uint32 before;
	uint32 after;

	if (slots == NULL || i >= slots->n)
		return false;
	slot = &slots->slots[i].slot;
	do
	{
		CHECK_FOR_INTERRUPTS();
		before = pg_atomic_read_u32(&slot->changes);
		pg_read_barrier();
		*out = slot->progress;
		pg_read_barrier();
		after = pg_atomic_read_u32(&slot->changes);
	} while (before != after || (before & 1) != 0);
	return true;
}
