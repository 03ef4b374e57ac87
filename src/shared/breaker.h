/*
 * breaker.h
 *	  A health entry, and what it learns.  For health.c; functions that take an
 *	  entry need its lock; none can fail.
 */
#ifndef AIR_BREAKER_H
#define AIR_BREAKER_H

#include "base/pg.h"

#include "storage/spin.h"

#include "shared/health.h"
#include "shared/latency.h"

/* Output tokens to reserve before a model's first answer. */
#define AIR_FIRST_OUTPUT 256

typedef struct AirHealthEntry
{
	slock_t lock;
	/* From here on zeroed for a new key. */
	uint64 key;  /* 0: free */
	double used; /* when a request entered last */
	char model[AIR_HEALTH_NAME];
	char provider[AIR_HEALTH_NAME];

	int in_flight;
	int window;         /* in flight before the model has shown that it is well; 0: the least */
	double window_full; /* when at least half of it was used last */

	bool open;
	int in_a_row;  /* failures since the last answer */
	int trips;     /* openings since the last answer */
	double opened; /* when it opened first since then */
	double until;  /* no request before: cool-down of breaker or provider */
	double probe;  /* end of the lease of the probe that is under way, 0: none */

	uint64 requests;
	uint64 failures;
	float error_rate; /* over the last 20 or so */
	uint32 judged;    /* outcomes in it */
	AirLatency latency;
	double answered; /* last good answer */
	double mean_output;
	uint32 outputs; /* answers in it */

	int rpm; /* limits seen last, for the view */
	double tpm;
	double rpm_tat;
	double tpm_tat;
} AirHealthEntry;

/* Set *v if breaker, cool-down or the start window stands in the way. */
extern void air_breaker_check(const AirHealthEntry *e, bool patient, double now, AirVerdictNow *v);

/* A request enters; true: as the probe. */
extern bool air_breaker_enter(AirHealthEntry *e, double now, double lease_ms);

/* A request ends; the caller counts in_flight down afterwards. */
extern void
air_breaker_leave(AirHealthEntry *e, const AirTicket *t, const AirReport *r, double now);

/* What a time-out (AIR_OUTCOME_TIMED_OUT) says: FAILED or NONE.  Of a copy, without the lock. */
extern AirOutcome air_breaker_timeout(const AirLatency *latency, const AirReport *r);

extern void air_breaker_reset(AirHealthEntry *e);

#endif
