/*
 * spill.h
 *	  Texts of many groups put aside in one temporary file.
 *
 * A hash aggregate has all its groups at once, and does not know how large they become.
 */
#ifndef AIR_SPILL_H
#define AIR_SPILL_H

#include "base/pg.h"

#include "fmgr.h"

typedef struct AirSpill AirSpill;

/* What has been put aside of one text; all zero: nothing. */
typedef struct AirSpilled
{
	int file; /* place of the last piece .. */
	off_t offset;
	size_t len; /* of all pieces */
} AirSpilled;

/*
 * A file that lives as long as the groups of the aggregate whose transition function calls, in
 * their memory; *handle, which points to it, becomes NULL when they go.
 */
extern void air_spill_begin(AirSpill **handle, FunctionCallInfo fcinfo, MemoryContext cxt);

/* Append a piece to a text. */
extern void air_spill_put(AirSpill *spill, AirSpilled *text, const char *piece, size_t len);

/* Read all of a text, of text->len bytes, into `to`.  It stays where it is. */
extern void air_spill_get(AirSpill *spill, const AirSpilled *text, char *to);

#endif
