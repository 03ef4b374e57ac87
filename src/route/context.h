/*
 * context.h
 *	  The jsonb document that rule conditions look at, built lazily with only
 *	  the keys that conditions name.
 */
#ifndef AIR_CONTEXT_H
#define AIR_CONTEXT_H

#include "route/route.h"

typedef enum AirContextKey
{
	AIR_KEY_FUNCTION,
	AIR_KEY_TASK,
	AIR_KEY_TAGS,
	AIR_KEY_ROLE,
	AIR_KEY_MEMBER_OF,
	AIR_KEY_DATABASE,
	AIR_KEY_APPLICATION,
	AIR_KEY_PROMPT,
	AIR_KEY_CHARS,
	AIR_KEY_TOKENS,
	AIR_KEY_QUALITY,
	AIR_KEY_MODEL,
	AIR_KEY_PROVIDER,
	AIR_KEY_IMAGES,
	AIR_KEY_COUNT
} AirContextKey;

extern const char *const air_context_key_names[AIR_KEY_COUNT];

/* The keys that say how large the input is: integers of 0 or more. */
#define AIR_NSIZES 3
extern const AirContextKey air_sizes[AIR_NSIZES];

/* The call's value of air_sizes[i]. */
extern int air_context_size(const AirRouteInput *in, int i);

/* The context with the keys of the mask; keys without a value (no task given) are left out. */
extern Jsonb *air_context_build(const AirRouteInput *in, uint32 keys);

/*
 * Bit mask of the context keys that a condition names.  ereports
 * (ERRCODE_INVALID_PARAMETER_VALUE) if it is no predicate (its root must be a
 * comparison, a boolean operation, exists(), like_regex, starts with or is
 * unknown), or does not start each path at $ with one of the keys; the hint
 * lists the keys and names the nearest.
 */
extern uint32 air_condition_keys(JsonPath *condition);

/*
 * Numbers that a condition compares a size with.  Between two neighbours, on each of
 * them and beyond the last one the size makes no difference to the condition: unless
 * it is used in other ways too (unbounded).
 */
#define AIR_MAX_BOUNDS 8

typedef struct AirBounds
{
	bool unbounded;
	int n;
	int64 at[AIR_MAX_BOUNDS]; /* in no order; rounded down */
} AirBounds;

/* The bounds of each of air_sizes in a condition that air_condition_keys() has vetted. */
extern void air_condition_bounds(JsonPath *condition, AirBounds bounds[AIR_NSIZES]);

/* Does the condition hold for the context?  Unknown and errors inside the path are false. */
extern bool air_condition_holds(JsonPath *condition, Jsonb *context);

#endif
