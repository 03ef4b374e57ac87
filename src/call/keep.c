/*
 * keep.c
 *	  Answers on their way into the cache: shared memory at once, the table by the spool.
 *
 * Space for an answer's row is reserved before the call is sent, like that of its row
 * in the ledger, but how long the answer will be is not known then.  One that
 * turns out longer needs more space; if there is none the call does not end until
 * there is, or until five seconds have passed: it was paid for.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "call/internal.h"
#include "shared/clears.h"
#include "shared/ledger.h"
#include "shared/stats.h"

/* Bytes of an answer that are reserved at most, and per token of its limit. */
#define MAX_ROOM 2048
#define BYTES_PER_TOKEN 4

/* The key under which the current candidate's answer is kept, or NULL. */
static const AirKey *
key_of(const AirCall *call)
{
	const AirCallKey *k = call->keys == NULL ? NULL : &call->keys[call->current];

	return k != NULL && k->state == AIR_KEY_VALID ? &k->key : NULL;
}

/* Take space for the answer that the current candidate may give.  False if there is none. */
bool
air_keep_reserve(AirCall *call)
{
	const AirCandidate *candidate = &call->route.candidates[call->current];
	int64 room = Min((int64) candidate->max_tokens * BYTES_PER_TOKEN, MAX_ROOM);

	/* Vectors are longer, come by thousands, and find their space when they are there. */
	if (call->spec.task == AIR_EMBED)
		room = 0;
	if (key_of(call) == NULL || air_spool_holds(&call->answer_space))
		return true;
	return air_spool_reserve(sizeof(AirCacheRecord) + strlen(candidate->model->name) + room,
							 &call->answer_space);
}

/*
 * Keep the answer that the current candidate has given, in shared memory, and what it took to
 * have it.  Never fails.
 */
void
air_keep(AirCall *call, AirFinish finish, char *text, const AirUsage *usage, AirNano cost)
{
	const AirKey *key = key_of(call);
	int64 ttl = air_call_ttl(call);
	TimestampTz now;

	if (key == NULL)
		return;
	now = GetCurrentTimestamp();
	call->answer = (AirCached){.text = text,
							   .finish = finish,
							   .usage = *usage,
							   .cost = cost,
							   .call_id = call->result.call_id,
							   .created = now,
							   .generation = air_clears_generation()};
	if (ttl > 0 && ttl < END_TIMESTAMP - now)
		call->answer.expires = now + ttl;
	(void) air_cache_put(key, MyDatabaseId, call->route.candidates[call->current].model->name,
						 &call->answer);
}

/*
 * Send it to the table.  True if that is done, or will never be (counted); with give_up, in any
 * case.  Never fails.
 */
bool
air_keep_spool(AirCall *call, bool give_up)
{
	const AirCached *answer = &call->answer;
	const char *model;
	AirCacheRecord r;
	size_t model_len, text_len;
	AirSlice slices[3];

	if (answer->text == NULL || !air_spool_holds(&call->answer_space))
		return true;
	model = call->route.candidates[call->current].model->name;
	model_len = strlen(model);
	text_len = strlen(answer->text);
	r = (AirCacheRecord){.key = *key_of(call),
						 .generation = answer->generation,
						 .call_id = answer->call_id,
						 .created = answer->created,
						 .expires = answer->expires,
						 .usage = answer->usage,
						 .cost = answer->cost,
						 .finish = answer->finish};
	r.len[AIR_CACHE_MODEL] = (int32) model_len;
	r.len[AIR_CACHE_ANSWER] = (int32) text_len;
	slices[0] = (AirSlice){&r, sizeof(r)};
	slices[1] = (AirSlice){model, model_len};
	slices[2] = (AirSlice){answer->text, text_len};
	if (air_spool_publish(&call->answer_space, AIR_RECORD_CACHE, slices, lengthof(slices)))
		return true;
	if (sizeof(r) + model_len + text_len > air_spool_max_record())
		air_stats_add(AIR_STAT_TOO_LARGE, 1);
	else if (give_up)
		air_stats_add(AIR_STAT_UNWRITTEN, 1);
	else
		return false;
	air_spool_release(&call->answer_space);
	return true;
}

/* Tell the table that an answer was given out, if there is room.  Never fails. */
void
air_keep_tell_use(const AirKey *key, uint32 uses)
{
	AirCacheUseRecord r = {.key = *key, .at = GetCurrentTimestamp(), .uses = uses};
	AirSlice slice = {&r, sizeof(r)};
	AirSpoolSpace space;

	if (air_spool_reserve(sizeof(r), &space))
		(void) air_spool_publish(&space, AIR_RECORD_CACHE_USE, &slice, 1);
}
