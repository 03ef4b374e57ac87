/*
 * cache_memory.c
 *	  The cache's memory: partitions, chains of blocks, and who has to leave.
 *
 * Eviction is S3-FIFO, per partition: a new entry enters a small queue, a tenth of
 * the room; those hit while they pass through it go on to the main queue, others
 * leave and are remembered by a tag only ("ghosts"), so that a key that comes back
 * soon enters the main queue at once.  The main queue gives a second chance per hit.
 * A statement over a million distinct prompts therefore washes through the small
 * queue and leaves alone what is asked again and again; and a hit changes a counter
 * in place, under the shared lock, where LRU would have to move list links.
 */
#include "base/pg.h"

#include "base/settings.h"
#include "shared/cache_internal.h"

#define MAX_PARTITIONS 16
#define LEAST_PARTITION (1024 * 1024)
#define LEAST_KB 1024       /* for answers on their way to equal calls and to the table */
#define SMALL_SHARE 10      /* the small queue's share is one in so many blocks */
#define MAX_EVICT_STEPS 128 /* chances given while one entry waits for room */

Cache *air_cache = NULL;
Block *air_cache_blocks;
uint32 *air_cache_buckets;
Ghost *air_cache_ghosts;

static Size
header_size(void)
{
	return CACHELINEALIGN(offsetof(Cache, partitions) + sizeof(Partition) * MAX_PARTITIONS);
}

static Size
cache_bytes(void)
{
	return (Size) Max(air_cache_kb, LEAST_KB) * 1024;
}

Size
air_cache_shmem_size(void)
{
	return header_size() + cache_bytes() + PG_CACHE_LINE_SIZE;
}

/* Everything is free.  Under exclusive locks, or while nobody else is there. */
static void
reset_partition(uint32 n)
{
	Partition *part = &air_cache->partitions[n];
	Block *blocks = air_cache_blocks + (Size) n * air_cache->nblocks;

	for (uint32 i = 0; i < air_cache->nblocks; i++)
	{
		blocks[i].more.next_block = i + 1 < air_cache->nblocks ? i + 1 : NONE;
		air_cache_buckets[(Size) n * air_cache->nblocks + i] = NONE;
	}
	part->free = 0;
	part->nfree = air_cache->nblocks;
	part->queues[SMALL] = part->queues[MAIN] = (Queue){NONE, NONE, 0};
}

void
air_cache_attach(void *area, bool found)
{
	Size per_block = sizeof(Block) + sizeof(uint32) + sizeof(Ghost);
	Size bytes = cache_bytes();
	Size all;

	air_cache = area;
	if (!found)
	{
		memset(air_cache, 0, header_size());
		air_cache->tranche = LWLockNewTrancheId();
		air_cache->npartitions = 1;
		while (air_cache->npartitions < MAX_PARTITIONS &&
			   bytes / (air_cache->npartitions * 2) >= LEAST_PARTITION)
			air_cache->npartitions *= 2;
		air_cache->nblocks =
			(uint32) Min(bytes / air_cache->npartitions / per_block, (Size) NONE - 1);
	}
	LWLockRegisterTranche(air_cache->tranche, "AiRouterCache");
	all = (Size) air_cache->npartitions * air_cache->nblocks;
	air_cache_blocks = (Block *) ((char *) area + header_size());
	air_cache_ghosts = (Ghost *) (air_cache_blocks + all);
	air_cache_buckets = (uint32 *) (air_cache_ghosts + all);
	if (found)
		return;
	memset(air_cache_ghosts, 0, sizeof(Ghost) * all);
	for (uint32 i = 0; i < air_cache->npartitions; i++)
	{
		Partition *part = &air_cache->partitions[i];

		LWLockInitialize(&part->lock, air_cache->tranche);
		pg_atomic_init_u64(&part->hits, 0);
		pg_atomic_init_u64(&part->misses, 0);
		/* Ghosts that were never there are long gone. */
		part->ghost_clock = air_cache->nblocks + 1;
		reset_partition(i);
	}
}

Place
air_cache_partition(uint32 n)
{
	Size first = (Size) n * air_cache->nblocks;

	return (Place){.part = &air_cache->partitions[n],
				   .blocks = air_cache_blocks + first,
				   .buckets = air_cache_buckets + first};
}

bool
air_cache_exists(void)
{
	return air_cache != NULL;
}

/* The digest is uniform: any of its bits will do. */
static uint32
word(const AirKey *key, int i)
{
	uint32 w;

	memcpy(&w, key->bytes + i * sizeof(w), sizeof(w));
	return w;
}

Place
air_cache_place(const AirKey *key)
{
	uint32 n = word(key, 0) & (air_cache->npartitions - 1);
	Place at = air_cache_partition(n);
	Size first = (Size) n * air_cache->nblocks;

	at.bucket = at.buckets + word(key, 1) % air_cache->nblocks;
	at.ghost = air_cache_ghosts + first + word(key, 2) % air_cache->nblocks;
	at.tag = word(key, 3);
	return at;
}

/* The entry of a key, or NONE. */
uint32
air_cache_find(const Place *at, const AirKey *key)
{
	for (uint32 i = *at->bucket; i != NONE; i = at->blocks[i].entry.next_in_bucket)
		if (memcmp(&at->blocks[i].entry.key, key, sizeof(AirKey)) == 0)
			return i;
	return NONE;
}

static void
push(const Place *at, uint32 i, QueueId to)
{
	Entry *e = &at->blocks[i].entry;
	Queue *q = &at->part->queues[to];

	e->queue = to;
	e->newer = NONE;
	e->older = q->newest;
	if (q->newest != NONE)
		at->blocks[q->newest].entry.newer = i;
	else
		q->oldest = i;
	q->newest = i;
	q->blocks += e->nblocks;
}

/* Take an entry out of its queue. */
static void
unqueue(const Place *at, uint32 i)
{
	Entry *e = &at->blocks[i].entry;
	Queue *q = &at->part->queues[e->queue];

	if (e->older != NONE)
		at->blocks[e->older].entry.newer = e->newer;
	else
		q->oldest = e->newer;
	if (e->newer != NONE)
		at->blocks[e->newer].entry.older = e->older;
	else
		q->newest = e->older;
	q->blocks -= e->nblocks;
}

/* Give back the blocks of an entry that is in no queue, and take it out of its bucket. */
static void
drop(const Place *at, uint32 i)
{
	Entry *e = &at->blocks[i].entry;
	uint32 *link = &at->buckets[word(&e->key, 1) % air_cache->nblocks];
	uint32 last = i;

	while (*link != i)
		link = &at->blocks[*link].entry.next_in_bucket;
	*link = e->next_in_bucket;
	at->part->nfree += e->nblocks;
	at->part->entries--;
	while (at->blocks[last].more.next_block != NONE)
		last = at->blocks[last].more.next_block;
	at->blocks[last].more.next_block = at->part->free;
	at->part->free = i;
}

/* Let the next one go, or give it another chance (none if there are to be no more). */
static void
evict_step(const Place *at, bool chance)
{
	Partition *part = at->part;
	QueueId from = part->queues[SMALL].blocks > air_cache->nblocks / SMALL_SHARE ||
						   part->queues[MAIN].oldest == NONE
					   ? SMALL
					   : MAIN;
	uint32 i = part->queues[from].oldest;
	Entry *e = &at->blocks[i].entry;

	unqueue(at, i);
	if (e->hits > 0 && chance)
	{
		e->hits = from == SMALL ? 0 : e->hits - 1;
		push(at, i, MAIN);
		return;
	}
	if (from == SMALL)
	{
		Ghost *ghost = air_cache_ghosts + (at->blocks - air_cache_blocks) +
					   word(&e->key, 2) % air_cache->nblocks;

		ghost->tag = word(&e->key, 3);
		ghost->when = part->ghost_clock++;
	}
	part->evictions++;
	drop(at, i);
}

/* Copy bytes into or out of the chain that starts at block i, from an offset of its data on. */
void
air_cache_copy(const Place *at, uint32 i, Size offset, char *bytes, Size len, bool in)
{
	char *data = at->blocks[i].entry.data;
	Size room = FIRST_BYTES;

	while (len > 0)
	{
		if (offset < room)
		{
			Size n = Min(room - offset, len);

			if (in)
				memcpy(data + offset, bytes, n);
			else
				memcpy(bytes, data + offset, n);
			bytes += n;
			len -= n;
			offset = 0;
		}
		else
			offset -= room;
		if (len > 0)
		{
			i = at->blocks[i].more.next_block;
			data = at->blocks[i].more.data;
			room = NEXT_BYTES;
		}
	}
}

uint32
air_cache_take(const Place *at, uint32 n)
{
	uint32 first;
	uint32 last;

	for (int step = 0; at->part->nfree < n; step++)
		evict_step(at, step < MAX_EVICT_STEPS);
	first = last = at->part->free;
	for (uint32 k = 1; k < n; k++)
		last = at->blocks[last].more.next_block;
	at->part->free = at->blocks[last].more.next_block;
	at->blocks[last].more.next_block = NONE;
	at->part->nfree -= n;
	return first;
}

void
air_cache_enter(const Place *at, uint32 i, QueueId to)
{
	at->blocks[i].entry.next_in_bucket = *at->bucket;
	*at->bucket = i;
	at->part->entries++;
	push(at, i, to);
}

void
air_cache_remove(const Place *at, uint32 i)
{
	unqueue(at, i);
	drop(at, i);
}
