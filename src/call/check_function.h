/*
 * check_function.h
 *	  Finding the check function that a rule names.
 */
#ifndef AIR_CHECK_FUNCTION_H
#define AIR_CHECK_FUNCTION_H

#include "base/pg.h"

/*
 * The function (text, text) returning boolean of that name, which has its schema before it;
 * InvalidOid if there is none.  Raises where the current role may not look into the schema.
 */
extern Oid air_check_function(const char *name);

#endif
