/*
 * call.h
 *	  The call engine as the front doors see it: submit calls, wait, take answers.
 *
 * A flow groups the calls of one front door and guarantees their end: when the
 * memory context it was begun in goes away, or its (sub)transaction aborts, its
 * calls are cancelled, whatever happened in between.  No locks are held while waiting.
 */
#ifndef AIR_CALL_H
#define AIR_CALL_H

#include "base/errors.h"
#include "base/money.h"
#include "config/hints.h"
#include "provider/provider.h"
#include "route/route.h"

typedef struct AirFlow AirFlow;
typedef struct AirCall AirCall;

/*
 * What a front door demands of an answer.  The engine asks before the answer is kept or
 * given to anybody.  text is in UTF-8, confidence the probability of its tokens (NaN: not
 * known).  True: *canonical is what the cache keeps and all callers get.  False: *problem
 * says for the model, in words that can stand in a sentence, what is wrong.  Both UTF-8,
 * palloc'ed in CurrentMemoryContext.  Must not raise, wait or look at catalogs: it runs
 * whenever somebody drives the engine.  Calls of one function with equal prompts share
 * answers, so what it accepts and makes may depend on nothing else.
 */
typedef struct AirCheck
{
	bool (*judge)(void *arg, const char *text, double confidence, char **canonical,
				  const char **problem);
} AirCheck;

/* One call as its front door states it.  Text is in the server encoding. */
typedef struct AirCallSpec
{
	const char *function; /* SQL name, for rules and the ledger */
	AirTask task;
	const char *system; /* system messages of a chat; NULL: none */
	int nmessages;
	const AirMessage *messages; /* without system messages */
	int ninputs;                /* embed: 1; rerank: the documents */
	const char *const *inputs;
	const char *query; /* rerank */
	const char *input; /* the row's text, which the messages have between <input> and </input>: what
						* rules see as the prompt; NULL: the user's messages */
	const AirHints *hints;   /* the caller's */
	const char *schema;      /* JSON Schema of the answer, NULL: the hint's, if any */
	const char *schema_name; /* letters, digits, _ and -, NULL: "answer" */
	bool schema_in_words;    /* the prompt says it, too: see air_request_demand() */
	int max_tokens; /* where no hint says otherwise; 0, and for reasoning models: the setting's */
	bool logprobs;  /* ask for the confidence where a model can tell */
	const AirCheck *check; /* NULL: any text will do */
	void *check_arg;
} AirCallSpec;

typedef struct AirResult
{
	bool ok;
	char *answer;         /* server encoding; NULL unless ok.  Embedding: its numbers, little-endian
						   * float4 in base64; rerank: a JSON array of scores */
	AirFailure failure;   /* valid unless ok */
	char *earlier;        /* failures of earlier attempts in words, or NULL */
	const char *model;    /* name in ai_router.models of the model tried last, or NULL */
	const char *provider; /* its server */
	const char *rule;
	bool cached;
	AirUsage usage;    /* of all attempts that reported one; -1: unknown */
	AirNano cost;      /* AIR_NANO_UNKNOWN: no price or no usage */
	double latency_ms; /* from the first attempt's start to the end */
	int attempts;
	const char *finish_reason; /* NULL: none */
	int64 call_id;             /* 0: never reached a provider */
} AirResult;

/* Begin a flow tied to CurrentMemoryContext and the current subtransaction. */
extern AirFlow *air_flow_begin(void);

/* End it: unfinished calls are cancelled, all results are freed.  Idempotent per flow. */
extern void air_flow_end(AirFlow *flow);

/* Have *handle, which points to the flow, become NULL when it ends, by whatever. */
extern void air_flow_watch(AirFlow *flow, AirFlow **handle);

/*
 * Free all calls of a flow, which goes on.  Attempts under way are awaited, as they are paid
 * for and their answers go into the cache; nothing else is sent.  Interruptible.
 */
extern void air_flow_clear(AirFlow *flow);

/* Calls of a flow that have not ended. */
extern int air_flow_live(const AirFlow *flow);

/*
 * More calls may be submitted to the flow before anybody waits for those that are there: what
 * could go together is held back until then.  expect(1) says so, expect(-1) that it is over; they
 * nest.
 */
extern void air_flow_expect(AirFlow *flow, int who);

/*
 * No more than so many of its calls go into one request: who has room for a few hundred at a time
 * has them sooner in several requests side by side.
 */
extern void air_flow_pack(AirFlow *flow, int most);

/* Memory of a flow's calls: what they ask, and their answers from when they have ended. */
extern size_t air_flow_bytes(const AirFlow *flow);

/* What the calls of a flow that have ended came to. */
typedef struct AirTally
{
	int64 calls;    /* all that ended, one way or another */
	int64 cached;   /* of these: found in the cache */
	int64 joined;   /* of these: got the answer of an equal call under way */
	int64 failed;   /* of these: have none */
	int64 attempts; /* that they took part in; beyond one a call and steps they are retries */
	int64 steps;    /* of these: what cascades ask beyond the first answer */
	int64 requests; /* HTTP exchanges: fewer, where several calls share one */
	int64 asked;    /* calls with at least one */
	int64 input_tokens;
	int64 output_tokens;
	AirNano cost;    /* as far as it is known */
	int64 unpriced;  /* calls that asked and whose cost is not */
	int64 cascades;  /* of calls that asked, those whose candidates are asked in turn */
	int64 escalated; /* of these, where an answer was not accepted */
	AirNano saved;   /* by these against their last model alone, as far as known; may be < 0 */
	int max_in_flight;
} AirTally;

extern const AirTally *air_flow_tally(const AirFlow *flow);

/*
 * Route a call and queue it.  Nothing is sent before somebody waits.  The spec's
 * strings must live until the call ends.  ereports when the library is not
 * preloaded, switched off, or the extension is missing; a call that cannot be
 * routed is returned as one that has failed already.
 */
extern AirCall *air_call_submit(AirFlow *flow, const AirCallSpec *spec);

/*
 * Drive the engine until the call has ended.  Interruptible.  Raises for interrupts
 * and where this backend itself cannot go on (no memory, no descriptors), never for
 * what a provider does; all calls then stay as they are until their flows end.
 */
extern void air_call_wait(AirCall *call);

/*
 * Drive the engine a step without waiting: start what may start and, if the last look was not
 * just now, look at the sockets.  For who does other work while calls are under way; costs
 * nothing when there are none.  Raises as air_call_wait().
 */
extern void air_engine_poll(void);

/* Let the attempts under way of all flows end; nothing else is started.  Raises as air_call_wait().
 */
extern void air_engine_drain(void);

/* Drive the engine until one more call of the flow has ended.  Raises as air_call_wait(). */
extern void air_flow_wait(AirFlow *flow);

/* Has it ended? */
extern bool air_call_ended(const AirCall *call);

/* The result of a call that has ended; lives until air_call_free() or the flow's end. */
extern const AirResult *air_call_result(const AirCall *call);

/* Drop a call early, cancelling it if it has not ended. */
extern void air_call_free(AirCall *call);

/*
 * Apply on_error to a failed call.  Returns if its value is to be NULL, which is
 * then counted for the statement's WARNING; raises (air_call_raise) if on_error
 * is raise or the failure is one that always raises (RT001, RT004, RT010).
 */
extern void air_call_null_or_raise(const AirCall *call);

/* Would a failure of the call be NULL, as far as on_error has a say? */
extern bool air_call_may_be_null(const AirCall *call);

/*
 * Make a call that has ended well one that failed with RT006: its front door cannot use the
 * answer for a reason that no judge could see.  message is copied.
 */
extern void air_call_refuse(AirCall *call, const char *message, const char *hint);

/*
 * Raise the failure of a call with SQLSTATE, provider, model, status, request id and hint.
 * Before, what its flow has in flight is awaited for some seconds: those answers are paid for.
 */
pg_noreturn extern void air_call_raise(const AirCall *call);

/* One line about the failure: provider, model, what happened.  palloc'ed. */
extern char *air_result_message(const AirResult *result);

/*
 * Route without calling: what air_call_submit() would decide, every candidate
 * with its reason.  The route lives as long as the flow.  *err as from
 * air_route(), with kind AIR_ERR_NONE if the call would be made.
 */
extern const AirRoute *
air_call_explain(AirFlow *flow, const AirCallSpec *spec, int *tokens, AirFailure *err);

/* call_id of the last call of this session that reached a provider, 0 if none. */
extern int64 air_last_call_id(void);

/*
 * A run: n calls side by side whose results are taken in order, holding only a window
 * of them at a time.  submit gives the i-th call (NULL: there is none); take gets each
 * call after it has ended (not called for NULL), which is freed afterwards.
 */
typedef struct AirRun AirRun;
typedef AirCall *(*AirRunSubmit)(int i, void *arg);
typedef void (*AirRunTake)(int i, AirCall *call, void *arg);

/* So many calls make a few full requests where many go into one: rows, and elements of an array. */
#define AIR_PACK_WINDOW 2048
#define AIR_PACK_RUN_WINDOW 8192

/* Submit the first window; in CurrentMemoryContext, which must outlive the run. */
extern AirRun *air_run_begin(int n, AirRunSubmit submit, AirRunTake take, void *arg);

/* The same for calls of the flow, its only ones, that share requests: with a wider window. */
extern AirRun *
air_run_begin_packed(AirFlow *flow, int n, AirRunSubmit submit, AirRunTake take, void *arg);

/* Have all calls ended, so that air_run_finish() would not wait?  Takes nothing. */
extern bool air_run_ended(AirRun *run);

/* Calls of the run that are submitted and not taken, at most the window. */
extern int air_run_held(const AirRun *run);

/* Wait for the rest and take it all, then free the run.  Raises what take raises. */
extern void air_run_finish(AirRun *run);

/* Both in one. */
extern void air_calls_run(int n, AirRunSubmit submit, AirRunTake take, void *arg);

#endif
