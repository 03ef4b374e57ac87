/*
 * registry_rows.c
 *	  Rows on their way into a configuration.
 *
 * A row that cannot be read must not stop every call of the database: errors
 * about its content are caught and the row is left out.  The code under
 * PG_TRY only computes, so nothing has to be rolled back; all other errors
 * (cancel, out of memory, a broken table) go on to the caller, which throws
 * the memory away.
 */
#include "base/pg.h"

#include "config/registry_rows.h"

void *
air_config_grow(void *array, int n, size_t size)
{
	if (n == 0)
		return palloc0(8 * size);
	if (n < 8 || (n & (n - 1)) != 0)
		return array;
	return repalloc(array, 2 * n * size);
}

static void
skip(AirConfig *config, const char *noun, const char *name, const char *problem)
{
	AirSkipped *s;

	config->skipped = air_config_grow(config->skipped, config->nskipped, sizeof(AirSkipped));
	s = &config->skipped[config->nskipped++];
	s->object = psprintf("%s \"%s\"", noun, name);
	s->problem = pstrdup(problem);
	ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("%s is ignored: %s", s->object, s->problem),
					  errhint("Correct or delete it; ai_router.check() lists what cannot work.")));
}

/* Is the error about the content of a row? */
static bool
is_about_content(int sqlerrcode)
{
	int category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_FDW_ERROR;
}

bool
air_config_read_row(AirConfig *config, const char *noun, const char *name, AirReadRow read,
					void *source, void *row)
{
	MemoryContext cxt = CurrentMemoryContext;
	volatile bool ok = false;

	PG_TRY();
	{
		ok = read(config, source, row);
	}
	PG_CATCH();
	{
		ErrorData *error;

		if (!is_about_content(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		skip(config, noun, name, error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	return ok;
}
