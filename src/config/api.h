/*
 * api.h
 *	  What the option tables must know about an api: the values of the server
 *	  option "api".  Codecs live in a higher layer and are registered at load.
 */
#ifndef AIR_API_H
#define AIR_API_H

#include "base/pg.h"

typedef struct AirApi
{
	const char *name;
	const char *default_base_url; /* may hold {region}; NULL: base_url must be given */
	const char *own_hosts;        /* blank-separated patterns, '*' = one or more of [a-z0-9-] */
	bool key_required;            /* at its own hosts a call without credential cannot work */
	bool sigv4;
	bool offline;   /* fixture: no URL, no credential */
	unsigned tasks; /* bit (1 << AirTask) */
} AirApi;

/* Add an api; strings must live for ever.  Called from _PG_init, at most 32 times. */
extern void air_api_register(const AirApi *api);

/* The api of that name, or NULL. */
extern const AirApi *air_api(const char *name);

/* All names, for hints; *n gets their number. */
extern const char *const *air_api_names(int *n);

#endif
