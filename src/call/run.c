/*
 * run.c
 *	  Many calls side by side, their results in order.
 *
 * A run belongs to the memory context it was begun in, its calls to their flow:
 * whoever gives a run up ends the flow.
 */
#include "base/pg.h"

#include "miscadmin.h"

#include "base/settings.h"
#include "call/internal.h"

struct AirRun
{
	int n;
	int window;
	int submitted;
	int taken;
	int ended;     /* calls before this one have ended */
	AirFlow *flow; /* of calls that share requests, else NULL */
	bool expects;  /* and more are to come */
	AirRunSubmit submit;
	AirRunTake take;
	void *arg;
	AirCall **calls; /* ring of window */
	AirCall *one;    /* the ring of a run of one */
};

/* Beyond this, or work_mem, no more of those that share requests are held. */
#define MOST_BYTES ((size_t) 64 * 1024 * 1024)

/* May another call be submitted? */
static bool
has_room(const AirRun *run)
{
	if (run->submitted == run->n || run->submitted >= run->taken + run->window)
		return false;
	return run->flow == NULL || run->submitted == run->taken ||
		   air_flow_bytes(run->flow) < Max(MOST_BYTES, work_mem * (size_t) 1024);
}

static void
fill(AirRun *run)
{
	for (; has_room(run); run->submitted++)
	{
		run->calls[run->submitted % run->window] = run->submit(run->submitted, run->arg);
		if (run->flow != NULL)
			air_engine_poll();
	}
	if (run->expects && run->submitted == run->n)
	{
		air_flow_expect(run->flow, -1);
		run->expects = false;
	}
}

/* Twice the slots: the next call is always ready when one ends, and memory stays bounded. */
static int
usual_window(void)
{
	return Max(2 * air_max_concurrency, 8);
}

static AirRun *
begin(AirFlow *flow, int n, int window, AirRunSubmit submit, AirRunTake take, void *arg)
{
	AirRun *run = palloc0(sizeof(AirRun));

	run->n = n;
	run->window = Min(n, window);
	run->submit = submit;
	run->take = take;
	run->arg = arg;
	run->calls = n > 1 ? palloc(sizeof(AirCall *) * run->window) : &run->one;
	run->flow = flow;
	run->expects = flow != NULL;
	if (run->expects)
		air_flow_expect(flow, 1);
	fill(run);
	return run;
}

AirRun *
air_run_begin(int n, AirRunSubmit submit, AirRunTake take, void *arg)
{
	return begin(NULL, n, usual_window(), submit, take, arg);
}

AirRun *
air_run_begin_packed(AirFlow *flow, int n, AirRunSubmit submit, AirRunTake take, void *arg)
{
	return begin(flow, n, Max(usual_window(), AIR_PACK_RUN_WINDOW), submit, take, arg);
}

bool
air_run_ended(AirRun *run)
{
	for (; run->ended < run->submitted; run->ended++)
	{
		const AirCall *call = run->calls[run->ended % run->window];

		if (call != NULL && call->state != AIR_CALL_ENDED)
			return false;
	}
	return run->ended == run->n;
}

int
air_run_held(const AirRun *run)
{
	return run->submitted - run->taken;
}

void
air_run_finish(AirRun *run)
{
	while (run->taken < run->n)
	{
		AirCall *call;

		fill(run);
		call = run->calls[run->taken % run->window];
		if (call != NULL)
		{
			air_call_wait(call);
			run->take(run->taken, call, run->arg);
			air_call_free(call);
		}
		run->taken++;
		/* To take what has come can last longer than a lease. */
		air_waiting_refresh();
	}
	if (run->calls != &run->one)
		pfree(run->calls);
	pfree(run);
}

void
air_calls_run(int n, AirRunSubmit submit, AirRunTake take, void *arg)
{
	air_run_finish(air_run_begin(n, submit, take, arg));
}
