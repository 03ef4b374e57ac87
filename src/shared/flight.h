/*
 * flight.h
 *	  Which keys are being asked for right now, by any session: whoever comes second
 *	  waits for the first one's answer.
 *
 * A flight carries no answer: that goes through the cache, where each waiter finds it
 * by the keys that are permitted to it.  The owner's lease lasts while it drives its
 * calls; if it stops, cancels or dies, exactly one waiter takes the flight over.
 * Waiters are woken by their latch, and look again by air_flight_poll().
 */
#ifndef AIR_FLIGHT_H
#define AIR_FLIGHT_H

#include "base/errors.h"
#include "shared/cache.h"

/*
 * A lease that nobody refreshed for so long is up for whoever has been looking for half of that
 * time; who comes anew, or was stopped itself, looks so long first.
 */
#define AIR_FLIGHT_LEASE_MS 2000

/* A call's part in a flight; zeroed: none. */
typedef struct AirFlight
{
	bool joined;
	bool owner;
	int slot;
	uint64 number; /* of the flight; slots are used again */
	uint64 claim;  /* which of its owners in turn */
} AirFlight;

typedef enum AirFlightState
{
	AIR_FLIGHT_NONE, /* no part in one: the table is full */
	AIR_FLIGHT_OWN,  /* ask, and tell the others by air_flight_end() */
	AIR_FLIGHT_WAIT,
	AIR_FLIGHT_OVER,  /* it ended: the answer is in the cache, or there is none; part is over */
	AIR_FLIGHT_FAILED /* no other attempt would do better; part is over */
} AirFlightState;

/* A failure that goes to all waiters. */
typedef struct AirFlightFailure
{
	AirKey key; /* of the candidate that failed */
	AirErrKind kind;
	int http_status;
	char message[512]; /* empty: none; likewise below */
	char code[64];
	char request_id[128];
	char hint[256];
} AirFlightFailure;

/* A part of shared memory, see shmem.c. */
extern Size air_flights_size(void);
extern void air_flights_attach(void *area, bool found);

/* Take part in the flight of a key: NONE, OWN or WAIT.  *flight is zeroed before. */
extern AirFlightState air_flight_join(const AirKey *key, AirFlight *flight);

/* What has become of it, for one who waits: OWN (taken over), WAIT, OVER or FAILED with *failure.
 */
extern AirFlightState air_flight_poll(AirFlight *flight, AirFlightFailure *failure);

/* Is it still the owner's, or has its lease ended and somebody taken it over? */
extern bool air_flight_owned(const AirFlight *flight);

/*
 * The owner has ended: waiters fail the same way, or look into the cache and ask
 * for themselves (NULL).  Nothing if the flight has gone to somebody else.
 */
extern void air_flight_end(AirFlight *flight, const AirFlightFailure *failure);

/* Leave without a result, as owner (a waiter takes over) or waiter; nothing if not joined. */
extern void air_flight_leave(AirFlight *flight);

/* The calls of this backend are being driven: refreshes all its leases. */
extern void air_flight_refresh(void);

#endif
