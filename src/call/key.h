/*
 * key.h
 *	  The key of an answer: everything that it depends on, in 32 bytes.
 *
 * In: the database, server and endpoint, whose credential, the provider's model and
 * its params, what kind of function asks, the input, and the hints that reach the
 * provider.  Out: rule, strategy, time-outs, budgets, tags, the role itself.
 */
#ifndef AIR_KEY_H
#define AIR_KEY_H

#include "call/internal.h"
#include "shared/cache.h"

/* The part of a call's keys that all of its candidates share. */
typedef struct AirKeyBase AirKeyBase;

/* For a call whose prompt is prepared; valid until the next use.  NULL if hashing fails. */
extern AirKeyBase *air_key_base(const AirCall *call);

/*
 * The key of the n-th candidate.  False if the call's role has no credential for it
 * (then no answer of that candidate is for this call), or if hashing fails.
 */
extern bool air_key_of(const AirCall *call, AirKeyBase *base, int n, AirKey *key);

#endif
