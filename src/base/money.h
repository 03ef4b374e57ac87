/*
 * money.h
 *	  Money is int64 nanodollars (1e-9 USD), prices nanodollars per million
 *	  tokens; numeric appears only at the SQL border.
 */
#ifndef AIR_MONEY_H
#define AIR_MONEY_H

#include "base/pg.h"
#include "utils/numeric.h"

typedef int64 AirNano;

#define AIR_NANO_UNKNOWN ((AirNano) -1)

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

/* The dearest a request can be: every input token at the dearest input-side price of any tier. */
extern AirNano air_cost_bound(const AirPrices *p, int64 input, int64 output);

/* numeric USD to nanodollars, rounded up; ereports when out of range or negative. */
extern AirNano air_nano_from_numeric(Numeric usd);

/* Nanodollars to numeric USD without trailing zeros. */
extern Numeric air_nano_to_numeric(AirNano n);

/* In words for a message: "$1.5"; palloc'ed. */
extern char *air_dollars(AirNano n);

#endif
