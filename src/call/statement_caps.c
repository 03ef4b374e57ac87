/*
 * statement_caps.c
 *	  ai_router.max_statement_cost and max_statement_calls.
 *
 * All calls of a statement are this backend's, so that nothing can come between the
 * look at its numbers and the attempt that changes them: no locks.
 *
 * An attempt is sent only if what the statement has spent, what is reserved for its
 * attempts in flight and the most that this one can cost stay within the cap.  One
 * that does not fit waits while others are in flight: they may cost less than was
 * reserved; and if they do not, their answers have been paid for and must not be
 * lost to the error.  After that the cap ends its call, and with it all calls of the
 * statement that were not sent, until whoever asked has dealt with the error.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/builtins.h"

#include "base/settings.h"
#include "call/internal.h"

#define NANO_PER_USD 1e9

/* What waits is woken when something in flight ends; this is for whatever else may change. */
#define LOOK_MS 1000

/* So many sums fit 64 bits whatever a model's price. */
#define MOST_RESERVED (PG_INT64_MAX / 4096)

/* The cap in nanodollars, 0: there is none. */
static AirNano
cost_cap(void)
{
	return air_max_statement_cost > 0 ? (AirNano) ceil(air_max_statement_cost * NANO_PER_USD) : 0;
}

/* A price that is not known keeps nothing from being sent: tell it once. */
static void
warn_of_price(AirStatement *s, const AirModel *model)
{
	if (s->warned || model->server->api->offline)
		return;
	s->warned = true;
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("cost of model \"%s\" unknown: not counted towards "
					"ai_router.max_statement_cost",
					model->name),
			 errhint("Set its prices, 0 where it costs nothing: UPDATE ai_router.models SET "
					 "input_price = .., output_price = .. WHERE name = %s.",
					 quote_literal_cstr(model->name))));
}

static void
refuse_calls(const AirStatement *s, AirFailure *err)
{
	air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NONE,
			 "not sent: the statement has made " INT64_FORMAT
			 " calls, which is ai_router.max_statement_calls",
			 s->progress.calls);
	err->hint =
		"A superuser can raise ai_router.max_statement_calls with SET or ALTER ROLE .. SET, "
		"or let others do so with GRANT SET ON PARAMETER.";
}

static void
refuse_cost(const AirStatement *s, AirNano cap, AirNano reserve, AirFailure *err)
{
	air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NONE,
			 "not sent: spent %s, and up to %s for this call exceeds "
			 "ai_router.max_statement_cost %s",
			 air_nano_show(s->progress.spent), air_nano_show(reserve), air_nano_show(cap));
	err->hint = "A superuser can raise ai_router.max_statement_cost with SET or ALTER ROLE .. SET, "
				"or let others do so with GRANT SET ON PARAMETER. The hint max_tokens lowers what "
				"a call can cost.";
}

/* It would fit, but comes after one that did not. */
static void
refuse_after(AirFailure *err)
{
	air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NONE,
			 "not sent: another call of the statement has hit a cap");
	err->hint = "See ai_router.max_statement_cost and ai_router.max_statement_calls.";
}

/* It waits no longer. */
static void
wake(AirRequest *request)
{
	if (request->sleeps)
		request->leader->statement->sleepers--;
	request->sleeps = false;
}

/* Calls that the statement has not counted yet. */
static int64
not_counted(const AirRequest *request)
{
	int64 n = 0;

	for (int i = 0; i < request->ncalls; i++)
		n += request->calls[i]->started == 0;
	return n;
}

/*
 * May the request's attempt be sent as far as the caps of its statement go?  Reserves
 * nothing: air_statement_begin() does.  Memory of *err: CurrentMemoryContext.  Raises
 * only where this backend has no memory.
 */
AirAdmission
air_statement_admit(AirRequest *request, double *when, AirFailure *err)
{
	AirStatement *s = request->leader->statement;
	AirNano cap = cost_cap();
	AirNano cost = air_reserve_cost(request);
	int64 fresh = not_counted(request);
	bool calls_over = air_max_statement_calls > 0 && fresh > 0 &&
					  s->progress.calls + fresh > air_max_statement_calls;
	bool cost_over;

	wake(request);
	if (cost == AIR_NANO_UNKNOWN && cap > 0)
		warn_of_price(s, request->model);
	request->reserved = Min(Max(cost, 0), MOST_RESERVED);
	cost_over = cap > 0 && request->reserved > 0 &&
				air_nano_add(air_nano_add(s->progress.spent, s->progress.reserved),
							 request->reserved) > cap;
	if (!calls_over && !cost_over && s->refused == 0)
		return AIR_ADMITTED;
	if (s->progress.in_flight > 0 && s->refused == 0)
	{
		request->sleeps = true;
		s->sleepers++;
		*when = air_engine_now() + LOOK_MS;
		return AIR_WAIT;
	}
	/* As many are sent as would be one by one. */
	if (request->nlive > 1 && s->refused == 0)
		return AIR_SPLIT;
	if (calls_over)
		refuse_calls(s, err);
	else if (cost_over)
		refuse_cost(s, cap, request->reserved, err);
	else
		refuse_after(err);
	for (int i = 0; i < request->ncalls; i++)
		request->calls[i]->refused = true;
	s->refused += request->ncalls;
	return AIR_REFUSED;
}

/* The attempt has started: count it and hold what it may cost.  Never fails. */
void
air_statement_begin(AirRequest *request)
{
	AirStatement *s = request->leader->statement;

	for (int i = 0; i < request->ncalls; i++)
		s->progress.calls += request->calls[i]->result.attempts == 1;
	s->progress.in_flight++;
	s->progress.reserved += request->reserved;
	request->held = true;
	air_statement_show(s);
}

/*
 * The attempt has ended, with a failure or (NULL) with an answer: count what it cost.
 * Does nothing where none is under way.  Never fails.
 */
void
air_statement_settle(AirRequest *request, const AirFailure *failure)
{
	AirStatement *s = request->leader->statement;

	wake(request);
	if (!request->held)
		return;
	request->held = false;
	s->progress.in_flight--;
	s->progress.reserved -= request->reserved;
	s->progress.spent =
		air_nano_add(s->progress.spent, air_attempt_cost(request, failure, request->reserved));
	if (s->sleepers > 0)
		air_engine_wake(s);
	air_statement_show(s);
}

/* The call has ended, its result is complete.  Never fails. */
void
air_statement_count(const AirCall *call)
{
	AirStatement *s = call->statement;

	if (s == NULL)
		return;
	s->progress.done++;
	if (!call->result.ok)
		s->progress.failed++;
	else if (call->result.cached && call->wait_until > 0)
		s->progress.joined++;
	else if (call->result.cached)
		s->progress.cached++;
	air_statement_show(s);
}

void
air_statement_forgive(AirCall *call)
{
	if (call->refused)
		call->statement->refused--;
	call->refused = false;
}

/* The call is gone.  Never fails. */
void
air_statement_forget(AirCall *call)
{
	air_statement_forgive(call);
	air_statement_leave(call->statement);
	call->statement = NULL;
}
