/*
 * breaker.c
 *	  What a health entry learns: circuit breaker, start window, error rate,
 *	  latency, tokens of an answer.
 *
 * All state belongs to the entry, whose lock the caller holds; no function here
 * loops, allocates or fails.
 */
#include "base/pg.h"

#include <math.h>

#include "common/pg_prng.h"

#include "shared/breaker.h"
#include "shared/limits.h"

/* So many failures in a row open the breaker; so many may be in flight when nothing is known. */
#define TRIP_AFTER 5

#define FIRST_COOL_MS 1000.0
#define MOST_COOL_MS 60000.0

/* What a provider asks for beyond this is not believed: every session would be shut out. */
#define MOST_RETRY_AFTER_MS 3600000.0

#define WINDOW_GROWTH 16
#define MOST_WINDOW 1000000

/* A window that was not half full for so long starts at the least again. */
#define WINDOW_MEMORY_MS 10000.0

/* How soon to look again whether those in flight have shown something. */
#define HOLD_POLL_MS 5.0

/* An outcome weighs 1/20 in the error rate, more while there are fewer. */
#define ERROR_MEMORY 20

/*
 * Whoever waits less than this has learnt nothing about the model: a caller's own
 * impatience must not close it for everybody.
 */
#define LEAST_PATIENCE_MS 1000.0 /* nothing is known */
#define PATIENCE 2               /* times the latency of 95 of 100 answers */

static int
window_now(const AirHealthEntry *e, double now)
{
	if (e->window <= TRIP_AFTER || now - e->window_full > WINDOW_MEMORY_MS)
		return TRIP_AFTER;
	return e->window;
}

void
air_breaker_check(const AirHealthEntry *e, bool patient, double now, AirVerdictNow *v)
{
	if (e->until > now)
		*v = (AirVerdictNow){e->open ? AIR_BREAKER : AIR_COOLING, e->until - now, e->opened,
							 e->in_a_row};
	else if (e->open && e->probe > now)
		*v =
			(AirVerdictNow){AIR_BREAKER, Min(e->probe - now, HOLD_POLL_MS), e->opened, e->in_a_row};
	else if (e->open)
		return;
	else if (e->in_a_row > 0 && e->in_flight + e->in_a_row >= TRIP_AFTER && e->in_flight > 0)
		*v = (AirVerdictNow){AIR_HOLD, HOLD_POLL_MS};
	else if (!patient && e->in_flight >= window_now(e, now))
		*v = (AirVerdictNow){AIR_HOLD, HOLD_POLL_MS};
}

bool
air_breaker_enter(AirHealthEntry *e, double now, double lease_ms)
{
	e->window = window_now(e, now);
	if (e->in_flight * 2 >= e->window)
		e->window_full = now;
	if (!e->open)
		return false;
	e->probe = now + lease_ms;
	return true;
}

static void
judge(AirHealthEntry *e, bool failed)
{
	e->judged = Min(e->judged + 1, ERROR_MEMORY);
	e->error_rate += ((failed ? 1 : 0) - e->error_rate) / e->judged;
	if (failed)
		e->failures++;
}

/* Everybody waits until then, if the provider said so. */
static void
cool(AirHealthEntry *e, const AirReport *r, double now)
{
	if (r->retry_after_ms > 0)
		e->until = Max(e->until, now + Min(r->retry_after_ms, MOST_RETRY_AFTER_MS));
}

static void
close_breaker(AirHealthEntry *e)
{
	if (e->open)
		e->until = 0;
	e->open = false;
	e->in_a_row = e->trips = 0;
	e->probe = 0;
}

static void
failed(AirHealthEntry *e, const AirTicket *t, const AirReport *r, double now)
{
	judge(e, true);
	e->in_a_row++;
	e->window = TRIP_AFTER;
	/* What was sent before it opened is no news. */
	if (e->open ? t->probe : e->in_a_row >= TRIP_AFTER)
	{
		double ms = Min(FIRST_COOL_MS * pow(2, Min(e->trips, 10)), MOST_COOL_MS);

		if (!e->open)
			e->opened = now;
		e->open = true;
		e->trips++;
		/* A tenth of jitter: probes of many clusters must not meet. */
		e->until = now + ms * (1 + 0.1 * pg_prng_double(&pg_global_prng_state));
	}
	cool(e, r, now);
}

static void
good(AirHealthEntry *e, const AirReport *r, double now)
{
	judge(e, false);
	close_breaker(e);
	air_latency_add(&e->latency, r->latency_ms);
	e->answered = now;
	/* As a slow start does (RFC 5681), only steeper: 5, 80, 1280 in flight. */
	if (e->in_flight >= e->window && e->window < MOST_WINDOW)
		e->window = Max(e->window, TRIP_AFTER) * WINDOW_GROWTH;
	if (r->output >= 0)
	{
		e->outputs = Min(e->outputs + 1, ERROR_MEMORY);
		e->mean_output += (r->output - e->mean_output) / e->outputs;
	}
}

void
air_breaker_leave(AirHealthEntry *e, const AirTicket *t, const AirReport *r, double now)
{
	if (t->tpm > 0 && r->tokens >= 0)
		e->tpm_tat += (r->tokens - t->reserved) * 60000.0 / t->tpm;
	if (e->in_flight * 2 >= e->window)
		e->window_full = now;
	if (t->probe)
		e->probe = 0;
	switch (r->outcome)
	{
		case AIR_OUTCOME_FAILED:
			if (r->breaker)
				failed(e, t, r, now);
			else
				judge(e, true);
			break;
		case AIR_OUTCOME_GOOD:
			good(e, r, now);
			break;
		case AIR_OUTCOME_ALIVE:
			judge(e, false);
			close_breaker(e);
			break;
		case AIR_OUTCOME_LIMITED:
			close_breaker(e);
			cool(e, r, now);
			break;
		case AIR_OUTCOME_TIMED_OUT: /* has been judged */
		case AIR_OUTCOME_NONE:
			break;
	}
}

AirOutcome
air_breaker_timeout(const AirLatency *latency, const AirReport *r)
{
	double needed = PATIENCE * air_latency_quantile(latency, 0.95);

	if (isnan(needed))
		needed = LEAST_PATIENCE_MS;
	return r->latency_ms >= Min(needed, r->patience_ms) ? AIR_OUTCOME_FAILED : AIR_OUTCOME_NONE;
}

void
air_breaker_reset(AirHealthEntry *e)
{
	close_breaker(e);
	e->until = 0;
	e->window = 0;
	e->requests = e->failures = 0;
	e->error_rate = 0;
	e->judged = e->outputs = 0;
	e->mean_output = 0;
	memset(&e->latency, 0, sizeof(e->latency));
	e->answered = 0;
	e->rpm_tat = e->tpm_tat = 0;
}
