/*
 * scope.h
 *	  What a Var or Param in a finished plan stands for.
 *
 * In a finished plan a Var names a column of the node below, and so on down to a column of
 * a table.  The estimate follows it, to ask statistics about that column.
 */
#ifndef AIR_SCOPE_H
#define AIR_SCOPE_H

#include "base/pg.h"

#include "nodes/params.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/* Where an expression stands.  All members may be shared and are only read. */
typedef struct AirScope
{
	const PlannedStmt *stmt;
	const Plan *plan;    /* the node that the expression belongs to */
	List *sources;       /* of AirSource: what executor parameters are set from */
	ParamListInfo bound; /* the statement's parameters, NULL: not known */
} AirScope;

/* A parameter that one node sets for others. */
typedef struct AirSource
{
	int paramid;
	Node *expr;
	const Plan *plan; /* in whose scope */
} AirSource;

/*
 * Follow a Var one step: the expression behind it and its scope, false where it is a
 * column of a relation, or nothing is known.
 */
extern bool air_scope_var(const AirScope *scope, const Var *var, Node **expr, AirScope *its);

/* Follow a Param likewise: a Const, what sets it, or false. */
extern bool air_scope_param(const AirScope *scope, const Param *param, Node **expr, AirScope *its);

/* The relation that a Var is a column of, NULL: of none. */
extern const RangeTblEntry *air_scope_table(const AirScope *scope, const Var *var);

/* The plan of a subplan, NULL: there is none. */
extern const Plan *air_scope_subplan(const PlannedStmt *stmt, int plan_id);

#endif
