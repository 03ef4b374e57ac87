/*
 * health_table.c
 *	  The table of health entries: a key's entry is found, or made.
 *
 * Entries come in sets of 16.  A key stands in its home set or, where that is full, in one of
 * the next three: of 1,024 entries nearly all can be used, and a small table is used to the last.
 * A look-up reads the keys of these sets, which are kept apart from the entries, and no lock
 * protects more than one entry.  An entry is given to a new key, if there is no free one, where
 * nothing but statistics is lost by that.  What has an open breaker, a cool-down or a limit that
 * was used is given up last, and one with requests in flight never.
 */
#include "base/pg.h"

#include "base/settings.h"
#include "shared/health_table.h"
#include "shared/stats.h"

#define WAYS 16
#define PROBES 4 /* sets in which a key may stand */

typedef struct HealthTable
{
	int nsets;
	slock_t making; /* held before an entry's lock, while a key is entered */
	AirHealthEntry entries[FLEXIBLE_ARRAY_MEMBER];
} HealthTable;

/* What would be lost with an entry that is given to another key. */
typedef enum Worth
{
	FREE,
	STATISTICS,
	LIMITS,
	IN_USE
} Worth;

static HealthTable *table = NULL;
static volatile uint64 *keys = NULL; /* those of the entries, in their order */

static int
count_sets(void)
{
	return Max(1, air_health_entries / WAYS);
}

Size
air_health_size(void)
{
	return offsetof(HealthTable, entries) +
		   (sizeof(AirHealthEntry) + sizeof(uint64)) * WAYS * count_sets();
}

void
air_health_attach(void *area, bool found)
{
	table = area;
	keys = (uint64 *) &table->entries[WAYS * count_sets()];
	if (found)
		return;
	memset(area, 0, air_health_size());
	table->nsets = count_sets();
	SpinLockInit(&table->making);
	for (int i = 0; i < air_health_count(); i++)
		SpinLockInit(&table->entries[i].lock);
}

int
air_health_count(void)
{
	return table->nsets * WAYS;
}

AirHealthEntry *
air_health_entry(int n)
{
	return &table->entries[n];
}

int
air_health_index(const AirHealthEntry *e)
{
	return (int) (e - table->entries);
}

/* The places of a key are n = 0 .. count_places() - 1. */
static int
count_places(void)
{
	return WAYS * Min(PROBES, table->nsets);
}

static int
place(uint64 key, int n)
{
	/* A key's lowest bit is always set. */
	int home = (int) ((key >> 32) % table->nsets);

	return (home + n / WAYS) % table->nsets * WAYS + n % WAYS;
}

AirHealthEntry *
air_health_find(uint64 key)
{
	int n = count_places();

	for (int i = 0; i < n; i++)
	{
		int at = place(key, i);
		AirHealthEntry *e = &table->entries[at];

		/* Unlocked reads may be stale: the key is looked at again under the lock. */
		if (keys[at] != key)
			continue;
		SpinLockAcquire(&e->lock);
		if (e->key == key)
			return e;
		SpinLockRelease(&e->lock);
	}
	return NULL;
}

static Worth
worth_of(const volatile AirHealthEntry *e, double now)
{
	if (e->key == 0)
		return FREE;
	if (e->in_flight > 0)
		return IN_USE;
	if (e->open || e->until > now || e->rpm_tat > now || e->tpm_tat > now)
		return LIMITS;
	return STATISTICS;
}

/* The place that is given up first: of least worth, then idle longest; -1: all are in use. */
static int
cheapest(uint64 key, double now, Worth *worth)
{
	int n = count_places();
	int best = -1;

	*worth = IN_USE;
	for (int i = 0; i < n && *worth != FREE; i++)
	{
		int at = place(key, i);
		const volatile AirHealthEntry *e = &table->entries[at];
		Worth w = worth_of(e, now);

		if (w < *worth || (w == *worth && w != IN_USE && e->used < table->entries[best].used))
		{
			best = at;
			*worth = w;
		}
	}
	return best;
}

/* Take over a place for the key, locked; NULL if all are in use. */
static AirHealthEntry *
take_over(uint64 key, double now)
{
	/* Again if it came into use before it was locked. */
	for (int attempt = 0; attempt < WAYS; attempt++)
	{
		Worth worth;
		int at = cheapest(key, now, &worth);
		AirHealthEntry *e;

		if (at < 0)
			break;
		e = &table->entries[at];
		SpinLockAcquire(&e->lock);
		if (worth_of(e, now) <= worth)
		{
			memset(&e->key, 0, sizeof(*e) - offsetof(AirHealthEntry, key));
			e->key = key;
			e->used = now;
			keys[at] = key;
			if (worth == LIMITS)
				air_stats_add(AIR_STAT_HEALTH_FULL, 1);
			return e;
		}
		SpinLockRelease(&e->lock);
	}
	air_stats_add(AIR_STAT_HEALTH_FULL, 1);
	return NULL;
}

AirHealthEntry *
air_health_make(uint64 key, double now)
{
	AirHealthEntry *e = air_health_find(key);

	if (e != NULL)
		return e;
	/* One backend makes entries at a time: two entries of one key would each let through what the
	 * limits allow. */
	SpinLockAcquire(&table->making);
	e = air_health_find(key);
	if (e == NULL)
		e = take_over(key, now);
	SpinLockRelease(&table->making);
	return e;
}
