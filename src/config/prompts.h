/*
 * prompts.h
 *	  What functions with an instruction of their own send: rows of ai_router.prompts.
 *
 * A text names what stands in its place as {name}, in lower-case letters and underscores;
 * all other braces are text.  Data of a row stands between two lines of its own, which
 * nothing inside can imitate: a row's text is never read as the instruction.
 */
#ifndef AIR_PROMPTS_H
#define AIR_PROMPTS_H

#include "base/pg.h"

#include "utils/snapshot.h"

#include "config/registry.h"

/* What stands in the place of {name}. */
typedef struct AirPromptValue
{
	const char *name;
	const char *text;
} AirPromptValue;

/* Read the table: of each name the highest enabled version.  As air_config_read(). */
extern void air_config_read_prompts(Oid relid, Snapshot snapshot, AirConfig *config);

/* The prompt of that name, NULL if there is none. */
extern const AirPromptText *air_prompt_find(const AirConfig *config, const char *name);

/* The text with its placeholders filled, palloc'ed; one that no value has stays as it is. */
extern char *air_prompt_fill(const char *text, const AirPromptValue *values, int n);

/*
 * text with nothing in it that looks like the beginning of the line <tag> or </tag>,
 * palloc'ed: such has "&lt;" for its "<", in any case, and with blanks and what is not seen
 * in between; and "&amp;lt;" where it had "&lt;" itself.
 */
extern char *air_prompt_defuse(const char *tag, const char *text);

/* The same between these lines. */
extern char *air_prompt_data(const char *tag, const char *text);

/*
 * An answer about that data with the row's own words where air_prompt_data() put others: the
 * answer itself, or palloc'ed.  "&lt;" stays where the row may have meant it: an answer makes no
 * markup of what was none in the row.
 */
extern char *air_prompt_undo(const char *tag, const char *text, char *answer);

#endif
