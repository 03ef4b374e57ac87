/*
 * test_retry_after.c
 *	  How long to wait: every form of a value, every header.
 */
#include "base/pg.h"

#include "kit.h"
#include "provider/failure.h"
#include "tap.h"

static void
is_wait(const char *value, double want)
{
	is_num(air_parse_wait(value, KIT_NOW), want, "\"%s\"", value);
}

static void
test_numbers(void)
{
	is_wait("0", 0);
	is_wait("7", 7);
	is_wait("1.5", 1.5);
	is_wait(" 20 ", 20);
	is_wait("86400", 86400);
	is_wait("90000", 86400);
	is_wait("1787400030", 30);
	is_wait("1787399000", 0);
	is_wait("1787400030500", 30.5);
	is_wait("99999999999999999999999999", 86400);
	is_wait("-1", -1);
	is_wait("-0.5", -1);
	is_wait("NaN", -1);
	is_wait("inf", -1);
	is_wait("", -1);
	is_wait("soon", -1);
	is_wait("1,5", -1);
	is_wait("5 apples", -1);
	is_wait(".", -1);
}

static void
test_units(void)
{
	is_wait("12ms", 0.012);
	is_wait("250us", 0.00025);
	is_wait("1s", 1);
	is_wait("6m0s", 360);
	is_wait("1h2m3.5s", 3723.5);
	is_wait("12.771204034s", 12.771204034);
	is_wait("48h", 86400);
	is_wait("1m 30s", 90);
	is_wait("1x", -1);
	is_wait("1m30", -1);
	is_wait("ms", -1);
	is_wait("-5s", -1);
}

static void
test_dates(void)
{
	is_wait("2026-08-22T12:00:05Z", 5);
	is_wait("2026-08-22T12:00:00.25Z", 0.25);
	is_wait("2026-08-22t12:00:05z", 5);
	is_wait("2026-08-22T14:01:00+02:00", 60);
	is_wait("2026-08-22T07:30:10-04:30", 10);
	is_wait("2026-08-22T11:59:00Z", 0);
	is_wait("2027-01-01T00:00:00Z", 86400);
	is_wait("2026-08-22T12:00:05", -1);
	is_wait("2026-13-22T12:00:05Z", -1);
	is_wait("2026-08-22T12:00Z", -1);
	is_wait("2026-08-22T12:00:05Zjunk", -1);
	is_wait("Sat, 22 Aug 2026 12:00:30 GMT", 30);
	is_wait("Sat, 22 Aug 2026 11:00:00 GMT", 0);
	is_wait("Saturday, 22-Aug-26 12:01:00 GMT", 60);
	is_wait("Sat Aug 22 12:00:09 2026", 9);
	is_wait("Sun, 23 Aug 2026 11:59:59 GMT", 86399);
	is_wait("Sun, 06 Nov 1994 08:49:37 GMT", 0);
	is_wait("Sat, 22 Aug 2026", -1);
	is_wait("Sat, 22 Foo 2026 12:00:30 GMT", -1);
	is_wait("22 Aug 12345 12:00:30", -1);
	is_wait("aa:bb:cc", -1);
}

/* The wait of a 429 (or another status) with up to two headers. */
static void
is_header(double want, int status, const char *name, const char *value, const char *name2,
		  const char *value2)
{
	AirFailure err = kit_failure(status, "{}", name, value, name2, value2, NULL);

	is_num(err.retry_after, want, "%d %s: %s, %s: %s", status, name, value,
		   name2 != NULL ? name2 : "-", name2 != NULL ? value2 : "-");
}

static void
test_headers(void)
{
	is_header(20, 429, "retry-after", "20", NULL, NULL);
	is_header(20, 503, "retry-after", "20", NULL, NULL);
	is_header(30, 429, "retry-after", "Sat, 22 Aug 2026 12:00:30 GMT", NULL, NULL);
	is_header(1.5, 429, "retry-after-ms", "1500", "retry-after", "9");
	is_header(0.0025, 429, "retry-after-ms", "2.5", NULL, NULL);
	is_header(9, 429, "retry-after-ms", "-1", "retry-after", "9");
	is_header(0.7, 429, "x-amz-retry-after", "700", NULL, NULL);
	is_header(-1, 429, "retry-after", "-1", NULL, NULL);
	is_header(-1, 429, "x-none", "1", NULL, NULL);

	is_header(360, 429, "x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s");
	is_header(3, 429, "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "3");
	is_header(-1, 429, "x-ratelimit-remaining-tokens", "5", "x-ratelimit-reset-tokens", "6m0s");
	is_header(-1, 429, "x-ratelimit-reset-tokens", "6m0s", NULL, NULL);
	is_header(-1, 500, "x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s");
	is_header(-1, 429, "x-ratelimit-remaining-tokens", "-1", "x-ratelimit-reset-tokens", "0");
	is_header(61, 429, "anthropic-ratelimit-input-tokens-remaining", "0",
			  "anthropic-ratelimit-input-tokens-reset", "2026-08-22T12:01:01Z");
	is_header(40, 429, "x-ratelimit-reset", "1787400040", NULL, NULL);
	is_header(40, 429, "x-ratelimit-reset", "1787400040000", NULL, NULL);
	is_header(2, 429, "retry-after", "2", "x-ratelimit-reset", "1787400040");
}

int
main(void)
{
	test_numbers();
	test_units();
	test_dates();
	test_headers();
	return done_testing();
}
