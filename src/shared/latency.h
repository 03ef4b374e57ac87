/*
 * latency.h
 *	  Quantiles of recent latencies from a small histogram that forgets.
 *
 * Buckets are half octaves from 0.5 ms on, so a quantile is right within a factor
 * of 2^(1/4), and whenever the weights sum up to 128 all of them are halved: old
 * answers fade with the number of new ones.  The P2 estimator (Jain and Chlamtac
 * 1985) needs as much memory per quantile, can forget nothing, and takes long to
 * follow a provider that has become slow.  No locks: whoever owns it has one.
 */
#ifndef AIR_LATENCY_H
#define AIR_LATENCY_H

#include "base/pg.h"

#define AIR_LATENCY_BUCKETS 42 /* the last begins at 0.5 ms * 2^20.5: a quarter of an hour */

typedef struct AirLatency
{
	float weight[AIR_LATENCY_BUCKETS];
	float total;
} AirLatency;

extern void air_latency_add(AirLatency *l, double ms);

/* The latency below which that share (0..1) of the answers was, in ms; NaN: none was seen. */
extern double air_latency_quantile(const AirLatency *l, double share);

#endif
