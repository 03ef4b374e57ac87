/*
 * call.c
 *	  A call: submitted, routed, queued, and in the end a value or a failure.
 *
 * The cache look-up (lookup.c) and waiting for an equal call (waiting.c) come between
 * routing and the queue; where a call ends, its waiters, the ledger and the statement are
 * told.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "call/cascade.h"
#include "call/facts.h"
#include "shared/shared.h"

/* Besides the call itself. */
#define SHARING_BYTES 2048

static int64 last_call_id = 0;

/* Routing needs a preloaded library that is switched on. */
static void
require_ready(void)
{
	air_shared_require();
	if (!air_enabled)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("AI calls are switched off"),
						errhint("A superuser can switch them on: SET ai_router.enabled = on.")));
}

/* A call of the flow with its configuration pinned; the flow frees it, whatever is raised later. */
static AirCall *
new_call(AirFlow *flow, const AirCallSpec *spec)
{
	MemoryContext cxt;
	AirCall *call;

	require_ready();
	/* Calls that share requests are many at a time: what one of them needs fits into this. */
	if (spec->task == AIR_EMBED)
		cxt = AllocSetContextCreate(air_engine_context(), "ai_router call", 0, SHARING_BYTES,
									ALLOCSET_SMALL_MAXSIZE);
	else
		cxt = AllocSetContextCreate(air_engine_context(), "ai_router call", ALLOCSET_DEFAULT_SIZES);
	call = MemoryContextAllocZero(cxt, sizeof(AirCall));
	call->cxt = cxt;
	call->flow = flow;
	call->spec = *spec;
	call->result.usage = (AirUsage){-1, -1, -1, -1, -1};
	call->result.cost = AIR_NANO_UNKNOWN;
	dlist_push_tail(&flow->calls, &call->in_flow);
	flow->live++;
	call->config = air_config_acquire();
	return call;
}

/* Route a call, in its own memory. */
static bool
route_call(AirCall *call, bool explain, AirFailure *err)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	AirRouteInput in;
	bool ok;

	air_facts(&call->spec, call->config, &in);
	call->tokens = in.tokens;
	call->role = in.role;
	call->role_name = in.role_name;
	call->question = in.prompt;
	ok = air_route(&in, explain, &call->route, err);
	if (call->route.rule != NULL)
		call->result.rule = call->route.rule->name;
	if (ok && !explain)
		ok = air_pin(call, err);
	MemoryContextSwitchTo(caller);
	return ok;
}

AirCall *
air_call_submit(AirFlow *flow, const AirCallSpec *spec)
{
	AirCall *call = new_call(flow, spec);
	AirFailure err;

	call->statement = air_statement_join();
	if (route_call(call, false, &err))
	{
		air_request_prepare(call);
		call->tries = MemoryContextAllocZero(call->cxt, sizeof(AirTry) * (call->route.nusable + 1));
		air_cascade_begin(call);
		if (!air_call_lookup(call))
			air_engine_enqueue(call);
	}
	else
		air_call_fail(call, &err);
	air_flow_weigh(call);
	return call;
}

const AirRoute *
air_call_explain(AirFlow *flow, const AirCallSpec *spec, int *tokens, AirFailure *err)
{
	AirCall *call = new_call(flow, spec);

	if (route_call(call, true, err))
		err->kind = AIR_ERR_NONE;
	call->state = AIR_CALL_ENDED;
	flow->live--;
	*tokens = call->tokens;
	return &call->route;
}

/* Common to both ends of a call. */
static void
end_call(AirCall *call)
{
	AirResult *result = &call->result;

	if (call->state == AIR_CALL_QUEUED)
		air_engine_dequeue(call);
	call->state = AIR_CALL_ENDED;
	call->request = NULL;
	air_waiting_ended(call);
	if (call->started > 0)
		result->latency_ms = air_engine_now() - call->started;
	if (call->earlier != NULL)
		result->earlier = call->earlier->data;
	if (result->call_id > 0)
		last_call_id = result->call_id;
	air_cascade_ended(call);
	air_ledger_call(call);
	air_statement_count(call);
	air_flow_count(call);
	air_flow_weigh(call);
}

/* End a call with its answer in the server encoding, in the call's memory.  Never fails. */
void
air_call_succeed(AirCall *call, AirFinish finish, char *text)
{
	call->result.finish_reason = air_finish_name(finish);
	call->result.answer = text;
	call->result.ok = true;
	end_call(call);
}

/* End a call with a failure, whose strings are copied. */
void
air_call_fail(AirCall *call, const AirFailure *failure)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	AirFailure *f = &call->result.failure;

	*f = *failure;
	f->message = pstrdup(failure->message);
	f->code = failure->code ? pstrdup(failure->code) : NULL;
	f->request_id = failure->request_id ? pstrdup(failure->request_id) : NULL;
	f->hint = failure->hint ? pstrdup(failure->hint) : NULL;
	MemoryContextSwitchTo(caller);
	end_call(call);
}

/* Take a call out of queue or request, ending what it has in flight.  Never fails. */
void
air_call_cancel(AirCall *call)
{
	if (call->state == AIR_CALL_QUEUED)
		air_engine_dequeue(call);
	else if (call->state == AIR_CALL_REQUESTED && call->request != NULL)
		air_request_leave(call);
	call->request = NULL;
	call->state = AIR_CALL_ENDED;
}

void
air_call_free(AirCall *call)
{
	bool unfinished = call->state != AIR_CALL_ENDED;

	air_waiting_leave(call);
	air_call_cancel(call);
	if (unfinished)
	{
		call->flow->live--;
		air_ledger_cancel(call);
	}
	air_statement_forget(call);
	call->flow->bytes -= call->bytes;
	dlist_delete(&call->in_flow);
	if (call->config != NULL)
		air_config_release(call->config);
	if (call->heavy)
		MemoryContextDelete(call->cxt);
	else
		air_engine_bury(call->cxt);
}

bool
air_call_ended(const AirCall *call)
{
	return call->state == AIR_CALL_ENDED;
}

const AirResult *
air_call_result(const AirCall *call)
{
	Assert(call->state == AIR_CALL_ENDED);
	return &call->result;
}

int64
air_last_call_id(void)
{
	return last_call_id;
}
