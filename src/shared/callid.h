/*
 * callid.h
 *	  Call ids: a shared counter below a persisted high-water mark.
 */
#ifndef AIR_CALLID_H
#define AIR_CALLID_H

#include "base/pg.h"

/* A part of shared memory, see shmem.c: starts behind the persisted mark and moves the mark on. */
extern Size air_callids_size(void);
extern void air_callids_attach(void *area, bool found);

/* Persist the exact position, so that a clean restart leaves no gap. */
extern void air_callids_save(void);

/* Ids up to this one are taken: give larger ones.  One that cannot be an id is ignored. */
extern void air_callids_raise(int64 taken);

/* See air_next_call_id(). */
extern int64 air_callids_next(void);

#endif
