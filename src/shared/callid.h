/*
 * callid.h
 *	  Call ids: a shared counter below a persisted high-water mark.
 */
#ifndef AIR_CALLID_H
#define AIR_CALLID_H

#include "port/atomics.h"

typedef struct AirCallIds
{
	pg_atomic_uint64 next;    /* next id to give */
	pg_atomic_uint64 high;    /* ids below this may be given: the file promises it */
	pg_atomic_flag extending; /* somebody writes the file */
} AirCallIds;

/* Start behind the persisted mark and move the mark.  In the postmaster, at start and after a
 * crash. */
extern void air_callids_init(AirCallIds *ids);

/* Persist the exact position, so that a clean restart leaves no gap.  In the postmaster. */
extern void air_callids_save(AirCallIds *ids);

/* See air_next_call_id(). */
extern int64 air_callids_next(AirCallIds *ids);

#endif
