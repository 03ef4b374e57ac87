/*
 * spool_internal.h
 *	  The spool's layout, for its own files.
 */
#ifndef AIR_SPOOL_INTERNAL_H
#define AIR_SPOOL_INTERNAL_H

#include "shared/spool.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define AIR_SPOOL_QUEUES 128
#define AIR_SPOOL_BLOCK 256
#define AIR_SPOOL_NONE (-1)

/* Data of a record: the rest of its first block, then whole blocks. */
typedef struct Block
{
	int32 next; /* of this record or of the free list */
	char data[AIR_SPOOL_BLOCK - sizeof(int32)];
} Block;

/* The beginning of a record's first block's data. */
typedef struct Head
{
	int32 next_record;
	int32 last;        /* last block */
	int32 next_answer; /* of an answer: see spool_answers.c */
	int32 nblocks;
	int32 kind;
	uint32 len;
	uint32 seq_low; /* two halves: the data is aligned to 4 */
	uint32 seq_high;
} Head;

#define FIRST_ROOM (sizeof(((Block *) 0)->data) - sizeof(Head))
#define NEXT_ROOM sizeof(((Block *) 0)->data)

typedef enum WriterState
{
	WRITER_NONE,
	WRITER_STARTING,
	WRITER_RUNNING
} WriterState;

/* Records of one database, oldest first.  Times are of the monotonic clock, ms. */
typedef struct Queue
{
	Oid database; /* InvalidOid: free */
	int32 head;
	int32 tail;
	int32 nrecords;
	int32 nspaces; /* reserved for it and not yet published */
	bool errand;   /* the writer is wanted for something else than records */
	int32 held;    /* blocks of its records and spaces */
	WriterState state;
	int failures;      /* writers in a row that were asked for and did not come */
	Latch *latch;      /* the writer's, if RUNNING */
	double not_before; /* NONE: when to try to start one; STARTING: when to give up on it */
	double cleanup_at; /* next clean-up of old rows */
	uint32 removed;    /* records that the writer was done with */
} Queue;

typedef struct Spool
{
	LWLock lock;
	uint64 incarnation; /* random: which life of the spool a sequence number belongs to */
	uint64 seq;         /* of the record published last, in whatever queue */
	int32 nblocks;
	int32 nfree; /* neither taken nor promised */
	int32 free;
	Latch *launcher; /* NULL: there is none now */
	Queue queues[AIR_SPOOL_QUEUES];
	Block blocks[FLEXIBLE_ARRAY_MEMBER];
} Spool;

extern Spool *air_spool;

/* With the lock held exclusively: the queue of a database, made if need be; -1: no room. */
extern int air_spool_queue(Oid database);

/* With the lock held exclusively: n blocks (less than 0: give back) will be there to be taken.
 * False: not so many. */
extern bool air_spool_promise(int32 n);

/* With the lock held exclusively: take n promised blocks as a chain. */
extern int32 air_spool_take(int32 n);

/* Blocks that a record of len bytes needs. */
extern int32 air_spool_blocks_for(size_t len);

/* Fill a chain; link it to the queue (lock held). */
extern void air_spool_fill(int32 first, int kind, const AirSlice *slices, int nslices);
extern void air_spool_link(int queue, int32 first);

/* spool_answers.c: its chains; a record comes and goes with the lock held, if it is an answer's. */
extern Size air_spool_answers_size(int32 nblocks);
extern void air_spool_answers_attach(bool found);
extern void air_spool_answers_enter(int32 first);
extern void air_spool_answers_leave(int32 first);

/* Copy a record's bytes out. */
extern void air_spool_copy(int32 first, char *out);

/* spool_file.c: read back what a clean stop kept, in the postmaster. */
extern void air_spool_load(void);

#endif
