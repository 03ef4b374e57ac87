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

/* From _PG_init. */
extern void air_functions_init(void);

#endif
