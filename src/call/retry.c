/*
 * retry.c
 *	  What happens after a failed attempt: wait, go elsewhere, or give up.
 *
 * Each candidate of a call has its own count of failures and its own earliest
 * time.  The next attempt goes to the first candidate, in the strategy's order,
 * whose time has come; if all must wait, to the one that waits least.  So a
 * provider in trouble is left at once where another one is allowed, and waited
 * for where none is.
 *
 * Back-off: full jitter over min(0.5 s * 2^n, 20 s), providers.md 13.2; a wait
 * that the provider names replaces it, and one beyond ai_router.max_retry_after
 * ends the candidate for this call.
 */
#include "base/pg.h"

#include "common/pg_prng.h"
#include "lib/stringinfo.h"

#include "base/settings.h"
#include "call/internal.h"

#define BACKOFF_BASE_MS 500.0
#define BACKOFF_CAP_MS 20000.0

/* An attempt that may have been billed without giving an answer is repeated at most so often. */
#define MAX_UNKNOWN_COSTS 1

/* Enough for a handful of candidates in an error's DETAIL. */
#define MAX_EARLIER_BYTES 600

/* Seconds the provider named (nought is no wait), in ms with up to a tenth of jitter; or our own
 * back-off. */
static double
wait_ms(const AirFailure *failure, int failures)
{
	double random = pg_prng_double(&pg_global_prng_state);

	if (failure->retry_after > 0)
		return failure->retry_after * 1000.0 * (1.0 + 0.1 * random);
	return random * Min(BACKOFF_BASE_MS * (1 << Min(failures - 1, 10)), BACKOFF_CAP_MS);
}

/* Keep a few words about the attempt for the DETAIL of a later error, each kind of failure once. */
static void
remember(AirCall *call, const AirFailure *failure)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirModel *model = call->route.candidates[call->current].model;
	char *line;

	if (failure->http_status > 0)
		line = psprintf("%s: HTTP %d %s", model->name, failure->http_status, failure->message);
	else
		line = psprintf("%s: %s", model->name, failure->message);
	if (call->earlier == NULL)
		call->earlier = makeStringInfo();
	if (call->earlier->len < MAX_EARLIER_BYTES && strstr(call->earlier->data, line) == NULL)
		appendStringInfo(call->earlier, "%s%s", call->earlier->len ? "; " : "", line);
	MemoryContextSwitchTo(caller);
}

/*
 * Record a failed attempt at call->current.  False: whoever else is asked, the failure
 * stands, or what may have been paid for once would be paid for again and again.
 */
static bool
record(AirCall *call, const AirFailure *failure)
{
	AirTry *t = &call->tries[call->current];
	const AirHints *hints = &call->route.hints;
	int retries = AIR_HAS_HINT(hints, AIR_HINT_RETRIES) ? hints->retries : air_retries;

	if (failure->remedy == AIR_REMEDY_NONE)
		return false;
	t->failures++;
	if (failure->remedy == AIR_REMEDY_NEXT || t->failures > retries ||
		failure->retry_after * 1000.0 > air_max_retry_after_ms)
		t->dead = true;
	else
		t->not_before = air_engine_now() + wait_ms(failure, t->failures);
	return !failure->unknown_cost || ++call->unknown_costs <= MAX_UNKNOWN_COSTS;
}

/* The first candidate, in the strategy's order, that may be asked now, or is soonest; -1: none. */
static int
best_of(const AirCall *call)
{
	double now = air_engine_now();
	int best = -1;

	for (int i = 0; i < call->route.nusable; i++)
	{
		if (call->tries[i].dead)
			continue;
		if (call->tries[i].not_before <= now)
			return i;
		if (best < 0 || call->tries[i].not_before < call->tries[best].not_before)
			best = i;
	}
	return best;
}

static void
choose(AirCall *call, int best, double *when)
{
	call->current = best;
	*when = call->tries[best].not_before;
}

bool
air_retry_choose(AirCall *call, double *when)
{
	int best = best_of(call);

	if (best >= 0)
		choose(call, best, when);
	return best >= 0;
}

/*
 * Record a failed attempt at call->current.  True: call->current is now the
 * candidate to try next, not before *when (engine clock).  False: give up, the
 * failure stands.
 */
bool
air_retry_next(AirCall *call, const AirFailure *failure, double *when)
{
	int best;

	/* Nobody stands in for who was to say something about an answer. */
	if (call->request != NULL && call->request->purpose != AIR_ASK)
		return false;
	if (!record(call, failure) || (best = best_of(call)) < 0)
		return false;
	remember(call, failure);
	choose(call, best, when);
	return true;
}

bool
air_retry_again(AirCall *call, const AirFailure *failure, double *when)
{
	AirTry *t = &call->tries[call->current];

	if (!record(call, failure) || t->dead)
		return false;
	*when = t->not_before;
	return true;
}

/* Let the other calls of a request tell of its failures, too, when they come to their end. */
void
air_retry_share(AirRequest *request)
{
	const StringInfo told = request->leader->earlier;

	for (int i = 0; told != NULL && i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];
		MemoryContext caller;

		if (call == NULL || call == request->leader)
			continue;
		caller = MemoryContextSwitchTo(call->cxt);
		if (call->earlier == NULL)
			call->earlier = makeStringInfo();
		resetStringInfo(call->earlier);
		appendBinaryStringInfo(call->earlier, told->data, told->len);
		MemoryContextSwitchTo(caller);
	}
}
