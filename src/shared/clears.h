/*
 * clears.h
 *	  Which answers have been forgotten on purpose (ai_router.cache_clear), and since when.
 *
 * Answers to forget may be in shared memory, in the spool, in the table, or on
 * their way from one to another.  Time has no say in that, clocks are set: each clear
 * begins a new generation, and an answer carries the generation in which it was received.
 * A clear is pending until a writer has deleted from the table.
 */
#ifndef AIR_CLEARS_H
#define AIR_CLEARS_H

#include "base/pg.h"

/* A part of shared memory, see shmem.c. */
extern Size air_clears_size(void);
extern void air_clears_attach(void *area, bool found);

/* The generation of an answer that is received or read from now on. */
extern uint64 air_clears_generation(void);

/*
 * Begin a clear of a database's answers, of one model (len bytes) or of all (NULL).  Returns its
 * generation; 0 if too many are pending.
 */
extern uint64 air_clears_begin(Oid database, const char *model, size_t len);

/*
 * A clear that was pending at a clean stop is pending again, in its old generation.  In the
 * postmaster, before anybody else.
 */
extern void air_clears_restore(Oid database, const char *model, size_t len, uint64 generation);

/* The table is done with it: rows were deleted. */
extern void air_clears_done(uint64 generation, int64 rows);

/* The database is gone: nobody will be done with its clears. */
extern void air_clears_forget(Oid database);

/* Is it done?  Then *rows gets how many rows there were. */
extern bool air_clears_is_done(uint64 generation, int64 *rows);

/* Has an answer of that generation been cleared? */
extern bool air_clears_since(Oid database, const char *model, size_t len, uint64 generation);

/* Has one that was read from the table, in that generation?  All that is there has, while a clear
 * is pending. */
extern bool air_clears_row(Oid database, const char *model, size_t len, uint64 generation);

#endif
