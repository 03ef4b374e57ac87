/*
 * clears.c
 *	  The last clears, in a table of fixed size with one lock.
 *
 * Who asks looks at an atomic first: mostly nothing was cleared in between.  A clear
 * that is done can be forgotten: what is older than a forgotten one counts as cleared,
 * which costs at most that an answer is not kept.
 */
#include "base/pg.h"

#include "common/hashfn.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "shared/clears.h"

#define CLEARS 64

typedef struct Clear
{
	uint64 generation; /* 0: free */
	Oid database;
	bool pending;
	uint64 model; /* hash of its name, 0: all */
	int64 rows;
} Clear;

typedef struct Clears
{
	LWLock lock;
	pg_atomic_uint64 generation;
	pg_atomic_uint32 pending;
	uint64 forgotten; /* the newest that is no longer here */
	Clear clears[CLEARS];
} Clears;

static Clears *clears = NULL;

Size
air_clears_size(void)
{
	return sizeof(Clears);
}

void
air_clears_attach(void *area, bool found)
{
	clears = area;
	if (!found)
	{
		memset(clears, 0, sizeof(Clears));
		LWLockInitialize(&clears->lock, LWLockNewTrancheId());
		/* Not one that the last life of the server may have left in the spool's file. */
		pg_atomic_init_u64(&clears->generation, (uint64) GetCurrentTimestamp());
		pg_atomic_init_u32(&clears->pending, 0);
	}
	LWLockRegisterTranche(clears->lock.tranche, "AiRouterClears");
}

static uint64
hash_of(const char *model, size_t len)
{
	uint64 h;

	if (model == NULL)
		return 0;
	h = DatumGetUInt64(hash_any_extended((const unsigned char *) model, (int) len, 0));
	return h == 0 ? 1 : h;
}

uint64
air_clears_generation(void)
{
	return pg_atomic_read_u64(&clears->generation);
}

/* With the lock held: a place for a clear that is pending from now on; false if there is none. */
static bool
enter(const Clear *clear)
{
	Clear *place = NULL;

	for (int i = 0; i < CLEARS; i++)
	{
		Clear *c = &clears->clears[i];

		if (!c->pending && (place == NULL || c->generation < place->generation))
			place = c;
	}
	if (place == NULL)
		return false;
	clears->forgotten = Max(clears->forgotten, place->generation);
	*place = *clear;
	place->pending = true;
	pg_atomic_fetch_add_u32(&clears->pending, 1);
	return true;
}

uint64
air_clears_begin(Oid database, const char *model, size_t len)
{
	Clear c = {.database = database, .model = hash_of(model, len)};

	LWLockAcquire(&clears->lock, LW_EXCLUSIVE);
	c.generation = pg_atomic_read_u64(&clears->generation) + 1;
	if (enter(&c))
		pg_atomic_write_u64(&clears->generation, c.generation);
	else
		c.generation = 0;
	LWLockRelease(&clears->lock);
	return c.generation;
}

void
air_clears_restore(Oid database, const char *model, size_t len, uint64 generation)
{
	Clear c = {.generation = generation, .database = database, .model = hash_of(model, len)};

	/* There is a place: no more than that could be pending. */
	LWLockAcquire(&clears->lock, LW_EXCLUSIVE);
	(void) enter(&c);
	/* The clock may have been put back in between. */
	if (generation >= pg_atomic_read_u64(&clears->generation))
		pg_atomic_write_u64(&clears->generation, generation + 1);
	LWLockRelease(&clears->lock);
}

static Clear *
find(uint64 generation)
{
	for (int i = 0; i < CLEARS; i++)
		if (clears->clears[i].generation == generation)
			return &clears->clears[i];
	return NULL;
}

void
air_clears_done(uint64 generation, int64 rows)
{
	Clear *c;

	LWLockAcquire(&clears->lock, LW_EXCLUSIVE);
	c = find(generation);
	/* Not there: it came over a restart in the spool's file. */
	if (c != NULL && c->pending)
	{
		c->pending = false;
		c->rows = rows;
		pg_atomic_fetch_sub_u32(&clears->pending, 1);
	}
	LWLockRelease(&clears->lock);
}

void
air_clears_forget(Oid database)
{
	for (int i = 0; i < CLEARS; i++)
	{
		uint64 generation;

		LWLockAcquire(&clears->lock, LW_SHARED);
		generation = clears->clears[i].database == database ? clears->clears[i].generation : 0;
		LWLockRelease(&clears->lock);
		if (generation != 0)
			air_clears_done(generation, 0);
	}
}

bool
air_clears_is_done(uint64 generation, int64 *rows)
{
	bool done;
	Clear *c;

	LWLockAcquire(&clears->lock, LW_SHARED);
	c = find(generation);
	done = c == NULL || !c->pending;
	*rows = c == NULL ? 0 : c->rows;
	LWLockRelease(&clears->lock);
	return done;
}

static bool
cleared(Oid database, const char *model, size_t len, uint64 generation, bool in_table)
{
	uint64 hash = hash_of(model, len);
	bool found;

	LWLockAcquire(&clears->lock, LW_SHARED);
	found = generation < clears->forgotten;
	for (int i = 0; i < CLEARS && !found; i++)
	{
		const Clear *c = &clears->clears[i];

		found = c->generation != 0 && c->database == database &&
				(c->model == 0 || c->model == hash) &&
				(c->generation > generation || (in_table && c->pending));
	}
	LWLockRelease(&clears->lock);
	return found;
}

bool
air_clears_since(Oid database, const char *model, size_t len, uint64 generation)
{
	return pg_atomic_read_u64(&clears->generation) != generation &&
		   cleared(database, model, len, generation, false);
}

bool
air_clears_row(Oid database, const char *model, size_t len, uint64 generation)
{
	return (pg_atomic_read_u32(&clears->pending) > 0 ||
			pg_atomic_read_u64(&clears->generation) != generation) &&
		   cleared(database, model, len, generation, true);
}
