/*
 * functions.h
 *	  Which functions of the catalogue are doors, and expressions that hold them.
 */
#ifndef AIR_FUNCTIONS_H
#define AIR_FUNCTIONS_H

#include "nodes/primnodes.h"

#include "batch/door.h"

/*
 * The door behind a function, NULL if it is none or must be called plainly: a set, or one
 * that fmgr has to wrap (SECURITY DEFINER, SET, an fmgr hook).  Cached by OID.
 */
extern const AirDoor *air_door_of(Oid funcid);

/* Does the expression (a node, a List, NULL) hold a door anywhere? */
extern bool air_has_call(Node *expr);

/*
 * The C name of a function of this library, palloc'ed, NULL for any other.  One with settings of
 * its own, a security definer or what returns sets does not count.
 */
extern char *air_own_symbol(Oid funcid);

/* From _PG_init. */
extern void air_functions_init(void);

/*
 * What most trees consist of, stepped over without the walker's ado: the expression of a
 * target list's entry; NULL for what holds nothing.
 */
static inline Node *
air_step_into(Node *node)
{
	if (node != NULL && IsA(node, TargetEntry))
		node = (Node *) ((TargetEntry *) node)->expr;
	if (node != NULL && (IsA(node, Var) || IsA(node, Const) || IsA(node, Param)))
		return NULL;
	return node;
}

#endif
