/*
 * hits.c
 *	  Calls that the cache answered: counted here, told to the ledger in sums.
 *
 * A hit is the cheapest call there is, so it has no row of its own.  A small table of
 * this backend adds hits up by role, model, rule and task; at the end of the outermost
 * statement and of the transaction, when a second has passed, and when the session ends
 * the sums go through the spool to ai_router.hits.
 *
 * Hits leave half of the spool to calls, which must have space.  Where there is none they
 * stay here and are counted on.  Texts are in TopMemoryContext; no locks but the spool's.
 */
#include "base/pg.h"

#include "common/hashfn.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "call/internal.h"
#include "shared/ledger.h"
#include "shared/stats.h"

#define MAX_SUMS 64
#define HAND_OVER_MS 1000

/* Texts are cut to this: all of them together must fit into an index tuple. */
#define MAX_TEXT 512

/* What hits are told apart by. */
typedef struct Key
{
	Oid role;
	int32 len[AIR_HITS_NTEXTS];
	const char *texts[AIR_HITS_NTEXTS];
} Key;

typedef struct Sum
{
	Key key; /* its texts are one allocation, which texts[0] begins */
	uint32 hash;
	int64 hits; /* not handed over yet; 0: kept for the next ones alike */
	AirNano saved;
	TimestampTz at; /* of the first of them */
} Sum;

static Sum sums[MAX_SUMS];
static int nsums = 0;
static Sum *last = NULL; /* the next hit is most often like the last */
static int npending = 0; /* sums with hits */
static double since;     /* monotonic ms, coarse: when something was pending first */
static bool at_exit = false;

static bool
same(const Key *a, const Key *b)
{
	if (a->role != b->role || memcmp(a->len, b->len, sizeof(a->len)) != 0)
		return false;
	for (int i = 0; i < AIR_HITS_NTEXTS; i++)
		if (a->len[i] > 0 && memcmp(a->texts[i], b->texts[i], a->len[i]) != 0)
			return false;
	return true;
}

static uint32
hash_of(const Key *key)
{
	uint32 hash = key->role;

	for (int i = 0; i < AIR_HITS_NTEXTS; i++)
		if (key->len[i] > 0)
			hash =
				hash_combine(hash, hash_bytes((const unsigned char *) key->texts[i], key->len[i]));
	return hash;
}

/* Put a sum into the spool; false if there is no space. */
static bool
hand_over(Sum *sum)
{
	AirHitsRecord r = {
		.at = sum->at, .hits = sum->hits, .saved = sum->saved, .role = sum->key.role};
	AirSlice slices[1 + AIR_HITS_NTEXTS];
	AirSpoolSpace space;
	size_t size = sizeof(r);
	int n;

	memcpy(r.len, sum->key.len, sizeof(r.len));
	n = air_record_slices(slices, &r, sizeof(r), sum->key.texts, r.len, AIR_HITS_NTEXTS);
	for (int i = 1; i < n; i++)
		size += slices[i].len;
	if (!air_spool_reserve(size, &space))
		return false;
	(void) air_spool_publish(&space, AIR_RECORD_HITS, slices, n);
	air_stats_add(AIR_STAT_CACHED, sum->hits);
	sum->hits = 0;
	npending--;
	return true;
}

static void
hand_over_all(void)
{
	for (int i = 0; i < nsums && npending > 0; i++)
		if (sums[i].hits > 0 && !hand_over(&sums[i]))
			break;
}

void
air_hits_flush(void)
{
	if (npending > 0 && air_spool_roomy())
		hand_over_all();
}

void
air_hits_poll(void)
{
	double now;

	if (npending == 0 || (now = air_monotonic_ms_coarse()) - since < HAND_OVER_MS)
		return;
	since = now; /* where there is no room, it is not looked for at every hit */
	air_hits_flush();
}

/* The session ends: nobody comes later, so the calls' half of the spool is taken, too. */
static void
on_session_end(int code, Datum arg)
{
	hand_over_all();
	if (npending > 0)
		air_stats_add(AIR_STAT_DROPPED, npending);
	npending = 0;
	nsums = 0;
}

/* Forget the sums that have nothing to hand over. */
static void
make_room(void)
{
	int kept = 0;

	air_hits_flush();
	for (int i = 0; i < nsums; i++)
		if (sums[i].hits > 0)
			sums[kept++] = sums[i];
		else
			pfree(unconstify(char *, sums[i].key.texts[0]));
	nsums = kept;
}

/* A sum for a key that has none, or NULL: neither room nor space in the spool, or no memory. */
static Sum *
add_sum(const Key *key, uint32 hash)
{
	size_t size = 0;
	char *copy;
	Sum *sum;

	if (nsums == MAX_SUMS)
		make_room();
	for (int i = 0; i < AIR_HITS_NTEXTS; i++)
		size += Max(key->len[i], 0);
	if (nsums == MAX_SUMS || (copy = MemoryContextAllocExtended(TopMemoryContext, Max(size, 1),
																MCXT_ALLOC_NO_OOM)) == NULL)
		return NULL;
	sum = &sums[nsums++];
	memset(sum, 0, sizeof(*sum));
	sum->key = *key;
	sum->hash = hash;
	for (int i = 0; i < AIR_HITS_NTEXTS; i++)
	{
		sum->key.texts[i] = copy;
		if (key->len[i] > 0)
			memcpy(copy, key->texts[i], key->len[i]);
		copy += Max(key->len[i], 0);
	}
	return sum;
}

static Sum *
find_sum(const Key *key)
{
	uint32 hash = hash_of(key);

	for (int i = 0; i < nsums; i++)
		if (sums[i].hash == hash && same(&sums[i].key, key))
			return &sums[i];
	return add_sum(key, hash);
}

/*
 * The cache has answered a call as of that model, with an answer that once cost `saved`.
 * Never fails; a hit that finds no place at all counts as a row that was dropped.
 */
void
air_hits_count(const AirCall *call, const AirModel *model, AirNano saved)
{
	const AirHints *hints = &call->route.hints;
	Key key = {.role = call->role};

	if (!at_exit)
	{
		before_shmem_exit(on_session_end, (Datum) 0);
		at_exit = true;
	}
	air_record_text(key.texts, key.len, AIR_HITS_ROLE, call->role_name, NAMEDATALEN);
	air_record_text(key.texts, key.len, AIR_HITS_MODEL, model->name, MAX_TEXT);
	air_record_text(key.texts, key.len, AIR_HITS_RULE, call->route.rule->name, MAX_TEXT);
	air_record_text(key.texts, key.len, AIR_HITS_TASK,
					AIR_HAS_HINT(hints, AIR_HINT_TASK) ? hints->task : NULL, MAX_TEXT);
	if (last == NULL || last >= sums + nsums || !same(&last->key, &key))
		last = find_sum(&key);
	if (last == NULL)
	{
		air_stats_add(AIR_STAT_DROPPED, 1);
		return;
	}
	if (last->hits == 0)
	{
		last->saved = AIR_NANO_UNKNOWN;
		last->at = GetCurrentTimestamp();
		if (npending++ == 0)
			since = air_monotonic_ms_coarse();
	}
	last->hits++;
	if (saved >= 0)
		last->saved = air_nano_add(Max(last->saved, 0), saved);
	air_hits_poll();
}
