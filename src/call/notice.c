/*
 * notice.c
 *	  ai_router.progress_notices: every ten seconds a line about the statement.
 *
 * Told between two steps of the engine, where a message may raise and nothing is half
 * done.  The client gets it at once, since ereport() flushes.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/settings.h"
#include "call/internal.h"

/* A whole number with commas between thousands. */
static void
append_number(StringInfo to, int64 n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), INT64_FORMAT, n);

	for (int i = 0; i < len; i++)
	{
		if (i > 0 && (len - i) % 3 == 0)
			appendStringInfoChar(to, ',');
		appendStringInfoChar(to, digits[i]);
	}
}

/* Cents from a dollar on, hundredths of a cent below it. */
static const char *
show_dollars(AirNano n)
{
	AirNano unit = n >= INT64CONST(1000000000) ? 10000000 : 100000;

	return air_nano_show(n > PG_INT64_MAX - unit ? n : (n + unit - 1) / unit * unit);
}

/* In words that promise no more than an estimate can. */
static void
append_left(StringInfo to, double seconds)
{
	int64 minutes = (int64) ceil(Min(seconds, 1e9) / 60);

	if (seconds < 55)
		appendStringInfo(to, ", about %d s left", (int) ceil(seconds / 5) * 5);
	else if (minutes < 60)
		appendStringInfo(to, ", about %d min left", (int) minutes);
	else
	{
		appendStringInfoString(to, ", about ");
		append_number(to, minutes / 60);
		appendStringInfo(to, " h %d min left", (int) (minutes % 60));
	}
}

/* What the line says: rows where there are many, else calls (of an array, of a loop). */
static char *
describe(const AirProgress *p)
{
	double left = air_progress_left(p, GetCurrentTimestamp());
	bool rows = p->rows_expected > 1;
	StringInfoData s;

	initStringInfo(&s);
	append_number(&s, rows ? p->rows_done : p->done);
	if (rows && p->rows_done < p->rows_expected)
	{
		appendStringInfoString(&s, " of about ");
		append_number(&s, p->rows_expected);
	}
	appendStringInfoString(&s, rows ? " rows, " : " calls done, ");
	append_number(&s, p->in_flight);
	if (rows)
		appendStringInfoString(&s, p->in_flight == 1 ? " call" : " calls");
	appendStringInfo(&s, " in flight, %s spent", show_dollars(p->spent));
	if (p->failed > 0)
	{
		appendStringInfoString(&s, ", ");
		append_number(&s, p->failed);
		appendStringInfoString(&s, " failed");
	}
	if (left >= 0)
		append_left(&s, left);
	return s.data;
}

/* Is it time?  Then tell, and look at the clock again in ten seconds. */
void
air_notice_poll(AirStatement *statement)
{
	MemoryContext caller, cxt;
	double now;

	if (!air_progress_notices || statement == NULL)
		return;
	now = air_monotonic_ms();
	if (now < statement->notice_at)
		return;
	statement->notice_at = now + AIR_NOTICE_MS;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "ai_router notice", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(cxt);
	ereport(NOTICE, (errmsg_internal("%s", describe(&statement->progress))));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
}

/* A wait that ends no later than the next line is due; -1: has no end. */
long
air_notice_timeout(const AirStatement *statement, long timeout_ms)
{
	long left;

	if (!air_progress_notices || statement == NULL)
		return timeout_ms;
	left = (long) ceil(Max(statement->notice_at - air_monotonic_ms(), 0));
	return timeout_ms < 0 ? left : Min(timeout_ms, left);
}
