/*
 * budget_writer.c
 *	  Budgets as the writer sees them: which marks are to be moved, and where to.
 *
 * One writer per database moves its marks, so nobody else changes what it copied
 * but for what grows: spent, reserved, and the wish for more.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "shared/budget_internal.h"

/* A mark that was reached within this time is raised by more the next time, else by less. */
#define SOON_MS 1000

/* A chunk is at least so many times the largest reservation, and at most this share of the limit.
 */
#define LEAST_RESERVATIONS 4
#define LARGEST_SHARE 16

/* The mark may come down: the period is over, or nobody calls. */
static bool
may_come_down(const Entry *e, bool idle, TimestampTz now)
{
	return e->known && e->reserved == 0 && e->written != e->spent && (idle || now >= e->end);
}

bool
air_budget_work(Oid database, bool idle)
{
	TimestampTz now = GetCurrentTimestamp();
	bool work = false;

	LWLockAcquire(&air_budgets->lock, LW_SHARED);
	for (int i = 0; i < AIR_BUDGET_ENTRIES && !work; i++)
	{
		const Entry *e = &air_budgets->entries[i];

		work = e->database == database && (e->asked || may_come_down(e, idle, now));
	}
	LWLockRelease(&air_budgets->lock);
	return work;
}

/* By how much the mark is to be above what is used. */
static AirNano
next_chunk(Entry *e, TimestampTz now)
{
	bool soon = now < TimestampTzPlusMilliseconds(e->raised, SOON_MS);
	AirNano least = e->wanted * LEAST_RESERVATIONS;
	AirNano most = Max(e->limit / LARGEST_SHARE, e->wanted);
	AirNano chunk = soon ? e->chunk * 2 : e->chunk / 2;

	return Min(Max(chunk, least), most);
}

int
air_budget_due(Oid database, Oid table, bool idle, AirLease *leases, int max)
{
	TimestampTz now = GetCurrentTimestamp();
	int n = 0;

	LWLockAcquire(&air_budgets->lock, LW_EXCLUSIVE);
	for (int i = 0; i < AIR_BUDGET_ENTRIES && n < max; i++)
	{
		Entry *e = &air_budgets->entries[i];
		AirLease *lease = &leases[n];

		if (e->database != database)
			continue;
		if (e->table != table)
		{
			/* Of an extension that was dropped. */
			if (e->reserved == 0)
				e->database = InvalidOid;
			continue;
		}
		if (e->asked)
		{
			e->chunk = next_chunk(e, now);
			lease->up = true;
			lease->room = e->chunk;
			/* Below what is leased somebody may reserve at any time. */
			lease->least = e->leased;
			lease->most = e->hard ? e->limit : PG_INT64_MAX;
		}
		else if (may_come_down(e, idle, now))
		{
			/* In this order: below the old mark nothing may be reserved once the new one can be in
			 * the table. */
			e->leased = e->spent;
			lease->up = false;
		}
		else
			continue;
		n++;
		lease->slot = i;
		lease->database = e->database;
		lease->table = e->table;
		strlcpy(lease->name, e->name, sizeof(lease->name));
		lease->start = e->start;
		lease->known = e->known;
		lease->saved_spent = e->saved_spent;
		lease->saved_mark = e->saved_mark;
		lease->used = air_nano_add(e->spent, e->reserved);
	}
	LWLockRelease(&air_budgets->lock);
	return n;
}

AirNano
air_lease_spent(const AirLease *lease, AirNano mark)
{
	return lease->saved_mark == mark ? lease->saved_spent : mark;
}

AirNano
air_lease_mark(const AirLease *lease, AirNano mark)
{
	AirNano used = air_nano_add(lease->used, lease->known ? 0 : air_lease_spent(lease, mark));

	if (!lease->up)
		return used;
	return Max(Max(used, lease->least), Min(air_nano_add(used, lease->room), lease->most));
}

void
air_budget_written(const AirLease *lease, AirNano before, AirNano after)
{
	Entry *e = &air_budgets->entries[lease->slot];

	LWLockAcquire(&air_budgets->lock, LW_EXCLUSIVE);
	/* One that nobody would have missed may have made room for another meanwhile. */
	if (e->database == lease->database && e->table == lease->table && e->start == lease->start &&
		strcmp(e->name, lease->name) == 0)
	{
		if (!e->known)
		{
			e->spent = air_nano_add(e->spent, air_lease_spent(lease, before));
			e->known = true;
			e->saved_mark = -1;
		}
		e->written = after;
		if (lease->up)
		{
			e->leased = after;
			e->raised = GetCurrentTimestamp();
			e->asked = false;
			e->wanted = 0;
		}
	}
	LWLockRelease(&air_budgets->lock);
}

int
air_budget_databases(Oid *databases, int max)
{
	int n = 0;

	LWLockAcquire(&air_budgets->lock, LW_SHARED);
	for (int i = 0; i < AIR_BUDGET_ENTRIES && n < max; i++)
	{
		const Entry *e = &air_budgets->entries[i];
		bool seen =
			e->database == InvalidOid || e->database == MyDatabaseId || air_budget_is_clean(e);

		for (int j = 0; j < n && !seen; j++)
			seen = databases[j] == e->database;
		if (!seen)
			databases[n++] = e->database;
	}
	LWLockRelease(&air_budgets->lock);
	return n;
}

void
air_budget_forget(Oid database)
{
	LWLockAcquire(&air_budgets->lock, LW_EXCLUSIVE);
	for (int i = 0; i < AIR_BUDGET_ENTRIES; i++)
	{
		Entry *e = &air_budgets->entries[i];

		/* What is held is given back by whoever holds it. */
		if (e->database == database && e->reserved == 0)
			e->database = InvalidOid;
	}
	LWLockRelease(&air_budgets->lock);
}
