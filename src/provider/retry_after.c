/*
 * retry_after.c
 *	  Which of a reply's headers says how long to wait.
 *
 * An explicit wait comes first.  Without one, a rate-limit header tells when a
 * budget that is used up comes back; resets of budgets with room left say
 * nothing about this refusal.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"

#include "provider/failure.h"

/* Values of -1 have been seen where there was nothing to say. */
static double
header_wait(const AirHttpReply *reply, const char *name, int64 now)
{
	const char *value = air_reply_header(reply, name);

	return value != NULL ? air_parse_wait(value, now) : -1;
}

/* A header in milliseconds. */
static double
header_wait_ms(const AirHttpReply *reply, const char *name)
{
	const char *value = air_reply_header(reply, name);

	/* The parser knows the unit when it is written. */
	return value != NULL ? air_parse_wait(psprintf("%sms", value), 0) : -1;
}

/* The reset of one budget if nothing remains of it. */
static double
exhausted_reset(const AirHttpReply *reply, const char *remaining, const char *reset, int64 now)
{
	const char *left = air_reply_header(reply, remaining);

	if (left == NULL || strcmp(left, "0") != 0)
		return -1;
	return header_wait(reply, reset, now);
}

/* The longest reset among the budgets that are used up. */
static double
budget_wait(const AirHttpReply *reply, int64 now)
{
	static const char *const budgets[] = {"requests", "tokens", "input-tokens", "output-tokens"};
	double longest = -1;

	for (size_t i = 0; i < lengthof(budgets); i++)
	{
		double wait;

		wait = exhausted_reset(reply, psprintf("x-ratelimit-remaining-%s", budgets[i]),
							   psprintf("x-ratelimit-reset-%s", budgets[i]), now);
		longest = Max(longest, wait);
		wait = exhausted_reset(reply, psprintf("anthropic-ratelimit-%s-remaining", budgets[i]),
							   psprintf("anthropic-ratelimit-%s-reset", budgets[i]), now);
		longest = Max(longest, wait);
	}
	return longest;
}

/* See failure.h. */
double
air_retry_after(const AirHttpReply *reply, const char *wait, int64 now)
{
	double seconds = header_wait_ms(reply, "retry-after-ms");

	if (seconds < 0)
		seconds = header_wait_ms(reply, "x-amz-retry-after");
	if (seconds < 0)
		seconds = header_wait(reply, "retry-after", now);
	if (seconds < 0 && wait != NULL)
		seconds = air_parse_wait(wait, now);
	if (seconds < 0 && reply->status == 429)
		seconds = budget_wait(reply, now);
	if (seconds < 0 && reply->status == 429)
		seconds = header_wait(reply, "x-ratelimit-reset", now); /* Cohere, OpenRouter */
	return seconds;
}
