/*
 * route.h
 *	  From a call's facts to an ordered list of candidates.  Pure: everything
 *	  it needs is an argument, nothing is looked up, nothing is sent.
 */
#ifndef AIR_ROUTE_H
#define AIR_ROUTE_H

#include "base/errors.h"
#include "config/registry.h"

/* Facts about one call.  Callbacks are asked at most once per server and route, and only if needed.
 */
typedef struct AirRouteInput
{
	const AirConfig *config;
	const char *function; /* "ai_complete", .. */
	AirTask task;
	const AirHints *hints; /* the caller's */
	const char *prompt;    /* all user text, server encoding; NULL-safe */
	size_t prompt_len;
	int images;
	int tokens;     /* estimated input tokens, overhead included */
	int max_tokens; /* the function's own default, 0: the setting's */
	Oid role;
	const char *role_name;
	uint64 roles_version; /* changes when a role is renamed or a membership given or taken */
	const char *database;
	const char *application;
	Jsonb *(*member_of)(Oid role);                      /* a jsonb array of role names */
	bool (*may_use)(const AirServer *server, Oid role); /* USAGE on the server */
	/* Expected latency in ms now; NaN: should be measured, infinity: takes nothing now. */
	double (*latency_ms)(const AirModel *model);
} AirRouteInput;

typedef struct AirCandidate
{
	const AirModel *model;
	bool usable;
	char *reason; /* in words: why here, or why not; palloc'ed, NULL unless explain or unusable */
	AirNano est_cost; /* at the estimated input and max_tokens output; AIR_NANO_UNKNOWN */
	int max_tokens;   /* what will be sent: hint or setting, clipped to max_output, the setting also
					   * to the room in a small context window; 0: no chat */

	/* Strategy "learned": what is predicted, and how probable it was that it comes first. */
	double success;
	int evidence;      /* AirEvidence */
	int examples;      /* of the model */
	double propensity; /* 0: nothing was drawn */
	bool explored;     /* comes first only because it was drawn */
} AirCandidate;

typedef struct AirRoute
{
	const AirRule *rule;
	const char *strategy;
	AirHints hints;  /* defaults < caller < enforce; shares pointers with config and caller */
	int ncandidates; /* usable ones first, in the order they will be tried */
	int nusable;
	AirCandidate *candidates;
	bool cascade; /* candidates are asked in turn until an answer is accepted: route/cascade.h */
	int verifier; /* of a cascade: who is asked about answers, a place in candidates behind those
				   * that are counted; it may be unusable.  -1: nobody */
} AirRoute;

/*
 * Route a call.  With explain, every candidate carries a reason and models
 * refused by the allow-list are listed too; without, unusable candidates are
 * listed (with reasons) only when there is no usable one.  A hint "model" that is
 * a list sets the order in which "ordered" takes them.  Embeddings get the first
 * model in order and its family, nothing else.  Memory: CurrentMemoryContext.
 * ereports only for a hint "prefer" that no strategy serves.
 * False with *err: AIR_ERR_NO_ROUTE (no rule matches, a hinted model is not
 * allowed, nothing usable; the hint names what is allowed or the GRANT that is
 * missing), or AIR_ERR_TOO_LONG when only context windows stand in the way.
 * On false *out is still filled as far as it got (rule NULL if none matched).
 */
extern bool air_route(const AirRouteInput *in, bool explain, AirRoute *out, AirFailure *err);

#endif
