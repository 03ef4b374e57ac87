/*
 * options.c
 *	  The tables of valid options and the validator of the foreign data wrapper.
 *
 * One table drives checking, reading and the hints.  The validator sees the
 * merged list on ALTER SERVER: a role that owns a server which a superuser
 * pointed at a host of its own can therefore change no option of it, which is
 * what keeps owners from repointing servers.  No locks.
 */
#include "base/pg.h"

#include "access/reloptions.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"

#include "base/settings.h"
#include "base/text.h"
#include "config/hosts.h"
#include "config/options.h"

#define SERVER(name, kind, member, superuser)                                                      \
	{                                                                                              \
		name, ForeignServerRelationId, kind, offsetof(AirServer, member), superuser                \
	}
#define MAPPING(name, kind, superuser)                                                             \
	{                                                                                              \
#name, UserMappingRelationId, kind, offsetof(AirMapping, name), superuser                  \
	}

static const AirOption options[] = {
	SERVER("api", AIR_VALUE_API, api, false),
	SERVER("base_url", AIR_VALUE_BASE_URL, base_url, false), /* see check_rights() */
	SERVER("region", AIR_VALUE_REGION, region, false),
	SERVER("api_version", AIR_VALUE_WORD, api_version, false),
	SERVER("organization", AIR_VALUE_WORD, organization, false),
	SERVER("project", AIR_VALUE_WORD, project, false),
	SERVER("proxy", AIR_VALUE_PROXY, proxy, true),
	SERVER("ca_file", AIR_VALUE_FILE, ca_file, true),
	SERVER("timeout", AIR_VALUE_MS, timeout_ms, false),
	SERVER("max_concurrency", AIR_VALUE_COUNT, max_concurrency, false),
	SERVER("embed_batch", AIR_VALUE_COUNT, embed_batch, false),
	SERVER("max_tokens_field", AIR_VALUE_TOKENS_FIELD, max_tokens_field, false),
	SERVER("allow_insecure", AIR_VALUE_BOOL, allow_insecure, false), /* see check_rights() */

	MAPPING(api_key, AIR_VALUE_SECRET, false),
	MAPPING(api_key_file, AIR_VALUE_FILE, true),
	MAPPING(api_key_env, AIR_VALUE_ENV, true),
	MAPPING(access_key_id, AIR_VALUE_SECRET, false),
	MAPPING(access_key_id_env, AIR_VALUE_ENV, true),
	MAPPING(secret_access_key, AIR_VALUE_SECRET, false),
	MAPPING(secret_access_key_env, AIR_VALUE_ENV, true),
	MAPPING(session_token, AIR_VALUE_SECRET, false),
	MAPPING(session_token_env, AIR_VALUE_ENV, true),
};

PG_FUNCTION_INFO_V1(air_fdw_validator);

static const char *
catalog_noun(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return "a server of ai_router";
		case UserMappingRelationId:
			return "a user mapping of ai_router";
		case ForeignDataWrapperRelationId:
			return "the foreign data wrapper ai_router";
		case ForeignTableRelationId:
			return "a foreign table of ai_router";
		default:
			return "this object";
	}
}

/* The option of that name, or an error with the nearest and all valid ones. */
static const AirOption *
find_option(Oid catalog, const char *name)
{
	const char *names[lengthof(options)];
	int n = 0;
	const char *near;
	StringInfoData hint;

	for (int i = 0; i < lengthof(options); i++)
	{
		if (options[i].catalog != catalog)
			continue;
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
		names[n++] = options[i].name;
	}

	initStringInfo(&hint);
	near = n > 0 ? air_nearest(name, names, n) : NULL;
	if (near != NULL)
		appendStringInfo(&hint, "Perhaps you meant \"%s\". ", near);
	if (n == 0)
		appendStringInfo(&hint, "There are no options for %s.", catalog_noun(catalog));
	else
	{
		appendStringInfo(&hint, "Valid options of %s are: ", catalog_noun(catalog));
		for (int i = 0; i < n; i++)
			appendStringInfo(&hint, "%s%s", i > 0 ? ", " : "", names[i]);
		appendStringInfoChar(&hint, '.');
	}
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
					errhint("%s", hint.data), errhidestmt(catalog == UserMappingRelationId)));
	return NULL; /* keep the compiler quiet */
}

static void
read_options(Oid catalog, List *list, void *target)
{
	ListCell *lc;

	foreach (lc, list)
	{
		DefElem *def = (DefElem *) lfirst(lc);
		const AirOption *option = find_option(catalog, def->defname);

		air_option_store(option, def->arg ? strVal(def->arg) : "", target);
	}
}

/* Options that say where a request goes mean nothing to an api that sends none. */
static void
check_offline(const AirServer *server)
{
	const char *name = server->base_url       ? "base_url"
					   : server->region       ? "region"
					   : server->api_version  ? "api_version"
					   : server->organization ? "organization"
					   : server->project      ? "project"
					   : server->proxy        ? "proxy"
					   : server->ca_file      ? "ca_file"
											  : NULL;

	if (name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("option \"%s\" means nothing with api \"%s\"", name, server->api->name),
				 errhint("This api makes no network connection.")));
}

/* The default base_url with {region} replaced; palloc'ed. */
static char *
default_base_url(const AirServer *server)
{
	const char *url = server->api->default_base_url;
	const char *place;

	if (url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("option \"base_url\" is required with api \"%s\"", server->api->name),
				 errhint("This api has no default base_url.")));
	place = strstr(url, "{region}");
	if (place == NULL)
		return pstrdup(url);
	if (server->region == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
						errmsg("option \"region\" is required with api \"%s\"", server->api->name),
						errhint("The default base_url is %s.", url)));
	return psprintf("%.*s%s%s", (int) (place - url), url, server->region,
					place + strlen("{region}"));
}

/* See options.h. */
void
air_server_options(List *list, AirServer *server)
{
	bool given;
	const char *why;
	AirUrl url;

	read_options(ForeignServerRelationId, list, server);
	if (server->api == NULL)
	{
		int n;
		const char *const *names = air_api_names(&n);
		StringInfoData hint;

		initStringInfo(&hint);
		for (int i = 0; i < n; i++)
			appendStringInfo(&hint, "%s%s", i > 0 ? ", " : "", names[i]);
		ereport(ERROR, (errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
						errmsg("option \"api\" is required"),
						errhint("Valid values are: %s.", hint.data)));
	}
	if (server->api->offline)
	{
		check_offline(server);
		return;
	}

	given = server->base_url != NULL;
	if (!given)
		server->base_url = default_base_url(server);
	if (!air_url_split(server->base_url, &url, &why))
		elog(ERROR, "default base_url of api \"%s\" is not valid: %s", server->api->name, why);
	server->base_url = air_url_join(&url);
	server->host = url.host;
	server->own_host = !given || air_host_is_own(server->api, url.host);

	if (strcmp(url.scheme, "https") != 0 && !server->allow_insecure &&
		!air_host_is_loopback(url.host))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("base_url \"%s\" would send keys and prompts unencrypted",
							   server->base_url),
						errhint("Use https:, or a loopback address, or let a superuser set "
								"allow_insecure.")));
}

/*
 * May a role without superuser rights point a server there?  At the api's own
 * hosts, or where a superuser allowed it.  Loopback is an own host of apis that
 * run locally, but only at their usual port: others are other services.
 */
static bool
base_url_trusted(const AirServer *server)
{
	AirUrl url;
	AirUrl usual;
	const char *why;

	if (server->base_url == NULL)
		return true;
	if (!air_url_split(server->base_url, &url, &why))
		return false;
	if (air_host_is_allowed(url.host, air_url_port(&url)))
		return true;
	if (!server->own_host)
		return false;
	if (!air_host_is_loopback(url.host))
		return true;
	return server->api->default_base_url != NULL &&
		   air_url_split(server->api->default_base_url, &usual, &why) &&
		   air_url_port(&url) == air_url_port(&usual);
}

/* What only a superuser may set. */
static void
check_rights(Oid catalog, List *list, const AirServer *server)
{
	ListCell *lc;

	foreach (lc, list)
	{
		const char *name = ((DefElem *) lfirst(lc))->defname;

		if (find_option(catalog, name)->superuser ||
			(strcmp(name, "allow_insecure") == 0 && server->allow_insecure))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to set option \"%s\"", name),
					 errhint("Only a superuser may set this option, or change others beside it."),
					 errhidestmt(catalog == UserMappingRelationId)));
	}
	if (server != NULL && !base_url_trusted(server))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to point api \"%s\" at host \"%s\"", server->api->name,
						server->host),
				 errhint("Only a superuser may set or change such a server, unless the host is in "
						 "ai_router.allowed_hosts.")));
}

/* Two ways to give the same secret leave open which one counts. */
static void
refuse_both(const char *a, const char *a_value, const char *b, const char *b_value)
{
	if (a_value != NULL && b_value != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("options \"%s\" and \"%s\" exclude each other", a, b),
						errhint("Give each secret in one way only."), errhidestmt(true)));
}

/* See options.h. */
void
air_mapping_options(List *list, AirMapping *m)
{
	const char *key;
	const char *id;
	const char *secret;
	const char *token;

	memset(m, 0, sizeof(*m));
	read_options(UserMappingRelationId, list, m);

	refuse_both("api_key", m->api_key, "api_key_file", m->api_key_file);
	refuse_both("api_key", m->api_key, "api_key_env", m->api_key_env);
	refuse_both("api_key_file", m->api_key_file, "api_key_env", m->api_key_env);
	refuse_both("access_key_id", m->access_key_id, "access_key_id_env", m->access_key_id_env);
	refuse_both("secret_access_key", m->secret_access_key, "secret_access_key_env",
				m->secret_access_key_env);
	refuse_both("session_token", m->session_token, "session_token_env", m->session_token_env);

	key = m->api_key ? m->api_key : m->api_key_file ? m->api_key_file : m->api_key_env;
	id = m->access_key_id ? m->access_key_id : m->access_key_id_env;
	secret = m->secret_access_key ? m->secret_access_key : m->secret_access_key_env;
	token = m->session_token ? m->session_token : m->session_token_env;

	if (key != NULL && (id != NULL || secret != NULL || token != NULL))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an API key and access keys exclude each other"),
						errhint("Give an API key, or access_key_id and secret_access_key."),
						errhidestmt(true)));
	if ((id == NULL) != (secret == NULL) || (token != NULL && id == NULL))
		ereport(ERROR, (errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
						errmsg("option \"%s\" is required",
							   id == NULL ? "access_key_id" : "secret_access_key"),
						errhint("An access key consists of access_key_id and secret_access_key, "
								"with a session_token if it is temporary."),
						errhidestmt(true)));
}

/*
 * ai_router.fdw_validator(text[], oid): called by CREATE and ALTER of wrapper,
 * server, user mapping and foreign table, with the complete list of options.
 */
Datum
air_fdw_validator(PG_FUNCTION_ARGS)
{
	List *list = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid catalog = PG_GETARG_OID(1);

	if (catalog == ForeignServerRelationId)
	{
		AirServer server = {0};

		air_server_options(list, &server);
		if (!superuser())
			check_rights(catalog, list, &server);
	}
	else if (catalog == UserMappingRelationId)
	{
		AirMapping mapping;

		air_mapping_options(list, &mapping);
		if (!superuser())
			check_rights(catalog, list, NULL);
	}
	else
	{
		ListCell *lc;

		foreach (lc, list)
			find_option(catalog, ((DefElem *) lfirst(lc))->defname);
	}
	PG_RETURN_VOID();
}
