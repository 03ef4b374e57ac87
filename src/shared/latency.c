/*
 * latency.c
 *	  Quantiles of recent latencies from a small histogram that forgets.
 */
#include "base/pg.h"

#include <math.h>

#include "shared/latency.h"

#define LEAST_MS 0.5
#define MOST_WEIGHT 128

void
air_latency_add(AirLatency *l, double ms)
{
	int bucket = ms <= LEAST_MS ? 0 : (int) (2 * log2(ms / LEAST_MS));

	l->weight[Min(bucket, AIR_LATENCY_BUCKETS - 1)] += 1;
	l->total += 1;
	if (l->total < MOST_WEIGHT)
		return;
	l->total = 0;
	for (int i = 0; i < AIR_LATENCY_BUCKETS; i++)
	{
		l->weight[i] /= 2;
		l->total += l->weight[i];
	}
}

double
air_latency_quantile(const AirLatency *l, double share)
{
	double left = share * l->total;

	if (!(l->total > 0))
		return NAN;
	for (int i = 0; i < AIR_LATENCY_BUCKETS; i++)
	{
		/* Inside a bucket, as if its answers were spread evenly on the logarithmic scale. */
		if (l->weight[i] > 0 && left <= l->weight[i])
			return LEAST_MS * exp2((i + left / l->weight[i]) / 2);
		left -= l->weight[i];
	}
	return LEAST_MS * exp2(AIR_LATENCY_BUCKETS / 2.0);
}
