/*
 * money.c
 *	  Costs in nanodollars.
 *
 * A price is nanodollars per million tokens, so a product of price and count
 * must be divided by a million at the very end: sums are kept in 128 bits and
 * rounded up once.  A cost that does not fit 64 bits (9.2 billion dollars)
 * becomes the largest one: a cap then refuses it, which is what it is for.
 */
#include "base/pg.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/money.h"

#ifndef HAVE_INT128
#error "ai_router needs a compiler with 128-bit integers"
#endif

#define TOKENS_PER_PRICE 1000000
#define NANO_DIGITS 9
#define NANO_PER_USD INT64CONST(1000000000)

/* A count that was not reported (-1) costs nothing. */
static inline int128
product(int64 count, AirNano price)
{
	return count > 0 ? (int128) count * price : 0;
}

/* From price units to nanodollars, rounded up and cut to 64 bits. */
static AirNano
settle(int128 sum)
{
	int128 nano = (sum + TOKENS_PER_PRICE - 1) / TOKENS_PER_PRICE;

	return nano > PG_INT64_MAX ? PG_INT64_MAX : (AirNano) nano;
}

/* A price that replaces another one only if it is known. */
static inline AirNano
known_or(AirNano price, AirNano otherwise)
{
	return price == AIR_NANO_UNKNOWN ? otherwise : price;
}

/*
 * What the tokens of one request cost, rounded up to a nanodollar; see money.h
 * for the meaning of the counts.  A tier that lacks a price keeps the base
 * price.  AIR_NANO_UNKNOWN if tokens were counted whose price is unknown.
 */
AirNano
air_cost(const AirPrices *p, int64 input, int64 cached, int64 cache_write, int64 output)
{
	AirNano in = p->input;
	AirNano out = p->output;
	AirNano in_cached, in_write;
	int64 fresh;

	cached = Max(cached, 0);
	cache_write = Max(cache_write, 0);
	/* Some providers report more cached tokens than input: then nothing was fresh. */
	fresh = Max(input, 0) - Min(cached, PG_INT64_MAX - cache_write) - cache_write;

	for (int i = 0; i < p->ntiers && input > p->tiers[i].above; i++)
	{
		in = known_or(p->tiers[i].input, in);
		out = known_or(p->tiers[i].output, out);
	}
	in_cached = known_or(p->cached_input, in);
	in_write = known_or(p->cache_write, in);

	if ((fresh > 0 && in == AIR_NANO_UNKNOWN) || (cached > 0 && in_cached == AIR_NANO_UNKNOWN) ||
		(cache_write > 0 && in_write == AIR_NANO_UNKNOWN) ||
		(output > 0 && out == AIR_NANO_UNKNOWN))
		return AIR_NANO_UNKNOWN;

	return settle(product(fresh, in) + product(cached, in_cached) + product(cache_write, in_write) +
				  product(output, out));
}

/*
 * The most a request of at most these counts can cost, whichever tier it reaches
 * and whether its input is cached, written to a cache or neither: what has to be
 * reserved.  AIR_NANO_UNKNOWN as in air_cost.
 */
AirNano
air_cost_bound(const AirPrices *p, int64 input, int64 output)
{
	AirNano in = Max(p->input, Max(p->cached_input, p->cache_write));
	AirNano out = p->output;

	/* "Unknown" is -1, so that Max() prefers every known price. */
	for (int i = 0; i < p->ntiers && input > p->tiers[i].above; i++)
	{
		in = Max(in, p->tiers[i].input);
		out = Max(out, p->tiers[i].output);
	}
	/* Without a base price a request below the first tier has none that we know. */
	if ((input > 0 && p->input == AIR_NANO_UNKNOWN) ||
		(output > 0 && p->output == AIR_NANO_UNKNOWN))
		return AIR_NANO_UNKNOWN;

	return settle(product(input, in) + product(output, out));
}

/* See money.h. */
int64
air_share(int64 total, int64 before, int64 part, int64 whole)
{
	return (int64) ((int128) total * (before + part) / whole - (int128) total * before / whole);
}

/*
 * Nanodollars of an amount in USD, rounded up.  False for NaN, infinities, negative
 * amounts and those of 9 billion dollars or more.
 */
bool
air_nano_of(Numeric usd, AirNano *nano)
{
	Datum amount = NumericGetDatum(usd);
	Datum product;

	if (numeric_is_nan(usd) || numeric_is_inf(usd) ||
		DatumGetBool(
			DirectFunctionCall2(numeric_lt, amount, NumericGetDatum(int64_to_numeric(0)))) ||
		DatumGetBool(DirectFunctionCall2(
			numeric_ge, amount, NumericGetDatum(int64_to_numeric(INT64CONST(9000000000))))))
		return false;
	product =
		DirectFunctionCall2(numeric_mul, amount, NumericGetDatum(int64_to_numeric(NANO_PER_USD)));
	product = DirectFunctionCall1(numeric_ceil, product);
	*nano = DatumGetInt64(DirectFunctionCall1(numeric_int8, product));
	return true;
}

/* See money.h. */
AirNano
air_nano_from_numeric(Numeric usd)
{
	AirNano nano;

	if (!air_nano_of(usd, &nano))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("amount of money out of range"),
						errdetail("It must be at least 0 and less than 9 billion USD.")));
	return nano;
}

/* USD with a dollar sign, all digits that count, two after the point at least; palloc'ed. */
char *
air_nano_show(AirNano n)
{
	char *s = psprintf("$" INT64_FORMAT ".%09d", n / NANO_PER_USD, (int) (n % NANO_PER_USD));
	char *end = s + strlen(s);
	const char *least = strchr(s, '.') + 3;

	while (end > least && end[-1] == '0')
		*--end = '\0';
	return s;
}

/* USD as numeric, palloc'ed: 1500000000 nanodollars are 1.5. */
Numeric
air_nano_to_numeric(AirNano n)
{
	Numeric usd = int64_div_fast_to_numeric(n, NANO_DIGITS);

	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(usd)));
}
