/*
 * facts.c
 *	  What routing wants to know about the caller: role, rights, sizes.
 *
 * Catalog look-ups go through syscache; what only some rule conditions need is
 * a callback, asked when a condition names it.  The role's name and its rights are
 * remembered until a catalog that they come from changes, which is noticed where the
 * configuration is acquired: once per call.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_foreign_server.h"
#include "commands/dbcommands.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/text.h"
#include "call/admit.h"
#include "call/facts.h"

/* Tokens that chat templates add per message and per request; a little above the usual. */
#define TOKENS_PER_MESSAGE 4
#define TOKENS_PER_REQUEST 3

/* The roles a role is a member of, itself included, directly or through others. */
static Jsonb *
member_of(Oid role)
{
	List *roles = list_make1_oid(role);
	JsonbParseState *state = NULL;
	JsonbValue *array;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < list_length(roles); i++)
	{
		Oid member = list_nth_oid(roles, i);
		char *name = GetUserNameFromId(member, true);
		CatCList *memberships = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(member));

		for (int j = 0; j < memberships->n_members; j++)
		{
			HeapTuple tuple = &memberships->members[j]->tuple;

			roles =
				list_append_unique_oid(roles, ((Form_pg_auth_members) GETSTRUCT(tuple))->roleid);
		}
		ReleaseSysCacheList(memberships);
		if (name != NULL && air_is_member_compat(role, member))
		{
			JsonbValue v = {.type = jbvString};

			v.val.string.val = name;
			v.val.string.len = strlen(name);
			pushJsonbValue(&state, WJB_ELEM, &v);
		}
	}
	array = pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(array);
}

/* Advanced by whatever may change a role's name, memberships or rights. */
static uint64 roles_version = 1;

static void
on_roles_change(Datum arg, int cacheid, uint32 hashvalue)
{
	roles_version++;
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	registered = true;
	CacheRegisterSyscacheCallback(AUTHOID, on_roles_change, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMMEMROLE, on_roles_change, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_roles_change, (Datum) 0);
	/* Its owner is a member of pg_database_owner. */
	CacheRegisterSyscacheCallback(DATABASEOID, on_roles_change, (Datum) 0);
}

static bool
may_use(const AirServer *server, Oid role)
{
	typedef struct Right
	{
		uint64 version; /* 0: nothing yet */
		Oid server;
		Oid role;
		bool usage;
	} Right;

	static Right rights[16];
	Right *r = &rights[hash_combine(server->oid, role) % lengthof(rights)];
	uint64 version = roles_version;

	if (r->version != version || r->server != server->oid || r->role != role)
	{
		r->version = 0;
		*r = (Right){.version = version,
					 .server = server->oid,
					 .role = role,
					 .usage = air_server_usage_compat(server->oid, role) == ACLCHECK_OK};
	}
	return r->usage;
}

/* The name of the current role, palloc'ed. */
static char *
role_name_of(Oid role)
{
	static uint64 version = 0;
	static Oid named = InvalidOid;
	static char name[NAMEDATALEN];

	if (version != roles_version || named != role)
	{
		uint64 now = roles_version;

		version = 0;
		strlcpy(name, GetUserNameFromId(role, false), sizeof(name));
		named = role;
		version = now;
	}
	return pstrdup(name);
}

/* The database's name never changes under a connected session. */
static const char *
database_name(void)
{
	static char *name = NULL;

	if (name == NULL)
	{
		char *found = get_database_name(MyDatabaseId);

		name = found ? MemoryContextStrdup(TopMemoryContext, found) : NULL;
	}
	return name;
}

static int
count_tokens(const AirCallSpec *spec)
{
	int64 tokens = TOKENS_PER_REQUEST;

	for (int i = 0; i < spec->nmessages; i++)
	{
		tokens += TOKENS_PER_MESSAGE;
		for (int j = 0; j < spec->messages[i].nparts; j++)
		{
			const char *text = spec->messages[i].parts[j].text;

			if (text != NULL)
				tokens += air_estimate_tokens(text, strlen(text));
		}
	}
	for (int i = 0; i < spec->ninputs; i++)
		tokens += air_estimate_tokens(spec->inputs[i], strlen(spec->inputs[i]));
	if (spec->query != NULL)
		tokens += air_estimate_tokens(spec->query, strlen(spec->query));
	if (spec->system != NULL)
		tokens += TOKENS_PER_MESSAGE + air_estimate_tokens(spec->system, strlen(spec->system));
	if (spec->schema != NULL)
		tokens += air_estimate_tokens(spec->schema, strlen(spec->schema));
	if (AIR_HAS_HINT(spec->hints, AIR_HINT_SYSTEM))
		tokens += TOKENS_PER_MESSAGE +
				  air_estimate_tokens(spec->hints->system, strlen(spec->hints->system));
	return (int) Min(tokens, PG_INT32_MAX);
}

void
air_facts(const AirCallSpec *spec, const AirConfig *config, AirRouteInput *in)
{
	register_callbacks();
	memset(in, 0, sizeof(*in));
	in->config = config;
	in->function = spec->function;
	in->task = spec->task;
	in->hints = spec->hints;
	in->role = GetUserId();
	in->role_name = role_name_of(in->role);
	in->roles_version = roles_version;
	in->database = database_name();
	in->application = application_name;
	in->member_of = member_of;
	in->may_use = may_use;
	in->latency_ms = air_admit_latency;
	in->tokens = count_tokens(spec);
	in->max_tokens = spec->max_tokens;

	if (spec->input != NULL)
		in->prompt = spec->input;
	else if (spec->query != NULL)
		in->prompt = spec->query;
	else if (spec->ninputs > 0)
		in->prompt = spec->inputs[0];
	else if (spec->nmessages == 1 && spec->messages[0].nparts == 1 &&
			 spec->messages[0].parts[0].text)
		in->prompt = spec->messages[0].parts[0].text;
	else
	{
		StringInfoData all;

		initStringInfo(&all);
		for (int i = 0; i < spec->nmessages; i++)
			for (int j = 0; j < spec->messages[i].nparts; j++)
			{
				const AirPart *part = &spec->messages[i].parts[j];

				if (part->text == NULL)
					in->images++;
				else if (spec->messages[i].role == AIR_USER)
					appendStringInfo(&all, "%s%s", all.len ? "\n" : "", part->text);
			}
		in->prompt = all.data;
	}
	in->prompt_len = strlen(in->prompt);
}
