/*
 * cascade_reply.c
 *	  What the attempts of a cascade's calls bring: answers, verdicts, and other answers.
 *
 * An audited call ends when the last model has answered, too: the answer that its caller
 * gets is in the cache before, and calls beside it go on meanwhile.  Nobody waits for an
 * audit that would have to wait itself, or fails: it is left out.
 */
#include "base/pg.h"

#include "call/cascade.h"
#include "route/cascade.h"

/* End the call with the answer that was accepted. */
static void
finish(AirRequest *request)
{
	AirCall *call = request->leader;

	air_cascade_back(call);
	air_request_drop(request);
	air_call_succeed(call, call->cascade->finish, call->cascade->text);
}

/* What the verifier says of the answer in hand, *text NULL: nothing. */
static void
verified(AirRequest *request, const char *text)
{
	if (text != NULL && air_verify_says_yes(text))
		air_cascade_accept(request);
	else
		air_cascade_turn_down(request, text != NULL ? "verifier" : "not verified");
}

/* The last model has answered, too. */
static void
audited(AirRequest *request, const AirAnswer *answer, char *text)
{
	AirCall *call = request->leader;

	air_audit(call, request->model, text);
	request->texts = palloc(sizeof(char *));
	request->texts[0] = text;
	request->finish = answer->finish;
	air_keep(call, answer->finish, text, &answer->usage, request->cost);
	air_request_deliver(request);
}

/* Settle an attempt that has brought an answer; *problem: it is none that can be used. */
static void
settle(AirRequest *request, const AirAnswer *answer, AirFailure *problem, int http_status)
{
	air_engine_slot(request, false);
	air_admit_done(request, NULL, &answer->usage);
	air_statement_settle(request, NULL);
	if (problem != NULL)
		air_failure_from_utf8(problem);
	air_ledger_attempt(request, problem, http_status, answer->request_id);
}

bool
air_cascade_takes(AirRequest *request, const AirFailure *failure, AirAnswer *answer,
				  int http_status)
{
	AirCall *call = request->leader;
	char *raw = answer->text;
	char *text;
	AirFailure problem;
	bool good;

	if (request->purpose == AIR_VERIFY)
	{
		/* Whoever says yes in too many words says yes. */
		if (failure != NULL && (failure->kind != AIR_ERR_TRUNCATED || raw == NULL))
			return false;
		settle(request, answer, NULL, http_status);
		air_money_done(request, NULL);
		verified(request, raw);
		return true;
	}
	if (failure != NULL || (request->purpose == AIR_ASK && !air_cascade_may_go_on(call)))
		return false;
	good = air_judge(call, answer, &problem) && air_from_utf8(answer->text, &text, &problem);
	settle(request, answer, good ? NULL : &problem, http_status);
	if (request->purpose == AIR_AUDIT)
	{
		air_money_done(request, NULL);
		if (good)
			audited(request, answer, text);
		else
			finish(request);
	}
	else if (good)
	{
		air_cascade_hold(request, answer, raw, text);
		air_money_done(request, NULL);
	}
	else
	{
		call->cascade->answered = call->current;
		air_money_done(request, NULL);
		air_cascade_turn_down(request, "unusable");
	}
	return true;
}

void
air_cascade_failed(AirRequest *request)
{
	if (request->purpose == AIR_VERIFY)
		verified(request, NULL);
	else
		finish(request);
}

bool
air_cascade_not_asked(AirRequest *request)
{
	air_statement_forgive(request->leader);
	air_statement_settle(request, NULL);
	air_ledger_yield(request);
	air_money_release(request);
	air_cascade_failed(request);
	return false;
}

/* Who audits: the first host of the last model, -1: it cannot be asked. */
static int
auditor(const AirCall *call)
{
	for (int i = 0; i < call->route.nusable; i++)
		if (air_cascade_is_last(&call->route, i) && !call->tries[i].dead &&
			air_cascade_affordable(call, i))
			return i;
	return -1;
}

bool
air_cascade_delivered(AirRequest *request)
{
	AirCall *call = request->leader;
	AirCascade *c = call->cascade;
	int last;

	if (request->purpose == AIR_AUDIT)
	{
		finish(request);
		return true;
	}
	if (!c->audited || call->result.cached)
		return false;
	if (c->text == NULL) /* the last model's own */
	{
		air_audit(call, request->model, request->texts[0]);
		return false;
	}
	last = auditor(call);
	if (last < 0)
		return false;
	/* It is on its way; what is kept from here on is the last model's. */
	call->answer.text = NULL;
	call->current = last;
	air_cascade_step(call, AIR_AUDIT, &call->prompt, 0);
	return true;
}

void
air_cascade_ended(AirCall *call)
{
	AirCascade *c = call->cascade;
	int last = 0;

	if (c == NULL || !call->result.ok || call->started == 0)
		return;
	while (!air_cascade_is_last(&call->route, last))
		last++;
	if (c->usage.input >= 0 && c->usage.output >= 0)
		c->last_cost = air_cost(&call->route.candidates[last].model->prices, c->usage.input, 0, 0,
								c->usage.output);
}
