/*
 * prompt.h
 *	  Calls whose instruction comes from ai_router.prompts.
 */
#ifndef AIR_SQL_PROMPT_H
#define AIR_SQL_PROMPT_H

#include "config/prompts.h"
#include "sql/front.h"

/*
 * Make *spec a chat of the active version of that prompt: its system message, and its
 * template as the user's, with values in the places of {names}.  The value "input" is the
 * row's text: it is put between its two lines here, and is what rules see as the prompt.
 * What else comes from rows must have been through air_prompt_data().  In
 * CurrentMemoryContext; the values' texts and hints are not copied.
 * ereports if the prompt is not there.
 */
extern void air_front_prompted(AirCallSpec *spec, const char *function, const char *prompt_name,
							   const AirPromptValue *values, int nvalues, const AirHints *hints);

#endif
