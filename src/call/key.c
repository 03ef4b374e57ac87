/*
 * key.c
 *	  The key of an answer: everything that it depends on, in 32 bytes.
 *
 * What is hashed is a sequence of fields, each with its length before it, in a fixed
 * order; a field that is not there has a length of its own.  So no two different
 * calls have the same sequence.  VERSION changes when the order or the meaning does.
 */
#include "base/pg.h"

#include <math.h>

#include "common/string.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "call/key.h"
#include "config/credentials.h"
#include "config/prompts.h"
#include "route/cascade.h"

#define VERSION 1
#define ABSENT PG_UINT32_MAX

/* A longer common part is hashed once, not once per candidate. */
#define LONG_BYTES 2048

/* A larger buffer is not kept for the next call. */
#define KEPT_BYTES (64 * 1024)

struct AirKeyBase
{
	StringInfoData buf; /* the common part, then the candidate's */
	int common;
};

/* Make room once for a field: the usual one is short. */
static inline char *
room_for(StringInfo buf, Size len)
{
	char *at;

	if (buf->len + len >= buf->maxlen)
		enlargeStringInfo(buf, (int) Min(len, MaxAllocSize));
	at = buf->data + buf->len;
	buf->len += (int) len;
	return at;
}

static inline void
put(StringInfo buf, const void *data, uint32 len)
{
	char *at = room_for(buf, sizeof(len) + len);

	memcpy(at, &len, sizeof(len));
	memcpy(at + sizeof(len), data, len);
}

static inline void
put_text(StringInfo buf, const char *s)
{
	static const uint32 absent = ABSENT;

	if (s != NULL)
		put(buf, s, strlen(s));
	else
		memcpy(room_for(buf, sizeof(absent)), &absent, sizeof(absent));
}

static inline void
put_number(StringInfo buf, int64 n)
{
	memcpy(room_for(buf, sizeof(n)), &n, sizeof(n));
}

/* All NaNs are one: "not set". */
static void
put_double(StringInfo buf, double d)
{
	if (isnan(d))
		put_text(buf, NULL);
	else
		put(buf, &d, sizeof(d));
}

/*
 * The functions that pass a prompt on as it is share their answers, and so do those that
 * differ in how much they tell of one; a text has one vector.
 */
static const char *
kind_of(const char *function, AirTask task)
{
	static const char *const plain[] = {"ai_complete", "ai_call", "ai_chat", "ai_compare"};
	static const char detail[] = "_detail";

	if (task == AIR_EMBED)
		return "embed";
	for (int i = 0; i < lengthof(plain); i++)
		if (strcmp(function, plain[i]) == 0)
			return "plain";
	if (pg_str_endswith(function, detail))
		return pnstrdup(function, strlen(function) - strlen(detail));
	return function;
}

/* One buffer serves all calls in turn; what a long prompt made of it is given back. */
static void
prepare_buffer(StringInfo buf)
{
	MemoryContext caller;

	if (buf->data != NULL && buf->maxlen <= KEPT_BYTES)
	{
		resetStringInfo(buf);
		return;
	}
	if (buf->data != NULL)
		pfree(buf->data);
	buf->data = NULL;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(buf);
	MemoryContextSwitchTo(caller);
	enlargeStringInfo(buf, 2 * LONG_BYTES);
}

AirKeyBase *
air_key_base(const AirCall *call)
{
	const AirPrompt *p = &call->prompt;
	static AirKeyBase work;
	AirKeyBase *base = &work;
	StringInfo buf = &base->buf;
	uint8 digest[AIR_SHA256_LEN];

	prepare_buffer(buf);
	put_number(buf, VERSION);
	put_number(buf, MyDatabaseId);
	put_text(buf, kind_of(call->spec.function, call->spec.task));
	put_number(buf, p->task);
	put_text(buf, p->system);
	put_number(buf, p->nmessages);
	for (int i = 0; i < p->nmessages; i++)
	{
		const AirMessage *m = &p->messages[i];

		put_number(buf, m->role);
		put_number(buf, m->nparts);
		for (int j = 0; j < m->nparts; j++)
		{
			put_text(buf, m->parts[j].text);
			put_text(buf, m->parts[j].media_type);
			put_text(buf, m->parts[j].data);
		}
	}
	put_number(buf, p->has_seed);
	put_number(buf, p->has_seed ? p->seed : 0);
	put_number(buf, p->nstop);
	for (int i = 0; i < p->nstop; i++)
		put_text(buf, p->stop[i]);
	put_text(buf, p->reasoning_effort);
	put_text(buf, p->schema);
	put_text(buf, p->schema_name);
	put_number(buf, p->ninputs);
	for (int i = 0; i < p->ninputs; i++)
		put_text(buf, p->inputs[i]);
	put_text(buf, p->query);
	put_number(buf, p->dimensions);

	if (buf->len > LONG_BYTES)
	{
		if (!air_sha256(buf->data, buf->len, digest))
			return NULL;
		resetStringInfo(buf);
		put(buf, digest, sizeof(digest));
	}
	base->common = buf->len;
	return base;
}

static bool
no_params(const char *params)
{
	return params == NULL || strcmp(params, "{}") == 0;
}

/*
 * An answer that a cascade has accepted is worth more than one that nobody looked at: only
 * calls that would have accepted it for the same reasons find it.  What the last candidate
 * says is accepted as it is.
 */
static void
put_criteria(StringInfo buf, const AirCall *call)
{
	const AirRuleOptions *o = &call->route.rule->option;
	const AirPromptText *verify =
		o->verifier != NULL ? air_prompt_find(call->config, "verify") : NULL;

	put_text(buf, "cascade");
	put_double(buf, o->threshold);
	put_text(buf, o->check);
	put_text(buf, o->verifier);
	put_number(buf, verify != NULL ? verify->version : 0);
}

bool
air_key_of(const AirCall *call, AirKeyBase *base, int n, AirKey *key)
{
	const AirCandidate *candidate = &call->route.candidates[n];
	const AirServer *server = candidate->model->server;
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	StringInfo buf = &base->buf;
	AirPrompt prompt = call->prompt;
	uint64 fingerprint;
	Oid mapping;
	bool ok = air_credential_identity(server, call->role, &fingerprint, &mapping);

	if (ok)
	{
		air_request_address(call, &prompt, candidate);
		buf->len = base->common;
		put_number(buf, server->oid);
		put_text(buf, server->api->name);
		put_text(buf, server->base_url);
		put_text(buf, server->region);
		put_text(buf, server->api_version);
		put_text(buf, server->organization);
		put_text(buf, server->project);
		put_text(buf, server->max_tokens_field);
		put_number(buf, mapping);
		put_number(buf, (int64) fingerprint);
		/* A fixture knows the model by our name. */
		put_text(buf, server->api->offline ? candidate->model->name : NULL);
		put_text(buf, prompt.model);
		put_text(buf, no_params(prompt.params) ? NULL : prompt.params);
		put_number(buf, prompt.max_tokens);
		put_double(buf, prompt.temperature);
		put_double(buf, prompt.top_p);
		put_number(buf, prompt.logprobs);
		put_text(buf, prompt.system != call->prompt.system ? prompt.system : NULL);
		if (call->cascade != NULL && !air_cascade_is_last(&call->route, n))
			put_criteria(buf, call);
		ok = air_sha256(buf->data, buf->len, key->bytes);
	}
	MemoryContextSwitchTo(caller);
	return ok;
}
