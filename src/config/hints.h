/*
 * hints.h
 *	  The hints jsonb: one table of names and types drives parsing, the
 *	  nearest-name suggestion and ai_hints().
 */
#ifndef AIR_HINTS_H
#define AIR_HINTS_H

#include "base/pg.h"
#include "base/money.h"
#include "base/settings.h"
#include "utils/jsonb.h"

typedef enum AirPrefer
{
	AIR_PREFER_NONE,
	AIR_PREFER_COST,
	AIR_PREFER_SPEED,
	AIR_PREFER_QUALITY
} AirPrefer;

typedef enum AirCacheMode
{
	AIR_CACHE_DEFAULT,
	AIR_CACHE_ON,
	AIR_CACHE_OFF,
	AIR_CACHE_REFRESH,
	AIR_CACHE_ONLY
} AirCacheMode;

/* Bits of AirHints.set, one per hint, in the order of DESIGN.md 2. */
typedef enum AirHintBit
{
	AIR_HINT_MODEL,
	AIR_HINT_PROVIDER,
	AIR_HINT_TASK,
	AIR_HINT_TAGS,
	AIR_HINT_REQUIRE,
	AIR_HINT_QUALITY,
	AIR_HINT_PREFER,
	AIR_HINT_MAX_COST,
	AIR_HINT_TIMEOUT_MS,
	AIR_HINT_RETRIES,
	AIR_HINT_SYSTEM,
	AIR_HINT_MAX_TOKENS,
	AIR_HINT_TEMPERATURE,
	AIR_HINT_TOP_P,
	AIR_HINT_STOP,
	AIR_HINT_SEED,
	AIR_HINT_REASONING_EFFORT,
	AIR_HINT_SCHEMA,
	AIR_HINT_DIMENSIONS,
	AIR_HINT_CACHE,
	AIR_HINT_CACHE_TTL,
	AIR_HINT_ON_ERROR,
	AIR_HINT_COUNT
} AirHintBit;

#define AIR_HAS_HINT(h, bit) (((h)->set & (1u << (bit))) != 0)

/* Parsed hints.  A member means something only if its bit is set.  Strings, server encoding. */
typedef struct AirHints
{
	uint32 set;
	uint64 id; /* in this backend other hints have another; whoever changes a copy sets it to 0 */
	int nmodels;
	char **models; /* hint "model": a name or a list */
	char *provider;
	char *task;
	Jsonb *tags;    /* an object */
	Jsonb *require; /* an object, contained in the model's tags */
	double quality; /* 0..1 */
	AirPrefer prefer;
	AirNano max_cost;
	int timeout_ms; /* > 0 */
	int retries;    /* 0..10 */
	char *system;
	int max_tokens;     /* > 0 */
	double temperature; /* 0..2 */
	double top_p;       /* > 0 .. 1 */
	int nstop;          /* 1..4 */
	char **stop;
	int64 seed;
	char *reasoning_effort;
	char *schema; /* JSON text of the object */
	int dimensions;
	AirCacheMode cache;
	int64 cache_ttl_us; /* microseconds, > 0 */
	AirOnError on_error;
} AirHints;

/*
 * Parse a jsonb object into *out; strings are palloc'ed in CurrentMemoryContext.
 * where names the place for messages ("hints", "rule \"x\", defaults").  A key
 * with a JSON null is as if absent.  ereports ERRCODE_INVALID_PARAMETER_VALUE
 * for an unknown key (hint: nearest valid key), a wrong type or a value out of range.
 */
extern void air_hints_parse(Jsonb *hints, const char *where, AirHints *out);

/* Lay over on top of base: each hint set in `over` replaces that of `base`.  Shares pointers. */
extern void air_hints_overlay(AirHints *base, const AirHints *over);

/* Names of all hints in AirHintBit order. */
extern const char *const air_hint_names[AIR_HINT_COUNT];

#endif
