/*
 * decimal.h
 *	  Numbers of JSON as they are written: exact, whatever their size.
 *
 * A double holds integers up to 2^53; an invoice number may have more digits.
 * These functions compare the digits themselves.  Usable outside the server.
 */
#ifndef AIR_DECIMAL_H
#define AIR_DECIMAL_H

#include "base/pg.h"

/* What no double and no column needs: numbers of more places than this are refused. */
#define AIR_DECIMAL_PLACES 1000

/* A number: digits times ten to the power of exponent.  Points into the text it was read from. */
typedef struct AirDecimal
{
	bool negative;      /* never of zero */
	const char *digits; /* from the first to the last that is not 0, maybe with a point inside */
	int ndigits;        /* without the point; 0: the number is zero */
	int exponent;
} AirDecimal;

/*
 * Read a number that has JSON's form.  False if it has digits more than
 * AIR_DECIMAL_PLACES places before or behind the point, where zeros count behind it, or is a zero
 * with a greater exponent: numeric refuses some of these.  1e3 is an integer, as 1.0 is.
 */
extern bool air_decimal_read(const char *text, size_t len, AirDecimal *out);

extern bool air_decimal_is_integer(const AirDecimal *d);

/* Less than, equal to, greater than 0 as a is to b. */
extern int air_decimal_compare(const AirDecimal *a, const AirDecimal *b);

/* Digits that air_decimal_is_multiple() can divide by. */
#define AIR_DECIMAL_DIVISOR_DIGITS 18

/* Is a a multiple of b, which is positive and has at most AIR_DECIMAL_DIVISOR_DIGITS digits? */
extern bool air_decimal_is_multiple(const AirDecimal *a, const AirDecimal *b);

/* Equal for equal numbers. */
extern uint64 air_decimal_hash(const AirDecimal *d);

#endif
