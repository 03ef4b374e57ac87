/*
 * cache_internal.h
 *	  The layout of the cache, between cache.c and cache_memory.c.
 *
 * The memory is cut into partitions by key, each with a lock of its own, and each
 * partition into blocks of one size.  An entry is a chain of blocks; its first one
 * holds the header.  So there is no fragmentation, freeing always makes room, and
 * what a partition needs is bounded by construction.  (A general allocator such as
 * a DSA would waste less with answers of a few words, but could fail to place a
 * long one in a cache that is full of those.)
 */
#ifndef AIR_CACHE_INTERNAL_H
#define AIR_CACHE_INTERNAL_H

#include "base/pg.h"

#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "shared/cache.h"

#define BLOCK_SIZE 512
#define NONE PG_UINT32_MAX

typedef enum QueueId
{
	SMALL,
	MAIN
} QueueId;

/* The first block of an entry: name of the model, then the text, go on in the blocks after it. */
typedef struct Entry
{
	uint32 next_block;
	uint32 next_in_bucket;
	uint32 newer; /* in its queue */
	uint32 older;
	uint8 queue;
	uint8 hits;
	uint8 name_len;
	int32 finish;
	uint32 nblocks;
	uint32 len; /* of the text */
	Oid database;
	AirKey key;
	AirUsage usage;
	AirNano cost;
	int64 call_id;
	TimestampTz created;
	TimestampTz expires;   /* 0: never */
	TimestampTz told;      /* when the table was told of uses */
	pg_atomic_uint32 uses; /* since then */
	char data[FLEXIBLE_ARRAY_MEMBER];
} Entry;

#define FIRST_BYTES (BLOCK_SIZE - offsetof(Entry, data))
#define NEXT_BYTES (BLOCK_SIZE - sizeof(uint32))

typedef union Block
{
	Entry entry;
	struct
	{
		uint32 next_block; /* at the place of Entry's */
		char data[NEXT_BYTES];
	} more;
	char size[BLOCK_SIZE];
} Block;

/* A key that left the small queue, and when: it counts for as many evictions as there are blocks.
 */
typedef struct Ghost
{
	uint32 tag;
	uint32 when;
} Ghost;

typedef struct Queue
{
	uint32 oldest;
	uint32 newest;
	uint32 blocks;
} Queue;

typedef struct Partition
{
	LWLock lock; /* over everything of the partition but the atomics */
	uint32 free; /* chain of free blocks */
	uint32 nfree;
	uint32 entries;
	uint32 ghost_clock;
	Queue queues[2];
	uint64 evictions;
	uint64 refused;
	pg_atomic_uint64 hits;
	pg_atomic_uint64 misses;
	char pad[PG_CACHE_LINE_SIZE];
} Partition;

typedef struct Cache
{
	uint32 npartitions; /* a power of two */
	uint32 nblocks;     /* of each partition; likewise its buckets and ghosts */
	int tranche;
	char pad[PG_CACHE_LINE_SIZE]; /* the above is read at each look-up, a lock near it written */
	Partition partitions[FLEXIBLE_ARRAY_MEMBER];
} Cache;

/* cache_memory.c */
extern Cache *air_cache;
extern Block *air_cache_blocks;
extern uint32 *air_cache_buckets;
extern Ghost *air_cache_ghosts;

/* A partition and where its arrays are, with the key that is looked for. */
typedef struct Place
{
	Partition *part;
	Block *blocks;
	uint32 *bucket;
	Ghost *ghost;
	uint32 *buckets;
	uint32 tag;
} Place;

/* Where a key belongs. */
extern Place air_cache_place(const AirKey *key);

/* The n-th partition, without a key. */
extern Place air_cache_partition(uint32 n);

/* The rest needs the partition's lock, exclusively unless it is said otherwise. */

/* The entry of a key, or NONE.  Shared lock. */
extern uint32 air_cache_find(const Place *at, const AirKey *key);

/* Make an entry of n blocks, in no queue and no bucket; others make room.  n has been checked. */
extern uint32 air_cache_take(const Place *at, uint32 n);

/* Put an entry whose members are set into its bucket and at the end of a queue. */
extern void air_cache_enter(const Place *at, uint32 i, QueueId to);

/* Remove an entry. */
extern void air_cache_remove(const Place *at, uint32 i);

/* Copy bytes into or out of an entry, from an offset of its data on.  Out: shared lock. */
extern void air_cache_copy(const Place *at, uint32 i, Size offset, char *bytes, Size len, bool in);

#endif
