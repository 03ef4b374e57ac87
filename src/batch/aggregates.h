/*
 * aggregates.h
 *	  The aggregates that make calls, and the two halves of each.
 */
#ifndef AIR_AGGREGATES_H
#define AIR_AGGREGATES_H

#include "base/pg.h"

/* Everything InvalidOid: the function is no aggregate of ours. */
typedef struct AirHalves
{
	Oid collect; /* of an aggregate that calls: collects the rows of a group, returns jsonb .. */
	Oid finish;  /* .. (jsonb, regprocedure, hints jsonb): asks about them, a door */
	bool is_collect; /* it is such a first half itself */
} AirHalves;

/* What is known of a function; valid until the next call. */
extern const AirHalves *air_halves_of(Oid funcid);

/* Raises if the user must not execute an aggregate that was split: the plan no longer has it. */
extern void air_check_aggregate(Oid aggregate);

/* From air_functions_init(). */
extern void air_aggregates_init(void);

#endif
