/*
 * limits.h
 *	  Rate limits as GCRA buckets, and the cluster's cap of requests in flight.
 *
 * A bucket is one number, the theoretical arrival time (TAT) of the generic cell
 * rate algorithm (ITU-T I.371, ATM Forum TM 4.0): with T = 60 s / rate per unit and
 * a burst of B units, n units conform at time t if
 *
 *		max(TAT, t) + n T - t <= max(B, n) T
 *
 * and then move TAT to max(TAT, t) + n T.  No token is ever counted or refilled, so
 * there is nothing to do while nobody calls.  Who keeps a bucket locks it.
 */
#ifndef AIR_LIMITS_H
#define AIR_LIMITS_H

#include "base/pg.h"

/* A part of shared memory, see shmem.c. */
extern Size air_limits_size(void);
extern void air_limits_attach(void *area, bool found);

/* Milliseconds until amount conforms, 0: now.  Changes nothing.  per_minute > 0. */
extern double air_bucket_wait(double tat, double now, double per_minute, double amount);

/* Take amount (negative: give back) at once; the new TAT. */
extern double air_bucket_take(double tat, double now, double per_minute, double amount);

/* Units that conform now, as one burst. */
extern double air_bucket_room(double tat, double now, double per_minute);

/* Take one of `most` places in flight in the whole cluster (0: no cap); false: none is free. */
extern bool air_total_enter(int most);
extern void air_total_leave(void);
extern int air_total_in_flight(void);

#endif
