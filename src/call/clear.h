/*
 * clear.h
 *	  ai_router.cache_clear(): forgetting answers.
 */
#ifndef AIR_CLEAR_H
#define AIR_CLEAR_H

#include "base/pg.h"

/*
 * Forget the cached answers of this database, of one model (by its name) or of all, wherever they
 * are; whatever becomes of the transaction.  Returns how many there were, in shared
 * memory or in the table, whichever is more.  Raises if it cannot begin; warns if the table could
 * not be emptied within 5 s.
 */
extern int64 air_clear(const char *model);

#endif
