/*
 * engine.c
 *	  The loop that drives all calls of this backend.
 *
 * One queue of calls that wait for a slot, one list of requests that wait for
 * their time or run.  Whoever waits for a call drives everybody's: a nested
 * query thereby also finishes the calls of the query around it, and cannot
 * deadlock with it over the concurrency cap.
 *
 * The engine's clock stands still while nobody drives: a provider is not blamed
 * for a cursor that rests or for a slow trigger between two rows.
 */
#include "base/pg.h"

#include <math.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/settings.h"
#include "call/cascade.h"

/* Requests that run or back off, per slot: bounds memory while a provider is down. */
#define STARTED_PER_SLOT 4

/* Requests of a statement that look again when one has ended. */
#define MOST_WOKEN 8

/* Who does other work meanwhile looks at the sockets so often, in ms: less than a look costs is
 * lost. */
#define LOOK_MS 0.1

/* At most so many looks, and one for each exchange: somebody may send without end. */
#define MOST_LOOKS 64

/* Memory of ended calls that is given back while waiting for the next answer, or beyond this. */
#define MAX_BURIED 16

typedef struct AirEngine
{
	MemoryContext cxt;
	dlist_head flows;
	dlist_head queue;
	dlist_head requests;
	int running;      /* requests with an attempt under way */
	int waiting;      /* requests that wait for their time or a slot */
	double undriven;  /* ms in which calls were under way and nobody drove */
	double last_seen; /* monotonic ms when somebody drove last, 0: never */
	double looked;    /* monotonic ms of the last look at the sockets */
	double fired;     /* the same of the last look at what is due */
	int nburied;
	MemoryContext buried[MAX_BURIED];
} AirEngine;

static AirEngine engine;

/* Give back the memory of calls that ended. */
static void
clean_up(void)
{
	while (engine.nburied > 0)
		MemoryContextDelete(engine.buried[--engine.nburied]);
}

/*
 * Delete a call's memory, but not now: freeing a parsed document costs as much
 * as building the next request, and between sending and receiving there is time.
 */
void
air_engine_bury(MemoryContext cxt)
{
	if (engine.nburied == MAX_BURIED)
		clean_up();
	engine.buried[engine.nburied++] = cxt;
}

static void
on_xact(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		air_flows_abort(InvalidSubTransactionId);
	clean_up();
}

static void
on_subxact(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		air_flows_abort(mine);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		air_flows_reparent(mine, parent);
}

/* The engine's memory; sets the engine up at first use. */
MemoryContext
air_engine_context(void)
{
	if (engine.cxt == NULL)
	{
		MemoryContext cxt =
			AllocSetContextCreate(TopMemoryContext, "ai_router engine", ALLOCSET_SMALL_SIZES);

		dlist_init(&engine.flows);
		dlist_init(&engine.queue);
		dlist_init(&engine.requests);
		RegisterXactCallback(on_xact, NULL);
		RegisterSubXactCallback(on_subxact, NULL);
		engine.cxt = cxt;
	}
	return engine.cxt;
}

/* Milliseconds on a clock that runs only while the engine is driven or idle. */
double
air_engine_now(void)
{
	return air_monotonic_ms() - engine.undriven;
}

/* Somebody drives from here on: time since the last look does not count if calls were under way. */
static void
resume_clock(void)
{
	double now = air_monotonic_ms();

	if (engine.last_seen > 0 && (engine.running + engine.waiting > 0 || air_waiting_any()))
		engine.undriven += now - engine.last_seen;
	engine.last_seen = now;
}

/*
 * Something else is done from here on until air_engine_resume(), inside which others may
 * drive.
 */
void
air_engine_rest(void)
{
	engine.last_seen = air_monotonic_ms();
}

void
air_engine_resume(void)
{
	resume_clock();
}

/* Have a call wait for its turn, alone or with others like it.  Never fails. */
void
air_engine_enqueue(AirCall *call)
{
	call->state = AIR_CALL_QUEUED;
	if (!air_pack_add(call))
		dlist_push_tail(&engine.queue, &call->in_queue);
}

/* Take a QUEUED call from where it waits. */
void
air_engine_dequeue(AirCall *call)
{
	if (call->pack != NULL)
		air_pack_remove(call);
	else
		dlist_delete(&call->in_queue);
}

/* Enter a request, not running. */
void
air_engine_add_request(AirRequest *request)
{
	request->running = false;
	dlist_push_tail(&engine.requests, &request->node);
	engine.waiting++;
}

/* Remove a request in any state. */
void
air_engine_remove_request(AirRequest *request)
{
	air_engine_slot(request, false);
	dlist_delete(&request->node);
	engine.waiting--;
}

/* Take or give back the slot of a request; giving back what is not held does nothing. */
void
air_engine_slot(AirRequest *request, bool taken)
{
	AirFlow *flow = request->flow;

	if (request->running == taken)
		return;
	request->running = taken;
	engine.running += taken ? 1 : -1;
	engine.waiting -= taken ? 1 : -1;
	flow->running += taken ? 1 : -1;
	flow->tally.max_in_flight = Max(flow->tally.max_in_flight, flow->running);
}

/*
 * Let requests of a statement that sleep look again: the oldest, as many as may fit
 * into the place of one.  Never fails.
 */
void
air_engine_wake(const AirStatement *statement)
{
	int n = 0;
	dlist_iter iter;

	dlist_foreach (iter, &engine.requests)
	{
		AirRequest *request = dlist_container(AirRequest, node, iter.cur);

		if (request->sleeps && request->leader->statement == statement)
		{
			request->due = 0;
			if (++n == MOST_WOKEN)
				break;
		}
	}
}

/* Enter a flow. */
void
air_engine_add_flow(AirFlow *flow)
{
	dlist_push_tail(&engine.flows, &flow->node);
}

/* Remove a flow. */
void
air_engine_remove_flow(AirFlow *flow)
{
	dlist_delete(&flow->node);
}

/* End the flows of a subtransaction that aborts (InvalidSubTransactionId: all).  Never fails. */
void
air_flows_abort(SubTransactionId subxact)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify (iter, &engine.flows)
	{
		AirFlow *flow = dlist_container(AirFlow, node, iter.cur);

		if (subxact == InvalidSubTransactionId || flow->subxact == subxact)
			air_flow_end(flow);
	}
}

/* A subtransaction commits: its flows belong to the parent from now on. */
void
air_flows_reparent(SubTransactionId from, SubTransactionId to)
{
	dlist_iter iter;

	dlist_foreach (iter, &engine.flows)
	{
		AirFlow *flow = dlist_container(AirFlow, node, iter.cur);

		if (flow->subxact == from)
			flow->subxact = to;
	}
}

/* A request that waits and whose time has come, or NULL. */
static AirRequest *
ready_request(double now)
{
	dlist_iter iter;

	if (engine.waiting == 0)
		return NULL;
	dlist_foreach (iter, &engine.requests)
	{
		AirRequest *request = dlist_container(AirRequest, node, iter.cur);

		if (!request->running && request->due <= now)
			return request;
	}
	return NULL;
}

/* Begin the request that comes next; false: there is none, or there are enough. */
static bool
begin_next(const AirCall *awaited, const AirFlow *flow)
{
	bool idle = engine.running + engine.waiting == 0;
	AirPack *pack;
	AirCall *call;

	if (engine.running + engine.waiting >= STARTED_PER_SLOT * air_max_concurrency)
		return false;
	if ((pack = air_pack_ready(awaited, flow, idle)) != NULL)
		air_pack_begin(pack);
	else if (!dlist_is_empty(&engine.queue))
	{
		call = dlist_head_element(AirCall, in_queue, &engine.queue);
		if (air_waiting_may_ask(call))
			air_request_begin(&call, 1, 0);
	}
	else
		return false;
	return true;
}

/*
 * Start what may start: first what waited for its time, then what is queued.  A call or a flow is
 * waited for; or nothing is, and more calls may come.
 */
static void
start_ready(const AirCall *awaited, const AirFlow *flow)
{
	air_waiting_refresh(); /* what is still ours is from here on */
	while (engine.running < air_max_concurrency)
	{
		AirRequest *request = ready_request(air_engine_now());

		if (request != NULL)
			air_request_attempt(request);
		else if (!begin_next(awaited, flow))
			break;
		CHECK_FOR_INTERRUPTS();
	}
}

/* Time-outs and fixture answers that are due. */
static void
fire_due(void)
{
	dlist_mutable_iter iter;
	double now = air_engine_now();

	dlist_foreach_modify (iter, &engine.requests)
	{
		AirRequest *request = dlist_container(AirRequest, node, iter.cur);

		if (request->running && request->due <= now)
			air_request_due(request);
	}
}

/* Milliseconds until something is due, or 0.  starting: also what is to be started. */
static long
until_next_due(bool starting)
{
	double next = INFINITY;
	bool slot_free = starting && engine.running < air_max_concurrency;
	dlist_iter iter;

	dlist_foreach (iter, &engine.requests)
	{
		AirRequest *request = dlist_container(AirRequest, node, iter.cur);

		/* What waits without a slot is woken by the end of another request. */
		if (request->running || slot_free)
			next = Min(next, request->due);
	}
	if (isinf(next))
		return -1;
	return (long) ceil(Min(Max(next - air_engine_now(), 0), 60000));
}

/*
 * The driver has looked: go on with what it found, and with what is due.  Before a time-out there
 * are more looks: a process that was held up finds more than one brings, and it has come in time.
 */
static void
settle(bool idle)
{
	/* While answers come in one after the other, time-outs can wait for a millisecond. */
	bool fire = idle || air_monotonic_ms() - engine.fired >= 1;
	int looks = MOST_LOOKS + engine.running;
	AirExchange *ex;

	do
		while ((ex = air_http_next_done()) != NULL)
			air_request_exchange_done(ex);
	while (fire && until_next_due(false) == 0 && looks-- > 0 && air_http_look());
	engine.last_seen = engine.looked = air_monotonic_ms();
	if (fire)
	{
		engine.fired = engine.last_seen;
		fire_due();
	}
	air_hits_poll();
}

/* Look at sockets and timers, for at most so long (-1: until something happens). */
static void
look(long timeout_ms)
{
	air_http_wait(timeout_ms);
	settle(true);
}

/* Take what is ready, for a fraction of the price of look(0); false: nothing was. */
static bool
take_ready(void)
{
	if (!air_http_look())
		return false;
	settle(false);
	return true;
}

/*
 * Drive everybody's calls until that one has ended, or (NULL) until the flow has fewer than so
 * many that have not.
 */
static void
drive(const AirCall *call, const AirFlow *flow, int live, AirStatement *statement)
{
	bool ran;

	resume_clock();
	while (call != NULL ? call->state != AIR_CALL_ENDED : flow->live >= live)
	{
		air_waiting_poll();
		(void) air_cascade_work(false);
		start_ready(call, flow);
		if (call != NULL ? call->state == AIR_CALL_ENDED : flow->live < live)
			break;
		clean_up();
		/* What can be sent is sent by now. */
		ran = air_cascade_work(true);
		if (!take_ready())
			look(ran ? 0
					 : air_notice_timeout(statement, air_waiting_timeout(until_next_due(true))));
		air_notice_poll(statement);
	}
}

void
air_call_wait(AirCall *call)
{
	drive(call, NULL, 0, call->statement);
}

void
air_flow_wait(AirFlow *flow)
{
	if (flow->live > 0)
		drive(NULL, flow, flow->live,
			  dlist_head_element(AirCall, in_flow, &flow->calls)->statement);
}

void
air_engine_poll(void)
{
	if (engine.running + engine.waiting == 0 && dlist_is_empty(&engine.queue) &&
		!air_pack_any_full() && !air_waiting_any())
		return;
	resume_clock();
	(void) air_cascade_work(false);
	start_ready(NULL, NULL);
	if (engine.last_seen - engine.looked < LOOK_MS)
		return;
	air_waiting_poll();
	clean_up();
	if (!take_ready())
		settle(true);
}

/* Drive what is under way, starting nothing, until *running is 0 or the engine's clock says so. */
static void
finish_running(const int *running, double until)
{
	resume_clock();
	while (*running > 0)
	{
		double left = until - air_engine_now();
		long timeout = air_waiting_timeout(until_next_due(false));

		if (left <= 0)
			break;
		if (left < 60000)
			timeout = timeout < 0 ? (long) ceil(left) : Min(timeout, (long) ceil(left));
		air_waiting_poll();
		clean_up();
		look(timeout);
		/* What is good without further ado is kept. */
		(void) air_cascade_work(false);
	}
}

void
air_engine_drain(void)
{
	finish_running(&engine.running, INFINITY);
}

/* Let the attempts of a flow end that are under way, as long as that takes at most so many ms. */
void
air_engine_finish(const AirFlow *flow, double at_most_ms)
{
	finish_running(&flow->running, air_engine_now() + at_most_ms);
}
