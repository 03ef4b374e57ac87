/*
 * flow.c
 *	  Flows: calls of one front door that end together.
 *
 * A flow can end three ways: its owner ends it, the memory context it was begun
 * in goes away, its (sub)transaction aborts.  All three lead to air_flow_end(),
 * which runs once.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "call/internal.h"

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
	while (!dlist_is_empty(&flow->calls))
		air_call_free(dlist_container(AirCall, in_flow, dlist_head_node(&flow->calls)));
	pfree(flow);
}
