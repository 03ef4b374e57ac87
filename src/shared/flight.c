/*
 * flight.c
 *	  Which keys are being asked for right now: a table of fixed size.
 *
 * The table has parts, each with a lock, slots and chains of its own: a key goes without a flight
 * only if all slots of its part are taken, which is close to when the table is full.  A lock is
 * held for a few comparisons and a copy.  Latches are set after it is released.
 *
 * Failures have places of their own, each for several slots and under the same lock as they.  One
 * that another has replaced is not known any more: its waiters ask for themselves.
 *
 * A slot whose flight has ended stays until its last waiter has looked.  It is in no chain then:
 * new calls for the key do not see it.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "base/clock.h"
#include "shared/flight.h"

/* One statement of embeddings has up to AIR_PACK_RUN_WINDOW of them. */
#define SLOTS 32768 /* those of part n are n, n + PARTS, .. */
#define PARTS 16    /* a power of two that divides SLOTS and FAILURES */

/*
 * Where the whole machine stands still (a paused virtual machine, a laptop that sleeps), all leases
 * are over when it goes on, though their owners are as well as before.  So only who was looking
 * itself, without such a gap and for so long, may say that an owner has stopped.
 */
#define GAP_MS (AIR_FLIGHT_LEASE_MS * 5 / 8)
#define WATCH_MS (AIR_FLIGHT_LEASE_MS / 2)

/* Failures that waiters are told are few and large: several slots share a place. */
#define FAILURES 512
#define NOBODY (-1)
#define NONE (-1)

typedef enum SlotState
{
	FREE,   /* in its part's list of free ones */
	FLYING, /* in its key's chain; owned, or waiting for one of the waiters to take over */
	OVER,
	FAILED
} SlotState;

typedef struct Slot
{
	SlotState state;
	int next; /* in its chain or list, or NONE */
	int waiters;
	int owner; /* index of its PGPROC, or NOBODY */
	int owner_pid;
	uint64 number;
	uint64 claim;
	AirKey key;
} Slot;

typedef struct Failure
{
	int slot;
	uint64 number; /* of the flight that failed */
	AirFlightFailure failure;
} Failure;

/* What the others know about a backend. */
typedef struct Party
{
	pg_atomic_uint64 driven;  /* monotonic ms of its last refresh */
	pg_atomic_uint32 waiting; /* flights it waits for */
} Party;

typedef struct Flights
{
	int tranche;
	int nparties;
	LWLockPadded locks[PARTS];
	int free[PARTS];   /* heads of lists */
	int chains[SLOTS]; /* likewise, by a key's hash; those of part n are n, n + PARTS, .. */
	Slot slots[SLOTS];
	Failure failures[FAILURES];
	Party parties[FLEXIBLE_ARRAY_MEMBER];
} Flights;

static Flights *flights = NULL;

/* Monotonic ms: since when this backend has been looking, and when it did last. */
static double watching_since = 0;
static double watched_at = 0;

StaticAssertDecl(SLOTS % PARTS == 0 && FAILURES % PARTS == 0,
				 "a slot, its chain and its failure share a lock");

Size
air_flights_size(void)
{
	return offsetof(Flights, parties) + sizeof(Party) * MaxBackends;
}

void
air_flights_attach(void *area, bool found)
{
	flights = area;
	if (!found)
	{
		memset(area, 0, air_flights_size());
		flights->tranche = LWLockNewTrancheId();
		flights->nparties = MaxBackends;
		for (int i = 0; i < PARTS; i++)
		{
			LWLockInitialize(&flights->locks[i].lock, flights->tranche);
			flights->free[i] = i;
		}
		for (int i = 0; i < SLOTS; i++)
		{
			flights->chains[i] = NONE;
			flights->slots[i].next = i + PARTS < SLOTS ? i + PARTS : NONE;
		}
		for (int i = 0; i < flights->nparties; i++)
		{
			pg_atomic_init_u64(&flights->parties[i].driven, 0);
			pg_atomic_init_u32(&flights->parties[i].waiting, 0);
		}
	}
	LWLockRegisterTranche(flights->tranche, "AiRouterFlight");
}

/* Index of this backend; those of backends come first among all processes. */
static int
my_index(void)
{
	return (int) (MyProc - ProcGlobal->allProcs);
}

/* The lock of a slot or chain. */
static LWLock *
lock_of(int n)
{
	return &flights->locks[n % PARTS].lock;
}

static int
chain_of(const AirKey *key)
{
	return (key->bytes[16] | key->bytes[17] << 8) % SLOTS;
}

/* Where the failure of a slot's flight is noted. */
static Failure *
failure_of(int slot)
{
	return &flights->failures[slot % FAILURES];
}

/* The flight of a key, or NULL. */
static Slot *
find(const AirKey *key)
{
	for (int i = flights->chains[chain_of(key)]; i != NONE; i = flights->slots[i].next)
		if (memcmp(&flights->slots[i].key, key, sizeof(AirKey)) == 0)
			return &flights->slots[i];
	return NULL;
}

/* Begin the flight of a key that has none; NULL if its part of the table is full. */
static Slot *
begin(const AirKey *key)
{
	int chain = chain_of(key);
	int n = flights->free[chain % PARTS];
	Slot *slot;

	if (n == NONE)
		return NULL;
	slot = &flights->slots[n];
	flights->free[chain % PARTS] = slot->next;
	slot->state = FLYING;
	slot->key = *key;
	slot->number++;
	slot->waiters = 0;
	slot->owner = NOBODY;
	slot->next = flights->chains[chain];
	flights->chains[chain] = n;
	return slot;
}

static void
set_free(Slot *slot)
{
	int n = (int) (slot - flights->slots);

	slot->state = FREE;
	slot->next = flights->free[n % PARTS];
	flights->free[n % PARTS] = n;
}

/* The flight has ended, as OVER or FAILED: what is left is for its waiters. */
static void
finish(Slot *slot, SlotState how)
{
	int *link = &flights->chains[chain_of(&slot->key)];

	while (&flights->slots[*link] != slot)
		link = &flights->slots[*link].next;
	*link = slot->next;
	slot->state = how;
	if (slot->waiters == 0)
		set_free(slot);
}

/* Wake everybody who waits for some flight: they look for themselves. */
static void
wake_waiters(void)
{
	for (int i = 0; i < flights->nparties; i++)
		if (pg_atomic_read_u32(&flights->parties[i].waiting) > 0)
			SetLatch(&ProcGlobal->allProcs[i].procLatch);
}

/* This backend looks at flights. */
static void
watch(void)
{
	double now = air_monotonic_ms();

	if (now - watched_at > GAP_MS)
		watching_since = now;
	watched_at = now;
}

/* Nobody owns it, or its owner is gone or has stopped driving.  After watch(). */
static bool
is_up(const Slot *slot)
{
	double driven;

	if (slot->owner == NOBODY || ProcGlobal->allProcs[slot->owner].pid != slot->owner_pid)
		return true;
	driven = (double) pg_atomic_read_u64(&flights->parties[slot->owner].driven);
	return watched_at - driven > AIR_FLIGHT_LEASE_MS && watched_at - watching_since >= WATCH_MS;
}

/* Become the owner, under the exclusive lock. */
static AirFlightState
own(Slot *slot, AirFlight *flight)
{
	slot->owner = my_index();
	slot->owner_pid = MyProcPid;
	flight->owner = true;
	flight->claim = ++slot->claim;
	air_flight_refresh();
	return AIR_FLIGHT_OWN;
}

static void
stop_waiting(Slot *slot)
{
	if (--slot->waiters == 0 && slot->state != FLYING)
		set_free(slot);
	pg_atomic_fetch_sub_u32(&flights->parties[my_index()].waiting, 1);
}

AirFlightState
air_flight_join(const AirKey *key, AirFlight *flight)
{
	AirFlightState state = AIR_FLIGHT_NONE;
	LWLock *lock;
	Slot *mine;

	if (flights == NULL || my_index() >= flights->nparties)
		return AIR_FLIGHT_NONE;
	watch();
	lock = lock_of(chain_of(key));
	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine = find(key);
	if (mine == NULL)
		mine = begin(key);
	if (mine != NULL)
	{
		flight->joined = true;
		flight->slot = (int) (mine - flights->slots);
		flight->number = mine->number;
		if (is_up(mine))
			state = own(mine, flight);
		else
		{
			mine->waiters++;
			pg_atomic_fetch_add_u32(&flights->parties[my_index()].waiting, 1);
			state = AIR_FLIGHT_WAIT;
		}
	}
	LWLockRelease(lock);
	return state;
}

/* Its slot, if it is still this flight: it is while somebody waits. */
static Slot *
slot_of(const AirFlight *flight)
{
	Slot *slot = &flights->slots[flight->slot];

	return slot->number == flight->number && slot->state != FREE ? slot : NULL;
}

AirFlightState
air_flight_poll(AirFlight *flight, AirFlightFailure *failure)
{
	AirFlightState state = AIR_FLIGHT_WAIT;
	LWLock *lock = lock_of(flight->slot);
	Slot *slot;

	watch();
	LWLockAcquire(lock, LW_SHARED);
	slot = slot_of(flight);
	if (slot != NULL && slot->state == FLYING && !is_up(slot))
	{
		LWLockRelease(lock);
		return AIR_FLIGHT_WAIT;
	}
	LWLockRelease(lock);

	/* Something is to be done about it; it may have changed in between. */
	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = slot_of(flight);
	if (slot == NULL)
		state = AIR_FLIGHT_OVER;
	else if (slot->state == FLYING && is_up(slot))
	{
		stop_waiting(slot);
		state = own(slot, flight);
	}
	else if (slot->state != FLYING)
	{
		const Failure *noted = failure_of(flight->slot);

		state = AIR_FLIGHT_OVER;
		if (slot->state == FAILED && noted->slot == flight->slot && noted->number == flight->number)
		{
			state = AIR_FLIGHT_FAILED;
			*failure = noted->failure;
		}
		stop_waiting(slot);
	}
	LWLockRelease(lock);
	if (state == AIR_FLIGHT_OVER || state == AIR_FLIGHT_FAILED)
		flight->joined = false;
	return state;
}

bool
air_flight_owned(const AirFlight *flight)
{
	LWLock *lock = lock_of(flight->slot);
	const Slot *slot;
	bool owned;

	LWLockAcquire(lock, LW_SHARED);
	slot = slot_of(flight);
	owned = slot != NULL && slot->state == FLYING && slot->claim == flight->claim;
	LWLockRelease(lock);
	return owned;
}

/* The owner goes: what becomes of the flight if somebody waits. */
static void
give_up(AirFlight *flight, SlotState to, const AirFlightFailure *failure)
{
	LWLock *lock = lock_of(flight->slot);
	bool wake = false;
	Slot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = slot_of(flight);
	if (slot != NULL && slot->state == FLYING && slot->claim == flight->claim)
	{
		wake = slot->waiters > 0;
		slot->owner = NOBODY;
		if (to != FLYING || !wake)
			finish(slot, to);
		if (wake && failure != NULL)
			*failure_of(flight->slot) =
				(Failure){.slot = flight->slot, .number = flight->number, .failure = *failure};
	}
	LWLockRelease(lock);
	memset(flight, 0, sizeof(*flight));
	if (wake)
		wake_waiters();
}

void
air_flight_end(AirFlight *flight, const AirFlightFailure *failure)
{
	if (flight->joined && flight->owner)
		give_up(flight, failure ? FAILED : OVER, failure);
}

void
air_flight_leave(AirFlight *flight)
{
	if (!flight->joined)
		return;
	if (flight->owner)
		give_up(flight, FLYING, NULL);
	else
	{
		LWLock *lock = lock_of(flight->slot);
		Slot *slot;

		LWLockAcquire(lock, LW_EXCLUSIVE);
		slot = slot_of(flight);
		if (slot != NULL)
		{
			stop_waiting(slot);
			/* Nobody is left who could take it over. */
			if (slot->state == FLYING && slot->owner == NOBODY && slot->waiters == 0)
				finish(slot, OVER);
		}
		LWLockRelease(lock);
		memset(flight, 0, sizeof(*flight));
	}
}

void
air_flight_refresh(void)
{
	pg_atomic_write_u64(&flights->parties[my_index()].driven, (uint64) air_monotonic_ms());
}
