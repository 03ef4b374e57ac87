/*
 * share.h
 *	  For which part of rows a call's guard is true.
 */
#ifndef AIR_SHARE_H
#define AIR_SHARE_H

#include "base/pg.h"

#include "batch/scope.h"

/*
 * The part of rows for which a guard is true: by statistics for IS NULL and for comparisons
 * of a column with a constant, 1 where nothing is known.  A NULL guard is always true.
 */
extern double air_guard_share(const AirScope *scope, Node *guard);

/*
 * The most rows that a scan of a table can give: the table's, by the shares of its
 * conditions.  Infinity for other nodes, and where the table cannot be opened at once.
 */
extern double air_scan_most(const AirScope *scope);

#endif
