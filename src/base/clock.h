/*
 * clock.h
 *	  The monotonic clock that time-outs are measured with.
 */
#ifndef AIR_CLOCK_H
#define AIR_CLOCK_H

#include "base/pg.h"

#include "portability/instr_time.h"

/* Milliseconds since some moment before the process; never goes back. */
static inline double
air_monotonic_ms(void)
{
	instr_time t;

	INSTR_TIME_SET_CURRENT(t);
	return INSTR_TIME_GET_MILLISEC(t);
}

#endif
