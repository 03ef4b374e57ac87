/*
 * api.c
 *	  The list of apis that a server option can name.
 *
 * Filled once while the library is loaded and only read afterwards; strings
 * are the registrar's.  No locks.
 */
#include "base/pg.h"

#include "config/api.h"

#define MAX_APIS 32

static AirApi apis[MAX_APIS];
static const char *names[MAX_APIS];
static int napis = 0;

/* See api.h. */
void
air_api_register(const AirApi *api)
{
	if (napis == MAX_APIS || air_api(api->name) != NULL)
		elog(ERROR, "cannot register api \"%s\"", api->name);
	apis[napis] = *api;
	names[napis++] = api->name;
}

/* See api.h. */
const AirApi *
air_api(const char *name)
{
	for (int i = 0; i < napis; i++)
	{
		if (strcmp(names[i], name) == 0)
			return &apis[i];
	}
	return NULL;
}

/* See api.h. */
const char *const *
air_api_names(int *n)
{
	*n = napis;
	return names;
}
