/*
 * admit.c
 *	  Between a request that is due and its attempt: shared health and limits.
 *
 * A request that may not go to its model gives way to the next candidate, in the
 * strategy's order, that would take it; where there is none it waits, without a
 * slot and without a lock, and asks again when room is expected.  A wait that goes
 * beyond the call's time-out, or is known to, ends the call.  Who merely waits for
 * the first news of a model (AIR_HOLD) stays with it: that is short.
 *
 * Fixtures have no provider to protect: they are always admitted.
 */
#include "base/pg.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/settings.h"
#include "call/admit.h"
#include "call/internal.h"
#include "config/credentials.h"

/* Longest that a call is held back because a model has not answered yet. */
#define MOST_HOLD_MS 1000.0

/* A probe that takes longer does not keep others from probing. */
#define MOST_LEASE_MS 15000.0

/* A time-out after so long is the model's fault; sooner, if the server's own option says so. */
#define MOST_PATIENCE_MS 60000.0

/* A latency that nobody has seen for so long is measured anew. */
#define STALE_MS 300000.0

/* So many requests in flight make a model look twice as slow. */
#define PRESSURE 32.0

/* The identity of a credential costs a hash and perhaps a look at a file: once a second is enough.
 */
#define IDENTITY_MS 1000.0
#define IDENTITIES 16

typedef struct Identity
{
	Oid server;
	Oid role;
	double until; /* monotonic ms */
	bool known;
	uint64 fingerprint;
} Identity;

static Identity identities[IDENTITIES];

/* Which secret role uses at the server, as a number; false: it has none that works. */
static bool
identify(const AirServer *server, Oid role, double now, uint64 *fingerprint)
{
	Identity *id = &identities[(server->oid ^ role) % IDENTITIES];

	if (id->server != server->oid || id->role != role || id->until < now)
	{
		MemoryContext scratch =
			AllocSetContextCreate(CurrentMemoryContext, "ai_router identity", ALLOCSET_SMALL_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(scratch);
		AirCredential cred;
		AirFailure ignored;
		Identity fresh = {.server = server->oid, .role = role, .until = now + IDENTITY_MS};

		fresh.known = air_credential_get(server, role, &cred, &fresh.fingerprint, NULL, &ignored);
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(scratch);
		*id = fresh;
	}
	*fingerprint = id->fingerprint;
	return id->known;
}

/* Keys of the model's and of the server's entry; false: no request can be sent. */
static bool
keys_of(const AirModel *model, Oid role, uint64 *key, uint64 *server_key)
{
	const AirServer *server = model->server;
	uint64 fingerprint;

	if (server == NULL || server->api->offline || server->base_url == NULL ||
		!identify(server, role, air_monotonic_ms(), &fingerprint))
		return false;
	*server_key = hash_bytes_extended((const unsigned char *) server->base_url,
									  (int) strlen(server->base_url), fingerprint) |
				  1;
	*key = hash_bytes_extended((const unsigned char *) model->model, (int) strlen(model->model),
							   *server_key) |
		   1;
	return true;
}

/* What candidate i of the call asks for; false: it needs no admission. */
static bool
ask_of(const AirRequest *request, int i, AirAsk *ask)
{
	const AirCall *call = request->leader;
	const AirCandidate *candidate = &call->route.candidates[i];
	const AirModel *model = candidate->model;

	if (!keys_of(model, call->role, &ask->key, &ask->server_key))
		return false;
	ask->model = model->name;
	ask->provider = model->server_name;
	ask->rpm = model->rpm;
	ask->tpm = model->tpm;
	ask->tokens = air_request_tokens(request);
	ask->most_output = candidate->max_tokens;
	ask->max_concurrency = model->max_concurrency;
	ask->server_concurrency = model->server->max_concurrency;
	ask->total_concurrency = air_max_total_concurrency;
	ask->breaker = air_breaker;
	ask->patient = call->blocked > 0 && air_engine_now() - call->blocked >= MOST_HOLD_MS;
	ask->lease_ms = Min(air_attempt_timeout(request), MOST_LEASE_MS);
	return true;
}

/* A moment of the monotonic clock in words. */
static const char *
clock_time(double ms)
{
	TimestampTz t = GetCurrentTimestamp() + (TimestampTz) ((ms - air_monotonic_ms()) * 1000.0);

	return pstrdup(timestamptz_to_str(t));
}

/* Why the call ends without having been sent. */
static void
refuse(const AirModel *model, const AirVerdictNow *now, int timeout_ms, AirFailure *err)
{
	switch (now->why)
	{
		case AIR_BREAKER:
			air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT,
					 "not asked: %d failures in a row opened its circuit breaker at %s, until %s",
					 now->failures, clock_time(now->since),
					 clock_time(air_monotonic_ms() + now->wait_ms));
			err->hint = "See ai_router.model_health. Allow another model in the rule so that calls "
						"can go there.";
			return;
		case AIR_COOLING:
			air_fail(err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT,
					 "not asked: the provider wants no requests until %s",
					 clock_time(air_monotonic_ms() + now->wait_ms));
			return;
		case AIR_HOLD:
			air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT,
					 "not asked: requests of other sessions failed or have no answer yet");
			return;
		case AIR_RPM:
			air_fail(err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT,
					 "its limit of %d requests per minute leaves no room within %d ms", model->rpm,
					 timeout_ms);
			err->hint = "Raise rpm in ai_router.models, or the hint timeout_ms.";
			return;
		case AIR_TPM:
			air_fail(err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT,
					 "its limit of " INT64_FORMAT " tokens per minute leaves no room within %d ms",
					 model->tpm, timeout_ms);
			err->hint = "Raise tpm in ai_router.models, or the hint timeout_ms.";
			return;
		case AIR_TOTAL_CONCURRENCY:
			air_fail(err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT,
					 "ai_router.max_total_concurrency (%d) left no room within %d ms",
					 air_max_total_concurrency, timeout_ms);
			err->hint = "Raise ai_router.max_total_concurrency, or the hint timeout_ms.";
			return;
		default:
			air_fail(err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT,
					 "max_concurrency of the %s left no room within %d ms",
					 now->why == AIR_SERVER_CONCURRENCY ? "server" : "model", timeout_ms);
			err->hint = "Raise max_concurrency, or the hint timeout_ms.";
			return;
	}
}

/* Another candidate that would take the call now becomes current; false: there is none. */
static bool
find_other(AirRequest *request, double now)
{
	AirCall *call = request->leader;

	if (request->purpose != AIR_ASK)
		return false;
	for (int i = 0; i < call->route.nusable; i++)
	{
		AirTry *t = &call->tries[i];
		AirAsk ask;
		AirVerdictNow other = {AIR_GO};

		if (i == call->current || t->dead || t->not_before > now)
			continue;
		if (ask_of(request, i, &ask))
			air_health_ask(&ask, &other);
		if (other.why == AIR_GO)
		{
			call->current = i;
			return true;
		}
		t->not_before = now + Max(other.wait_ms, 1);
	}
	return false;
}

/*
 * Admit a request to its model; see AirAdmission.  Memory of *err:
 * CurrentMemoryContext.  Raises only where this backend has no memory.
 */
AirAdmission
air_admit(AirRequest *request, double *when, AirFailure *err)
{
	AirCall *call = request->leader;
	AirVerdictNow verdict;
	double now;
	double next;
	int timeout_ms;
	AirAsk ask;

	if (request->ticket != NULL || !ask_of(request, call->current, &ask))
		return AIR_ADMITTED;
	request->ticket = air_health_enter(&ask, &verdict);
	if (request->ticket != NULL)
	{
		call->blocked = 0;
		return AIR_ADMITTED;
	}

	now = air_engine_now();
	if (call->blocked == 0)
		call->blocked = now;
	call->tries[call->current].not_before = next = now + Max(verdict.wait_ms, 1);
	if (verdict.why != AIR_HOLD && find_other(request, now))
		return AIR_ELSEWHERE;

	/* A candidate that is free sooner is looked at then, from here. */
	for (int i = 0; request->purpose == AIR_ASK && i < call->route.nusable; i++)
		if (!call->tries[i].dead)
			next = Min(next, Max(call->tries[i].not_before, now + 1));
	timeout_ms = air_attempt_timeout(request);
	if (next > call->blocked + timeout_ms)
	{
		refuse(request->model, &verdict, timeout_ms, err);
		return AIR_REFUSED;
	}
	*when = next;
	return AIR_WAIT;
}

/* What a failure says about the provider. */
static AirOutcome
outcome_of(const AirFailure *failure, bool probe)
{
	switch (failure->kind)
	{
		case AIR_ERR_UNAVAILABLE:
			return AIR_OUTCOME_FAILED;
		case AIR_ERR_TIMEOUT:
			/* The provider's own time-out, or what this caller allowed it. */
			return failure->http_status > 0 ? AIR_OUTCOME_FAILED : AIR_OUTCOME_TIMED_OUT;
		case AIR_ERR_RATE_LIMITED:
			return AIR_OUTCOME_LIMITED;
		case AIR_ERR_BAD_ANSWER:
			/* It may be the model's doing; but nothing that would close a breaker. */
			return probe ? AIR_OUTCOME_FAILED : AIR_OUTCOME_NONE;
		default:
			return AIR_OUTCOME_ALIVE;
	}
}

/*
 * The attempt has ended: with an answer and its usage, with a failure, or (neither)
 * without any news.  Gives the ticket back; does nothing where none is held.  Never fails.
 */
void
air_admit_done(AirRequest *request, const AirFailure *failure, const AirUsage *usage)
{
	AirReport report = {.outcome = AIR_OUTCOME_NONE,
						.retry_after_ms = -1,
						.tokens = -1,
						.output = -1,
						.breaker = air_breaker};
	AirTicket *ticket = request->ticket;

	if (ticket == NULL)
		return;
	request->ticket = NULL;
	if (usage != NULL)
	{
		report.outcome = AIR_OUTCOME_GOOD;
		report.latency_ms = air_engine_now() - request->sent;
		report.output = usage->output;
		if (usage->input >= 0)
			report.tokens = usage->input + Max(usage->output, 0);
	}
	else if (failure != NULL)
	{
		report.outcome = outcome_of(failure, ticket->probe);
		/* A time-out that was noticed late allowed the model no more for it. */
		report.latency_ms = Min(air_engine_now() - request->sent, request->timeout_ms);
		report.patience_ms = MOST_PATIENCE_MS;
		if (request->model->server->timeout_ms > 0)
			report.patience_ms = Min(request->model->server->timeout_ms, MOST_PATIENCE_MS);
		report.retry_after_ms = failure->retry_after * 1000.0;
		if (!failure->unknown_cost)
			report.tokens = 0;
	}
	else if (!request->running)
		report.tokens = 0;
	air_health_leave(ticket, &report);
}

bool
air_admit_look(const AirModel *model, AirHealthView *out)
{
	uint64 key;
	uint64 server_key;

	return keys_of(model, GetUserId(), &key, &server_key) && air_health_look(key, out);
}

double
air_admit_latency(const AirModel *model)
{
	AirHealthView h;

	if (!air_admit_look(model, &h))
		return NAN;
	if (air_breaker && (h.breaker == AIR_OPEN || h.until > 0))
		return INFINITY;
	/* Unknown, or known from long ago; but somebody is about to find out. */
	if (isnan(h.p50) || (h.in_flight == 0 && air_monotonic_ms() - h.answered > STALE_MS))
		return h.in_flight > 0 || h.error_rate > 0 ? 1e9 : NAN;
	return h.p50 * (1 + h.in_flight / PRESSURE) / Max(1 - h.error_rate, 0.01);
}
