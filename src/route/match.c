/*
 * match.c
 *	  The rule that a call belongs to: evaluate conditions, and remember.
 *
 * Most calls of a session differ in nothing but the prompt, and few conditions look
 * at its words.  So what a condition said is remembered with the facts it looked at:
 * those of the caller (hints, function, role ..) as they are, and the sizes of the
 * input by the interval between the numbers that the rules compare them with.  All
 * conditions are still evaluated by jsonpath, each once per such situation.
 *
 * What is remembered is tied to the configuration by its id, needs no invalidation
 * and lives in static memory; contexts and what jsonpath allocates are in
 * CurrentMemoryContext.  No locks.
 */
#include "base/pg.h"

#include "common/hashfn.h"

#include "route/context.h"
#include "route/match.h"

#define MAX_REMEMBERED 64 /* rules, from the first on */
#define MAX_INTERVALS 64  /* bounds of one size, over these rules */
#define NCALLERS 4
#define NSITUATIONS 256 /* a power of two */

/* Bits of the keys whose values come from the caller's hints. */
#define HINT_BITS                                                                                  \
	((1u << AIR_HINT_MODEL) | (1u << AIR_HINT_PROVIDER) | (1u << AIR_HINT_TASK) |                  \
	 (1u << AIR_HINT_TAGS) | (1u << AIR_HINT_QUALITY))

/* How the rules of one configuration can be remembered. */
typedef struct Plan
{
	uint64 config;     /* its id, 0: none yet */
	uint64 remembered; /* rules */
	uint32 keys;       /* that these name */
	uint32 other_keys; /* that the other ones name */
	int nbounds[AIR_NSIZES];
	int64 bounds[AIR_NSIZES][MAX_INTERVALS]; /* ascending */
} Plan;

/* Where calls come from: all facts but the sizes and the text of the prompt. */
typedef struct Caller
{
	uint64 config;
	uint64 roles;
	uint64 hints;
	Oid role;
	uint32 hints_set;
	char function[NAMEDATALEN];
	char application[NAMEDATALEN];
} Caller;

/* What the conditions say to a caller's calls of some size. */
typedef struct Situation
{
	uint32 caller; /* serial number, 0: none */
	uint8 interval[AIR_NSIZES];
	uint64 known; /* rules; likewise below */
	uint64 holds;
} Situation;

static Plan plan;
static Caller callers[NCALLERS];
static uint32 serials[NCALLERS]; /* of the callers, 0: none */
static uint32 last_serial = 0;
static Situation situations[NSITUATIONS];

/* Enter a bound in order; false if there are too many. */
static bool
add_bound(int64 *bounds, int *n, int64 bound)
{
	int i = *n;

	for (int j = 0; j < *n; j++)
		if (bounds[j] == bound)
			return true;
	if (*n == MAX_INTERVALS)
		return false;
	for (; i > 0 && bounds[i - 1] > bound; i--)
		bounds[i] = bounds[i - 1];
	bounds[i] = bound;
	(*n)++;
	return true;
}

/* Can what this rule's condition says be remembered?  Then *p knows its bounds. */
static bool
take_bounds(Plan *p, const AirRule *rule)
{
	AirBounds found[AIR_NSIZES];

	if ((rule->keys & (1u << AIR_KEY_PROMPT)) != 0)
		return false;
	air_condition_bounds(rule->condition, found);
	for (int i = 0; i < AIR_NSIZES; i++)
	{
		if (found[i].unbounded)
			return false;
		for (int j = 0; j < found[i].n; j++)
			if (!add_bound(p->bounds[i], &p->nbounds[i], found[i].at[j]))
				return false;
	}
	return true;
}

/* Look at the rules once per configuration. */
static void
make_plan(const AirConfig *config)
{
	memset(&plan, 0, sizeof(plan));
	for (int i = 0; i < config->nrules && config->rules[i].condition != NULL; i++)
	{
		const AirRule *rule = &config->rules[i];

		if (i < MAX_REMEMBERED && take_bounds(&plan, rule))
		{
			plan.remembered |= UINT64CONST(1) << i;
			plan.keys |= rule->keys;
		}
		else
			plan.other_keys |= rule->keys;
	}
	plan.config = config->id;
}

/*
 * The serial number of the call's caller, a new one for one that was not met lately;
 * 0 if this one cannot be told from others.
 */
static uint32
caller_of(const AirRouteInput *in)
{
	static int victim = 0;
	const AirHints *hints = in->hints;
	uint32 hints_set = hints->set & HINT_BITS;
	uint64 hints_id = hints_set != 0 ? hints->id : 0;

	if ((hints_set != 0 && hints_id == 0) || in->application == NULL ||
		strlen(in->function) >= NAMEDATALEN || strlen(in->application) >= NAMEDATALEN)
		return 0;
	for (int i = 0; i < NCALLERS; i++)
	{
		const Caller *c = &callers[i];

		if (serials[i] != 0 && c->config == plan.config && c->role == in->role &&
			c->roles == in->roles_version && c->hints == hints_id && c->hints_set == hints_set &&
			strcmp(c->function, in->function) == 0 && strcmp(c->application, in->application) == 0)
			return serials[i];
	}
	victim = (victim + 1) % NCALLERS;
	callers[victim] = (Caller){.config = plan.config,
							   .roles = in->roles_version,
							   .hints = hints_id,
							   .role = in->role,
							   .hints_set = hints_set};
	strlcpy(callers[victim].function, in->function, NAMEDATALEN);
	strlcpy(callers[victim].application, in->application, NAMEDATALEN);
	if (++last_serial == 0)
	{
		/* Once in four billion: what has an old number must not be taken for new. */
		memset(situations, 0, sizeof(situations));
		memset(serials, 0, sizeof(serials));
		last_serial = 1;
	}
	serials[victim] = last_serial;
	return last_serial;
}

/* Which interval is n in?  Odd numbers are the bounds themselves. */
static uint8
interval_of(const int64 *bounds, int nbounds, int64 n)
{
	int i = 0;

	while (i < nbounds && bounds[i] < n)
		i++;
	return (uint8) (i < nbounds && bounds[i] == n ? 2 * i + 1 : 2 * i);
}

/* What is remembered for the call's situation, nothing yet if it is new; or *scratch, to forget. */
static Situation *
recall(const AirRouteInput *in, Situation *scratch)
{
	Situation key = {.caller = caller_of(in)};
	Situation *s;
	uint32 hash = key.caller;

	*scratch = key;
	if (key.caller == 0)
		return scratch;
	for (int i = 0; i < AIR_NSIZES; i++)
	{
		if (plan.nbounds[i] > 0)
			key.interval[i] = interval_of(plan.bounds[i], plan.nbounds[i], air_context_size(in, i));
		hash = hash * 129 + key.interval[i];
	}
	s = &situations[murmurhash32(hash) & (NSITUATIONS - 1)];
	if (s->caller != key.caller || memcmp(s->interval, key.interval, sizeof(key.interval)) != 0)
		*s = key;
	return s;
}

/*
 * See match.h.  Contexts are built only for conditions of which nothing is remembered,
 * and one with the prompt in it only when it comes to a rule that looks at it.
 */
const AirRule *
air_match_rule(const AirRouteInput *in)
{
	const AirConfig *config = in->config;
	Jsonb *context = NULL;
	Jsonb *other_context = NULL;
	Situation scratch;
	Situation *s;

	if (config->nrules == 0 || config->rules[0].condition == NULL)
		return config->nrules == 0 ? NULL : &config->rules[0];
	if (plan.config != config->id)
		make_plan(config);
	s = recall(in, &scratch);
	for (int i = 0; i < config->nrules; i++)
	{
		const AirRule *rule = &config->rules[i];
		uint64 bit = i < MAX_REMEMBERED ? (UINT64CONST(1) << i) & plan.remembered : 0;

		if (rule->condition == NULL)
			return rule;
		if (bit == 0)
		{
			if (other_context == NULL)
				other_context = air_context_build(in, plan.other_keys);
			if (air_condition_holds(rule->condition, other_context))
				return rule;
			continue;
		}
		if ((s->known & bit) == 0)
		{
			if (context == NULL)
				context = air_context_build(in, plan.keys);
			if (air_condition_holds(rule->condition, context))
				s->holds |= bit;
			s->known |= bit;
		}
		if ((s->holds & bit) != 0)
			return rule;
	}
	return NULL;
}
