/*
 * ledger.c
 *	  What the engine tells the ledger: a row per attempt, a row per call.
 *
 * Space in the spool is reserved before an attempt starts, and everything that
 * must be looked up or copied is looked up and copied then.  Telling the outcome
 * afterwards only fills the space: it allocates nothing, reads no catalog, and so
 * works as well where a transaction aborts or a session ends.
 *
 * A call is in the ledger if something was sent for it, whatever became of it.
 */
#include "base/pg.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "call/cascade.h"
#include "call/internal.h"
#include "route/features.h"
#include "shared/ledger.h"
#include "shared/stats.h"

/* Room for what is not known in advance: names of a model, an error, a request id. */
#define CALL_TAIL 1024
#define ATTEMPT_TAIL 768

/* Errors and ids are clipped to these, so that they fit. */
#define MAX_ERROR 480
#define MAX_REQUEST_ID 128
#define MAX_NAME 160

/* Room for an answer where answers are kept; a longer one needs more space to be free. */
#define ANSWER_ROOM 2048

/* SQLSTATE of a call that nobody waited for to the end: query_canceled. */
#define CANCELLED "57014"

struct AirLedgerEntry
{
	AirCallRecord record;
	const char *texts[AIR_CALL_NTEXTS];
};

/* Set a text of a record; one longer than max bytes is cut at a character.  Never fails. */
void
air_record_text(const char **texts, int32 *len, int i, const char *text, int max)
{
	texts[i] = text;
	len[i] = text == NULL ? -1 : (int32) strlen(text);
	if (len[i] > max)
		len[i] = pg_mbcliplen(text, len[i], max);
}

static const char *
copy(MemoryContext cxt, const char *text)
{
	return text == NULL ? NULL : MemoryContextStrdup(cxt, text);
}

/* What learning sees of the prompt, made anew: the strategy's own are gone. */
static void
keep_features(AirCall *call, AirLedgerEntry *e)
{
	AirFeatures features;
	uint8 packed[AIR_FEATURES_BYTES];
	size_t len;
	char *kept;

	air_features(call->question, strlen(call->question), &features);
	len = air_features_pack(&features, packed);
	kept = MemoryContextAlloc(call->cxt, len);
	memcpy(kept, packed, len);
	e->texts[AIR_CALL_FEATURES] = kept;
	e->record.len[AIR_CALL_FEATURES] = (int32) len;
}

/* What is known of a call before its first attempt, in the call's memory. */
static AirLedgerEntry *
make_entry(AirCall *call)
{
	AirLedgerEntry *e = MemoryContextAllocZero(call->cxt, sizeof(AirLedgerEntry));
	AirCallRecord *r = &e->record;
	const AirHints *hints = &call->route.hints;
	int max = (int) air_spool_max_record() / 4;

	for (int i = 0; i < AIR_CALL_NTEXTS; i++)
		r->len[i] = -1;
	r->call_id = call->id;
	r->role = call->role;
	r->pid = MyProcPid;
	r->query_id = (int64) pgstat_get_my_query_id();
	air_record_text(e->texts, r->len, AIR_CALL_ROLE, call->role_name, NAMEDATALEN);
	air_record_text(e->texts, r->len, AIR_CALL_FUNCTION, call->spec.function, NAMEDATALEN);
	if (AIR_HAS_HINT(hints, AIR_HINT_TASK))
		air_record_text(e->texts, r->len, AIR_CALL_TASK, copy(call->cxt, hints->task), max);
	if (AIR_HAS_HINT(hints, AIR_HINT_TAGS) && VARSIZE(hints->tags) <= max)
	{
		char *tags = MemoryContextAlloc(call->cxt, VARSIZE(hints->tags));

		memcpy(tags, hints->tags, VARSIZE(hints->tags));
		e->texts[AIR_CALL_TAGS] = tags;
		r->len[AIR_CALL_TAGS] = VARSIZE(hints->tags);
	}
	air_record_text(e->texts, r->len, AIR_CALL_RULE, call->route.rule->name, max);
	air_record_text(e->texts, r->len, AIR_CALL_APPLICATION, copy(call->cxt, application_name),
					NAMEDATALEN);
	if (air_log_prompts)
		air_record_text(e->texts, r->len, AIR_CALL_PROMPT, copy(call->cxt, call->question), max);
	if (air_log_features && call->spec.task == AIR_CHAT && max >= AIR_FEATURES_BYTES)
		keep_features(call, e);
	return e;
}

/* Take space for the call, unless it has it. */
static bool
reserve_call(AirCall *call)
{
	size_t size = sizeof(AirCallRecord) + CALL_TAIL;

	if (air_spool_holds(&call->space))
		return true;
	if (call->entry == NULL)
		call->entry = make_entry(call);
	for (int i = 0; i < AIR_CALL_NTEXTS; i++)
		size += Max(call->entry->record.len[i], 0);
	if (air_log_prompts)
		size += ANSWER_ROOM;
	return air_spool_reserve(size, &call->space);
}

/* Give back what was taken for an attempt that does not start yet. */
static void
give_back(AirRequest *request)
{
	air_spool_release(&request->space);
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		/* An answer in hand may be accepted yet. */
		if (call->cascade == NULL || call->cascade->text == NULL)
			air_spool_release(&call->answer_space);
		if (call->started == 0)
			air_spool_release(&call->space);
	}
}

static bool
reserve_calls(AirRequest *request)
{
	for (int i = 0; i < request->ncalls; i++)
		if (!reserve_call(request->calls[i]) || !air_keep_reserve(request->calls[i]))
			return false;
	return true;
}

/* Take space for the attempt that is to start, for its calls, and for their answers in the cache.
 */
static bool
reserve_all(AirRequest *request)
{
	if (reserve_calls(request) &&
		(air_spool_holds(&request->space) ||
		 air_spool_reserve(sizeof(AirAttemptRecord) + ATTEMPT_TAIL, &request->space)))
		return true;
	/* What many hold that wait could be all there is. */
	give_back(request);
	return false;
}

/* A request of many calls beside others leaves half of the spool to whoever has but one. */
static bool
crowds_out(const AirRequest *request)
{
	return request->ncalls > 1 && request->flow->running > 0 && !air_spool_roomy();
}

/*
 * Take space in the spool for what is to start.  False if there is none: the request is due a
 * moment later then, and looks again.  Raises (53400) after five seconds of that: for one call, if
 * the writer wrote nothing meanwhile; for many, if nothing else of their flow was under way.
 */
bool
air_ledger_reserve(AirRequest *request)
{
	AirCall *call = request->leader;
	uint32 headway;
	double now;

	if (!crowds_out(request) && reserve_all(request))
	{
		call->short_since = 0;
		return true;
	}
	now = air_engine_now();
	headway = air_spool_headway();
	if (call->short_since == 0)
	{
		call->short_since = now;
		air_stats_add(AIR_STAT_SPOOL_WAITS, 1);
	}
	/*
	 * Many calls may need more than there can be: they wait for what is under way here, which
	 * ends.  For one there is room some time, as long as the writer is at work for others.
	 */
	if (request->ncalls > 1 ? request->flow->running > 0 : headway != call->headway)
		call->short_since = now;
	call->headway = headway;
	if (now - call->short_since >= AIR_SPOOL_WAIT_MS)
	{
		air_stats_add(AIR_STAT_SPOOL_REFUSED, 1);
		ereport(
			ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("no room for this AI call in the spool after %d s", AIR_SPOOL_WAIT_MS / 1000),
			 errdetail("Rows for ai_router.calls wait in shared memory until a background worker "
					   "has written them."),
			 errhint("See whether a session holds a lock on ai_router.calls, "
					 "ai_router.attempts, ai_router.hits or ai_router.cache, whether "
					 "max_worker_processes leaves room for the worker, and the server's log; or "
					 "raise ai_router.spool_size.")));
	}
	air_spool_hurry();
	request->due = now + AIR_SPOOL_LOOK_MS;
	return false;
}

/*
 * The request is not admitted yet: what it waits for may take minutes, and its space is of
 * use to others meanwhile.  A call that has been sent keeps its own.  Never fails.
 */
void
air_ledger_yield(AirRequest *request)
{
	give_back(request);
}

/* The attempt has started.  Never fails. */
void
air_ledger_begin(AirRequest *request)
{
	request->at = GetCurrentTimestamp();
	request->usage = (AirUsage){-1, -1, -1, -1, -1};
	request->cost = AIR_NANO_UNKNOWN;
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCallRecord *r = &request->calls[i]->entry->record;

		if (r->at == 0)
			r->at = request->at;
		r->sent_with = request->leader->id;
	}
	air_stats_add(AIR_STAT_ATTEMPTS, 1);
	if (request->goes_on)
		request->leader->cascade->steps++;
	else if (request->leader->result.attempts > 1)
		air_stats_add(AIR_STAT_RETRIES, 1);
	request->goes_on = false;
}

/* Slices of a record and the texts behind it, 1 + ntexts at most; returns how many.  Never fails.
 */
int
air_record_slices(AirSlice *slices, const void *record, size_t size, const char **texts,
				  const int32 *len, int ntexts)
{
	int n = 0;

	slices[n++] = (AirSlice){record, size};
	for (int i = 0; i < ntexts; i++)
		if (len[i] > 0)
			slices[n++] = (AirSlice){texts[i], len[i]};
	return n;
}

static void
publish_attempt(AirRequest *request, const char *sqlstate, const char *error, double retry_after,
				int http_status, const char *request_id)
{
	const AirCall *call = request->leader;
	AirAttemptRecord r = {.call_id = call->id,
						  .at = request->at,
						  .input = request->usage.input,
						  .output = request->usage.output,
						  .cost = request->cost,
						  .latency_ms = air_engine_now() - request->sent,
						  .retry_after = retry_after,
						  .role = call->role,
						  .attempt = call->result.attempts,
						  .calls = request->nlive,
						  .http_status = http_status};
	const char *texts[AIR_ATTEMPT_NTEXTS];
	AirSlice slices[1 + AIR_ATTEMPT_NTEXTS];

	if (!air_spool_holds(&request->space))
		return;
	/* It comes from a header: any bytes. */
	if (request_id != NULL && !pg_verifymbstr(request_id, strlen(request_id), true))
		request_id = NULL;
	strlcpy(r.sqlstate, sqlstate, sizeof(r.sqlstate));
	air_record_text(texts, r.len, AIR_ATTEMPT_ROLE, call->role_name, NAMEDATALEN);
	air_record_text(texts, r.len, AIR_ATTEMPT_MODEL, request->model->name, MAX_NAME);
	air_record_text(texts, r.len, AIR_ATTEMPT_PROVIDER, request->model->server_name, NAMEDATALEN);
	air_record_text(texts, r.len, AIR_ATTEMPT_REQUEST_ID, request_id, MAX_REQUEST_ID);
	air_record_text(texts, r.len, AIR_ATTEMPT_ERROR, error, MAX_ERROR / 2);
	if (!air_spool_publish(
			&request->space, AIR_RECORD_ATTEMPT, slices,
			air_record_slices(slices, &r, sizeof(r), texts, r.len, AIR_ATTEMPT_NTEXTS)))
	{
		/* Cannot be: all of the above fits.  Better no row than space that never comes back. */
		air_stats_add(AIR_STAT_DROPPED, 1);
		air_spool_release(&request->space);
	}
}

/* The attempt ended, well (failure NULL) or not; strings in the server encoding.  Never fails. */
void
air_ledger_attempt(AirRequest *request, const AirFailure *failure, int http_status,
				   const char *request_id)
{
	if (failure == NULL)
		publish_attempt(request, "", NULL, -1, http_status, request_id);
	else
		publish_attempt(request, air_sqlstate(failure->kind), failure->message,
						failure->retry_after, http_status, request_id);
}

/* The request goes: tell of an attempt that is under way, give back what is left.  Never fails. */
void
air_ledger_drop(AirRequest *request)
{
	if (request->running)
		publish_attempt(request, CANCELLED, "cancelled", -1, 0, NULL);
	air_spool_release(&request->space);
}

static void
publish_call(AirCall *call, const char *sqlstate, const char *error)
{
	const AirResult *result = &call->result;
	const AirModel *model = call->route.candidates[call->current].model;
	AirLedgerEntry *e = call->entry;
	AirCallRecord *r = &e->record;
	AirSlice slices[1 + AIR_CALL_NTEXTS];

	r->finished_at = GetCurrentTimestamp();
	r->input = result->usage.input;
	r->cached = result->usage.cached;
	r->cache_write = result->usage.cache_write;
	r->output = result->usage.output;
	r->reasoning = result->usage.reasoning;
	r->cost = result->cost;
	r->latency_ms = result->latency_ms;
	r->attempts = result->attempts;
	/* Of the model that was meant: another one took its place for other reasons. */
	r->propensity = call->current == 0 && call->route.candidates[0].propensity > 0
						? call->route.candidates[0].propensity
						: NAN;
	r->escalations = call->cascade != NULL ? call->cascade->escalations : -1;
	r->last_cost = call->cascade != NULL ? call->cascade->last_cost : AIR_NANO_UNKNOWN;
	if (r->escalations > 0)
		air_record_text(e->texts, r->len, AIR_CALL_ESCALATED_FOR, call->cascade->reasons,
						AIR_REASONS);
	strlcpy(r->sqlstate, sqlstate, sizeof(r->sqlstate));
	air_record_text(e->texts, r->len, AIR_CALL_MODEL, result->model, MAX_NAME);
	air_record_text(e->texts, r->len, AIR_CALL_PROVIDER, result->provider, NAMEDATALEN);
	air_record_text(e->texts, r->len, AIR_CALL_FAMILY, model->family, MAX_NAME);
	air_record_text(e->texts, r->len, AIR_CALL_ERROR, error, MAX_ERROR);
	air_record_text(e->texts, r->len, AIR_CALL_FINISH, result->finish_reason, NAMEDATALEN);
	if (air_log_prompts)
		air_record_text(e->texts, r->len, AIR_CALL_ANSWER, result->answer,
						(int) air_spool_max_record() / 4);
	while (!air_spool_publish(
		&call->space, AIR_RECORD_CALL, slices,
		air_record_slices(slices, r, sizeof(*r), e->texts, r->len, AIR_CALL_NTEXTS)))
	{
		/* A long answer while the spool is full: without it the rest fits. */
		if (r->len[AIR_CALL_ANSWER] < 0)
		{
			air_stats_add(AIR_STAT_DROPPED, 1);
			air_spool_release(&call->space);
			return;
		}
		r->len[AIR_CALL_ANSWER] = -1;
	}
}

/* The call has ended, its result is complete.  Never fails. */
void
air_ledger_call(AirCall *call)
{
	const AirFailure *f = &call->result.failure;

	if (call->started > 0) /* a cached answer bears the id of the call that bought it */
	{
		air_stats_add(AIR_STAT_CALLS, 1);
		if (call->result.ok)
			publish_call(call, "", NULL);
		else
		{
			air_stats_add(AIR_STAT_FAILURES, 1);
			publish_call(call, air_sqlstate(f->kind), f->message);
		}
	}
	air_spool_release(&call->space);
	air_spool_release(&call->answer_space);
}

/* The call is given up before its end.  Never fails. */
void
air_ledger_cancel(AirCall *call)
{
	if (call->started > 0) /* a cached answer bears the id of the call that bought it */
	{
		air_stats_add(AIR_STAT_CALLS, 1);
		air_stats_add(AIR_STAT_FAILURES, 1);
		air_stats_add(AIR_STAT_CANCELLED, 1);
		call->result.latency_ms = air_engine_now() - call->started;
		publish_call(call, CANCELLED, "cancelled");
	}
	air_spool_release(&call->space);
	/* Its answer may be here, and is in shared memory then: what fits is written all the same. */
	(void) air_keep_spool(call, true);
	air_spool_release(&call->answer_space);
}
