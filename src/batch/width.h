/*
 * width.h
 *	  How long the values of a column are.
 */
#ifndef AIR_WIDTH_H
#define AIR_WIDTH_H

#include "base/pg.h"

#include "batch/scope.h"

/*
 * Average bytes of a value that a Var stands for: by what ANALYZE found, by a look at a few
 * pages of the table where that tells more, or by what the planner assumes for the type.
 * Waits for no lock.
 */
extern double air_column_width(const AirScope *scope, const Var *var);

#endif
