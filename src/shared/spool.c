/*
 * spool.c
 *	  The spool: blocks, queues, and the backends' side of both.
 *
 * Blocks are promised when space is reserved and taken when it is used: publishing
 * then has nothing to wait for and runs in abort handlers, too, and what was reserved
 * in vain is a number, not a chain of blocks to walk along.  Nothing is copied while
 * the lock is held, but for an answer that is asked for again (spool_answers.c).
 */
#include "base/pg.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "shared/spool_internal.h"
#include "shared/stats.h"

Spool *air_spool = NULL;

Size
air_spool_size(void)
{
	return offsetof(Spool, blocks) + (Size) air_spool_kb * 1024 +
		   air_spool_answers_size(air_spool_kb * 1024 / sizeof(Block));
}

void
air_spool_attach(void *area, bool found)
{
	air_spool = area;
	if (!found)
	{
		memset(air_spool, 0, offsetof(Spool, blocks));
		LWLockInitialize(&air_spool->lock, LWLockNewTrancheId());
		if (!pg_strong_random(&air_spool->incarnation, sizeof(uint64)))
			air_spool->incarnation = (uint64) GetCurrentTimestamp();
		air_spool->incarnation &= PG_INT64_MAX;
		air_spool->nblocks = air_spool_kb * 1024 / sizeof(Block);
		air_spool->nfree = air_spool->nblocks;
		for (int32 i = 0; i < air_spool->nblocks; i++)
			air_spool->blocks[i].next = i + 1 < air_spool->nblocks ? i + 1 : AIR_SPOOL_NONE;
	}
	LWLockRegisterTranche(air_spool->lock.tranche, "AiRouterSpool");
	air_spool_answers_attach(found);
	if (!found)
		air_spool_load();
}

int32
air_spool_blocks_for(size_t len)
{
	return len <= FIRST_ROOM ? 1 : 1 + (int32) ((len - FIRST_ROOM + NEXT_ROOM - 1) / NEXT_ROOM);
}

size_t
air_spool_max_record(void)
{
	return (size_t) air_spool_kb * 1024 / 16;
}

int
air_spool_queue(Oid database)
{
	int empty = -1;

	for (int i = 0; i < AIR_SPOOL_QUEUES; i++)
	{
		Queue *q = &air_spool->queues[i];

		if (q->database == database)
			return i;
		if (empty < 0 && (q->database == InvalidOid || (q->nrecords == 0 && q->nspaces == 0 &&
														!q->errand && q->state == WRITER_NONE)))
			empty = i;
	}
	if (empty >= 0)
	{
		Queue *q = &air_spool->queues[empty];

		memset(q, 0, sizeof(Queue));
		q->database = database;
		q->head = q->tail = AIR_SPOOL_NONE;
	}
	return empty;
}

bool
air_spool_promise(int32 n)
{
	if (n > air_spool->nfree)
		return false;
	air_spool->nfree -= n;
	return true;
}

int32
air_spool_take(int32 n)
{
	int32 first = air_spool->free;
	int32 last = first;

	for (int32 i = 1; i < n; i++)
		last = air_spool->blocks[last].next;
	air_spool->free = air_spool->blocks[last].next;
	air_spool->blocks[last].next = AIR_SPOOL_NONE;
	return first;
}

/*
 * May the queue have n more blocks?  The last quarter is not for a database that holds
 * half of all: its writer is held up, perhaps for long, and those of others need not be.
 */
static bool
leaves_room(const Queue *q, int32 n)
{
	return q->held < air_spool->nblocks / 2 || air_spool->nfree - n >= air_spool->nblocks / 4;
}

bool
air_spool_reserve(size_t len, AirSpoolSpace *space)
{
	int32 n = air_spool_blocks_for(len);
	int queue;

	memset(space, 0, sizeof(*space));
	/* No tables can be written here.  What was reserved before a promotion is not worth a word. */
	if (RecoveryInProgress())
	{
		space->nowhere = true;
		return true;
	}
	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	queue = air_spool_queue(MyDatabaseId);
	if (queue >= 0 && leaves_room(&air_spool->queues[queue], n) && air_spool_promise(n))
	{
		space->nblocks = n;
		space->queue = queue;
		air_spool->queues[queue].nspaces++;
		air_spool->queues[queue].held += n;
	}
	LWLockRelease(&air_spool->lock);
	return space->nblocks > 0;
}

void
air_spool_release(AirSpoolSpace *space)
{
	if (space->nblocks > 0)
	{
		LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
		air_spool->nfree += space->nblocks;
		air_spool->queues[space->queue].nspaces--;
		air_spool->queues[space->queue].held -= space->nblocks;
		LWLockRelease(&air_spool->lock);
	}
	memset(space, 0, sizeof(*space));
}

void
air_spool_fill(int32 first, int kind, const AirSlice *slices, int nslices)
{
	Block *block = &air_spool->blocks[first];
	Head *head = (Head *) block->data;
	char *to = block->data + sizeof(Head);
	size_t room = FIRST_ROOM;

	head->kind = kind;
	head->len = 0;
	for (int i = 0; i < nslices; i++)
	{
		const char *from = slices[i].data;
		size_t left = slices[i].len;

		head->len += left;
		while (left > 0)
		{
			size_t n;

			if (room == 0)
			{
				block = &air_spool->blocks[block->next];
				to = block->data;
				room = NEXT_ROOM;
			}
			n = Min(left, room);
			memcpy(to, from, n);
			to += n;
			from += n;
			room -= n;
			left -= n;
		}
	}
}

void
air_spool_link(int queue, int32 first)
{
	Queue *q = &air_spool->queues[queue];
	Head *head = (Head *) air_spool->blocks[first].data;
	int32 used = air_spool_blocks_for(head->len);
	int32 last = first;

	for (int32 i = 1; i < used; i++)
		last = air_spool->blocks[last].next;
	head->last = last;
	head->nblocks = used;
	head->next_record = AIR_SPOOL_NONE;
	air_spool->seq++;
	head->seq_low = (uint32) air_spool->seq;
	head->seq_high = (uint32) (air_spool->seq >> 32);
	if (q->tail == AIR_SPOOL_NONE)
		q->head = first;
	else
		((Head *) air_spool->blocks[q->tail].data)->next_record = first;
	q->tail = first;
	q->nrecords++;
	air_spool_answers_enter(first);
}

/* With the lock held: have the space be n blocks, fewer or more.  False if there are no more. */
static bool
resize(AirSpoolSpace *space, int32 n)
{
	if (!air_spool_promise(n - space->nblocks))
		return false;
	air_spool->queues[space->queue].held += n - space->nblocks;
	space->nblocks = n;
	return true;
}

bool
air_spool_publish(AirSpoolSpace *space, int kind, const AirSlice *slices, int nslices)
{
	size_t len = 0;
	int32 n, first;
	bool alone;
	Queue *q;

	if (!air_spool_holds(space))
		return true;
	if (space->nowhere)
	{
		air_stats_add(AIR_STAT_DROPPED, 1);
		memset(space, 0, sizeof(*space));
		return true;
	}
	for (int i = 0; i < nslices; i++)
		len += slices[i].len;
	n = air_spool_blocks_for(len);
	/* The record may have become longer than was thought. */
	if (n > space->nblocks && len > air_spool_max_record())
		return false;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	if (!resize(space, n))
	{
		LWLockRelease(&air_spool->lock);
		return false;
	}
	first = air_spool_take(n);
	LWLockRelease(&air_spool->lock);

	air_spool_fill(first, kind, slices, nslices);

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = &air_spool->queues[space->queue];
	air_spool_link(space->queue, first);
	q->nspaces--;
	alone = q->state != WRITER_RUNNING;
	/* A writer looks by itself a few times a second: wake it only if much has come together. */
	if (!alone && air_spool->nfree < air_spool->nblocks / 2)
		SetLatch(q->latch);
	LWLockRelease(&air_spool->lock);
	memset(space, 0, sizeof(*space));
	if (alone)
		air_spool_start_writer(MyDatabaseId);
	return true;
}

bool
air_spool_roomy(void)
{
	return air_spool != NULL && air_spool->nfree > air_spool->nblocks / 2;
}

uint32
air_spool_headway(void)
{
	for (int i = 0; air_spool != NULL && i < AIR_SPOOL_QUEUES; i++)
		if (air_spool->queues[i].database == MyDatabaseId)
			return air_spool->queues[i].removed;
	return 0;
}

void
air_spool_usage(uint64 *size, uint64 *used)
{
	*size = *used = 0;
	if (air_spool == NULL)
		return;
	LWLockAcquire(&air_spool->lock, LW_SHARED);
	*size = (uint64) air_spool->nblocks * sizeof(Block);
	*used = (uint64) (air_spool->nblocks - air_spool->nfree) * sizeof(Block);
	LWLockRelease(&air_spool->lock);
}
