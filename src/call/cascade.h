/*
 * cascade.h
 *	  A call whose candidates are asked in turn until an answer is accepted.
 *
 *	  asked -> answer in hand -> (confidence, check function, verifier) -> accepted
 *	                          -> turned down: the next candidate is asked
 *
 * An answer in hand waits in a list until it is decided on, in the loops that drive the
 * engine and outside of any walk over its requests: a check function is user's code, which
 * may do anything, calling AI included.  Its request stays with it, without a slot.
 */
#ifndef AIR_CALL_CASCADE_H
#define AIR_CALL_CASCADE_H

#include "call/internal.h"

/* Bytes of the reasons why answers were turned down. */
#define AIR_REASONS 96

/* An answer that was not accepted, kept where the input is audited. */
typedef struct AirTurnedDown
{
	struct AirTurnedDown *next;
	const AirModel *model;
	const char *text;
	double confidence;
	const char *outcome;
} AirTurnedDown;

struct AirCascade
{
	int level;                 /* check functions that ran when the call was submitted */
	bool audited;              /* the input is of the share that is audited */
	int escalations;           /* answers that were not accepted */
	int steps;                 /* attempts that a cascade makes beyond the first and retries */
	char reasons[AIR_REASONS]; /* why: "low confidence, verifier" */
	AirTurnedDown *turned_down;
	AirNano last_cost; /* what the answer's tokens cost at the last model; AIR_NANO_UNKNOWN */

	/* The answer in hand. */
	int answered; /* its candidate */
	char *raw;    /* as the model gave it, UTF-8 */
	char *text;   /* as callers get it, NULL: there is none in hand */
	AirFinish finish;
	double confidence; /* NaN: unknown */
	AirUsage usage;
	enum
	{
		AIR_CHECK_NONE,
		AIR_CHECK_YES,
		AIR_CHECK_NO
	} verdict; /* of the check function */
};

/* cascade.c */

/* Make a routed call a cascade, if its route is one. */
extern void air_cascade_begin(AirCall *call);

/* Is an answer of the current candidate one among several that may come? */
extern bool air_cascade_may_go_on(const AirCall *call);

/* Is its confidence wanted to decide on it? */
extern bool air_cascade_wants_confidence(const AirCall *call);

/* An answer that passed the function's own checks is in hand, to be decided on. */
extern void air_cascade_hold(AirRequest *request, const AirAnswer *answer, char *raw, char *text);

/* Begin a request that is one more step of the cascade, as air_request_go(). */
extern void
air_cascade_step(AirCall *call, AirPurpose purpose, const AirPrompt *prompt, double when);

/* The answer in hand (or none, of candidate answered) is not accepted: the next one is asked. */
extern void air_cascade_turn_down(AirRequest *request, const char *outcome);

/* The answer in hand is accepted: it is kept, and audited or given. */
extern void air_cascade_accept(AirRequest *request);

/* The candidate whose answer is in hand is the current one again, for all to see. */
extern void air_cascade_back(AirCall *call);

/* Would asking a candidate stay within what the call may cost? */
extern bool air_cascade_affordable(const AirCall *call, int i);

/*
 * Decide on answers in hand, with functions: also on those that wait for a check function,
 * of which it runs at most one.  True if it ran one: there may be something to send, and
 * more to decide on.  Raises for interrupts, and where this backend has no memory: what was
 * being decided on then stays in hand.
 */
extern bool air_cascade_work(bool functions);

/* The request goes.  Never fails. */
extern void air_cascade_forget(AirRequest *request);

/* Is a check function running?  Then calls must not wait for those of others. */
extern bool air_cascade_in_check(void);

/* cascade_reply.c */

/*
 * An attempt of a cascade's request has ended: with an answer, or *failure.  True: it is
 * dealt with; false: it is like any other's.  As all that follows an attempt, in the
 * request's memory.
 */
extern bool air_cascade_takes(AirRequest *request, const AirFailure *failure, AirAnswer *answer,
							  int http_status);

/* A verifier or an audit may not be asked, or not now: its call goes on.  Returns false. */
extern bool air_cascade_not_asked(AirRequest *request);

/* An attempt of a verifier's or an audit's request has failed for good, and is settled. */
extern void air_cascade_failed(AirRequest *request);

/* The answer of a request is kept: true if the call goes on for an audit, or was ended here. */
extern bool air_cascade_delivered(AirRequest *request);

/* The call is about to end: what its ledger row says of the cascade.  Never fails. */
extern void air_cascade_ended(AirCall *call);

/* check_function.c */

/* Does the rule's check function hold for the answer in hand?  Raises for interrupts only. */
extern bool air_check_function_holds(AirCall *call);

/* verify.c */

/* What the verifier is asked, in the call's memory. */
extern AirPrompt *air_verify_prompt(const AirCall *call);

/* Does its answer, in UTF-8, mean yes? */
extern bool air_verify_says_yes(const char *text);

/* audit.c */

/*
 * An answer as people read it: of a function with small answers the value alone.
 * palloc'ed, or the text itself.
 */
extern char *air_answer_plain(const AirCall *call, char *text);

/* Compare the answers of the call with that of the last model, and write it down.  Never fails. */
extern void air_audit(const AirCall *call, const AirModel *last, const char *text);

#endif
