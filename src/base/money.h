/*
 * money.h
 *	  Money is int64 nanodollars (1e-9 USD), prices nanodollars per million
 *	  tokens; numeric appears only at the SQL border.
 */
#ifndef AIR_MONEY_H
#define AIR_MONEY_H

#include "base/pg.h"

#include "common/int.h"
#include "utils/numeric.h"

typedef int64 AirNano;

#define AIR_NANO_UNKNOWN ((AirNano) -1)

/* The sum of two known amounts, cut to 64 bits: a provider may report what it likes. */
static inline AirNano
air_nano_add(AirNano a, AirNano b)
{
	AirNano sum;

	return pg_add_s64_overflow(a, b, &sum) ? PG_INT64_MAX : sum;
}

/* A tier replaces input and output price for the whole request once its input exceeds `above`. */
typedef struct AirPriceTier
{
	int64 above;
	AirNano input;
	AirNano output;
} AirPriceTier;

/* Prices of a model; AIR_NANO_UNKNOWN where not known. tiers are sorted by `above`. */
typedef struct AirPrices
{
	AirNano input;
	AirNano cached_input; /* unknown: as input */
	AirNano cache_write;  /* unknown: as input */
	AirNano output;
	int ntiers;
	AirPriceTier *tiers;
} AirPrices;

/*
 * Cost of a request, each count disjoint as in AirUsage (input includes cached
 * and cache_write); int128 inside, rounded up to a nanodollar.  Counts below 0
 * are taken as 0.  AIR_NANO_UNKNOWN if a needed price is unknown.
 */
extern AirNano
air_cost(const AirPrices *p, int64 input, int64 cached, int64 cache_write, int64 output);

/* The dearest a request can be that has no more tokens: all of them at the dearest price of any
 * tier that it may reach. */
extern AirNano air_cost_bound(const AirPrices *p, int64 input, int64 output);

/*
 * The share of a total (>= 0) that the part of a whole (> 0) bears which comes after `before`:
 * the shares of all its parts in turn add up to the total.
 */
extern int64 air_share(int64 total, int64 before, int64 part, int64 whole);

/* numeric USD to nanodollars, rounded up; false if out of range or negative. */
extern bool air_nano_of(Numeric usd, AirNano *nano);

/* Likewise, but ereports ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE. */
extern AirNano air_nano_from_numeric(Numeric usd);

/* Nanodollars for messages: "$10.00", "$0.0025"; palloc'ed. */
extern char *air_nano_show(AirNano n);

/* Nanodollars to numeric USD without trailing zeros. */
extern Numeric air_nano_to_numeric(AirNano n);

#endif
