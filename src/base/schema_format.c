/*
 * schema_format.c
 *	  Dates, times and UUIDs as their types read them, whatever DateStyle and TimeZone are.
 */
#include "base/pg.h"

#include "base/schema_node.h"

/* Exactly n digits at *s, which moves behind them. */
static bool
take_digits(const char **s, const char *end, int n, int *value)
{
	*value = 0;
	if (end - *s < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		char c = *(*s)++;

		if (c < '0' || c > '9')
			return false;
		*value = *value * 10 + (c - '0');
	}
	return true;
}

static bool
take_char(const char **s, const char *end, char c)
{
	if (*s == end || **s != c)
		return false;
	(*s)++;
	return true;
}

/* 2026-02-28 */
static bool
take_date(const char **s, const char *end)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year;
	int month;
	int day;

	if (!take_digits(s, end, 4, &year) || !take_char(s, end, '-') ||
		!take_digits(s, end, 2, &month) || !take_char(s, end, '-') || !take_digits(s, end, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (month == 2 && day == 29)
		return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1];
}

/* 17:30, 17:30:00, 17:30:00.25; a leap second becomes the next minute. */
static bool
take_time(const char **s, const char *end)
{
	int hour;
	int minute;
	int second = 0;
	int digit;

	if (!take_digits(s, end, 2, &hour) || !take_char(s, end, ':') ||
		!take_digits(s, end, 2, &minute))
		return false;
	if (take_char(s, end, ':'))
	{
		if (!take_digits(s, end, 2, &second))
			return false;
		if (take_char(s, end, '.'))
		{
			const char *first = *s;

			while (*s < end && **s >= '0' && **s <= '9')
				take_digits(s, end, 1, &digit);
			if (*s == first || *s - first > 12)
				return false;
		}
	}
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* Nothing, Z, +02, +0200 or +02:00 */
static bool
take_offset(const char **s, const char *end)
{
	int hour;
	int minute = 0;

	if (*s == end || take_char(s, end, 'Z') || take_char(s, end, 'z'))
		return true;
	if (!take_char(s, end, '+') && !take_char(s, end, '-'))
		return false;
	if (!take_digits(s, end, 2, &hour))
		return false;
	if (*s < end)
	{
		take_char(s, end, ':');
		if (!take_digits(s, end, 2, &minute))
			return false;
	}
	return hour <= 15 && minute <= 59;
}

/* Eight, three times four, and twelve hex digits. */
static bool
is_uuid(const char *s, size_t len)
{
	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (s[i] != '-')
				return false;
		}
		else if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f') ||
				   (s[i] >= 'A' && s[i] <= 'F')))
			return false;
	}
	return true;
}

/* See schema_node.h. */
bool
air_schema_format(AirSchemaFormat format, const char *s, size_t len)
{
	const char *end = s + len;

	switch (format)
	{
		case AIR_FORMAT_ANY:
			return true;
		case AIR_FORMAT_DATE:
			return take_date(&s, end) && s == end;
		case AIR_FORMAT_TIME:
			return take_time(&s, end) && take_offset(&s, end) && s == end;
		case AIR_FORMAT_DATE_TIME:
			if (!take_date(&s, end))
				return false;
			if (s == end)
				return true;
			return (take_char(&s, end, 'T') || take_char(&s, end, 't') ||
					take_char(&s, end, ' ')) &&
				   take_time(&s, end) && take_offset(&s, end) && s == end;
		case AIR_FORMAT_UUID:
			return is_uuid(s, len);
	}
	return false;
}
