/*
 * guard.h
 *	  Conditions under which an expression evaluates a part of itself, as expressions.
 *
 * They share their arguments with the expression; copy before use.
 */
#ifndef AIR_GUARD_H
#define AIR_GUARD_H

#include "nodes/primnodes.h"

/* Can the expression (a node, a List, NULL) be evaluated apart from its place, and twice? */
extern bool air_is_portable(Node *node);

/* arg IS [NOT] TRUE or FALSE */
extern Expr *air_boolean_test(Expr *arg, BoolTestType test);

/* arg IS NULL as COALESCE means it: of a row, the row itself */
extern Expr *air_is_null(Expr *arg);

/*
 * The condition that a CASE comes past its first n conditions and, if taken, that the next
 * one is true.  Itself a CASE, so that the conditions are evaluated as in the original.
 */
extern Expr *air_case_guard(const CaseExpr *expr, int n, bool taken);

#endif
