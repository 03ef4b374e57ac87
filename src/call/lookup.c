/*
 * lookup.c
 *	  Between a call and the cache: what the hints allow, and looking up.
 *
 * Routing has judged the candidates before this is asked, rights included, and a key
 * holds whose credential would be used: so a role finds only what it could have
 * bought in the same words.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "call/cache_table.h"
#include "call/key.h"

/* What a call does with the cache: the hint, else the setting. */
static AirCacheMode
mode_of(const AirCall *call)
{
	const AirHints *hints = &call->route.hints;

	if (AIR_HAS_HINT(hints, AIR_HINT_CACHE))
		return hints->cache;
	return air_cache_use ? AIR_CACHE_DEFAULT : AIR_CACHE_OFF;
}

/*
 * Fixtures are for tests, which change them and ask again: their answers are kept
 * only where a hint says so.
 */
static bool
takes_part(const AirCall *call, int n)
{
	return mode_of(call) != AIR_CACHE_DEFAULT ||
		   !call->route.candidates[n].model->server->api->offline;
}

/* How long the call's answer may be kept, and how old one for it may be; 0: no matter. */
int64
air_call_ttl(const AirCall *call)
{
	const AirHints *hints = &call->route.hints;

	return AIR_HAS_HINT(hints, AIR_HINT_CACHE_TTL) ? hints->cache_ttl_us : 0;
}

/* Prepare call->keys; false if the call has nothing to do with the cache. */
static bool
make_keys(AirCall *call)
{
	int n = 0;

	if (mode_of(call) == AIR_CACHE_OFF || !air_cache_exists())
		return false;
	while (n < call->route.nusable && !takes_part(call, n))
		n++;
	if (n == call->route.nusable || (call->key_base = air_key_base(call)) == NULL)
		return false;
	call->keys = MemoryContextAllocZero(call->cxt, sizeof(AirCallKey) * (call->route.nusable + 1));
	return true;
}

/* The key of the n-th candidate, made when it is first asked for; NULL if it has none. */
static const AirKey *
key_of(AirCall *call, int n)
{
	AirCallKey *k = &call->keys[n];

	if (k->state == AIR_KEY_UNKNOWN)
		k->state = takes_part(call, n) && air_key_of(call, call->key_base, n, &k->key)
					   ? AIR_KEY_VALID
					   : AIR_KEY_NONE;
	return k->state == AIR_KEY_VALID ? &k->key : NULL;
}

/* End the call with an answer from the cache, as of its n-th candidate. */
static void
answer_from_cache(AirCall *call, int n, const AirCached *found)
{
	const AirModel *model = call->route.candidates[n].model;

	call->result.model = model->name;
	call->result.provider = model->server_name;
	call->result.cached = true;
	call->result.usage = found->usage;
	call->result.cost = 0;
	call->result.call_id = found->call_id;
	air_hits_count(call, model, found->cost);
	air_call_succeed(call, found->finish, found->text);
}

/* End the call with an answer that is not in the cache's memory any more, and take it there. */
static void
answer_from_elsewhere(AirCall *call, int n, const char *model, const AirCached *found)
{
	(void) air_cache_put(&call->keys[n].key, MyDatabaseId, model, found);
	answer_from_cache(call, n, found);
}

/* Look the keys of all candidates up in the cache's memory, in their order. */
static bool
find_in_memory(AirCall *call)
{
	AirCached found;
	uint32 uses = 0;

	for (int i = 0; i < call->route.nusable; i++)
	{
		const AirKey *key = key_of(call, i);

		if (key == NULL || !air_cache_get(key, air_call_ttl(call), &found, &uses) ||
			!air_pin_cached(call, found.text))
			continue;
		if (uses > 0)
			air_keep_tell_use(key, uses);
		answer_from_cache(call, i, &found);
		return true;
	}
	return false;
}

/* Look them up among the answers that the table does not have yet. */
static bool
find_in_spool(AirCall *call)
{
	AirCached found;
	char *model;

	for (int i = 0; i < call->route.nusable; i++)
	{
		const AirKey *key = key_of(call, i);

		if (key == NULL || !air_spool_find_answer(key, air_call_ttl(call), &found, &model) ||
			!air_pin_cached(call, found.text))
			continue;
		answer_from_elsewhere(call, i, model, &found);
		return true;
	}
	return false;
}

/* Look the keys of all candidates up in shared memory; true: the call has ended. */
bool
air_call_find(AirCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	bool hit = find_in_memory(call) || find_in_spool(call);

	MemoryContextSwitchTo(caller);
	return hit;
}

/*
 * Look them up in the table, and take what is there into shared memory.  When a call is submitted,
 * and for one that waited if what it waited for has left shared memory: the table has it by then.
 * May wait, and raises if that is interrupted.
 */
bool
air_call_find_in_table(AirCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirKey **keys = palloc(sizeof(AirKey *) * call->route.nusable);
	AirCached found;
	char *model;
	int hit;

	for (int i = 0; i < call->route.nusable; i++)
		keys[i] = key_of(call, i);
	hit = air_cache_table_find(keys, call->route.nusable, air_call_ttl(call), &found, &model);
	if (hit >= 0 && !air_pin_cached(call, found.text))
		hit = -1;
	if (hit >= 0)
	{
		TimestampTz now = GetCurrentStatementStartTimestamp();

		if (air_cache_tell(found.told, 1, now))
		{
			air_keep_tell_use(keys[hit], 1);
			found.told = now;
		}
		answer_from_elsewhere(call, hit, model, &found);
	}
	MemoryContextSwitchTo(caller);
	return hit >= 0;
}

/*
 * Look a routed and prepared call up before it is queued: true if it has ended,
 * with an answer or, where only the cache may answer, without; or if it waits for an
 * equal call.
 */
bool
air_call_lookup(AirCall *call)
{
	AirCacheMode mode = mode_of(call);
	bool keys = make_keys(call);
	AirFailure err;

	if (mode == AIR_CACHE_REFRESH)
	{
		for (int i = 0; keys && i < call->route.nusable; i++)
			(void) key_of(call, i);
		return false;
	}
	if (keys && (air_call_find(call) || air_call_find_in_table(call)))
		return true;
	for (int i = 0; keys && i < call->route.nusable; i++)
	{
		if (call->keys[i].state != AIR_KEY_VALID)
			continue;
		air_cache_count_miss(&call->keys[i].key);
		break;
	}
	if (mode != AIR_CACHE_ONLY)
		return keys && air_waiting_join(call);

	/* RT002 and not RT001, which always raises: so on_error can make it NULL. */
	air_fail(&err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NONE, "no cached answer");
	err.hint = "The hint \"cache\" is \"only\": leave it out to ask a provider.";
	air_call_fail(call, &err);
	return true;
}
