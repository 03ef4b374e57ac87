/*
 * candidates.h
 *	  Between route.c and its helpers: the models of a rule as a list, and what
 *	  speaks against each of them.  Only src/route includes it.
 */
#ifndef AIR_CANDIDATES_H
#define AIR_CANDIDATES_H

#include "route/route.h"

/*
 * What stands in the way of a model, in the order in which it is looked for: the
 * later, the nearer it is to being usable.  (Of VECTORS route.c decides at the end.)
 */
typedef enum AirVerdict
{
	AIR_VERDICT_OK,
	AIR_VERDICT_NOT_ALLOWED, /* by the rule's models */
	AIR_VERDICT_NOT_HINTED,  /* hint "model" names others */
	AIR_VERDICT_VECTORS,     /* embedding models other than the one that comes first */
	AIR_VERDICT_PROVIDER,    /* hint "provider" names another */
	AIR_VERDICT_DISABLED,
	AIR_VERDICT_MODE,      /* an embedding model for a chat .. */
	AIR_VERDICT_NO_SERVER, /* its server does not exist */
	AIR_VERDICT_API,       /* the server's api cannot do this task */
	AIR_VERDICT_REQUIRE,   /* hint "require" */
	AIR_VERDICT_QUALITY,   /* hint "quality" */
	AIR_VERDICT_VISION,    /* images, and the model takes none */
	AIR_VERDICT_NO_USAGE,  /* the role may not use the server */
	AIR_VERDICT_NO_PRICE,  /* hint "max_cost" and no price to compare with */
	AIR_VERDICT_COST,      /* hint "max_cost" */
	AIR_VERDICT_WINDOW     /* input and answer exceed the context window */
} AirVerdict;

/* A candidate while it is being judged. */
typedef struct AirPick
{
	AirCandidate cand;
	AirVerdict verdict;
	int entry; /* index in rule->models that brought it in; -1: none */
} AirPick;

/* Work space of one route, in CurrentMemoryContext. */
typedef struct AirPicks
{
	const AirRouteInput *in;
	const AirRule *rule;
	const AirHints *hints; /* effective */
	int n;
	AirPick *picks;
	const char *unknown_model; /* a name in the caller's hint "model" that nothing answers to */
	const char *refused_model; /* a name in the hint that the rule does not allow */
	int8 *usage;               /* per server: 0 not asked yet, 1 may use, -1 may not */
} AirPicks;

/*
 * Fill *picks with the models that the rule allows, in its order (in that of the
 * hint "model" where there is one), not judged yet.  With all, the other models
 * of the configuration follow, their verdict set.
 */
extern void air_picks_collect(AirPicks *picks, bool all);

/* Judge one pick whose verdict is still AIR_VERDICT_OK: sets verdict, est_cost and max_tokens. */
extern void air_pick_judge(AirPicks *picks, AirPick *pick);

/* Why a pick is not usable, in words, palloc'ed. */
extern char *air_pick_reason(const AirPicks *picks, const AirPick *pick);

/* The command that removes what stands in the way, palloc'ed, or NULL. */
extern char *air_pick_remedy(const AirPicks *picks, const AirPick *pick);

#endif
