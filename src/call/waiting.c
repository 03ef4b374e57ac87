/*
 * waiting.c
 *	  Calls that wait for an equal call under way, in this session or another.
 *
 * A call that found no answer joins the flight of its first key.  As owner it is
 * queued like any other, and its end tells the others.  Otherwise it waits here, and
 * whoever drives the engine looks after it: the answer appears in the cache, or the
 * call fails like its owner, takes over, asks for itself, or has waited too long.
 */
#include "base/pg.h"

#include "lib/ilist.h"

#include "base/settings.h"
#include "call/cascade.h"
#include "call/key.h"
#include "shared/stats.h"

/* Leases are refreshed and looked at at least so often. */
#define LOOK_MS (AIR_FLIGHT_LEASE_MS / 4)

static dlist_head waiting = DLIST_STATIC_INIT(waiting);
static int owned = 0; /* flights of this backend's calls */

/*
 * As long as its own attempts at the first candidate may take: the owner may need more than one,
 * and the call would, too.  A cascade asks more models.
 */
static int
limit_of(const AirCall *call)
{
	const AirHints *hints = &call->route.hints;
	const AirServer *server = call->route.candidates[0].model->server;
	int64 ms = server->timeout_ms > 0 ? server->timeout_ms : air_timeout_ms;

	if (AIR_HAS_HINT(hints, AIR_HINT_TIMEOUT_MS))
		ms = hints->timeout_ms;
	ms *= 1 + (AIR_HAS_HINT(hints, AIR_HINT_RETRIES) ? hints->retries : air_retries);
	if (call->cascade != NULL)
		ms *= 2 * call->route.nusable;
	return (int) Min(ms, PG_INT32_MAX);
}

/* Take part in the flight of the call's first key. */
static AirFlightState
join(AirCall *call)
{
	const AirKey *key = NULL;
	AirFlightState state;

	/* The other one may be waiting for this very call to say whether its answer is right. */
	if (air_cascade_in_check())
		return AIR_FLIGHT_NONE;
	for (int i = 0; key == NULL && i < call->route.nusable; i++)
		if (call->keys[i].state == AIR_KEY_VALID)
			key = &call->keys[i].key;
	if (key == NULL)
		return AIR_FLIGHT_NONE;
	state = air_flight_join(key, &call->flight);
	if (state == AIR_FLIGHT_OWN)
		owned++;
	else if (state == AIR_FLIGHT_NONE)
		air_stats_add(AIR_STAT_FLIGHTS_FULL, 1);
	return state;
}

/* From now on it is looked after here; it is in no queue. */
static void
begin_to_wait(AirCall *call)
{
	call->state = AIR_CALL_WAITING;
	call->wait_until = air_engine_now() + limit_of(call);
	dlist_push_tail(&waiting, &call->in_queue);
}

bool
air_waiting_join(AirCall *call)
{
	switch (join(call))
	{
		case AIR_FLIGHT_OWN:
			/* The answer may have come in between. */
			return air_call_find(call);
		case AIR_FLIGHT_WAIT:
			begin_to_wait(call);
			return true;
		default:
			return false;
	}
}

bool
air_waiting_may_ask(AirCall *call)
{
	if (!call->flight.joined || !call->flight.owner || air_flight_owned(&call->flight))
		return true;
	owned--;
	call->flight = (AirFlight){0};
	if (air_call_find(call))
		return false;
	switch (join(call))
	{
		case AIR_FLIGHT_OWN:
			return !air_call_find(call);
		case AIR_FLIGHT_WAIT:
			air_engine_dequeue(call);
			begin_to_wait(call);
			return false;
		default:
			return true;
	}
}

/* Fail like the owner did; false if that was at a model which is not for this call. */
static bool
fail_like(AirCall *call, const AirFlightFailure *shared)
{
	AirFailure err;

	for (int i = 0; i < call->route.nusable; i++)
	{
		const AirModel *model = call->route.candidates[i].model;

		if (call->keys[i].state != AIR_KEY_VALID ||
			memcmp(&call->keys[i].key, &shared->key, sizeof(AirKey)) != 0)
			continue;
		air_fail(&err, shared->kind, AIR_REMEDY_NONE, "%s", shared->message);
		err.http_status = shared->http_status;
		err.code = shared->code[0] ? shared->code : NULL;
		err.request_id = shared->request_id[0] ? shared->request_id : NULL;
		err.hint = shared->hint[0] ? shared->hint : NULL;
		call->result.model = model->name;
		call->result.provider = model->server_name;
		air_call_fail(call, &err);
		return true;
	}
	return false;
}

static void
waited_too_long(AirCall *call)
{
	AirFailure err;

	air_fail(&err, AIR_ERR_TIMEOUT, AIR_REMEDY_NONE,
			 "no answer within %d ms to an equal call that is under way", limit_of(call));
	air_call_fail(call, &err);
}

/* The answer is wherever its way to the table has brought it by now, if there is one. */
static bool
find_anywhere(AirCall *call)
{
	bool found = air_call_find(call);

	if (!found)
	{
		/* No provider is to blame for a locked table. */
		air_engine_rest();
		found = air_call_find_in_table(call);
		air_engine_resume();
	}
	return found;
}

/* Look after one call that waits. */
static void
look_after(AirCall *call, double now)
{
	AirFlightFailure failure;
	AirFlightState state = air_flight_poll(&call->flight, &failure);

	if (state == AIR_FLIGHT_WAIT && now < call->wait_until)
		return;
	dlist_delete(&call->in_queue);
	/* First, as what follows can raise, perhaps in a statement within the call's own, which then
	 * must not wait for a call that nobody drives. */
	air_engine_enqueue(call);
	if (state == AIR_FLIGHT_WAIT)
		waited_too_long(call);
	else if (state == AIR_FLIGHT_OWN)
	{
		owned++;
		(void) air_call_find(call);
	}
	else if (state == AIR_FLIGHT_OVER)
		(void) find_anywhere(call);
	else
		(void) fail_like(call, &failure);
}

void
air_waiting_refresh(void)
{
	if (owned > 0)
		air_flight_refresh();
}

void
air_waiting_poll(void)
{
	dlist_mutable_iter iter;
	double now;

	air_waiting_refresh();
	if (dlist_is_empty(&waiting))
		return;
	now = air_engine_now();
	dlist_foreach_modify (iter, &waiting)
		look_after(dlist_container(AirCall, in_queue, iter.cur), now);
}

bool
air_waiting_any(void)
{
	return !dlist_is_empty(&waiting);
}

long
air_waiting_timeout(long timeout_ms)
{
	double now = air_engine_now();
	dlist_iter iter;

	if (owned > 0 || !dlist_is_empty(&waiting))
		timeout_ms = timeout_ms < 0 ? LOOK_MS : Min(timeout_ms, LOOK_MS);
	dlist_foreach (iter, &waiting)
	{
		AirCall *call = dlist_container(AirCall, in_queue, iter.cur);

		timeout_ms = Min(timeout_ms, (long) Max(call->wait_until - now + 1, 0));
	}
	return timeout_ms;
}

/* What the waiters of a failed call are told, or NULL: they may fare better. */
static const AirFlightFailure *
shared_failure(const AirCall *call, AirFlightFailure *out)
{
	const AirFailure *f = &call->result.failure;

	/* A budget or a cap is the failed call's own affair. */
	if (call->result.ok || f->remedy != AIR_REMEDY_NONE || call->result.attempts == 0 ||
		f->kind == AIR_ERR_BUDGET)
		return NULL;
	memset(out, 0, sizeof(*out));
	out->key = call->keys[call->current].key;
	out->kind = f->kind;
	out->http_status = f->http_status;
	strlcpy(out->message, f->message, sizeof(out->message));
	strlcpy(out->code, f->code ? f->code : "", sizeof(out->code));
	strlcpy(out->request_id, f->request_id ? f->request_id : "", sizeof(out->request_id));
	strlcpy(out->hint, f->hint ? f->hint : "", sizeof(out->hint));
	return out;
}

void
air_waiting_ended(AirCall *call)
{
	AirFlightFailure failure;

	if (!call->flight.joined)
		return;
	/* Thousands may end, or find their answers, before the engine is back where it looks. */
	air_waiting_refresh();
	if (!call->flight.owner)
	{
		air_flight_leave(&call->flight);
		return;
	}
	owned--;
	air_flight_end(&call->flight, shared_failure(call, &failure));
}

void
air_waiting_leave(AirCall *call)
{
	if (call->state == AIR_CALL_WAITING)
	{
		dlist_delete(&call->in_queue);
		call->state = AIR_CALL_ENDED;
	}
	if (call->flight.joined && call->flight.owner)
		owned--;
	air_flight_leave(&call->flight);
}
