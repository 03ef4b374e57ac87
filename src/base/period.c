/*
 * period.c
 *	  Periods of budgets.
 *
 * Plain arithmetic on microseconds since 2000-01-01 00:00 UTC: no time zone takes
 * part, so the same moment is in the same period for every session.
 */
#include "base/pg.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/period.h"

/* 2000-01-01 was a Saturday. */
#define FIRST_MONDAY (2 * USECS_PER_DAY)

static const char *const names[] = {
	[AIR_HOUR] = "hour",   [AIR_DAY] = "day",     [AIR_WEEK] = "week",
	[AIR_MONTH] = "month", [AIR_TOTAL] = "total",
};

bool
air_period_named(const char *name, AirPeriod *period)
{
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
		{
			*period = (AirPeriod) i;
			return true;
		}
	return false;
}

/* The last multiple of length, counted from zero, that is not after at. */
static TimestampTz
floor_to(TimestampTz at, TimestampTz zero, int64 length)
{
	int64 rest = (at - zero) % length;

	return at - (rest < 0 ? rest + length : rest);
}

static TimestampTz
first_of_month(int year, int month)
{
	return (TimestampTz) (date2j(year, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

void
air_period_bounds(AirPeriod period, TimestampTz at, TimestampTz *start, TimestampTz *end)
{
	int year, month, day;

	switch (period)
	{
		case AIR_HOUR:
			*start = floor_to(at, 0, USECS_PER_HOUR);
			*end = *start + USECS_PER_HOUR;
			return;
		case AIR_DAY:
			*start = floor_to(at, 0, USECS_PER_DAY);
			*end = *start + USECS_PER_DAY;
			return;
		case AIR_WEEK:
			*start = floor_to(at, FIRST_MONDAY, 7 * USECS_PER_DAY);
			*end = *start + 7 * USECS_PER_DAY;
			return;
		case AIR_MONTH:
			j2date((int) (floor_to(at, 0, USECS_PER_DAY) / USECS_PER_DAY) + POSTGRES_EPOCH_JDATE,
				   &year, &month, &day);
			*start = first_of_month(year, month);
			*end = month < 12 ? first_of_month(year, month + 1) : first_of_month(year + 1, 1);
			return;
		case AIR_TOTAL:
			break;
	}
	*start = DT_NOBEGIN;
	*end = DT_NOEND;
}
