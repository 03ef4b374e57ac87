/*
 * period.h
 *	  Periods of budgets: hour, day, week and month by UTC, or all time.
 */
#ifndef AIR_PERIOD_H
#define AIR_PERIOD_H

#include "base/pg.h"
#include "datatype/timestamp.h"

typedef enum AirPeriod
{
	AIR_HOUR,
	AIR_DAY,
	AIR_WEEK, /* begins on Monday */
	AIR_MONTH,
	AIR_TOTAL
} AirPeriod;

/* The period of that name; false if there is none. */
extern bool air_period_named(const char *name, AirPeriod *period);

/*
 * The period around a moment: it begins at *start and ends before *end, the start of
 * the next one.  Of AIR_TOTAL -infinity and infinity.  at must be finite.
 */
extern void
air_period_bounds(AirPeriod period, TimestampTz at, TimestampTz *start, TimestampTz *end);

#endif
