/*
 * spool.h
 *	  The spool: rows on their way from backends to the background writers.
 *
 * Fixed shared memory, cut into small blocks.  A backend has blocks promised before it
 * sends anything (air_spool_reserve), fills and queues them when it knows the
 * outcome (air_spool_publish: copying, no waiting, no memory, cannot fail), and a
 * writer per database takes them from there into tables.  A record outlives its
 * backend and its transaction; a crash of the server loses it.
 *
 * One LWLock guards lists and queues.  It is held for a few instructions per
 * record, never across I/O.
 */
#ifndef AIR_SPOOL_H
#define AIR_SPOOL_H

#include "base/pg.h"

#include "shared/cache.h"

/* Who needs space and finds none waits so long, and looks so often. */
#define AIR_SPOOL_WAIT_MS 5000
#define AIR_SPOOL_LOOK_MS 5

/* Space that a backend holds; zeroed: none.  Owned by whoever reserved it. */
typedef struct AirSpoolSpace
{
	int32 nblocks;
	int16 queue;  /* of this database */
	bool nowhere; /* hot standby: what is published is only counted */
} AirSpoolSpace;

/* A piece of a record. */
typedef struct AirSlice
{
	const void *data;
	size_t len;
} AirSlice;

/* A record as its writer sees it. */
typedef struct AirSpoolRecord
{
	int kind;
	uint64 seq;
	size_t len;
	char *data; /* palloc'ed, aligned */
} AirSpoolRecord;

/* Is there space, of whatever kind? */
static inline bool
air_spool_holds(const AirSpoolSpace *space)
{
	return space->nblocks > 0 || space->nowhere;
}

/* The longest record that may be reserved for. */
extern size_t air_spool_max_record(void);

/* Take space for a record of up to len bytes.  False if there is none now. */
extern bool air_spool_reserve(size_t len, AirSpoolSpace *space);

/*
 * Put a record into the space, queue it and see to it that a writer comes.  The
 * space is used up.  False, with the space untouched, if the record is longer than the
 * space and there is no more to be had; never if it fits.
 */
extern bool air_spool_publish(AirSpoolSpace *space, int kind, const AirSlice *slices, int nslices);

/* Give unused space back; none is no error.  Never fails. */
extern void air_spool_release(AirSpoolSpace *space);

/*
 * Is there so much room that something may be written which could as well be left out or wait?
 * A guess, without a lock.
 */
extern bool air_spool_roomy(void);

/*
 * A number that changes when this database's writer is done with records: it makes headway.
 * Read without a lock.
 */
extern uint32 air_spool_headway(void);

/* Bytes of the spool, and how many of them are taken. */
extern void air_spool_usage(uint64 *size, uint64 *used);

/* Wake the writer of this database: somebody waits for space. */
extern void air_spool_hurry(void);

/*
 * Have the database's writer come, though there may be no record: it does what else it is there
 * for.  In the postmaster only noted, for the launcher.
 */
extern void air_spool_errand(Oid database);

/*
 * The answer for a key that is on its way to the table, as air_cache_get() and with the name of its
 * model.  Raises where memory is short.
 */
extern bool
air_spool_find_answer(const AirKey *key, int64 max_age_us, AirCached *out, char **model);

/* An answer's record in other words.  Memory: CurrentMemoryContext. */
extern void air_spool_read_answer(const char *record, AirCached *out, char **model);

/* The writer's side.  A queue has at most one writer. ---------------------------------------- */

/* Become the writer of the database.  False if it has one, or nobody needs it. */
extern bool air_spool_writer_attach(Oid database);

/* Copy up to max records (or some bytes more than max_bytes) from the queue's head, which stay
 * there. Memory: CurrentMemoryContext. */
extern int air_spool_peek(AirSpoolRecord *records, int max, size_t max_bytes, uint64 *incarnation);

/* Remove n records from the head.  Never fails. */
extern void air_spool_remove(int n);

/* Has somebody asked for more than records?  Forgets it: asked again, it is true again. */
extern bool air_spool_errand_taken(void);

/* Stop being the writer if there is nothing to do; with force, in any case.  False if there is. */
extern bool air_spool_writer_detach(bool force);

/* Is it time for a clean-up of old rows in this database, and when is the next one? */
extern bool air_spool_cleanup_due(void);
extern void air_spool_cleanup_in(int ms);

/* The launcher's side: one process sees to it that rows do not wait for a writer for ever. ---- */

/* This process is the launcher from now on, to be woken by its latch; or no longer. */
extern void air_spool_launcher(bool here);

/*
 * Databases that have records and no writer, up to max of them: to start one
 * (air_spool_start_writer), or to forget what a dropped database left behind.  *wait_ms gets when
 * to look again, -1: when the latch is set.
 */
extern int air_spool_orphans(Oid *databases, int max, long *wait_ms);

/* Ask for a writer of a database unless it has one, or was asked for one just now. */
extern void air_spool_start_writer(Oid database);
extern void air_spool_forget(Oid database);

/* A part of shared memory, see shmem.c. ------------------------------------------------------- */
extern Size air_spool_size(void);
extern void air_spool_attach(void *area, bool found);
extern void air_spool_save(void); /* spool_file.c */

/*
 * Show each record to somebody, of each queue the oldest first, until one returns false; returns
 * that.  record->data is for the duration of the visit.  Takes no lock: in the postmaster, alone.
 */
typedef bool (*AirSpoolVisitor)(Oid database, const AirSpoolRecord *record, void *arg);
extern bool air_spool_each(AirSpoolVisitor visitor, void *arg); /* spool_file.c */

#endif
