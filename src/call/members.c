/*
 * members.c
 *	  Which calls a request carries: they come together, part, and leave.
 *
 * The calls of one request are alike (pack.c), so that any of them can stand for all.
 * What has happened so far is in the leader, the first call that is left: whoever follows
 * it takes that over.  A call may leave at any moment, cancelled or ended.  While an attempt
 * is under way its place stays empty, since answers know their call by its place.
 *
 * A request of several calls has a memory context of its own, below the engine's: no call's
 * end takes it away.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/memutils.h"

#include "call/cascade.h"

/* What a call that stands for all knows about their request. */
static void
follow(AirCall *call, const AirCall *leader)
{
	memcpy(call->tries, leader->tries, sizeof(AirTry) * leader->route.nusable);
	call->current = leader->current;
	call->unknown_costs = leader->unknown_costs;
	call->blocked = leader->blocked;
	call->short_since = leader->short_since;
	call->headway = leader->headway;
	call->broke_since = leader->broke_since;
	call->lease_since = leader->lease_since;
}

/* The prompt of several calls, without what only chats have. */
static void
join_prompts(AirRequest *request)
{
	request->inputs = palloc(sizeof(char *) * request->ncalls);
	for (int i = 0; i < request->ncalls; i++)
		request->inputs[i] = request->calls[i]->prompt.inputs[0];
	request->prompt = (AirPrompt){.task = request->leader->prompt.task,
								  .temperature = NAN,
								  .top_p = NAN,
								  .dimensions = request->leader->prompt.dimensions,
								  .ninputs = request->ncalls,
								  .inputs = request->inputs};
}

/* A request of calls, which are not part of it yet; prompt NULL: for their answers. */
static AirRequest *
make(AirCall **calls, int n, const AirCandidate *candidate, const AirPrompt *prompt, double when)
{
	AirCall *leader = calls[0];
	MemoryContext cxt = n == 1 ? leader->cxt
							   : AllocSetContextCreate(air_engine_context(), "ai_router request",
													   ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	AirRequest *request = palloc0(sizeof(AirRequest));

	request->cxt = cxt;
	request->own_cxt = n > 1;
	request->ncalls = request->nlive = n;
	request->calls = memcpy(palloc(sizeof(AirCall *) * n), calls, sizeof(AirCall *) * n);
	request->leader = leader;
	request->flow = leader->flow;
	request->model = candidate->model;
	request->due = when;
	if (n == 1)
		request->prompt = prompt != NULL ? *prompt : leader->prompt;
	else
		join_prompts(request);
	if (prompt == NULL && air_cascade_wants_confidence(leader))
		request->prompt.logprobs = true;
	air_request_address(leader, &request->prompt, candidate);
	air_request_demand(leader, &request->prompt, candidate);
	MemoryContextSwitchTo(caller);
	return request;
}

/* Its calls leave the queue, or the request that they were in, for this one.  Never fails. */
static void
enter(AirRequest *request)
{
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		air_call_cancel(call);
		call->place = i;
		call->request = request;
		call->state = AIR_CALL_REQUESTED;
		call->result.model = request->model->name;
		call->result.provider = request->model->server_name;
	}
	air_engine_add_request(request);
}

/* Requests of n calls alike, of up to most each, all made before the first call goes over. */
static void
begin(AirCall **calls, int n, int most, AirHalves *halves, double when)
{
	/* The first knows: the others follow it when they go over. */
	const AirCandidate *candidate = &calls[0]->route.candidates[calls[0]->current];
	int count = (n + most - 1) / most;
	AirRequest *one;
	AirRequest **requests = count == 1 ? &one : palloc(sizeof(AirRequest *) * count);

	for (int i = 0; i < count; i++)
		requests[i] = make(calls + i * most, Min(most, n - i * most), candidate, NULL, when);
	for (int i = 0; i < count; i++)
	{
		air_halves_join(requests[i], halves);
		enter(requests[i]);
	}
	if (requests != &one)
		pfree(requests);
}

/*
 * Requests for calls alike, which are queued or in one request whose attempt has ended: for the
 * current candidate of the first, to be started at `when`.  An error leaves them where they were.
 */
void
air_request_begin(AirCall **calls, int n, double when)
{
	begin(calls, n, n == 1 ? 1 : Min(n, air_pack_most(calls[0])), NULL, when);
}

/*
 * The same for what a cascade's call asks of its current candidate: its own question, or another
 * one that prompt says.
 */
void
air_request_go(AirCall *call, AirPurpose purpose, const AirPrompt *prompt, double when)
{
	const AirCandidate *candidate = &call->route.candidates[call->current];
	AirRequest *request = make(&call, 1, candidate, purpose == AIR_ASK ? NULL : prompt, when);

	request->purpose = purpose;
	enter(request);
}

/* Make two of a request of several calls that is not running; an error leaves it as it was. */
void
air_request_split(AirRequest *request, double when)
{
	air_request_close_up(request);
	begin(request->calls, request->ncalls, (request->ncalls + 1) / 2, request->halves, when);
}

/* The same for one that was rejected, now; see halves.c. */
void
air_request_halve(AirRequest *request)
{
	AirCall **calls = request->calls;
	bool scout = air_halves_scout(request);
	AirHalves *halves = air_halves_begin(request);
	int n;

	air_request_close_up(request);
	n = request->ncalls;
	if (scout && n > 2)
	{
		begin(calls++, 1, 1, halves, 0);
		n--;
	}
	begin(calls, n, (n + 1) / 2, halves, 0);
}

void
air_request_close_up(AirRequest *request)
{
	int n = 0;

	if (request->nlive == request->ncalls)
		return;
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		if (call == NULL)
			continue;
		call->place = n;
		request->inputs[n] = request->inputs[i];
		request->calls[n++] = call;
	}
	request->ncalls = request->prompt.ninputs = n;
}

/* A call ends or goes elsewhere; there may be none left then.  Never fails. */
void
air_request_vacate(AirRequest *request, int place)
{
	AirCall *call = request->calls[place];

	request->calls[place] = NULL;
	request->nlive--;
	call->request = NULL;
	/* The text goes with its call. */
	if (request->inputs != NULL)
		request->inputs[place] = "";
	if (call != request->leader || request->nlive == 0)
		return;
	for (place = 0; request->calls[place] == NULL;)
		place++;
	follow(request->calls[place], call);
	request->leader = request->calls[place];
}

void
air_request_leave(AirCall *call)
{
	AirRequest *request = call->request;

	if (request->nlive == 1)
		air_request_drop(request);
	else
		air_request_vacate(request, call->place);
}

/* End the request and all its calls.  In this order: what can fail, then what cannot. */
void
air_request_fail(AirRequest *request, const AirFailure *failure)
{
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		if (call == NULL)
			continue;
		air_call_fail(call, failure);
		if (request->nlive > 1)
			air_request_vacate(request, i);
	}
	air_request_drop(request);
}

/* Unlink a request and end its attempt; its calls are left, for the caller to end.  Never fails. */
void
air_request_drop(AirRequest *request)
{
	AirFailure gone = {.unknown_cost =
						   request->exchange == NULL || air_exchange_sent(request->exchange)};

	air_statement_settle(request, &gone);
	if (request->exchange != NULL)
		air_exchange_free(request->exchange);
	request->exchange = NULL;
	air_money_drop(request, &gone);
	air_admit_done(request, NULL, NULL);
	air_ledger_drop(request);
	air_cascade_forget(request);
	air_halves_leave(request);
	for (int i = 0; i < request->ncalls; i++)
		if (request->calls[i] != NULL)
			request->calls[i]->request = NULL;
	air_engine_remove_request(request);
	if (request->own_cxt)
		air_engine_bury(request->cxt);
}

/* Estimated tokens of its input. */
int64
air_request_tokens(const AirRequest *request)
{
	int64 tokens = 0;

	for (int i = 0; i < request->ncalls; i++)
		if (request->calls[i] != NULL)
			tokens += request->calls[i]->tokens;
	return Max(tokens, 1);
}
