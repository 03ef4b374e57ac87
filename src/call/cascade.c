/*
 * cascade.c
 *	  A call whose candidates are asked in turn until an answer is accepted.
 *
 * Each answer but the last candidate's is decided on: its confidence, what the rule's
 * check function says, what its verifier says, cheapest first.  One that is turned down
 * is dropped, and the next candidate is asked the same question; it is not kept in the
 * cache, and never given, not even if nobody else answers.
 *
 * An answer that fails the function's own checks is turned down at once, without the
 * chance to mend it that it has elsewhere: the question and the bad answer would be paid
 * for again at a model that has just shown its limits, and the next one is there for
 * that.  The last candidate has the chance.
 *
 * Memory: the call's.  No locks.
 */
#include "base/pg.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "call/cascade.h"
#include "route/cascade.h"

/* Answers in hand, oldest first. */
static dlist_head undecided = DLIST_STATIC_INIT(undecided);

/* More than this inside each other would be a check function that checks itself. */
#define MAX_CHECKING 3

/* Requests whose check functions are running, one inside the other; NULL: it has gone. */
static AirRequest *in_check[MAX_CHECKING];
static int checking = 0;

void
air_cascade_begin(AirCall *call)
{
	AirCascade *c;

	if (!call->route.cascade)
		return;
	c = MemoryContextAllocZero(call->cxt, sizeof(AirCascade));
	c->level = checking;
	c->audited = air_cascade_audits(call->route.rule, call->question);
	c->last_cost = AIR_NANO_UNKNOWN;
	call->cascade = c;
}

bool
air_cascade_in_check(void)
{
	return checking > 0;
}

bool
air_cascade_may_go_on(const AirCall *call)
{
	return call->cascade != NULL && !air_cascade_is_last(&call->route, call->current);
}

bool
air_cascade_wants_confidence(const AirCall *call)
{
	return air_cascade_may_go_on(call) && !isnan(call->route.rule->option.threshold);
}

static void
enlist(AirRequest *request, bool first)
{
	request->undecided = true;
	if (first)
		dlist_push_head(&undecided, &request->in_undecided);
	else
		dlist_push_tail(&undecided, &request->in_undecided);
}

void
air_cascade_forget(AirRequest *request)
{
	if (request->undecided)
		dlist_delete(&request->in_undecided);
	request->undecided = false;
	for (int i = 0; i < checking; i++)
		if (in_check[i] == request)
			in_check[i] = NULL;
}

void
air_cascade_hold(AirRequest *request, const AirAnswer *answer, char *raw, char *text)
{
	AirCall *call = request->leader;
	AirCascade *c = call->cascade;

	c->answered = call->current;
	c->raw = raw;
	c->text = text;
	c->finish = answer->finish;
	c->confidence = answer->confidence;
	c->usage = answer->usage;
	c->verdict = AIR_CHECK_NONE;
	request->due = INFINITY; /* nothing is to be sent before the decision */
	enlist(request, false);
}

void
air_cascade_back(AirCall *call)
{
	call->current = call->cascade->answered;
	call->result.model = call->route.candidates[call->current].model->name;
	call->result.provider = call->route.candidates[call->current].model->server_name;
}

bool
air_cascade_affordable(const AirCall *call, int i)
{
	const AirHints *hints = &call->route.hints;

	return !AIR_HAS_HINT(hints, AIR_HINT_MAX_COST) ||
		   air_nano_add(Max(call->result.cost, 0), call->route.candidates[i].est_cost) <=
			   hints->max_cost;
}

static void
note(AirCascade *c, const AirModel *model, const char *outcome)
{
	if (c->escalations++ > 0)
		strlcat(c->reasons, ", ", sizeof(c->reasons));
	strlcat(c->reasons, outcome, sizeof(c->reasons));
	if (c->audited && c->text != NULL)
	{
		AirTurnedDown *t = palloc(sizeof(AirTurnedDown));

		*t = (AirTurnedDown){c->turned_down, model, c->text, c->confidence, outcome};
		c->turned_down = t;
	}
	c->raw = c->text = NULL;
}

/*
 * The current candidate's answer is not accepted.  True: call->current is who is asked
 * next, not before *when.  False: nobody is left, as *err says.
 */
static bool
go_on(AirCall *call, const char *outcome, double *when, AirFailure *err)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirModel *model = call->route.candidates[call->current].model;
	bool dear = false;
	bool found;

	note(call->cascade, model, outcome);
	for (int i = 0; i < call->route.nusable; i++)
	{
		AirTry *t = &call->tries[i];

		/* Another host of the same model would know no better. */
		if (air_same_family(model, call->route.candidates[i].model))
			t->dead = true;
		else if (!t->dead && !air_cascade_affordable(call, i))
			t->dead = dear = true;
	}
	found = air_retry_choose(call, when);
	if (!found)
	{
		air_fail(err, dear ? AIR_ERR_BUDGET : AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT,
				 "its answer was not accepted (%s), and %s", outcome,
				 dear ? "asking another model would exceed the hint max_cost"
					  : "no other model of the cascade can be asked");
		if (dear)
			err->hint = "Raise the hint max_cost: a cascade may have to pay for several models.";
	}
	MemoryContextSwitchTo(caller);
	return found;
}

void
air_cascade_step(AirCall *call, AirPurpose purpose, const AirPrompt *prompt, double when)
{
	air_request_go(call, purpose, prompt, when);
	call->request->goes_on = true;
}

void
air_cascade_turn_down(AirRequest *request, const char *outcome)
{
	AirCall *call = request->leader;
	AirFailure err;
	double when;

	air_cascade_back(call);
	if (go_on(call, outcome, &when, &err))
		air_cascade_step(call, AIR_ASK, &call->prompt, when);
	else
		air_request_fail(request, &err);
}

void
air_cascade_accept(AirRequest *request)
{
	AirCall *call = request->leader;
	AirCascade *c = call->cascade;

	air_cascade_back(call);
	request->purpose = AIR_ASK; /* it may have been the verifier's */
	request->texts = palloc(sizeof(char *));
	request->texts[0] = c->text;
	request->finish = c->finish;
	air_keep(call, c->finish, c->text, &call->result.usage, call->result.cost);
	air_request_deliver(request);
}

static void
verify(AirRequest *request)
{
	AirCall *call = request->leader;

	if (!call->route.candidates[call->route.verifier].usable ||
		!air_cascade_affordable(call, call->route.verifier))
	{
		air_cascade_turn_down(request, "not verified");
		return;
	}
	call->current = call->route.verifier;
	air_cascade_step(call, AIR_VERIFY, air_verify_prompt(call), 0);
}

static bool
confident(const AirCall *call)
{
	double threshold = call->route.rule->option.threshold;

	/* Not so where it is unknown. */
	return isnan(threshold) || call->cascade->confidence >= threshold;
}

static bool
needs_function(const AirRequest *request)
{
	const AirCall *call = request->leader;

	return call->route.rule->option.check != NULL && call->cascade->verdict == AIR_CHECK_NONE &&
		   confident(call);
}

/*
 * Run the check function on the answer in hand.  False if the call has gone meanwhile: the
 * function may close the cursor that it belongs to.
 */
static bool
check(AirRequest *request)
{
	int level = checking;
	bool ok = false;

	if (level == MAX_CHECKING)
	{
		request->leader->cascade->verdict = AIR_CHECK_NO;
		return true;
	}
	/* Providers are not blamed for the time that it takes. */
	air_engine_rest();
	in_check[checking++] = request;
	PG_TRY();
	{
		ok = air_check_function_holds(request->leader);
	}
	PG_CATCH();
	{
		checking = level;
		air_engine_resume();
		/* If the error does not end its flow, it is asked about again. */
		if (in_check[level] != NULL)
			enlist(request, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	checking = level;
	air_engine_resume();
	if (in_check[level] == NULL)
		return false;
	request->leader->cascade->verdict = ok ? AIR_CHECK_YES : AIR_CHECK_NO;
	return true;
}

static void
decide(AirRequest *request)
{
	AirCall *call = request->leader;

	if (!confident(call))
		air_cascade_turn_down(request, "low confidence");
	else if (call->cascade->verdict == AIR_CHECK_NO)
		air_cascade_turn_down(request, "check");
	else if (call->route.verifier >= 0)
		verify(request);
	else
		air_cascade_accept(request);
}

/* The oldest answer that can be decided on here. */
static AirRequest *
next_undecided(bool functions)
{
	dlist_iter iter;

	dlist_foreach (iter, &undecided)
	{
		AirRequest *request = dlist_container(AirRequest, in_undecided, iter.cur);

		/* Those around a check function are decided on when it has returned. */
		if (!needs_function(request) || (functions && request->leader->cascade->level >= checking))
			return request;
	}
	return NULL;
}

/* Decide on an answer; its request has left the list. */
static void
decide_safely(AirRequest *request)
{
	AirCall *call = request->leader;
	MemoryContext caller = MemoryContextSwitchTo(request->cxt);

	PG_TRY();
	{
		decide(request);
	}
	PG_CATCH();
	{
		/* No memory: if that does not end its flow, it is decided on again. */
		if (call->request == request && !request->undecided)
			enlist(request, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
}

bool
air_cascade_work(bool functions)
{
	AirRequest *request;

	while ((request = next_undecided(functions)) != NULL)
	{
		bool once = needs_function(request);

		air_cascade_forget(request);
		if (!once || check(request))
			decide_safely(request);
		CHECK_FOR_INTERRUPTS();
		if (once)
			return true;
	}
	return false;
}
