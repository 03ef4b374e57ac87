/*
 * flight.c
 *	  Which keys are being asked for right now: a table of fixed size.
 *
 * The table is set-associative: a key can be in one of WAYS slots of its set, and
 * goes without a flight if all of them are taken.  A few locks cover all sets; each
 * is held for a few comparisons and a copy.  Latches are set after it is released.
 *
 * Failures have places of their own, each for several slots and under the same lock as they.  One
 * that another has replaced is not known any more: its waiters ask for themselves.
 *
 * A slot whose flight has ended stays until its last waiter has looked.  New calls
 * for the key do not see it.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "base/clock.h"
#include "shared/flight.h"

#define SETS 1024 /* a power of two */
#define WAYS 8
#define LOCKS 16 /* a power of two */

/* Failures that waiters are told are few and large: a place for each slot of so many sets. */
#define FAILURE_SETS 64 /* a multiple of LOCKS that divides SETS */
#define NOBODY (-1)

typedef enum SlotState
{
	FREE,
	FLYING, /* owned, or waiting for one of the waiters to take over */
	OVER,
	FAILED
} SlotState;

typedef struct Slot
{
	SlotState state;
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
	LWLockPadded locks[LOCKS];
	Slot slots[SETS * WAYS];
	Failure failures[FAILURE_SETS * WAYS];
	Party parties[FLEXIBLE_ARRAY_MEMBER];
} Flights;

static Flights *flights = NULL;

StaticAssertDecl(FAILURE_SETS % LOCKS == 0 && SETS % FAILURE_SETS == 0,
				 "a failure and its slot share a lock");

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
		for (int i = 0; i < LOCKS; i++)
			LWLockInitialize(&flights->locks[i].lock, flights->tranche);
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

static LWLock *
lock_of(int slot)
{
	return &flights->locks[(slot / WAYS) % LOCKS].lock;
}

/* Where the failure of a slot's flight is noted. */
static Failure *
failure_of(int slot)
{
	return &flights->failures[slot % (FAILURE_SETS * WAYS)];
}

/* Wake everybody who waits for some flight: they look for themselves. */
static void
wake_waiters(void)
{
	for (int i = 0; i < flights->nparties; i++)
		if (pg_atomic_read_u32(&flights->parties[i].waiting) > 0)
			SetLatch(&ProcGlobal->allProcs[i].procLatch);
}

/* Nobody owns it, or its owner is gone or has stopped driving. */
static bool
is_up(const Slot *slot)
{
	double driven;

	if (slot->owner == NOBODY || ProcGlobal->allProcs[slot->owner].pid != slot->owner_pid)
		return true;
	driven = (double) pg_atomic_read_u64(&flights->parties[slot->owner].driven);
	return air_monotonic_ms() - driven > AIR_FLIGHT_LEASE_MS;
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
		slot->state = FREE;
	pg_atomic_fetch_sub_u32(&flights->parties[my_index()].waiting, 1);
}

AirFlightState
air_flight_join(const AirKey *key, AirFlight *flight)
{
	int set = (key->bytes[16] | key->bytes[17] << 8) & (SETS - 1);
	AirFlightState state = AIR_FLIGHT_NONE;
	Slot *mine = NULL;

	if (flights == NULL || my_index() >= flights->nparties)
		return AIR_FLIGHT_NONE;
	LWLockAcquire(lock_of(set * WAYS), LW_EXCLUSIVE);
	for (int i = set * WAYS; i < (set + 1) * WAYS; i++)
	{
		Slot *slot = &flights->slots[i];

		if (slot->state == FLYING && memcmp(&slot->key, key, sizeof(AirKey)) == 0)
		{
			mine = slot;
			break;
		}
		if (slot->state == FREE && mine == NULL)
			mine = slot;
	}
	if (mine != NULL)
	{
		if (mine->state == FREE)
		{
			mine->state = FLYING;
			mine->key = *key;
			mine->number++;
			mine->waiters = 0;
			mine->owner = NOBODY;
		}
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
	LWLockRelease(lock_of(set * WAYS));
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
		slot->state = wake ? to : FREE;
		slot->owner = NOBODY;
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
				slot->state = FREE;
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
