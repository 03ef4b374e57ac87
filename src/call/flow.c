/*
 * flow.c
 *	  Flows: calls of one front door that end together.
 *
 * A flow can end three ways: its owner ends it, the memory context it was begun
 * in goes away, its (sub)transaction aborts.  All three lead to air_flow_end(),
 * which runs once.
 */
#include "base/pg.h"

#include <math.h>

#include "access/xact.h"
#include "utils/memutils.h"

#include "call/cascade.h"

/* The guard context goes away, by air_flow_end() or with its parent. */
static void
on_guard_reset(void *arg)
{
	AirFlow *flow = arg;

	flow->guard = NULL; /* being deleted: do not delete it twice */
	air_flow_end(flow);
}

AirFlow *
air_flow_begin(void)
{
	AirFlow *flow = MemoryContextAllocZero(air_engine_context(), sizeof(AirFlow));
	MemoryContextCallback *callback;

	dlist_init(&flow->calls);
	flow->subxact = GetCurrentSubTransactionId();
	flow->guard =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router flow", ALLOCSET_SMALL_SIZES);
	callback = MemoryContextAlloc(flow->guard, sizeof(MemoryContextCallback));
	callback->func = on_guard_reset;
	callback->arg = flow;
	MemoryContextRegisterResetCallback(flow->guard, callback);
	air_engine_add_flow(flow);
	return flow;
}

void
air_flow_end(AirFlow *flow)
{
	MemoryContext guard = flow->guard;

	/* Deleting the guard calls us again through its callback: that round does the work. */
	if (guard != NULL)
	{
		MemoryContextDelete(guard);
		return;
	}
	air_engine_remove_flow(flow);
	if (flow->handle != NULL)
		*flow->handle = NULL;
	while (!dlist_is_empty(&flow->calls))
		air_call_free(dlist_container(AirCall, in_flow, dlist_head_node(&flow->calls)));
	air_pins_free(flow);
	pfree(flow);
}

void
air_flow_watch(AirFlow *flow, AirFlow **handle)
{
	flow->handle = handle;
}

/* Has the call an attempt under way? */
static bool
is_running(const AirCall *call)
{
	return call->state == AIR_CALL_REQUESTED && call->request != NULL && call->request->running;
}

void
air_flow_clear(AirFlow *flow)
{
	dlist_mutable_iter iter;

	/* Also what failed meanwhile and would be tried again. */
	do
	{
		dlist_foreach_modify (iter, &flow->calls)
		{
			AirCall *call = dlist_container(AirCall, in_flow, iter.cur);

			if (!is_running(call))
				air_call_free(call);
		}
		air_engine_finish(flow, INFINITY);
	} while (!dlist_is_empty(&flow->calls));
}

void
air_flow_weigh(AirCall *call)
{
	size_t bytes = MemoryContextMemAllocated(call->cxt, false);

	call->flow->bytes += bytes - call->bytes;
	call->bytes = bytes;
}

int
air_flow_live(const AirFlow *flow)
{
	return flow->live;
}

void
air_flow_expect(AirFlow *flow, int who)
{
	flow->expected += who;
}

void
air_flow_pack(AirFlow *flow, int most)
{
	flow->most_packed = most;
}

size_t
air_flow_bytes(const AirFlow *flow)
{
	return flow->bytes;
}

void
air_flow_count(const AirCall *call)
{
	AirTally *t = &call->flow->tally;
	const AirResult *r = &call->result;

	call->flow->live--;
	t->calls++;
	if (!r->ok)
		t->failed++;
	else if (r->cached && call->wait_until > 0)
		t->joined++;
	else if (r->cached)
		t->cached++;
	if (r->attempts == 0)
		return;
	t->asked++;
	t->attempts += r->attempts;
	t->input_tokens += Max(r->usage.input, 0);
	t->output_tokens += Max(r->usage.output, 0);
	if (r->cost == AIR_NANO_UNKNOWN)
		t->unpriced++;
	else
		t->cost += r->cost;
	if (call->cascade == NULL)
		return;
	t->cascades++;
	t->steps += call->cascade->steps;
	if (call->cascade->escalations > 0)
		t->escalated++;
	if (r->cost != AIR_NANO_UNKNOWN && call->cascade->last_cost != AIR_NANO_UNKNOWN)
		t->saved += call->cascade->last_cost - r->cost;
}

const AirTally *
air_flow_tally(const AirFlow *flow)
{
	return &flow->tally;
}
