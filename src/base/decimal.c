/*
 * decimal.c
 *	  Numbers of JSON as they are written.  See decimal.h.
 *
 * Nothing is copied or allocated: a number stays where its text is.
 */
#include "base/pg.h"

#include "base/decimal.h"

/* Exponents are cut here while they are read: far beyond what is accepted. */
#define FAR_EXPONENT 100000000

/* See decimal.h. */
bool
air_decimal_read(const char *text, size_t len, AirDecimal *out)
{
	const char *end = text + len;
	const char *p = text;
	const char *last = NULL;
	int64 behind = 0; /* digits behind the point */
	int64 trailing = 0;
	int64 exponent = 0;
	bool point = false;

	memset(out, 0, sizeof(*out));
	if (p < end && *p == '-')
	{
		out->negative = true;
		p++;
	}
	for (; p < end && *p != 'e' && *p != 'E'; p++)
	{
		if (*p == '.')
		{
			point = true;
			continue;
		}
		behind += point;
		if (*p == '0')
			trailing++;
		else
		{
			/* Zeros count only between other digits. */
			if (out->digits == NULL)
				out->digits = p;
			else
				out->ndigits = (int) Min(out->ndigits + trailing, FAR_EXPONENT);
			out->ndigits++;
			trailing = 0;
			last = p;
		}
	}
	if (p < end)
	{
		bool negative = p[1] == '-';

		for (p += 1 + (p[1] == '-' || p[1] == '+'); p < end; p++)
			exponent = Min(exponent * 10 + (*p - '0'), FAR_EXPONENT);
		if (negative)
			exponent = -exponent;
	}
	/* Zeros that are written count behind the point: numeric keeps them. */
	if (behind - exponent > AIR_DECIMAL_PLACES)
		return false;
	if (last == NULL)
	{
		out->negative = false;
		return exponent <= AIR_DECIMAL_PLACES;
	}
	exponent += trailing - behind;
	if (exponent < -AIR_DECIMAL_PLACES || exponent + out->ndigits > AIR_DECIMAL_PLACES)
		return false;
	out->exponent = (int) exponent;
	return true;
}

/* See decimal.h. */
bool
air_decimal_is_integer(const AirDecimal *d)
{
	return d->exponent >= 0;
}

/* The next digit at *p, which moves on; the caller knows that there is one. */
static inline int
next_digit(const char **p)
{
	if (**p == '.')
		(*p)++;
	return *(*p)++ - '0';
}

/* As air_decimal_compare(), without the signs; neither is zero. */
static int
compare_sizes(const AirDecimal *a, const AirDecimal *b)
{
	const char *p = a->digits;
	const char *q = b->digits;

	if (a->exponent + a->ndigits != b->exponent + b->ndigits)
		return a->exponent + a->ndigits < b->exponent + b->ndigits ? -1 : 1;
	for (int i = 0; i < a->ndigits || i < b->ndigits; i++)
	{
		int x = i < a->ndigits ? next_digit(&p) : 0;
		int y = i < b->ndigits ? next_digit(&q) : 0;

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* See decimal.h. */
int
air_decimal_compare(const AirDecimal *a, const AirDecimal *b)
{
	int size;

	if (a->ndigits == 0 && b->ndigits == 0)
		return 0;
	if (a->ndigits == 0)
		return b->negative ? 1 : -1;
	if (b->ndigits == 0 || a->negative != b->negative)
		return a->negative ? -1 : 1;
	size = compare_sizes(a, b);
	return a->negative ? -size : size;
}

/* See decimal.h. */
bool
air_decimal_is_multiple(const AirDecimal *a, const AirDecimal *b)
{
	const char *p = a->digits;
	const char *q = b->digits;
	uint64 divisor = 0;
	uint64 rest = 0;

	if (a->ndigits == 0)
		return true;

	/* The last digit of a is not 0: ten does not divide what would be left. */
	if (a->exponent < b->exponent)
		return false;
	for (int i = 0; i < b->ndigits; i++)
		divisor = divisor * 10 + next_digit(&q);

	/* 18 digits times ten fit into 64 bits without a sign. */
	for (int i = 0; i < a->ndigits; i++)
		rest = (rest * 10 + next_digit(&p)) % divisor;
	for (int i = a->exponent; i > b->exponent && rest != 0; i--)
		rest = rest * 10 % divisor;
	return rest == 0;
}

/* See decimal.h. */
uint64
air_decimal_hash(const AirDecimal *d)
{
	const char *p = d->digits;
	uint64 h = UINT64CONST(0xcbf29ce484222325) + d->negative;

	for (int i = 0; i < d->ndigits; i++)
		h = (h ^ next_digit(&p)) * UINT64CONST(0x100000001b3);
	return (h ^ (uint32) d->exponent) * UINT64CONST(0x100000001b3);
}
