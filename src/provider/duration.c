/*
 * duration.c
 *	  Parsing how long a provider wants us to wait, in every form seen.
 *
 * Header values are foreign text: whatever does not parse is not said.  No
 * locale, no time zone data base, no clock.
 */
#include "base/pg.h"

#include <ctype.h>
#include <math.h>

#include "provider/failure.h"

#define MAX_WAIT 86400.0 /* a day; a larger wait is an outage, not a wait */
#define UNIX_SECONDS 1e9 /* numbers above are points in time, not waits */
#define UNIX_MILLISECONDS 1e12

/* Days from 1970-01-01 to a date of the Gregorian calendar (month 1..12). */
static int64
days_from_civil(int64 year, int month, int day)
{
	/* Years begin in March, so that the leap day is the last one. */
	int64 y = month <= 2 ? year - 1 : year;
	int shifted = (month + 9) % 12;
	int64 day_of_year = (153 * shifted + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static double
unix_time(int year, int month, int day, int hour, int minute, double second)
{
	return (double) days_from_civil(year, month, day) * 86400.0 + hour * 3600.0 + minute * 60.0 +
		   second;
}

/* n decimal digits at *s as a number, *s moves behind them; -1 if there are fewer. */
static int
digits(const char **s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
	{
		if (!isdigit((unsigned char) (*s)[i]))
			return -1;
		value = value * 10 + ((*s)[i] - '0');
	}
	*s += n;
	return value;
}

/* An unsigned decimal number at *s ("12", "12.5"), *s moves behind it; -1 if there is none. */
static double
decimal(const char **s)
{
	double value = 0;
	double scale = 1;

	if (!isdigit((unsigned char) **s))
		return -1;
	while (isdigit((unsigned char) **s))
		value = value * 10 + (*(*s)++ - '0');
	if (**s == '.')
	{
		(*s)++;
		while (isdigit((unsigned char) **s))
		{
			scale /= 10;
			value += scale * (*(*s)++ - '0');
		}
	}
	return value;
}

static bool
skip(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* "1h2m3.5s", "6m0s", "12ms"; a blank between the parts is allowed. */
static bool
parse_units(const char *s, double *wait)
{
	static const struct
	{
		const char *unit;
		double seconds;
	} units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"h", 3600}, {"m", 60}, {"s", 1}};

	*wait = 0;
	do
	{
		double value = decimal(&s);
		size_t i;

		if (value < 0)
			return false;
		for (i = 0; i < lengthof(units); i++)
		{
			if (strncmp(s, units[i].unit, strlen(units[i].unit)) == 0)
				break;
		}
		if (i == lengthof(units))
			return false;
		*wait += value * units[i].seconds;
		s += strlen(units[i].unit);
		while (*s == ' ')
			s++;
	} while (*s != '\0');
	return true;
}

/* "2026-08-22T12:00:01.5Z", "2026-08-22T14:00:01+02:00". */
static bool
parse_rfc3339(const char *s, double *when)
{
	int year = digits(&s, 4);
	int month = skip(&s, '-') ? digits(&s, 2) : -1;
	int day = skip(&s, '-') ? digits(&s, 2) : -1;
	int hour;
	int minute;
	double second;
	int sign;
	int offset_hour;
	int offset_minute;

	if (year < 0 || month < 1 || month > 12 || day < 1 || !strchr("Tt ", *s) || *s == '\0')
		return false;
	s++;
	hour = digits(&s, 2);
	minute = skip(&s, ':') ? digits(&s, 2) : -1;
	second = skip(&s, ':') ? decimal(&s) : -1;
	if (hour < 0 || minute < 0 || second < 0)
		return false;

	*when = unix_time(year, month, day, hour, minute, second);
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if (*s != '+' && *s != '-')
		return false;
	sign = *s++ == '+' ? 1 : -1;
	offset_hour = digits(&s, 2);
	offset_minute = skip(&s, ':') ? digits(&s, 2) : -1;
	*when -= sign * (offset_hour * 3600.0 + offset_minute * 60.0);
	return offset_hour >= 0 && offset_minute >= 0 && *s == '\0';
}

/* The number of an English month name that s begins with, or 0. */
static int
month_number(const char *s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
	{
		if (pg_strncasecmp(s, names + i * 3, 3) == 0)
			return i + 1;
	}
	return 0;
}

/*
 * The three forms of an HTTP date.  They hold the same words in different
 * order, so each word says by its looks what it is:
 * "Sat, 22 Aug 2026 12:00:00 GMT", "Saturday, 22-Aug-26 12:00:00 GMT",
 * "Sat Aug 22 12:00:00 2026".
 */
static bool
parse_http_date(const char *s, double *when)
{
	static const char separators[] = " ,-";
	int day = -1;
	int month = 0;
	int year = -1;
	int hour = -1;
	int minute = -1;
	int second = -1;

	for (s += strspn(s, separators); *s != '\0'; s += strspn(s, separators))
	{
		size_t len = strcspn(s, separators);
		const char *word = s;

		if (isdigit((unsigned char) *s) && len == 8 && s[2] == ':')
		{
			hour = digits(&word, 2);
			minute = skip(&word, ':') ? digits(&word, 2) : -1;
			second = skip(&word, ':') ? digits(&word, 2) : -1;
		}
		else if (isdigit((unsigned char) *s))
		{
			int value = len <= 4 ? digits(&word, (int) len) : -1;

			if (day < 0)
				day = value;
			else
				year = value;
		}
		else if (month == 0)
			month = month_number(s); /* a weekday leaves it 0 */
		s += len;
	}

	if (day < 1 || month < 1 || year < 0 || hour < 0 || minute < 0 || second < 0)
		return false;
	if (year < 100)
		year += year < 70 ? 2000 : 1900;
	*when = unix_time(year, month, day, hour, minute, second);
	return true;
}

/* A plain number: a wait in seconds, or a point in time by its size. */
static bool
parse_number(const char *s, int64 now, double *wait)
{
	double value = decimal(&s);

	if (value < 0 || s[strspn(s, " ")] != '\0')
		return false;
	if (value > UNIX_MILLISECONDS)
		value /= 1000;
	*wait = value > UNIX_SECONDS ? value - (double) now : value;
	return true;
}

/* See failure.h. */
double
air_parse_wait(const char *s, int64 now)
{
	double wait;
	double when;

	while (*s == ' ')
		s++;
	if (!parse_number(s, now, &wait) && !parse_units(s, &wait))
	{
		if (!parse_rfc3339(s, &when) && !parse_http_date(s, &when))
			return -1;
		wait = when - (double) now;
	}

	/* A moment that has passed: the wait is over. */
	return Min(Max(wait, 0), MAX_WAIT);
}
