/*
 * health.c
 *	  Health entries: enter, leave, look.  Where an entry is, is in health_table.c;
 *	  what it learns from an outcome, in breaker.c.
 *
 * An entry's spinlock is held for some tens of instructions, never across anything
 * that can fail or wait; the locks of a model's entry and of its server's entry are
 * taken one after the other.
 */
#include "base/pg.h"

#include <math.h>

#include "storage/ipc.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "shared/breaker.h"
#include "shared/health_table.h"
#include "shared/limits.h"

/* How soon to look again for a place in flight: its end is nobody's to foresee. */
#define PLACE_POLL_MS 10.0

/* Tickets of this backend: in use, and for reuse. */
static dlist_head held = DLIST_STATIC_INIT(held);
static dlist_head spare = DLIST_STATIC_INIT(spare);
static bool exit_registered = false;

/* A name without what another database's encoding could make of it. */
static void
copy_name(char *dst, const char *src)
{
	int i;

	for (i = 0; i < AIR_HEALTH_NAME - 1 && src[i] != '\0'; i++)
		dst[i] = IS_HIGHBIT_SET(src[i]) ? '?' : src[i];
	dst[i] = '\0';
}

/* Tokens to reserve: the input, and what an answer of this model usually has. */
static double
reservation(const AirHealthEntry *e, const AirAsk *ask)
{
	double usual = e->outputs > 0 ? e->mean_output : AIR_FIRST_OUTPUT;

	return ask->tokens + Min(usual, ask->most_output);
}

/* Limits of the model's own entry, which is locked. */
static void
check_limits(const AirHealthEntry *e, const AirAsk *ask, double now, AirVerdictNow *v)
{
	if (ask->max_concurrency > 0 && e->in_flight >= ask->max_concurrency)
		*v = (AirVerdictNow){AIR_MODEL_CONCURRENCY, PLACE_POLL_MS};
	else if (ask->rpm > 0 && air_bucket_wait(e->rpm_tat, now, ask->rpm, 1) > 0)
		*v = (AirVerdictNow){AIR_RPM, air_bucket_wait(e->rpm_tat, now, ask->rpm, 1)};
	else if (ask->tpm > 0)
	{
		double wait = air_bucket_wait(e->tpm_tat, now, ask->tpm, reservation(e, ask));

		if (wait > 0)
			*v = (AirVerdictNow){AIR_TPM, wait};
	}
}

/* All that the model's entry has to say; e is locked or NULL. */
static void
check_entry(const AirHealthEntry *e, const AirAsk *ask, double now, AirVerdictNow *v)
{
	*v = (AirVerdictNow){AIR_GO, 0};
	if (e == NULL)
		return;
	if (ask->breaker)
		air_breaker_check(e, ask->patient, now, v);
	if (v->why == AIR_GO)
		check_limits(e, ask, now, v);
}

/* Give back one place of an entry. */
static void
leave_entry(int index)
{
	AirHealthEntry *e;

	if (index < 0)
		return;
	e = air_health_entry(index);
	SpinLockAcquire(&e->lock);
	e->in_flight--;
	SpinLockRelease(&e->lock);
}

/* Take a place at the server; *index gets its entry, -1 if it has no limit.  False: none is free.
 */
static bool
enter_server(const AirAsk *ask, double now, int *index)
{
	AirHealthEntry *e;
	bool free;

	*index = -1;
	if (ask->server_concurrency <= 0 || (e = air_health_make(ask->server_key, now)) == NULL)
		return true;
	free = e->in_flight < ask->server_concurrency;
	if (free)
	{
		e->in_flight++;
		e->used = now;
		*index = air_health_index(e);
	}
	SpinLockRelease(&e->lock);
	return free;
}

/* Take a place at the model, with rate limits and, if it is its turn, the probe. */
static void
enter_model(const AirAsk *ask, double now, AirTicket *t, AirVerdictNow *v)
{
	AirHealthEntry *e = air_health_make(ask->key, now);

	check_entry(e, ask, now, v);
	t->entry = -1;
	t->probe = false;
	t->reserved = 0;
	t->tpm = ask->tpm;
	if (e == NULL)
		return;
	if (v->why == AIR_GO)
	{
		if (e->model[0] == '\0')
		{
			copy_name(e->model, ask->model);
			copy_name(e->provider, ask->provider);
		}
		t->entry = air_health_index(e);
		e->in_flight++;
		e->requests++;
		e->used = now;
		e->rpm = ask->rpm;
		e->tpm = ask->tpm;
		if (ask->rpm > 0)
			e->rpm_tat = air_bucket_take(e->rpm_tat, now, ask->rpm, 1);
		if (ask->tpm > 0)
		{
			t->reserved = reservation(e, ask);
			e->tpm_tat = air_bucket_take(e->tpm_tat, now, ask->tpm, t->reserved);
		}
		if (ask->breaker)
			t->probe = air_breaker_enter(e, now, ask->lease_ms);
	}
	SpinLockRelease(&e->lock);
}

/* The backend ends: what its transactions have not given back goes back now. */
static void
on_backend_exit(int code, Datum arg)
{
	while (!dlist_is_empty(&held))
		air_health_leave(dlist_container(AirTicket, node, dlist_head_node(&held)),
						 &(AirReport){.outcome = AIR_OUTCOME_NONE, .tokens = -1});
}

/* A ticket to fill; everything that can fail happens here. */
static AirTicket *
spare_ticket(void)
{
	if (!exit_registered)
	{
		on_shmem_exit(on_backend_exit, (Datum) 0);
		exit_registered = true;
	}
	if (dlist_is_empty(&spare))
	{
		AirTicket *t = MemoryContextAllocZero(TopMemoryContext, sizeof(AirTicket));

		dlist_push_head(&spare, &t->node);
	}
	return dlist_container(AirTicket, node, dlist_head_node(&spare));
}

AirTicket *
air_health_enter(const AirAsk *ask, AirVerdictNow *v)
{
	AirTicket *t = spare_ticket();
	double now = air_monotonic_ms();

	if (!air_total_enter(ask->total_concurrency))
	{
		*v = (AirVerdictNow){AIR_TOTAL_CONCURRENCY, PLACE_POLL_MS};
		return NULL;
	}
	if (!enter_server(ask, now, &t->server))
		*v = (AirVerdictNow){AIR_SERVER_CONCURRENCY, PLACE_POLL_MS};
	else
	{
		enter_model(ask, now, t, v);
		if (v->why == AIR_GO)
		{
			dlist_delete(&t->node);
			dlist_push_head(&held, &t->node);
			return t;
		}
		leave_entry(t->server);
	}
	air_total_leave();
	return NULL;
}

void
air_health_ask(const AirAsk *ask, AirVerdictNow *v)
{
	AirHealthEntry *e = air_health_find(ask->key);

	check_entry(e, ask, air_monotonic_ms(), v);
	if (e != NULL)
		SpinLockRelease(&e->lock);
	if (v->why != AIR_GO)
		return;
	if (ask->total_concurrency > 0 && air_total_in_flight() >= ask->total_concurrency)
		*v = (AirVerdictNow){AIR_TOTAL_CONCURRENCY, PLACE_POLL_MS};
	if (ask->server_concurrency > 0 && (e = air_health_find(ask->server_key)) != NULL)
	{
		if (e->in_flight >= ask->server_concurrency)
			*v = (AirVerdictNow){AIR_SERVER_CONCURRENCY, PLACE_POLL_MS};
		SpinLockRelease(&e->lock);
	}
}

void
air_health_leave(AirTicket *t, const AirReport *said)
{
	AirReport report = *said;

	if (t->entry >= 0)
	{
		AirHealthEntry *e = air_health_entry(t->entry);

		SpinLockAcquire(&e->lock);
		if (report.outcome == AIR_OUTCOME_TIMED_OUT)
		{
			AirLatency latency = e->latency;

			/* Logarithms are none of a spinlock's business. */
			SpinLockRelease(&e->lock);
			report.outcome = air_breaker_timeout(&latency, said);
			SpinLockAcquire(&e->lock);
		}
		air_breaker_leave(e, t, &report, air_monotonic_ms());
		e->in_flight--;
		SpinLockRelease(&e->lock);
	}
	leave_entry(t->server);
	air_total_leave();
	dlist_delete(&t->node);
	dlist_push_head(&spare, &t->node);
}

/* From a private copy to a view. */
static void
view_entry(const AirHealthEntry *e, double now, AirHealthView *out)
{
	memcpy(out->model, e->model, sizeof(out->model));
	memcpy(out->provider, e->provider, sizeof(out->provider));
	out->breaker = !e->open ? AIR_CLOSED : e->until > now ? AIR_OPEN : AIR_HALF_OPEN;
	out->until = e->until > now ? e->until : 0;
	out->in_flight = e->in_flight;
	out->p50 = air_latency_quantile(&e->latency, 0.5);
	out->p95 = air_latency_quantile(&e->latency, 0.95);
	out->error_rate = e->error_rate;
	out->requests = e->requests;
	out->failures = e->failures;
	out->rpm_room = e->rpm > 0 ? floor(air_bucket_room(e->rpm_tat, now, e->rpm)) : NAN;
	out->tpm_room = e->tpm > 0 ? floor(air_bucket_room(e->tpm_tat, now, e->tpm)) : NAN;
	out->answered = e->answered;
}

bool
air_health_look(uint64 key, AirHealthView *out)
{
	AirHealthEntry *e = air_health_find(key);
	AirHealthEntry copy;
	double now = air_monotonic_ms();

	if (e == NULL)
		return false;
	copy = *e;
	SpinLockRelease(&e->lock);
	view_entry(&copy, now, out);
	return true;
}

bool
air_health_nth(int i, AirHealthView *out)
{
	AirHealthEntry *e;
	AirHealthEntry copy;
	double now = air_monotonic_ms();

	if (i >= air_health_count())
		return false;
	e = air_health_entry(i);
	SpinLockAcquire(&e->lock);
	copy = *e;
	SpinLockRelease(&e->lock);
	view_entry(&copy, now, out);
	return true;
}

void
air_health_reset(void)
{
	for (int i = 0; i < air_health_count(); i++)
	{
		AirHealthEntry *e = air_health_entry(i);

		SpinLockAcquire(&e->lock);
		air_breaker_reset(e);
		SpinLockRelease(&e->lock);
	}
}
