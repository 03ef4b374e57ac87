/*
 * extract.h
 *	  Take calls out of expressions.
 */
#ifndef AIR_EXTRACT_H
#define AIR_EXTRACT_H

#include "nodes/primnodes.h"

/* A call that was taken out; its place holds Var(OUTER_VAR, column) instead. */
typedef struct AirPulled
{
	FuncExpr *call; /* its arguments hold no call */
	Expr *guard;    /* where it is not true, nobody looks at the value; NULL: always wanted */
	int field;      /* attribute that is taken of what it is in, 0: none */
	int column;
} AirPulled;

/*
 * Replace the calls of expr (a node or a List) that can be begun when only the columns so
 * far are known, by columns ncolumns + 1 .. and append them (AirPulled) to *pulled.  A call
 * whose argument or condition holds another one stays for the next round.  guard, if not
 * NULL, is a condition on all of expr.  The result shares unchanged parts with expr.
 */
extern Node *air_pull_calls(Node *expr, Expr *guard, int ncolumns, List **pulled);

/* Would air_pull_calls() find any? */
extern bool air_can_pull(Node *expr);

#define AIR_WITHOUT_BATCHING "planned without batching"

/* A call that stays where it is, and why. */
typedef struct AirLeft
{
	const char *function; /* SQL name of the door */
	const char *reason;   /* constant */
} AirLeft;

/*
 * Append every call in expr to *left (AirLeft).  place: why calls in this place stay; NULL
 * where they could have been taken out.
 */
extern void air_list_left(Node *expr, const char *place, List **left);

#endif
