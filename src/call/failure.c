/*
 * failure.c
 *	  From a failed call to what the user sees: an ERROR, a NULL, or a line.
 *
 * Every message says provider, model, HTTP status and the provider's request id,
 * as far as there are such; none holds a key, a header or a whole body.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/raise.h"
#include "base/settings.h"
#include "call/internal.h"
#include "call/statement.h"

char *
air_result_message(const AirResult *result)
{
	const AirFailure *f = &result->failure;
	StringInfoData s;
	const char *sep = " (";

	initStringInfo(&s);
	if (result->provider != NULL)
		appendStringInfo(&s, "provider \"%s\", model \"%s\": ", result->provider, result->model);
	appendStringInfoString(&s, f->message);
	if (f->http_status > 0)
	{
		appendStringInfo(&s, "%sHTTP %d", sep, f->http_status);
		sep = ", ";
	}
	if (f->code != NULL)
	{
		appendStringInfo(&s, "%s%s", sep, f->code);
		sep = ", ";
	}
	if (f->request_id != NULL)
	{
		appendStringInfo(&s, "%srequest id %s", sep, f->request_id);
		sep = ", ";
	}
	if (sep[0] == ',')
		appendStringInfoChar(&s, ')');
	return s.data;
}

/* What helps with a kind of failure when nobody below knew better. */
static char *
default_hint(const AirResult *result)
{
	const char *server = result->provider ? quote_identifier(result->provider) : "..";

	switch (result->failure.kind)
	{
		case AIR_ERR_UNAVAILABLE:
			return pstrdup("Allow another model in the rule so that calls can go there, or raise "
						   "ai_router.retries.");
		case AIR_ERR_RATE_LIMITED:
			return pstrdup("Lower ai_router.max_concurrency, or allow another model in the rule.");
		case AIR_ERR_TIMEOUT:
			return pstrdup("Raise ai_router.timeout, the server option timeout, or the hint "
						   "timeout_ms.");
		case AIR_ERR_AUTH:
			return psprintf("Check the credential: ALTER USER MAPPING FOR PUBLIC SERVER %s "
							"OPTIONS (SET api_key_file '..').",
							server);
		default:
			return NULL;
	}
}

/* An error waits so long for the answers to what its flow has in flight, in ms. */
#define LAST_ANSWERS_MS 5000

void
air_call_raise(const AirCall *call)
{
	const AirResult *result = &call->result;
	char *message;
	char *hint;
	char *earlier;

	/* They are paid for: when the statement is run again, the cache has them. */
	air_engine_finish(call->flow, LAST_ANSWERS_MS);
	message = air_result_message(result);
	hint = result->failure.hint ? pstrdup(result->failure.hint) : default_hint(result);
	earlier = result->earlier ? pstrdup(result->earlier) : NULL;

	ereport(ERROR, (errcode(air_errcode(result->failure.kind)), errmsg("%s", message),
					earlier ? errdetail("Failed before, %d attempts in all: %s.", result->attempts,
										earlier)
							: 0,
					hint ? errhint("%s", hint) : 0));
	pg_unreachable();
}

/* A tripped cap, a missing right or a wrong set-up must not overwrite a column with NULLs. */
static bool
always_raises(AirErrKind kind)
{
	return kind == AIR_ERR_NO_ROUTE || kind == AIR_ERR_BUDGET || kind == AIR_ERR_AUTH;
}

bool
air_call_may_be_null(const AirCall *call)
{
	const AirHints *hints = &call->route.hints;
	AirOnError on_error = AIR_HAS_HINT(hints, AIR_HINT_ON_ERROR) ? hints->on_error : air_on_error;

	return on_error != AIR_ON_ERROR_RAISE;
}

void
air_call_refuse(AirCall *call, const char *message, const char *hint)
{
	AirResult *result = &call->result;
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);

	air_fail(&result->failure, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NONE, "%s", message);
	result->failure.hint = pstrdup(hint);
	result->ok = false;
	result->answer = NULL;
	MemoryContextSwitchTo(caller);
}

void
air_call_null_or_raise(const AirCall *call)
{
	if (!air_call_may_be_null(call) || always_raises(call->result.failure.kind))
		air_call_raise(call);
	air_statement_count_null(air_result_message(&call->result));
}
