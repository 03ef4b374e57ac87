/*
 * pack.h
 *	  Many rows in one text, so that each stays a row whatever it says.
 *
 * A row begins on a line of its own with its number and a colon; its further lines are
 * indented, so that no row can pass for two, nor for what stands around the rows:
 *
 *	  1: The first row.
 *	  2: The second one
 *	    1: has a line that looks like a row.
 */
#ifndef AIR_PACK_H
#define AIR_PACK_H

#include "base/pg.h"

#include "lib/stringinfo.h"

/* Append a row of len bytes, with its number, on a new line; part: 0, or from 1 where it comes in
 * pieces. */
extern void air_pack_row(StringInfo pack, int64 number, int part, const char *row, size_t len);

/*
 * Two packs for one that is too large, palloc'ed: halves of its rows, or of its only one.
 * False: it is too small for that.
 */
extern bool air_pack_halves(const char *pack, char *halves[2]);

#endif
