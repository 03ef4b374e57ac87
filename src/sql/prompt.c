/*
 * prompt.c
 *	  Calls whose instruction comes from ai_router.prompts.
 */
#include "base/pg.h"

#include "config/registry.h"
#include "sql/prompt.h"

/* The row's text, and where it stands: between its lines. */
static const char *
bound_input(AirPromptValue *values, int nvalues)
{
	for (int i = 0; i < nvalues; i++)
		if (strcmp(values[i].name, "input") == 0)
		{
			const char *raw = values[i].text;

			values[i].text = air_prompt_data("input", raw);
			return raw;
		}
	return NULL;
}

void
air_front_prompted(AirCallSpec *spec, const char *function, const char *prompt_name,
				   const AirPromptValue *values, int nvalues, const AirHints *hints)
{
	const AirConfig *config = air_config_acquire();

	PG_TRY();
	{
		const AirPromptText *prompt = air_prompt_find(config, prompt_name);
		AirPromptValue *bound = palloc(sizeof(AirPromptValue) * Max(nvalues, 1));
		const char *input;

		if (prompt == NULL)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
							errmsg("there is no prompt \"%s\"", prompt_name),
							errhint("Version 1 of it comes with the extension: use ALTER "
									"EXTENSION ai_router UPDATE.")));
		if (nvalues > 0)
			memcpy(bound, values, sizeof(AirPromptValue) * nvalues);
		input = bound_input(bound, nvalues);
		air_front_prompt(spec, function, air_prompt_fill(prompt->template, bound, nvalues), hints);
		spec->system =
			prompt->system != NULL ? air_prompt_fill(prompt->system, bound, nvalues) : NULL;
		spec->input = input;
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();
}
