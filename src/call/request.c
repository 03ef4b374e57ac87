/*
 * request.c
 *	  A request: what goes to one model for one or more calls, in one or more
 *	  attempts.
 *
 *	  waiting (due: when to start) -> running (due: time-out) -> waiting again
 *	  for a retry, or gone
 *
 * What may keep an attempt from starting is asked before it does, and told when it
 * has ended: the statement's caps, budgets, health and limits, the ledger.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/memutils.h"

#include "base/settings.h"
#include "call/internal.h"
#include "config/prompts.h"

/* The messages in UTF-8; texts are the caller's where nothing needs converting. */
static const AirMessage *
messages_to_utf8(const AirCallSpec *spec)
{
	AirMessage *messages = palloc(sizeof(AirMessage) * spec->nmessages);

	for (int i = 0; i < spec->nmessages; i++)
	{
		messages[i] = spec->messages[i];
		messages[i].parts = palloc(sizeof(AirPart) * messages[i].nparts);
		for (int j = 0; j < messages[i].nparts; j++)
		{
			messages[i].parts[j] = spec->messages[i].parts[j];
			if (messages[i].parts[j].text != NULL)
				messages[i].parts[j].text = air_to_utf8(messages[i].parts[j].text);
		}
	}
	return messages;
}

/*
 * Put a routed call's input and its effective hints into provider-neutral words.
 * Raises for text that is no text (possible in SQL_ASCII): here, where the caller
 * submits it, and not when somebody else drives the engine.
 */
void
air_request_prepare(AirCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirCallSpec *spec = &call->spec;
	const AirHints *hints = &call->route.hints;
	const char *hinted = AIR_HAS_HINT(hints, AIR_HINT_SYSTEM) ? hints->system : NULL;
	AirPrompt *prompt = &call->prompt;

	prompt->task = spec->task;
	if (hinted != NULL && spec->system != NULL)
		prompt->system = air_to_utf8(psprintf("%s\n\n%s", hinted, spec->system));
	else if (hinted != NULL || spec->system != NULL)
		prompt->system = air_to_utf8(hinted ? hinted : spec->system);
	prompt->nmessages = spec->nmessages;
	prompt->messages = messages_to_utf8(spec);
	prompt->temperature = prompt->top_p = NAN;
	if (AIR_HAS_HINT(hints, AIR_HINT_TEMPERATURE))
		prompt->temperature = hints->temperature;
	if (AIR_HAS_HINT(hints, AIR_HINT_TOP_P))
		prompt->top_p = hints->top_p;
	prompt->has_seed = AIR_HAS_HINT(hints, AIR_HINT_SEED);
	prompt->seed = hints->seed;
	if (AIR_HAS_HINT(hints, AIR_HINT_STOP))
	{
		const char **stop = palloc(sizeof(char *) * hints->nstop);

		for (int i = 0; i < hints->nstop; i++)
			stop[i] = air_to_utf8(hints->stop[i]);
		prompt->nstop = hints->nstop;
		prompt->stop = stop;
	}
	if (AIR_HAS_HINT(hints, AIR_HINT_REASONING_EFFORT))
		prompt->reasoning_effort = air_to_utf8(hints->reasoning_effort);
	if (spec->schema != NULL)
	{
		prompt->schema = air_to_utf8(spec->schema);
		prompt->schema_name = spec->schema_name;
	}
	else if (AIR_HAS_HINT(hints, AIR_HINT_SCHEMA))
		prompt->schema = air_to_utf8(hints->schema);
	prompt->logprobs = spec->logprobs;
	if (AIR_HAS_HINT(hints, AIR_HINT_DIMENSIONS))
		prompt->dimensions = hints->dimensions;
	MemoryContextSwitchTo(caller);
}

/* Ask in words for what the provider cannot be told to enforce. */
static void
describe_schema(const AirCall *call, AirPrompt *prompt)
{
	const AirPromptText *text = air_prompt_find(call->config, "schema");
	AirPromptValue value = {"schema", prompt->schema};
	const char *words =
		text != NULL ? air_prompt_fill(air_to_utf8(text->template), &value, 1) : prompt->schema;

	prompt->system = prompt->system != NULL ? psprintf("%s\n\n%s", prompt->system, words) : words;
	prompt->schema = NULL;
}

/*
 * Add to *prompt what depends on the candidate.  A schema that a function needs goes to
 * any model, one that a hint asks for as it is: whoever writes it knows the model.
 */
void
air_request_address(const AirCall *call, AirPrompt *prompt, const AirCandidate *candidate)
{
	const AirModel *model = candidate->model;

	prompt->model = air_to_utf8(model->model);
	prompt->max_tokens = candidate->max_tokens;
	/* Newer models answer 400 to these: a rule's default must not keep calls from them. */
	if (air_model_can(model, "no_sampling_params"))
		prompt->temperature = prompt->top_p = NAN;
	if (call->spec.schema != NULL && !air_model_can(model, "json_schema"))
		describe_schema(call, prompt);
	if (!air_model_can(model, "logprobs"))
		prompt->logprobs = false;
	if (model->params != NULL)
		prompt->params = air_to_utf8(model->params);
}

/*
 * Make the request of a call for its current candidate, to be started at `when`.
 * The call leaves the queue or the request it was in; an error leaves it there.
 */
static void
begin_at(AirCall *call, double when)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirCandidate *candidate = &call->route.candidates[call->current];
	AirRequest *request = palloc0(sizeof(AirRequest));

	request->ncalls = 1;
	request->calls = palloc(sizeof(AirCall *));
	request->calls[0] = call;
	request->cxt = call->cxt;
	request->model = candidate->model;
	request->due = when;
	request->prompt = call->prompt;
	air_request_address(call, &request->prompt, candidate);
	MemoryContextSwitchTo(caller);

	/* Nothing below can fail. */
	air_call_cancel(call);
	call->result.model = request->model->name;
	call->result.provider = request->model->server_name;
	call->request = request;
	call->state = AIR_CALL_REQUESTED;
	air_engine_add_request(request);
}

/* A request, due now, for the call at the head of the queue. */
void
air_request_begin(AirCall *call)
{
	begin_at(call, 0);
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
	for (int i = 0; i < request->ncalls; i++)
		request->calls[i]->request = NULL;
	air_engine_remove_request(request);
}

/* The attempt failed: the same model again, another candidate, or the end. */
static void
request_failed(AirRequest *request, AirFailure *failure)
{
	AirCall *call = request->calls[0];
	int tried = call->current;
	bool ran = request->running;
	double when;

	air_engine_slot(request, false);
	air_admit_done(request, failure, NULL);
	air_statement_settle(request, failure);
	air_failure_from_utf8(failure);
	if (ran)
		air_ledger_attempt(request, failure, failure->http_status, failure->request_id);
	air_money_done(request, failure);
	if (!air_retry_next(call, failure, &when))
	{
		/* In this order: what can fail, then what cannot. */
		air_call_fail(call, failure);
		air_request_drop(request);
	}
	else if (call->current == tried)
		request->due = when;
	else
		begin_at(call, when);
}

/* Caps, budgets, health and limits let the request go; if not, it waits, gives way or ends. */
static bool
admitted(AirRequest *request)
{
	AirCall *call = request->calls[0];
	AirFailure err;
	AirAdmission admission = air_statement_admit(request, &request->due, &err);

	if (admission == AIR_ADMITTED)
		admission = air_money_admit(request, &request->due, &err);
	if (admission == AIR_ADMITTED)
		admission = air_admit(request, &request->due, &err);
	switch (admission)
	{
		case AIR_ADMITTED:
			return true;
		case AIR_WAIT:
			/* Nobody else shall wait for space that is not filled, money that is not spent. */
			air_ledger_yield(request);
			air_money_release(request);
			return false;
		case AIR_ELSEWHERE:
			begin_at(call, request->due);
			return false;
		case AIR_REFUSED:
			air_call_fail(call, &err);
			air_request_drop(request);
			return false;
	}
	return false;
}

/* Start an attempt of a waiting request, if it is admitted. */
void
air_request_attempt(AirRequest *request)
{
	AirCall *call = request->calls[0];
	MemoryContext caller = MemoryContextSwitchTo(request->cxt);
	AirFailure err;

	/* Before anything is sent: these can fail.  Last the ticket, which nothing may leave behind. */
	if (call->id == 0)
		call->id = air_call_new_id();
	if (!air_ledger_reserve(request) || !admitted(request))
	{
		MemoryContextSwitchTo(caller);
		return;
	}
	if (air_attempt_start(request, call->role, &err))
	{
		air_engine_slot(request, true);
		request->sent = air_engine_now();
		if (call->result.call_id == 0)
		{
			call->result.call_id = call->id;
			call->started = air_engine_now();
		}
		call->result.attempts++;
		air_ledger_begin(request);
		air_statement_begin(request);
	}
	else
	{
		/* Nothing was sent: this says nothing about the provider. */
		air_money_release(request);
		air_admit_done(request, NULL, NULL);
		request_failed(request, &err);
	}
	MemoryContextSwitchTo(caller);
}

/* A sum in which -1 means that nothing is known. */
static void
add_count(int64 *sum, int64 n)
{
	if (n >= 0)
		*sum = Max(*sum, 0) + n;
}

/* Add what a reply reported to the call: failed attempts that were billed count too. */
static void
add_usage(AirRequest *request, const AirUsage *usage)
{
	AirCall *call = request->calls[0];
	AirUsage *sum = &call->result.usage;
	AirNano cost;

	request->usage = *usage;
	if (usage->input < 0 && usage->output < 0)
		return;
	add_count(&sum->input, usage->input);
	add_count(&sum->cached, usage->cached);
	add_count(&sum->cache_write, usage->cache_write);
	add_count(&sum->output, usage->output);
	add_count(&sum->reasoning, usage->reasoning);
	/* Half a count is no basis for a cost; only chats have output. */
	if (usage->input < 0 || (usage->output < 0 && call->spec.task == AIR_CHAT))
		return;
	cost = air_cost(&request->model->prices, usage->input, usage->cached, usage->cache_write,
					usage->output);
	request->cost = cost;
	if (cost != AIR_NANO_UNKNOWN)
		call->result.cost = air_nano_add(Max(call->result.cost, 0), cost);
}

/*
 * The request has its answer, which is in shared memory.  Its call ends when the answer is on
 * its way to the table, too: until then the request keeps its slot and is due again and again.
 */
static void
deliver(AirRequest *request)
{
	AirCall *call = request->calls[0];
	AirFinish finish = request->finish;
	char *text = request->text;
	double now = air_engine_now();

	if (request->short_since == 0)
		request->short_since = now;
	if (!air_keep_spool(call, now - request->short_since >= AIR_SPOOL_WAIT_MS))
	{
		air_spool_hurry();
		request->due = now + AIR_SPOOL_LOOK_MS;
		return;
	}
	air_request_drop(request);
	air_call_succeed(call, finish, text);
}

/*
 * The provider has answered, but not what the function needs: the model is asked once
 * more, or the call fails.
 */
static void
answer_refused(AirRequest *request, AirFailure *failure, const AirAnswer *answer, int status)
{
	AirCall *call = request->calls[0];

	air_engine_slot(request, false);
	air_admit_done(request, NULL, &answer->usage);
	air_statement_settle(request, NULL);
	if (!air_judge_ask_again(call, answer->text, failure->message))
		call = NULL;
	air_failure_from_utf8(failure);
	air_ledger_attempt(request, failure, status, answer->request_id);
	air_money_done(request, NULL);
	if (call != NULL)
		begin_at(call, 0);
	else
	{
		/* In this order: what can fail, then what cannot. */
		air_call_fail(request->calls[0], failure);
		air_request_drop(request);
	}
}

/* A good answer: it is safe before anything else can go wrong. */
static void
answer_taken(AirRequest *request, const AirAnswer *answer, char *text, int status)
{
	air_admit_done(request, NULL, &answer->usage);
	air_statement_settle(request, NULL);
	air_ledger_attempt(request, NULL, status, answer->request_id);
	request->text = text;
	request->finish = answer->finish;
	request->due = 0;
	air_keep(request->calls[0], answer->finish, text);
	/* It may warn of a budget, and that may raise: the answer is safe by now. */
	air_money_done(request, NULL);
	deliver(request);
}

/* The attempt brought bytes (or a fixture's answer): read and judge them, end or retry. */
static void
attempt_ended(AirRequest *request)
{
	AirCall *call = request->calls[0];
	MemoryContext caller = MemoryContextSwitchTo(request->cxt);
	AirAnswer answer = {.usage = {-1, -1, -1, -1, -1}, .confidence = NAN};
	AirFailure err;
	char *text;
	int status = 0;
	bool read = air_attempt_read(request, call->tokens, &answer, &err);

	add_usage(request, &answer.usage);
	if (request->exchange != NULL && read)
		status = air_exchange_reply(request->exchange)->status;
	if (request->exchange != NULL)
		air_exchange_free(request->exchange);
	request->exchange = NULL;
	if (read && !air_judge(call, &answer, &err))
		answer_refused(request, &err, &answer, status);
	else if (read && air_from_utf8(answer.text, &text, &err))
		answer_taken(request, &answer, text, status);
	else
		request_failed(request, &err);
	MemoryContextSwitchTo(caller);
}

/* An exchange taken from the driver has ended. */
void
air_request_exchange_done(AirExchange *ex)
{
	attempt_ended(air_exchange_owner(ex));
}

/* A running request is due: a fixture answers, an exchange has timed out, an answer waits. */
void
air_request_due(AirRequest *request)
{
	MemoryContext caller;
	AirFailure err;
	bool sent = true;

	if (request->text != NULL)
	{
		deliver(request);
		return;
	}
	if (request->exchange != NULL)
	{
		sent = air_exchange_sent(request->exchange);
		air_exchange_free(request->exchange);
		request->exchange = NULL;
	}
	else if (request->fixture->latency_ms <= request->timeout_ms)
	{
		attempt_ended(request);
		return;
	}

	caller = MemoryContextSwitchTo(request->cxt);
	air_fail(&err, AIR_ERR_TIMEOUT, AIR_REMEDY_RETRY, "no answer within %d ms",
			 request->timeout_ms);
	err.unknown_cost = sent;
	request_failed(request, &err);
	MemoryContextSwitchTo(caller);
}
