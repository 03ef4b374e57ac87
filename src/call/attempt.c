/*
 * attempt.c
 *	  One attempt of a request: out through codec and driver, back through both.
 *	  A fixture server takes the same way without the wire.
 */
#include "base/pg.h"

#include <time.h>

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "call/internal.h"
#include "config/credentials.h"
#include "provider/common.h"

/* Shorter strings are not masked in messages. */
#define LEAST_SECRET 6

/* Replies above this are freed as soon as their call is. */
#define HEAVY_BYTES (64 * 1024)

/* The bound of one exchange: the hint, else the server's option, else the setting. */
int
air_attempt_timeout(const AirRequest *request)
{
	const AirHints *hints = &request->leader->route.hints;
	const AirServer *server = request->model->server;

	if (AIR_HAS_HINT(hints, AIR_HINT_TIMEOUT_MS))
		return hints->timeout_ms;
	return server->timeout_ms > 0 ? server->timeout_ms : air_timeout_ms;
}

/* Find the fixture and let it answer after its latency. */
static bool
start_fixture(AirRequest *request, AirFailure *err)
{
	const AirConfig *config = request->leader->config;

	request->fixture = air_fixture_find(config, request->model, &request->prompt);
	if (request->fixture == NULL)
	{
		air_fail(err, AIR_ERR_REJECTED, AIR_REMEDY_NEXT, "no row of ai_router.fixtures matches");
		err->hint = "INSERT INTO ai_router.fixtures(model, pattern, answer) VALUES (..), with "
					"NULL for any model or any prompt.";
		return false;
	}
	request->timeout_ms = air_attempt_timeout(request);
	request->due = air_engine_now() + Min(request->fixture->latency_ms, request->timeout_ms);
	return true;
}

/* Build the request and hand it to the driver. */
static bool
start_http(AirRequest *request, Oid role, AirFailure *err)
{
	const AirServer *server = request->model->server;
	const AirCodec *codec = air_codec(server->api->name);
	AirEndpoint endpoint = {.base_url = server->base_url,
							.region = server->region,
							.api_version = server->api_version,
							.organization = server->organization,
							.project = server->project,
							.max_tokens_field = server->max_tokens_field};
	AirHttpOptions options = {.ca_file = server->ca_file,
							  .proxy = server->proxy,
							  .plain_http = pg_strncasecmp(server->base_url, "http:", 5) == 0,
							  .max_body = (size_t) air_max_response_kb * 1024,
							  .may_resend = request->leader->unknown_costs == 0};
	AirCredential cred;
	AirHttpRequest http = {0};

	if (!air_credential_get(server, role, &cred, NULL, NULL, err))
		return false;
	if (!codec->build(&request->prompt, &endpoint, &cred, (int64) time(NULL), &http, err))
		return false;
	request->timeout_ms = air_attempt_timeout(request);
	request->exchange = air_http_start(&http, &options, request);
	request->due = air_engine_now() + request->timeout_ms;
	return true;
}

/*
 * Start an attempt on behalf of role; sets request->due (time-out, or when the
 * fixture answers).  False with *err if nothing was sent: no credential, not
 * expressible for this api, no fixture.
 */
bool
air_attempt_start(AirRequest *request, Oid role, AirFailure *err)
{
	/* Keys and bodies are needed until the driver has its copy, not as long as the call. */
	MemoryContext scratch =
		AllocSetContextCreate(request->cxt, "ai_router attempt", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	AirFailure failure;
	bool ok;

	if (request->model->server->api->offline)
		ok = start_fixture(request, &failure);
	else
		ok = start_http(request, role, &failure);
	MemoryContextSwitchTo(caller);
	if (!ok)
	{
		*err = failure;
		err->message = pstrdup(failure.message);
		err->hint = failure.hint ? pstrdup(failure.hint) : NULL;
		err->code = err->param = err->request_id = NULL;
	}
	MemoryContextDelete(scratch);
	return ok;
}

/* What went wrong below HTTP. */
static bool
transport_failure(const AirExchange *ex, AirFailure *err)
{
	const char *why = air_exchange_error(ex);

	switch (air_exchange_transport(ex))
	{
		case AIR_TRANSPORT_RESOLVE:
		case AIR_TRANSPORT_CONNECT:
			air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY, "%s", why);
			err->hint = "Check the server option base_url, and whether the database server's "
						"machine can reach that host.";
			return false;
		case AIR_TRANSPORT_TLS:
			air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT, "TLS failed: %s", why);
			err->hint = "If the server uses a private certificate authority, name its file in "
						"the server option ca_file.";
			return false;
		case AIR_TRANSPORT_BROKEN:
			air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY, "connection broken: %s", why);
			err->unknown_cost = air_exchange_sent(ex);
			return false;
		case AIR_TRANSPORT_TOO_LARGE:
			air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NONE, "%s", why);
			err->hint = "A superuser can raise ai_router.max_response_size.";
			return false;
		case AIR_TRANSPORT_LOCAL:
			return air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT, "%s", why);
		default:
			air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, "unreadable reply: %s", why);
			err->unknown_cost = air_exchange_sent(ex);
			return false;
	}
}

/* The head of a reply that broke off later still says which request it was. */
static void
note_head(AirExchange *ex, AirFailure *err)
{
	const AirHttpReply *reply;

	if (!air_exchange_sent(ex))
		return;
	reply = air_exchange_reply(ex);
	err->http_status = reply->status;
	err->request_id = air_request_id(reply, NULL);
}

/* text without the secret, also where a cut has left only its beginning; palloc'ed if it changed.
 */
static const char *
mask(const char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	const char *end, *p = text;
	StringInfoData buf = {0};

	/* Too short to be a key, and likely to be part of a word. */
	if (text == NULL || len < LEAST_SECRET)
		return text;
	end = text + strlen(text);
	while ((p = memchr(p, secret[0], end - p)) != NULL)
	{
		size_t n = Min(end - p, len);

		if (n < LEAST_SECRET || memcmp(p, secret, n) != 0)
		{
			p++;
			continue;
		}
		if (buf.data == NULL)
			initStringInfo(&buf);
		appendBinaryStringInfo(&buf, text, p - text);
		appendStringInfoString(&buf, "***");
		text = p += n;
	}
	if (buf.data == NULL)
		return text;
	appendStringInfoString(&buf, text);
	return buf.data;
}

/* Providers repeat what they were sent, and not every key looks like one. */
static void
mask_secrets(const AirRequest *request, AirFailure *err)
{
	AirCredential cred;
	AirFailure ignored;
	const char *secrets[3];

	if (!air_credential_get(request->model->server, request->leader->role, &cred, NULL, NULL,
							&ignored))
		return;
	secrets[0] = cred.key;
	secrets[1] = cred.secret_access_key;
	secrets[2] = cred.session_token;
	for (int i = 0; i < lengthof(secrets); i++)
	{
		err->message = mask(err->message, secrets[i]);
		err->code = mask(err->code, secrets[i]);
		err->request_id = mask(err->request_id, secrets[i]);
	}
}

/* Read and judge what came over the wire; as air_attempt_read(), but secrets may be in *err. */
static bool
read_wire(AirRequest *request, AirAnswer *answer, AirFailure *err)
{
	AirExchange *ex = request->exchange;
	const AirHttpReply *reply;

	if (air_exchange_transport(ex) != AIR_TRANSPORT_OK)
	{
		int resends = air_exchange_resends(ex);

		transport_failure(ex, err);
		note_head(ex, err);
		/* What curl sent again has failed like an attempt. */
		for (int i = 0; i < request->ncalls; i++)
			if (request->calls[i] != NULL)
				request->calls[i]->result.attempts += resends;
		request->leader->unknown_costs += resends;
		return false;
	}
	reply = air_exchange_reply(ex);
	if (reply->body_len > HEAVY_BYTES)
		request->leader->heavy = true;
	if (reply->status < 200 || reply->status > 299)
	{
		air_reply_failure(reply, (int64) time(NULL), err);
		return false;
	}
	if (air_codec(request->model->server->api->name)->parse(&request->prompt, reply, answer, err) &&
		air_answer_check(&request->prompt, answer, err))
		return true;
	if (err->http_status == 0)
		err->http_status = reply->status;
	if (err->request_id == NULL)
		err->request_id = answer->request_id;
	return false;
}

/*
 * Read what the attempt brought into *answer (usage at -1 on entry) and judge
 * it.  Memory: CurrentMemoryContext.  False with *err: transport, status,
 * malformed, unusable; answer->usage holds what was billed all the same.
 */
bool
air_attempt_read(AirRequest *request, int tokens, AirAnswer *answer, AirFailure *err)
{
	if (request->exchange == NULL)
		return air_fixture_answer(request->fixture, &request->prompt, tokens, answer, err) &&
			   air_answer_check(&request->prompt, answer, err);
	if (read_wire(request, answer, err))
	{
		/* The ledger shows it. */
		if (answer->request_id != NULL)
		{
			AirFailure shown = {.request_id = answer->request_id};

			mask_secrets(request, &shown);
			answer->request_id = shown.request_id;
		}
		return true;
	}
	mask_secrets(request, err);
	return false;
}
