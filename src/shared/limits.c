/*
 * limits.c
 *	  Rate limits as GCRA buckets, and the cluster's cap of requests in flight.
 *
 * The buckets live in the entries of health.c and are changed under their locks;
 * the functions here are arithmetic.  The cap is one atomic counter: no lock.
 */
#include "base/pg.h"

#include "port/atomics.h"

#include "shared/limits.h"

#define MINUTE_MS 60000.0

/* A burst is what the rate gives in this time, at least one unit: limits of a
 * provider are enforced over spans that are shorter than the minute they name. */
#define BURST_MS 1000.0

typedef struct Limits
{
	pg_atomic_uint32 in_flight;
} Limits;

static Limits *limits = NULL;

Size
air_limits_size(void)
{
	return sizeof(Limits);
}

void
air_limits_attach(void *area, bool found)
{
	limits = area;
	if (!found)
		pg_atomic_init_u32(&limits->in_flight, 0);
}

/* How far ahead of now TAT may be, in ms, after amount units were taken. */
static double
tolerance(double per_minute, double amount)
{
	double unit = MINUTE_MS / per_minute;

	/* More than a burst at once passes when the bucket is empty, and is paid for afterwards. */
	return Max(Max(BURST_MS, unit), amount * unit);
}

double
air_bucket_wait(double tat, double now, double per_minute, double amount)
{
	double ahead = Max(tat - now, 0) + amount * MINUTE_MS / per_minute;

	return Max(0, ahead - tolerance(per_minute, amount));
}

double
air_bucket_take(double tat, double now, double per_minute, double amount)
{
	return Max(tat, now) + amount * MINUTE_MS / per_minute;
}

double
air_bucket_room(double tat, double now, double per_minute)
{
	double left = tolerance(per_minute, 0) - Max(tat - now, 0);

	return Max(0, left * per_minute / MINUTE_MS);
}

bool
air_total_enter(int most)
{
	/* Counted also without a cap: one that is set later finds what is in flight. */
	uint32 before = pg_atomic_fetch_add_u32(&limits->in_flight, 1);

	if (most <= 0 || before < (uint32) most)
		return true;
	pg_atomic_fetch_sub_u32(&limits->in_flight, 1);
	return false;
}

void
air_total_leave(void)
{
	pg_atomic_fetch_sub_u32(&limits->in_flight, 1);
}

int
air_total_in_flight(void)
{
	return (int) pg_atomic_read_u32(&limits->in_flight);
}
