/*
 * spool_writer.c
 *	  The spool as its writers see it, and how a writer comes to be.
 *
 * A queue's writer is one dynamic background worker.  Whoever publishes and finds
 * none asks the postmaster for one; the state in the queue sees to it that one is
 * asked for at a time.  What comes of it is the launcher's to watch: the worker may
 * find no slot, or die before it gets here, and nobody may ever publish again.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "base/clock.h"
#include "shared/spool_internal.h"
#include "shared/stats.h"

/* A worker that was asked for and has not turned up by then never will. */
#define START_TIMEOUT_MS 5000
#define RETRY_MS 1000
#define MOST_DOUBLINGS 4 /* of START_TIMEOUT_MS, for a database that takes no connection */

static int mine = -1; /* the queue that this process writes */

static Head *
head_of(int32 first)
{
	return (Head *) air_spool->blocks[first].data;
}

static bool
has_work(const Queue *q)
{
	return q->nrecords > 0 || q->errand;
}

/* With the lock held: the queue of a database that exists, or NULL. */
static Queue *
find(Oid database)
{
	for (int i = 0; i < AIR_SPOOL_QUEUES; i++)
		if (air_spool->queues[i].database == database)
			return &air_spool->queues[i];
	return NULL;
}

void
air_spool_start_writer(Oid database)
{
	BackgroundWorker worker = {0};
	double now = air_monotonic_ms();
	bool start = false;
	Queue *q;

	/* pg_upgrade has the server run, but nothing may be written. */
	if (IsBinaryUpgrade)
		return;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = find(database);
	if (q != NULL && has_work(q) && q->state != WRITER_RUNNING && now >= q->not_before)
	{
		start = true;
		if (q->state == WRITER_STARTING)
			q->failures = Min(q->failures + 1, MOST_DOUBLINGS);
		q->state = WRITER_STARTING;
		q->not_before = now + (START_TIMEOUT_MS << q->failures);
		if (air_spool->launcher != NULL)
			SetLatch(air_spool->launcher);
	}
	LWLockRelease(&air_spool->lock);
	if (!start)
		return;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	strlcpy(worker.bgw_library_name, "ai_router", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "air_writer_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "ai_router writer", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "ai_router writer", BGW_MAXLEN);
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
		return;

	/* No free slot (max_worker_processes): the launcher or whoever publishes next tries again. */
	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = find(database);
	if (q != NULL && q->state == WRITER_STARTING)
	{
		q->state = WRITER_NONE;
		q->not_before = now + RETRY_MS;
		if (air_spool->launcher != NULL)
			SetLatch(air_spool->launcher);
	}
	LWLockRelease(&air_spool->lock);
}

void
air_spool_hurry(void)
{
	Queue *q;

	LWLockAcquire(&air_spool->lock, LW_SHARED);
	for (int i = 0; i < AIR_SPOOL_QUEUES; i++)
	{
		q = &air_spool->queues[i];
		if (q->state == WRITER_RUNNING)
			SetLatch(q->latch);
	}
	LWLockRelease(&air_spool->lock);
	air_spool_start_writer(MyDatabaseId);
}

void
air_spool_errand(Oid database)
{
	bool running = false;
	int queue;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	queue = air_spool_queue(database);
	if (queue >= 0)
	{
		Queue *q = &air_spool->queues[queue];

		q->errand = true;
		running = q->state == WRITER_RUNNING;
		if (running)
			SetLatch(q->latch);
	}
	LWLockRelease(&air_spool->lock);
	if (!running && IsUnderPostmaster)
		air_spool_start_writer(database);
}

bool
air_spool_errand_taken(void)
{
	Queue *q = &air_spool->queues[mine];
	bool errand;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	errand = q->errand;
	q->errand = false;
	LWLockRelease(&air_spool->lock);
	return errand;
}

bool
air_spool_writer_attach(Oid database)
{
	Queue *q;
	bool ok;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = find(database);
	ok = q != NULL && q->state != WRITER_RUNNING;
	if (ok)
	{
		mine = q - air_spool->queues;
		q->state = WRITER_RUNNING;
		q->latch = MyLatch;
		q->failures = 0;
	}
	LWLockRelease(&air_spool->lock);
	return ok;
}

bool
air_spool_writer_detach(bool force)
{
	Queue *q;
	bool ok;

	if (mine < 0)
		return true;
	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = &air_spool->queues[mine];
	ok = force || !has_work(q);
	if (ok)
	{
		q->state = WRITER_NONE;
		q->latch = NULL;
		q->not_before = 0;
		mine = -1;
	}
	LWLockRelease(&air_spool->lock);
	return ok;
}

void
air_spool_copy(int32 first, char *out)
{
	const Block *block = &air_spool->blocks[first];
	size_t left = head_of(first)->len;
	const char *from = block->data + sizeof(Head);
	size_t room = FIRST_ROOM;

	for (;;)
	{
		size_t n = Min(left, room);

		memcpy(out, from, n);
		out += n;
		left -= n;
		if (left == 0)
			break;
		block = &air_spool->blocks[block->next];
		from = block->data;
		room = NEXT_ROOM;
	}
}

/* Without the lock but for the beginning: only the writer takes records away, and publishing
 * changes none but the last one's link, which is not followed. */
int
air_spool_peek(AirSpoolRecord *records, int max, size_t max_bytes, uint64 *incarnation)
{
	size_t bytes = 0;
	int32 at;
	int n;

	LWLockAcquire(&air_spool->lock, LW_SHARED);
	*incarnation = air_spool->incarnation;
	at = air_spool->queues[mine].head;
	n = Min(max, air_spool->queues[mine].nrecords);
	LWLockRelease(&air_spool->lock);

	for (int i = 0; i < n; i++)
	{
		const Head *head = head_of(at);

		if (bytes > max_bytes)
			return i;
		bytes += head->len;
		records[i].kind = head->kind;
		records[i].len = head->len;
		records[i].seq = ((uint64) head->seq_high << 32) | head->seq_low;
		records[i].data = palloc(head->len);
		air_spool_copy(at, records[i].data);
		if (i + 1 < n)
			at = head->next_record;
	}
	return n;
}

/* With the lock held. */
static void
remove_records(Queue *q, int n)
{
	while (n-- > 0 && q->nrecords > 0)
	{
		int32 first = q->head;
		Head *head = head_of(first);
		int32 nblocks = head->nblocks;

		air_spool_answers_leave(first);
		q->head = head->next_record;
		q->nrecords--;
		if (q->nrecords == 0)
			q->head = q->tail = AIR_SPOOL_NONE;
		air_spool->blocks[head->last].next = air_spool->free;
		air_spool->free = first;
		air_spool->nfree += nblocks;
		q->held -= nblocks;
		q->removed++;
	}
}

void
air_spool_remove(int n)
{
	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	remove_records(&air_spool->queues[mine], n);
	LWLockRelease(&air_spool->lock);
}

/* Only the queue's one writer looks at it. */
bool
air_spool_cleanup_due(void)
{
	return air_monotonic_ms() >= air_spool->queues[mine].cleanup_at;
}

void
air_spool_cleanup_in(int ms)
{
	air_spool->queues[mine].cleanup_at = air_monotonic_ms() + ms;
}

void
air_spool_launcher(bool here)
{
	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	air_spool->launcher = here ? MyLatch : NULL;
	LWLockRelease(&air_spool->lock);
}

int
air_spool_orphans(Oid *databases, int max, long *wait_ms)
{
	double now = air_monotonic_ms();
	double next = -1;
	int n = 0;

	LWLockAcquire(&air_spool->lock, LW_SHARED);
	for (int i = 0; i < AIR_SPOOL_QUEUES && n < max; i++)
	{
		const Queue *q = &air_spool->queues[i];

		if (!has_work(q) || q->state == WRITER_RUNNING)
			continue;
		if (now >= q->not_before)
			databases[n++] = q->database;
		next = next < 0 ? q->not_before : Min(next, q->not_before);
	}
	LWLockRelease(&air_spool->lock);
	*wait_ms = next < 0 ? -1 : (long) Max(next - now, 0) + 1;
	return n;
}

void
air_spool_forget(Oid database)
{
	Queue *q;

	LWLockAcquire(&air_spool->lock, LW_EXCLUSIVE);
	q = find(database);
	if (q != NULL && q->state != WRITER_RUNNING)
	{
		air_stats_add(AIR_STAT_DROPPED, q->nrecords);
		remove_records(q, q->nrecords);
		q->errand = false;
		q->state = WRITER_NONE;
	}
	LWLockRelease(&air_spool->lock);
}
