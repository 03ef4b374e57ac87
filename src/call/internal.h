/*
 * internal.h
 *	  Call, request and attempt as the engine's own files see them.
 *
 *	  call      one input and one value; state machine below
 *	  request   1..n calls to one model (embeddings), possibly several attempts
 *	  attempt   one HTTP exchange (or one fixture look-up)
 *
 * Each call has a memory context under the engine's; nothing of it depends on
 * the caller's contexts but the strings of its spec.
 */
#ifndef AIR_CALL_INTERNAL_H
#define AIR_CALL_INTERNAL_H

#include "datatype/timestamp.h"

#include "call/call.h"
#include "call/statement.h"
#include "http/http.h"
#include "lib/ilist.h"
#include "shared/cache.h"
#include "shared/budget.h"
#include "shared/health.h"
#include "shared/spool.h"
#include "shared/flight.h"

/* NEW (-> WAITING) -> QUEUED -> REQUESTED (of one candidate's request after the other) -> ENDED. */
typedef enum AirCallState
{
	AIR_CALL_NEW,
	AIR_CALL_WAITING,   /* for an equal call under way */
	AIR_CALL_QUEUED,    /* in the engine's queue, waits for a slot */
	AIR_CALL_REQUESTED, /* part of a request */
	AIR_CALL_ENDED
} AirCallState;

/* What a call knows about one of its candidates. */
typedef struct AirTry
{
	int failures;
	double not_before; /* engine clock, ms: wait until then before trying again */
	bool dead;         /* will not serve this call */
} AirTry;

/* The cache key of one candidate, made when it is needed. */
typedef struct AirCallKey
{
	enum
	{
		AIR_KEY_UNKNOWN,
		AIR_KEY_VALID,
		AIR_KEY_NONE
	} state;
	AirKey key;
} AirCallKey;

typedef struct AirRequest AirRequest;
typedef struct AirPack AirPack;               /* pack.c */
typedef struct AirHalves AirHalves;           /* halves.c */
typedef struct AirPin AirPin;                 /* pin.c */
typedef struct AirLedgerEntry AirLedgerEntry; /* ledger.c */
typedef struct AirCascade AirCascade;         /* cascade.h */

struct AirCall
{
	dlist_node in_flow;
	dlist_node in_queue; /* linked while QUEUED or WAITING */
	AirPack *pack;       /* QUEUED: where it waits for others, NULL: in the queue */
	AirFlow *flow;
	AirPin *pin; /* of an embedding: what the flow is held to, set when it is routed */
	MemoryContext cxt;
	AirCallState state;
	AirCallSpec spec;
	AirPrompt prompt;        /* spec and hints in UTF-8, without what depends on the candidate */
	const AirConfig *config; /* pinned until the call ends */
	AirStatement *statement; /* whose caps it counts towards; NULL: not submitted */
	bool refused;            /* by one of them */
	AirRoute route;
	Oid role;                    /* on whose behalf */
	int tokens;                  /* estimated input tokens */
	AirTry *tries;               /* one per usable candidate */
	int current;                 /* candidate being tried */
	AirCallKey *keys;            /* one per usable candidate; NULL: not for the cache */
	struct AirKeyBase *key_base; /* while the call is being looked up */
	AirFlight flight;
	double wait_until;   /* engine clock, while WAITING */
	int64 id;            /* 0: none yet; becomes result.call_id when something was sent */
	int unknown_costs;   /* attempts that may have been billed without an answer */
	double started;      /* engine clock of the first attempt, 0: none yet */
	double blocked;      /* engine clock: waits since then to be admitted, 0: does not */
	bool repaired;       /* a refused answer was shown to the model */
	AirCascade *cascade; /* NULL: the first answer that is any good is taken */
	bool heavy;          /* its memory is worth giving back at once */
	size_t bytes;        /* counted in the flow's */
	StringInfo earlier;
	const char *role_name;
	const char *question;       /* all user text, for ai_router.log_prompts */
	AirLedgerEntry *entry;      /* what the ledger will say, NULL before the first attempt */
	AirSpoolSpace space;        /* reserved for it */
	double short_since;         /* engine clock: waits for spool space, 0: does not */
	uint32 headway;             /* of the writer, when space was last looked for */
	AirSpoolSpace answer_space; /* reserved for the answer's row in ai_router.cache */
	AirCached answer;           /* as it is kept, text NULL: not yet, or not at all */
	double broke_since;         /* engine clock: waits for room in a budget, 0: does not */
	double lease_since;         /* of that, for the writer */
	AirRequest *request;
	int place; /* in its calls */
	AirResult result;
};

/* What a request asks for. */
typedef enum AirPurpose
{
	AIR_ASK,    /* the answer */
	AIR_VERIFY, /* cascade: whether an answer is right */
	AIR_AUDIT   /* cascade: another answer, to compare */
} AirPurpose;

/*
 * Several calls are all alike, of one flow and one statement (see pack.c).  What happens to the
 * request is noted in its leader; see members.c.
 */
struct AirRequest
{
	dlist_node node; /* in the engine's list */
	int ncalls;      /* places in calls */
	int nlive;       /* calls there */
	AirCall **calls; /* NULL: it left while an attempt was under way, which knows its place */
	AirCall *leader; /* the first one that is left */
	AirFlow *flow;
	MemoryContext cxt; /* the call's if there is only one, else its own */
	bool own_cxt;
	const char **inputs; /* of several calls, the prompt's */
	const AirModel *model;
	AirHalves *halves; /* it came of one that was halved, else NULL */
	AirPurpose purpose;
	bool goes_on; /* its first attempt is a cascade's next step, no retry */
	AirPrompt prompt;
	bool undecided;          /* it waits with an answer in hand: see cascade.h */
	dlist_node in_undecided; /* linked while it does */
	bool running;            /* an attempt is under way: holds a slot */
	double due; /* engine clock: !running: when to start; running: fixture answer, else time-out */
	AirExchange *exchange;     /* NULL: fixture, or not running */
	const AirFixture *fixture; /* the one that answers, NULL: the wire */
	int timeout_ms;            /* of the attempt that runs */
	AirTicket *ticket;         /* held while an attempt is under way, NULL: not admitted */
	double sent;               /* engine clock: when the attempt started */
	char **texts; /* the calls' answers: the attempt is over, rows need more space; NULL: not so */
	AirFinish finish;
	double short_since; /* engine clock: since when */

	/* For the statement's caps. */
	AirNano reserved;    /* the most that the attempt can cost, 0 where that is unknown */
	bool held;           /* it runs, and is counted so */
	bool sleeps;         /* waits until other attempts of the statement have ended */
	AirBudgetHold *hold; /* reserved in budgets for the attempt, NULL: nothing */

	/* For the ledger: the attempt that runs. */
	AirSpoolSpace space;
	TimestampTz at;
	AirUsage usage;
	AirNano cost;
};

struct AirFlow
{
	dlist_node node; /* in the engine's list of flows */
	dlist_head calls;
	MemoryContext guard; /* child of the caller's context: its end is ours */
	SubTransactionId subxact;
	AirFlow **handle; /* the owner's pointer, set to NULL at the end; or NULL */
	int running;      /* attempts under way */
	int live;         /* calls that have not ended */
	size_t bytes;     /* of its calls, as far as they were counted */
	int expected;     /* who will submit more calls */
	int most_packed;  /* calls of one request, 0: as many as the provider takes */
	AirPin *pins;     /* models of its embeddings */
	AirTally tally;
};

/* engine.c */
extern MemoryContext air_engine_context(void);
extern double air_engine_now(void);            /* ms that the engine was driven: see engine.c */
extern void air_engine_enqueue(AirCall *call); /* to the end of the queue */
extern void air_engine_dequeue(AirCall *call);
extern void air_engine_add_request(AirRequest *request);
extern void air_engine_remove_request(AirRequest *request);
extern void air_engine_slot(AirRequest *request, bool taken); /* sets request->running */
extern void air_engine_bury(MemoryContext cxt);               /* delete it when there is time */
extern void air_engine_rest(void);                            /* nobody drives from here on .. */
extern void air_engine_resume(void);                          /* .. to here */
extern void air_engine_wake(const AirStatement *statement);   /* some of its requests that sleep */
extern void air_engine_finish(const AirFlow *flow, double at_most_ms);
extern void air_engine_add_flow(AirFlow *flow);
extern void air_engine_remove_flow(AirFlow *flow);

/* flow.c */
extern void air_flow_weigh(AirCall *call);             /* count the memory that it has now */
extern void air_flow_count(const AirCall *call);       /* it has ended */
extern void air_flows_abort(SubTransactionId subxact); /* InvalidSubTransactionId: all */
extern void air_flows_reparent(SubTransactionId from, SubTransactionId to);

/* call.c */
extern void air_call_succeed(AirCall *call, AirFinish finish, char *text); /* never fails */
extern void air_call_fail(AirCall *call, const AirFailure *failure);
extern void air_call_cancel(AirCall *call); /* leave queue and request; never fails */

/* lookup.c: between a call and the cache */
extern bool air_call_lookup(AirCall *call);        /* true: it has ended, or waits */
extern bool air_call_find(AirCall *call);          /* in shared memory; true: this has ended it */
extern bool air_call_find_in_table(AirCall *call); /* likewise; may raise */
extern int64 air_call_ttl(const AirCall *call);

/* keep.c: answers on their way into the cache */
extern bool air_keep_reserve(AirCall *call);
extern void
air_keep(AirCall *call, AirFinish finish, char *text, const AirUsage *usage, AirNano cost);
extern bool air_keep_spool(AirCall *call, bool give_up);
extern void air_keep_tell_use(const AirKey *key, uint32 uses);

/* waiting.c: calls that wait for an equal one; those that may be called always never fail */
extern bool air_waiting_join(AirCall *call); /* true: it waits, or has ended */

/*
 * A queued call is about to be asked for.  False: it could not keep its lease, and so waits for
 * whoever has taken it over, or has ended.  Where it raises the call is queued as before.
 */
extern bool air_waiting_may_ask(AirCall *call);
extern void air_waiting_poll(void);               /* whenever the engine is driven; may raise */
extern void air_waiting_refresh(void);            /* calls go on soon: keep their leases */
extern bool air_waiting_any(void);                /* does a call wait? */
extern long air_waiting_timeout(long timeout_ms); /* ms until the next poll at the latest */
extern void air_waiting_ended(AirCall *call);     /* with its result: always called */
extern void air_waiting_leave(AirCall *call);     /* without one: always called */

/* pin.c: a flow's embeddings are of one model */
extern bool air_pin(AirCall *call, AirFailure *err);
extern bool air_pin_vectors(AirCall *call, int dim, AirFailure *err);
extern bool air_pin_cached(AirCall *call, const char *text);
extern int air_pin_dim(const AirCall *call);
extern void air_pins_free(AirFlow *flow);

/* pack.c: calls that wait for others to go with them; none of these fails but begin */
extern bool air_pack_add(AirCall *call); /* false: it goes alone */
extern void air_pack_remove(AirCall *call);
extern bool air_pack_any_full(void);
extern AirPack *air_pack_ready(const AirCall *awaited, const AirFlow *flow, bool idle);
extern void air_pack_begin(AirPack *pack); /* a request, due now */
extern int air_pack_most(const AirCall *call);

/* halves.c: what the parts of a rejected request show */
extern bool air_blames_an_input(const AirFailure *failure);
extern AirHalves *air_halves_begin(AirRequest *request);
extern void air_halves_join(AirRequest *request, AirHalves *halves);
extern void air_halves_leave(AirRequest *request);
extern bool air_halves_scout(const AirRequest *request);
extern void air_halves_answered(AirRequest *request);
extern bool air_halves_hopeless(AirRequest *request, const AirFailure *failure);

/* members.c: which calls a request carries */
extern void air_request_begin(AirCall **calls, int n, double when);
extern void air_request_go(AirCall *call, AirPurpose purpose, const AirPrompt *prompt, double when);
extern void air_request_split(AirRequest *request, double when);
extern void air_request_halve(AirRequest *request);
extern void air_request_close_up(AirRequest *request); /* no attempt is under way */
extern void air_request_leave(AirCall *call);          /* never fails */
extern void air_request_vacate(AirRequest *request, int place);
extern void air_request_fail(AirRequest *request, const AirFailure *failure);
extern void air_request_drop(AirRequest *request); /* cancel, leave its calls; never fails */
extern int64 air_request_tokens(const AirRequest *request);

/* answer.c: answers in the words of callers and of the cache */
extern bool
air_answer_texts(AirRequest *request, const AirAnswer *answer, char ***texts, AirFailure *err);

/* usage.c: what an exchange took, for each of its calls */
extern void air_usage_add(AirRequest *request, const AirUsage *usage);

/* request.c */
extern void
air_request_address(const AirCall *call, AirPrompt *prompt, const AirCandidate *candidate);
extern void
air_request_demand(const AirCall *call, AirPrompt *prompt, const AirCandidate *candidate);
extern void air_request_prepare(AirCall *call); /* fill call->prompt; may raise for bad text */
extern void air_request_attempt(AirRequest *request);
extern void air_request_deliver(AirRequest *request); /* request->texts are kept: to the table */
extern void air_request_exchange_done(AirExchange *ex);
extern void air_request_due(AirRequest *request); /* running and due, for whatever reason */

/* admit.c: health and limits, before an attempt and after it */
typedef enum AirAdmission
{
	AIR_ADMITTED,  /* request->ticket is held, or none is needed */
	AIR_WAIT,      /* until *when (engine clock) */
	AIR_ELSEWHERE, /* call->current has changed: begin a request for it, due as this one */
	AIR_SPLIT,     /* fewer calls than the request's may fit: each half by itself */
	AIR_REFUSED    /* the wait would take too long: *err */
} AirAdmission;

extern AirAdmission air_admit(AirRequest *request, double *when, AirFailure *err);
extern void air_admit_done(AirRequest *request, const AirFailure *failure, const AirUsage *usage);

/* notice.c: what the client is told of the statement while it waits */
#define AIR_NOTICE_MS 10000

extern void air_notice_poll(AirStatement *statement); /* may raise, as any message */
extern long air_notice_timeout(const AirStatement *statement, long timeout_ms);

/* statement_caps.c: caps of the statement, before an attempt and after it */
extern AirAdmission air_statement_admit(AirRequest *request, double *when, AirFailure *err);
extern void air_statement_begin(AirRequest *request);
extern void air_statement_settle(AirRequest *request, const AirFailure *failure);
extern void air_statement_count(const AirCall *call);
extern void air_statement_forgive(AirCall *call); /* it was refused, and goes on all the same */
extern void air_statement_forget(AirCall *call);

/* reserve.c: the most that an attempt can cost, and what it counts as once it ended */
extern AirNano air_reserve_cost(const AirRequest *request);
extern AirNano
air_attempt_cost(const AirRequest *request, const AirFailure *failure, AirNano reserved);

/* money.c: budgets, before an attempt and after it */
extern AirAdmission air_money_admit(AirRequest *request, double *when, AirFailure *err);
extern void air_money_release(AirRequest *request);
extern void air_money_done(AirRequest *request, const AirFailure *failure);
extern void air_money_drop(AirRequest *request, const AirFailure *gone);

/* ledger.c */
extern bool air_ledger_reserve(AirRequest *request);
extern void air_ledger_yield(AirRequest *request);
extern void air_ledger_begin(AirRequest *request);
extern void air_ledger_attempt(AirRequest *request, const AirFailure *failure, int http_status,
							   const char *request_id);
extern void air_ledger_drop(AirRequest *request);
extern void air_ledger_call(AirCall *call);
extern void air_ledger_cancel(AirCall *call);
extern void air_record_text(const char **texts, int32 *len, int i, const char *text, int max);
extern int air_record_slices(AirSlice *slices, const void *record, size_t size, const char **texts,
							 const int32 *len, int ntexts);

/* hits.c: calls that the cache answered; none of these fails */
extern void air_hits_count(const AirCall *call, const AirModel *model, AirNano saved);
extern void air_hits_poll(void);  /* while calls are under way: hands over what is a second old */
extern void air_hits_flush(void); /* hands over all there is room for */

/* ids.c */
extern int64 air_call_new_id(void);

/* attempt.c */
extern int air_attempt_timeout(const AirRequest *request); /* ms */
extern bool air_attempt_start(AirRequest *request, Oid role, AirFailure *err);
extern bool air_attempt_read(AirRequest *request, int tokens, AirAnswer *answer, AirFailure *err);

/* judge.c: what the front door demands of an answer */
extern bool air_judge(const AirCall *call, AirAnswer *answer, AirFailure *err);
extern bool air_judge_ask_again(AirCall *call, const char *text, const char *problem);

/* retry.c: record a failure; true: call->current is the candidate to try at *when (engine clock) */
extern bool air_retry_next(AirCall *call, const AirFailure *failure, double *when);
/* The same for the current candidate alone. */
extern bool air_retry_again(AirCall *call, const AirFailure *failure, double *when);
/* Make the first candidate that is left the current one; false: none is. */
extern bool air_retry_choose(AirCall *call, double *when);
extern void air_retry_share(AirRequest *request); /* what was recorded, with the other calls */

/* fixture.c */
extern const AirFixture *
air_fixture_find(const AirConfig *config, const AirModel *model, const AirPrompt *prompt);
extern bool air_fixture_answer(const AirFixture *fixture, const AirPrompt *prompt, int tokens,
							   AirAnswer *answer, AirFailure *err);

/* encoding.c: between server encoding and UTF-8 */
extern const char *air_to_utf8(const char *s);
extern bool air_from_utf8(const char *s, char **out, AirFailure *err);
extern void air_failure_from_utf8(AirFailure *failure);

#endif
