/*
 * sites.h
 *	  Where a finished plan calls AI, and how often it is expected to.
 */
#ifndef AIR_SITES_H
#define AIR_SITES_H

#include "base/pg.h"

#include "batch/door.h"
#include "batch/scope.h"

/* One call in a plan. */
typedef struct AirSite
{
	const AirDoor *door;
	FuncExpr *call;
	Expr *guard; /* NULL: evaluated for every row */
	AirScope scope;
	double evaluations;     /* expected by the planner's row estimates */
	const CustomScan *node; /* the AI Batch node that makes it; NULL: left in place */
} AirSite;

/* May the plan call AI?  Looks at no expression: fast, and never wrong when it says no. */
extern bool air_sites_any(const PlannedStmt *stmt);

/* All of a plan's calls, a List of AirSite in CurrentMemoryContext.  bound may be NULL. */
extern List *air_sites(const PlannedStmt *stmt, ParamListInfo bound);

#endif
