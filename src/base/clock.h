/*
 * clock.h
 *	  The monotonic clock that time-outs are measured with.
 */
#ifndef AIR_CLOCK_H
#define AIR_CLOCK_H

#include "base/pg.h"

#include <time.h>

#include "portability/instr_time.h"

/* Milliseconds since some moment before the process; never goes back. */
static inline double
air_monotonic_ms(void)
{
	instr_time t;

	INSTR_TIME_SET_CURRENT(t);
	return INSTR_TIME_GET_MILLISEC(t);
}

/* The same clock to some milliseconds, for a fifth of the price where there is one. */
static inline double
air_monotonic_ms_coarse(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec * 1000.0 + t.tv_nsec / 1000000.0;
#else
	return air_monotonic_ms();
#endif
}

#endif
