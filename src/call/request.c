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
#include "call/cascade.h"
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

/* The same of what is embedded or ranked. */
static const char *const *
inputs_to_utf8(const AirCallSpec *spec)
{
	const char **inputs = palloc(sizeof(char *) * Max(spec->ninputs, 1));

	for (int i = 0; i < spec->ninputs; i++)
		inputs[i] = air_to_utf8(spec->inputs[i]);
	return inputs;
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
	prompt->ninputs = spec->ninputs;
	prompt->inputs = inputs_to_utf8(spec);
	if (spec->query != NULL)
		prompt->query = air_to_utf8(spec->query);
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
 * In which way the candidate hears of the schema that the function needs, after
 * air_request_address().  Where the prompt says in words what it says, too, JSON is only asked
 * for to have it enforced, and not where probabilities are wanted: those of braces and quotes
 * would be among them.  A schema that a hint asks for goes as it is: whoever writes it knows
 * the model.  No part of the cache's key: what is asked is the same.
 */
void
air_request_demand(const AirCall *call, AirPrompt *prompt, const AirCandidate *candidate)
{
	const AirModel *model = candidate->model;
	const char *fitting = NULL;

	if (call->spec.schema == NULL || prompt->schema == NULL)
		return;
	if (air_model_can(model, "json_schema"))
		fitting = air_schema_fit(model->server->api->name, prompt->schema);
	if (call->spec.schema_in_words && (prompt->logprobs || fitting == NULL))
		prompt->schema = NULL;
	else if (fitting != NULL)
		prompt->schema = fitting;
	else
		describe_schema(call, prompt);
}

/* Add to *prompt what depends on the candidate and is part of the cache's key. */
void
air_request_address(const AirCall *call, AirPrompt *prompt, const AirCandidate *candidate)
{
	const AirModel *model = candidate->model;

	prompt->model = air_to_utf8(model->model);
	prompt->max_tokens = candidate->max_tokens;
	/* Newer models answer 400 to these: a rule's default must not keep calls from them. */
	if (air_model_can(model, "no_sampling_params"))
		prompt->temperature = prompt->top_p = NAN;
	if (!air_model_can(model, "logprobs"))
		prompt->logprobs = false;
	if (model->params != NULL)
		prompt->params = air_to_utf8(model->params);
}

/* Is there less to be had at a time?  A reply was longer than ai_router.max_response_size. */
static bool
asks_for_less(const AirFailure *failure)
{
	return failure->kind == AIR_ERR_BAD_ANSWER && failure->remedy == AIR_REMEDY_NONE;
}

/* Calls that have failed together try again, perhaps elsewhere. */
static void
try_again(AirRequest *request, const AirFailure *failure, bool elsewhere, double when)
{
	/* What came was of no use: halves find out where that lies, within the retries that there are.
	 */
	if (!elsewhere && failure->kind == AIR_ERR_BAD_ANSWER && request->nlive > 1)
		air_request_split(request, when);
	else if (!elsewhere)
		request->due = when;
	else
	{
		air_request_close_up(request);
		air_request_begin(request->calls, request->ncalls, when);
	}
}

/* The attempt failed: the same model again, another candidate, or the end. */
static void
request_failed(AirRequest *request, AirFailure *failure)
{
	AirCall *call = request->leader;
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
	if (request->purpose == AIR_VERIFY && air_retry_again(call, failure, &when))
		request->due = when;
	else if (request->purpose != AIR_ASK)
		air_cascade_failed(request);
	else if (request->nlive > 1 && asks_for_less(failure))
		air_request_split(request, 0);
	else if (!air_halves_hopeless(request, failure) && request->nlive > 1 &&
			 air_blames_an_input(failure))
		air_request_halve(request);
	else if (!air_retry_next(call, failure, &when))
		air_request_fail(request, failure);
	else
	{
		air_retry_share(request);
		try_again(request, failure, call->current != tried, when);
	}
}

/* Caps, budgets, health and limits let the request go; if not, it waits, gives way or ends. */
static bool
admitted(AirRequest *request)
{
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
			if (request->purpose == AIR_AUDIT)
				return air_cascade_not_asked(request);
			/* Nobody else shall wait for space that is not filled, money that is not spent. */
			air_ledger_yield(request);
			air_money_release(request);
			return false;
		case AIR_ELSEWHERE:
			air_request_begin(request->calls, request->ncalls, request->due);
			return false;
		case AIR_SPLIT:
			air_ledger_yield(request);
			air_request_split(request, 0);
			return false;
		case AIR_REFUSED:
			if (request->purpose != AIR_ASK)
				return air_cascade_not_asked(request);
			air_request_fail(request, &err);
			return false;
	}
	return false;
}

/* The attempt has started: note it in all calls.  Never fails. */
static void
note_start(AirRequest *request)
{
	request->sent = air_engine_now();
	request->flow->tally.requests++;
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		if (call->result.call_id == 0)
		{
			call->result.call_id = call->id;
			call->started = request->sent;
		}
		call->result.attempts++;
	}
}

/* Start an attempt of a waiting request, if it is admitted. */
void
air_request_attempt(AirRequest *request)
{
	MemoryContext caller = MemoryContextSwitchTo(request->cxt);
	AirFailure err;

	air_request_close_up(request);
	/* Before anything is sent: these can fail.  Last the ticket, which nothing may leave behind. */
	for (int i = 0; i < request->ncalls; i++)
		if (request->calls[i]->id == 0)
			request->calls[i]->id = air_call_new_id();
	if (!air_ledger_reserve(request) || !admitted(request))
	{
		MemoryContextSwitchTo(caller);
		return;
	}
	if (air_attempt_start(request, request->leader->role, &err))
	{
		air_engine_slot(request, true);
		note_start(request);
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

/*
 * The request has its answers, which are in shared memory.  A call ends when its answer is on
 * its way to the table, too: until all are, the request keeps its slot and is due again and again.
 */
void
air_request_deliver(AirRequest *request)
{
	double now = air_engine_now();
	int before = request->nlive;
	bool give_up;

	if (request->short_since == 0)
		request->short_since = now;
	give_up = now - request->short_since >= AIR_SPOOL_WAIT_MS;
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];
		AirFinish finish = request->finish;
		char *text = request->texts[i];
		bool last = request->nlive == 1;

		if (call == NULL || !air_keep_spool(call, give_up))
			continue;
		if (call->cascade != NULL && air_cascade_delivered(request))
			return;
		if (last)
			air_request_drop(request);
		else
			air_request_vacate(request, i);
		air_call_succeed(call, finish, text);
		if (last)
			return;
	}
	/* As long as space comes, there is no need to do without. */
	if (request->nlive < before)
		request->short_since = now;
	air_spool_hurry();
	air_engine_slot(request, true);
	request->due = now + AIR_SPOOL_LOOK_MS;
}

/*
 * The provider has answered, but not what the function needs: the model is asked once
 * more, or the call fails.
 */
static void
answer_refused(AirRequest *request, AirFailure *failure, const AirAnswer *answer, int status)
{
	AirCall *call = request->leader;

	air_engine_slot(request, false);
	air_admit_done(request, NULL, &answer->usage);
	air_statement_settle(request, NULL);
	if (!air_judge_ask_again(call, answer->text, failure->message))
		call = NULL;
	air_failure_from_utf8(failure);
	air_ledger_attempt(request, failure, status, answer->request_id);
	air_money_done(request, NULL);
	if (call != NULL)
		air_request_begin(&call, 1, 0);
	else
		air_request_fail(request, failure);
}

/* Answers that can be used: they are safe before anything else can go wrong. */
static void
answer_taken(AirRequest *request, const AirAnswer *answer, char **texts, int status)
{
	if (request->leader->cascade != NULL)
		request->leader->cascade->usage = answer->usage;
	air_halves_answered(request);
	air_admit_done(request, NULL, &answer->usage);
	air_statement_settle(request, NULL);
	air_ledger_attempt(request, NULL, status, answer->request_id);
	request->texts = texts;
	request->finish = answer->finish;
	request->due = 0;
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		if (call != NULL)
			air_keep(call, answer->finish, texts[i], &call->result.usage, call->result.cost);
	}
	/* It may warn of a budget, and that may raise: the answers are safe by now. */
	air_money_done(request, NULL);
	air_request_deliver(request);
}

/* The attempt brought bytes (or a fixture's answer): read and judge them, end or retry. */
static void
attempt_ended(AirRequest *request)
{
	MemoryContext caller = MemoryContextSwitchTo(request->cxt);
	AirAnswer answer = {.usage = {-1, -1, -1, -1, -1}, .confidence = NAN};
	AirFailure err;
	char **texts;
	int status = 0;
	bool read = air_attempt_read(request, request->leader->tokens, &answer, &err);

	air_usage_add(request, &answer.usage);
	if (request->exchange != NULL && read)
		status = air_exchange_reply(request->exchange)->status;
	if (request->exchange != NULL)
		air_exchange_free(request->exchange);
	request->exchange = NULL;
	if (request->leader->cascade != NULL &&
		air_cascade_takes(request, read ? NULL : &err, &answer, status))
		;
	else if (read && !air_judge(request->leader, &answer, &err))
		answer_refused(request, &err, &answer, status);
	else if (read && air_pin_vectors(request->leader, answer.dim, &err) &&
			 air_answer_texts(request, &answer, &texts, &err))
		answer_taken(request, &answer, texts, status);
	else
	{
		if (read)
			err.http_status = status;
		request_failed(request, &err);
	}
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

	if (request->texts != NULL)
	{
		air_request_deliver(request);
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
