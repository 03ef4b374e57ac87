/*
 * health.h
 *	  What all sessions know together about each model at each endpoint: requests
 *	  in flight, latency, errors, circuit breaker, cool-down, rate limits.
 *
 * An entry is found by a hash of endpoint, credential and the provider's model id,
 * in all databases alike.  Whoever sends a request enters with a ticket and leaves
 * with the outcome; tickets of a backend that dies are given back.
 *
 * The breaker: five failures in a row open it.  Five in all sessions together: once
 * one has failed, requests in flight count like failures until one succeeds, and a
 * model that was idle starts with five in flight.  When the cool-down (the
 * provider's Retry-After, else 1 s, 2 s .. 60 s with jitter) is over, one request
 * goes as a probe; its success closes the breaker, its failure opens it again.
 *
 * Times are milliseconds of the monotonic clock, which all processes share.
 */
#ifndef AIR_HEALTH_H
#define AIR_HEALTH_H

#include "base/pg.h"

#include "lib/ilist.h"

#define AIR_HEALTH_NAME 64

/* A part of shared memory, see shmem.c. */
extern Size air_health_size(void);
extern void air_health_attach(void *area, bool found);

/* A request that wants to be sent. */
typedef struct AirAsk
{
	uint64 key;        /* of endpoint, credential and model */
	uint64 server_key; /* of endpoint and credential */
	const char *model; /* names for the view */
	const char *provider;
	int rpm; /* limits, 0: none */
	double tpm;
	double tokens;       /* estimated input */
	double most_output;  /* most output that can come */
	int max_concurrency; /* of the model */
	int server_concurrency;
	int total_concurrency;
	bool breaker;    /* mind breaker and cool-down */
	bool patient;    /* has been held long enough: do not hold it at the start again */
	double lease_ms; /* how long a probe may keep others from probing */
} AirAsk;

/* Why a request cannot go now. */
typedef enum AirRefusal
{
	AIR_GO,
	AIR_HOLD,    /* others are on their way and will show soon whether the model is well */
	AIR_BREAKER, /* open, or a probe is under way */
	AIR_COOLING, /* the provider asked everybody to wait */
	AIR_RPM,
	AIR_TPM,
	AIR_MODEL_CONCURRENCY,
	AIR_SERVER_CONCURRENCY,
	AIR_TOTAL_CONCURRENCY
} AirRefusal;

typedef struct AirVerdictNow
{
	AirRefusal why;
	double wait_ms; /* when room is expected; 0 with AIR_GO */
	double since;   /* AIR_BREAKER: when it opened, monotonic ms */
	int failures;   /* AIR_BREAKER: in a row */
} AirVerdictNow;

/* What a request holds while it is in flight.  Lives as long as the backend, is reused. */
typedef struct AirTicket
{
	dlist_node node;
	int entry;  /* -1: none, the table was full */
	int server; /* -1: none */
	bool total;
	bool probe;
	double reserved; /* tokens */
	double tpm;
} AirTicket;

typedef enum AirOutcome
{
	AIR_OUTCOME_NONE,      /* cancelled, or never sent: says nothing */
	AIR_OUTCOME_GOOD,      /* answered */
	AIR_OUTCOME_ALIVE,     /* the provider works and refused this request */
	AIR_OUTCOME_LIMITED,   /* it works and wants less */
	AIR_OUTCOME_TIMED_OUT, /* FAILED if it was given the time that the model needs, else NONE */
	AIR_OUTCOME_FAILED     /* counts for the breaker */
} AirOutcome;

typedef struct AirReport
{
	AirOutcome outcome;
	double latency_ms;     /* GOOD and TIMED_OUT: in which the sockets were driven */
	double patience_ms;    /* TIMED_OUT: more than this nobody need wait */
	double retry_after_ms; /* what the provider asked for, < 0: nothing */
	double tokens; /* billed in all, < 0: unknown, the reservation stands; 0 gives it back */
	double output; /* GOOD: output tokens, < 0: unknown */
	bool breaker;  /* as in AirAsk */
} AirReport;

/*
 * Enter with all limits, or say why not: then nothing is taken.  NULL with *now; a
 * ticket with now->why AIR_GO.  Raises only where memory for a ticket is wanting.
 */
extern AirTicket *air_health_enter(const AirAsk *ask, AirVerdictNow *now);

/* What air_health_enter() would say.  Takes nothing. */
extern void air_health_ask(const AirAsk *ask, AirVerdictNow *now);

/* Give a ticket back.  Never fails. */
extern void air_health_leave(AirTicket *ticket, const AirReport *report);

typedef enum AirBreaker
{
	AIR_CLOSED,
	AIR_OPEN,
	AIR_HALF_OPEN
} AirBreaker;

/* A copy of an entry, for views and strategies. */
typedef struct AirHealthView
{
	char model[AIR_HEALTH_NAME];
	char provider[AIR_HEALTH_NAME];
	AirBreaker breaker;
	double until; /* monotonic ms: end of the cool-down, 0: none */
	int in_flight;
	double p50, p95; /* ms, NaN: unknown */
	double error_rate;
	uint64 requests, failures;
	double rpm_room, tpm_room; /* NaN: no limit */
	double answered;           /* monotonic ms of the last good answer, 0: none */
} AirHealthView;

/* The entry with that key; false if there is none. */
extern bool air_health_look(uint64 key, AirHealthView *out);

/* The i-th entry; false beyond the table's end.  model[0] == '\0': nothing there. */
extern bool air_health_nth(int i, AirHealthView *out);

/* Forget breakers, cool-downs, latencies, rates and buckets; what is in flight stays. */
extern void air_health_reset(void);

#endif
