/*
 * credentials.c
 *	  From (server, role) to a secret.
 *
 * What the user mapping says is cached per backend in a context of its own,
 * which is thrown away whenever any user mapping changes.  Files are looked at
 * and variables read at each use; where a secret only needs to be told from others,
 * at most so often.  Results are copies in CurrentMemoryContext.
 * No locks are kept; nothing here puts a secret or the path of one in a message.
 */
#include "base/pg.h"

#include <stdlib.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/xlog.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/clock.h"
#include "base/hash.h"
#include "config/credentials.h"
#include "config/keyfile.h"
#include "config/options.h"

/* air_credential_identity() looks at files and variables again after so many milliseconds. */
#define IDENTITY_MS 10

typedef struct CacheKey
{
	Oid server;
	Oid role;
} CacheKey;

typedef struct CacheEntry
{
	CacheKey key;
	Oid mapping; /* InvalidOid: there is none */
	AirMapping options;

	char *file_key; /* what api_key_file held, NULL: not read yet */
	AirFileStamp stamp;

	char *hashed; /* what fingerprint was made of, NULL: nothing yet */
	int hashed_len;
	uint64 fingerprint;
	AirCredKind kind;
	double looked; /* monotonic ms: when files and variables said so */
} CacheEntry;

static MemoryContext cache_context = NULL;
static HTAB *cache = NULL;
static bool cache_stale = false;

static void
on_mapping_change(Datum arg, int cacheid, uint32 hashvalue)
{
	cache_stale = true;
}

static void
prepare_cache(void)
{
	HASHCTL ctl = {.keysize = sizeof(CacheKey), .entrysize = sizeof(CacheEntry)};

	if (cache_context == NULL)
	{
		MemoryContext cxt =
			AllocSetContextCreate(TopMemoryContext, "ai_router credentials", ALLOCSET_SMALL_SIZES);

		CacheRegisterSyscacheCallback(USERMAPPINGOID, on_mapping_change, (Datum) 0);
		cache_context = cxt;
	}
	AcceptInvalidationMessages();
	if (cache != NULL && !cache_stale)
		return;

	cache = NULL;
	MemoryContextReset(cache_context);
	cache_stale = false;
	ctl.hcxt = cache_context;
	cache = hash_create("ai_router credentials", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The options of the role's mapping at the server as a list; *mapping gets its oid or InvalidOid.
 */
static List *
find_mapping(Oid server, Oid role, Oid *mapping)
{
	HeapTuple tuple =
		SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(role), ObjectIdGetDatum(server));
	List *list = NIL;
	Datum datum;
	bool isnull;

	if (!HeapTupleIsValid(tuple) && OidIsValid(role))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(server));
	*mapping = InvalidOid;
	if (!HeapTupleIsValid(tuple))
		return NIL;

	*mapping = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple, Anum_pg_user_mapping_umoptions, &isnull);
	if (!isnull)
		list = untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return list;
}

/* The cached mapping of (server, role). */
static CacheEntry *
lookup(Oid server, Oid role)
{
	CacheKey key = {.server = server, .role = role};
	CacheEntry *entry;
	CacheEntry fresh = {.key = key};
	MemoryContext old;
	List *list;

	prepare_cache();
	entry = hash_search(cache, &key, HASH_FIND, NULL);
	if (entry != NULL)
		return entry;

	/* Complete before it is entered: an ERROR leaves no half-filled entry. */
	list = find_mapping(server, role, &fresh.mapping);
	old = MemoryContextSwitchTo(cache_context);
	air_mapping_options(list, &fresh.options);
	MemoryContextSwitchTo(old);

	entry = hash_search(cache, &key, HASH_ENTER, NULL);
	*entry = fresh;
	return entry;
}

/* The file's secret in cache memory, read again if the file changed; NULL with the reason. */
static const char *
file_secret(CacheEntry *entry, const char **why)
{
	AirFileStamp stamp;
	char *key;

	if (entry->file_key != NULL &&
		air_keyfile_unchanged(entry->options.api_key_file, &entry->stamp))
		return entry->file_key;

	key = air_keyfile_read(entry->options.api_key_file, &stamp, why);
	if (entry->file_key != NULL)
	{
		pfree(entry->file_key);
		entry->file_key = NULL;
	}
	/* What is bought from now on is bought with this key: not to be taken for the last one's. */
	if (entry->hashed != NULL)
	{
		pfree(entry->hashed);
		entry->hashed = NULL;
	}
	if (key == NULL)
		return NULL;
	entry->file_key = MemoryContextStrdup(cache_context, key);
	entry->stamp = stamp;
	return entry->file_key;
}

/*
 * One secret given as such or by the name of a variable: a copy in *out, NULL
 * if it is not given at all.  False with *err if the variable does not hold one.
 */
static bool
take_secret(const char *value, const char *env, const char **out, AirFailure *err)
{
	*out = NULL;
	if (env != NULL)
	{
		value = getenv(env);
		if (value == NULL || !air_secret_ok(value))
		{
			air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT,
					 "an environment variable of the user mapping %s",
					 value == NULL ? "is not set" : "holds no secret that can be sent");
			err->hint = "Set it in the environment of the database server and restart it.";
			return false;
		}
	}
	if (value != NULL)
		*out = pstrdup(value);
	return true;
}

/* Fill *out from the mapping's options. */
static bool
take_credential(CacheEntry *entry, AirCredential *out, AirFailure *err)
{
	const AirMapping *m = &entry->options;
	const char *why;

	if (m->api_key_file != NULL)
	{
		const char *key = file_secret(entry, &why);

		if (key == NULL)
		{
			air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT,
					 "cannot use the file named by api_key_file: %s", why);
			err->hint = "The user mapping names a file that the database server must be able to "
						"read; it holds the key and nothing else.";
			return false;
		}
		out->key = pstrdup(key);
	}
	else if (!take_secret(m->api_key, m->api_key_env, &out->key, err))
		return false;

	if (!take_secret(m->access_key_id, m->access_key_id_env, &out->access_key_id, err) ||
		!take_secret(m->secret_access_key, m->secret_access_key_env, &out->secret_access_key,
					 err) ||
		!take_secret(m->session_token, m->session_token_env, &out->session_token, err))
		return false;

	out->kind = out->key ? AIR_CRED_KEY : out->access_key_id ? AIR_CRED_SIGV4 : AIR_CRED_NONE;
	return true;
}

/* Does the mapping name something that only a superuser may name? */
static bool
names_a_place(const AirMapping *m)
{
	return m->api_key_file != NULL || m->api_key_env != NULL || m->access_key_id_env != NULL ||
		   m->secret_access_key_env != NULL || m->session_token_env != NULL;
}

/*
 * A number that tells secrets apart.  Salted with the cluster's identity, so
 * that it means nothing elsewhere.  Kept with the mapping: each call asks for it.
 */
static uint64
fingerprint_of(CacheEntry *entry, const AirCredential *c)
{
	const char *parts[] = {c->key, c->access_key_id, c->secret_access_key, c->session_token};
	uint64 salt = GetSystemIdentifier();
	uint8 digest[AIR_SHA256_LEN];
	StringInfoData buf;
	uint64 result;

	if (c->kind == AIR_CRED_NONE)
		return 0;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (char *) &salt, sizeof(salt));
	for (int i = 0; i < lengthof(parts); i++)
	{
		if (parts[i] != NULL)
			appendStringInfoString(&buf, parts[i]);
		appendStringInfoChar(&buf, '\0');
	}
	entry->looked = names_a_place(&entry->options) ? air_monotonic_ms() : 0;
	entry->kind = c->kind;
	if (entry->hashed != NULL && entry->hashed_len == buf.len &&
		memcmp(entry->hashed, buf.data, buf.len) == 0)
	{
		pfree(buf.data);
		return entry->fingerprint;
	}
	if (!air_sha256(buf.data, buf.len, digest))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a hash")));
	memcpy(&result, digest, sizeof(result));
	if (entry->hashed != NULL)
		pfree(entry->hashed);
	entry->hashed = NULL;
	entry->hashed = memcpy(MemoryContextAlloc(cache_context, buf.len), buf.data, buf.len);
	entry->hashed_len = buf.len;
	entry->fingerprint = result;
	pfree(buf.data);
	return result;
}

static bool
no_credential(const AirServer *server, AirFailure *err)
{
	air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT, "there is no key for this role");
	err->hint = psprintf("Use CREATE USER MAPPING FOR PUBLIC SERVER %s OPTIONS (api_key_file "
						 "'..'), or a mapping of one's own with api_key.",
						 quote_identifier(server->name));
	return false;
}

/*
 * The owner of a server can give it another api or region, and the validator
 * cannot tell who does: so a secret that its owner could not read must not be
 * sent where that owner points.
 */
static bool
not_the_owners(const AirServer *server, AirFailure *err)
{
	air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT,
			 "api_key_file and the _env options work at servers of superusers only");
	err->hint = psprintf("Use ALTER SERVER %s OWNER TO a superuser and GRANT USAGE on it, or a "
						 "mapping with api_key.",
						 quote_identifier(server->name));
	return false;
}

static bool
may_be_used(const AirServer *server, const CacheEntry *entry, AirFailure *err)
{
	if (names_a_place(&entry->options) && !superuser_arg(server->owner))
		return not_the_owners(server, err);
	return true;
}

/* Can the server's api do with this kind of credential? */
static bool
suits(const AirServer *server, AirCredKind kind, AirFailure *err)
{
	if (kind == AIR_CRED_NONE && server->api->key_required && server->own_host)
		return no_credential(server, err);
	if (kind == AIR_CRED_SIGV4 && !server->api->sigv4)
	{
		air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT, "api \"%s\" does not sign with access keys",
				 server->api->name);
		err->hint = "Give the user mapping an api_key, api_key_file or api_key_env.";
		return false;
	}
	return true;
}

/* See credentials.h. */
bool
air_credential_get(const AirServer *server, Oid role, AirCredential *out, uint64 *fingerprint,
				   Oid *mapping, AirFailure *err)
{
	CacheEntry *entry;

	memset(out, 0, sizeof(*out));
	if (fingerprint != NULL)
		*fingerprint = 0;
	if (mapping != NULL)
		*mapping = InvalidOid;
	if (server->api->offline)
		return true;

	entry = lookup(server->oid, role);
	if (!may_be_used(server, entry, err) || !take_credential(entry, out, err) ||
		!suits(server, out->kind, err))
		return false;
	if (fingerprint != NULL)
		*fingerprint = fingerprint_of(entry, out);
	if (mapping != NULL)
		*mapping = entry->mapping;
	return true;
}

/* See credentials.h. */
bool
air_credential_identity(const AirServer *server, Oid role, uint64 *fingerprint, Oid *mapping)
{
	AirCredential cred;
	AirFailure err;
	CacheEntry *entry;

	if (!server->api->offline)
	{
		entry = lookup(server->oid, role);
		if (entry->hashed != NULL &&
			(entry->looked == 0 || air_monotonic_ms() - entry->looked < IDENTITY_MS))
		{
			*fingerprint = entry->fingerprint;
			*mapping = entry->mapping;
			return may_be_used(server, entry, &err) && suits(server, entry->kind, &err);
		}
	}
	return air_credential_get(server, role, &cred, fingerprint, mapping, &err);
}
