/*
 * options.h
 *	  The options of servers and user mappings, from the list that the catalog
 *	  keeps to a struct.
 */
#ifndef AIR_OPTIONS_H
#define AIR_OPTIONS_H

#include "base/pg.h"
#include "config/registry.h"
#include "nodes/pg_list.h"

/* The options of a user mapping as written; NULL where not given.  Secret: see secret.h. */
typedef struct AirMapping
{
	char *api_key;
	char *api_key_file;
	char *api_key_env;
	char *access_key_id;
	char *access_key_id_env;
	char *secret_access_key;
	char *secret_access_key_env;
	char *session_token;
	char *session_token_env;
} AirMapping;

/* What a value must look like. */
typedef enum AirValueKind
{
	AIR_VALUE_API,
	AIR_VALUE_BASE_URL,
	AIR_VALUE_PROXY,
	AIR_VALUE_REGION, /* part of a host name */
	AIR_VALUE_WORD,   /* goes into headers, paths and queries as it is */
	AIR_VALUE_FILE,
	AIR_VALUE_ENV,
	AIR_VALUE_TOKENS_FIELD,
	AIR_VALUE_MS,
	AIR_VALUE_COUNT,
	AIR_VALUE_BOOL,
	AIR_VALUE_SECRET
} AirValueKind;

typedef struct AirOption
{
	const char *name;
	Oid catalog; /* ForeignServerRelationId or UserMappingRelationId */
	AirValueKind kind;
	size_t offset;  /* of the member in AirServer or AirMapping */
	bool superuser; /* only a superuser may set it */
} AirOption;

/* option_values.c: check a value and store a palloc'ed copy; ereports without the value if secret.
 */
extern void air_option_store(const AirOption *option, const char *value, void *target);

/*
 * Fill the members of *server that come from its options; base_url is final.
 * The rest of *server must be zero.  Memory: CurrentMemoryContext.  ereports
 * (classes 22 and HV) if the options do not make a server.
 */
extern void air_server_options(List *options, AirServer *server);

/* The same for a user mapping; errors hide the statement. */
extern void air_mapping_options(List *options, AirMapping *mapping);

/* True if a secret as it stands can go into a header: printable ASCII without blanks. */
extern bool air_secret_ok(const char *secret);

#endif
