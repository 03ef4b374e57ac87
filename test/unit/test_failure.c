/*
 * test_failure.c
 *	  What a status and a code mean: kind, remedy, cost, hint.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static void
is_class(const AirFailure *err, AirErrKind kind, AirRemedy remedy, const char *name)
{
	is_str(psprintf("%s, remedy %d", air_sqlstate(err->kind), err->remedy),
		   psprintf("%s, remedy %d", air_sqlstate(kind), remedy), "%s", name);
}

static void
test_statuses(void)
{
	static const struct
	{
		int status;
		AirErrKind kind;
		AirRemedy remedy;
	} statuses[] = {
		{301, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},      {307, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},
		{400, AIR_ERR_REJECTED, AIR_REMEDY_NONE},      {401, AIR_ERR_AUTH, AIR_REMEDY_NEXT},
		{402, AIR_ERR_AUTH, AIR_REMEDY_NEXT},          {403, AIR_ERR_AUTH, AIR_REMEDY_NEXT},
		{404, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},      {405, AIR_ERR_REJECTED, AIR_REMEDY_NONE},
		{408, AIR_ERR_TIMEOUT, AIR_REMEDY_RETRY},      {409, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{410, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},      {413, AIR_ERR_TOO_LONG, AIR_REMEDY_NEXT},
		{418, AIR_ERR_REJECTED, AIR_REMEDY_NONE},      {422, AIR_ERR_REJECTED, AIR_REMEDY_NONE},
		{424, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {425, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{429, AIR_ERR_RATE_LIMITED, AIR_REMEDY_RETRY}, {451, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},
		{499, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {500, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{501, AIR_ERR_REJECTED, AIR_REMEDY_NEXT},      {502, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{503, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {504, AIR_ERR_TIMEOUT, AIR_REMEDY_RETRY},
		{520, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {524, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{529, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {599, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
		{101, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},  {999, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY},
	};

	for (size_t i = 0; i < lengthof(statuses); i++)
	{
		AirFailure err = kit_failure(statuses[i].status, "", NULL);

		is_class(&err, statuses[i].kind, statuses[i].remedy,
				 psprintf("status %d", statuses[i].status));
		is_int(err.http_status, statuses[i].status, "is kept");
		ok(err.unknown_cost == (err.kind == AIR_ERR_TIMEOUT), "cost");
		ok(err.message != NULL && *err.message != '\0' &&
			   err.message[strlen(err.message) - 1] != '.' && err.code == NULL &&
			   err.request_id == NULL && err.retry_after == -1,
		   "has a message of ours and nothing else");
	}
}

/* An error body in OpenAI's form. */
static const char *
openai(const char *code, const char *message)
{
	return psprintf(
		"{\"error\":{\"message\":\"%s\",\"type\":\"t\",\"param\":null,\"code\":\"%s\"}}", message,
		code);
}

static void
is_code(int status, const char *code, AirErrKind kind, AirRemedy remedy)
{
	AirFailure err = kit_failure(status, openai(code, "m"), NULL);

	is_class(&err, kind, remedy, psprintf("%d with code %s", status, code));
	is_str(err.code, code, "code %s is kept", code);
}

static void
test_codes(void)
{
	AirFailure err;

	is_code(400, "context_length_exceeded", AIR_ERR_TOO_LONG, AIR_REMEDY_NEXT);
	is_code(400, "content_filter", AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE);
	is_code(400, "unsupported_parameter", AIR_ERR_REJECTED, AIR_REMEDY_NONE);
	is_code(400, "model_not_found", AIR_ERR_REJECTED, AIR_REMEDY_NEXT);
	is_code(400, "FAILED_PRECONDITION", AIR_ERR_AUTH, AIR_REMEDY_NEXT);
	is_code(429, "rate_limit_exceeded", AIR_ERR_RATE_LIMITED, AIR_REMEDY_RETRY);
	is_code(429, "insufficient_quota", AIR_ERR_AUTH, AIR_REMEDY_NEXT);
	is_code(429, "credit_balance_exhausted", AIR_ERR_AUTH, AIR_REMEDY_NEXT);
	is_code(429, "billing_hard_limit_reached", AIR_ERR_AUTH, AIR_REMEDY_NEXT);
	is_code(429, "enforced_spend_limit_reached", AIR_ERR_AUTH, AIR_REMEDY_NEXT);
	is_code(500, "rate_limit_exceeded", AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY);
	is_code(503, "not_found_error", AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY);

	err = kit_failure(429,
					  "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\","
					  "\"code\":\"some_code\"}}",
					  NULL);
	is_class(&err, AIR_ERR_AUTH, AIR_REMEDY_NEXT, "insufficient_quota as the type");
	has(err.hint, "billing", "an empty purse has a hint");
	err = kit_failure(401, "", NULL);
	has(err.hint, "user mapping", "a wrong key has one");
	err = kit_failure(302, "<a href=\"https://evil.example/?key=abc\">moved</a>", NULL);
	has(err.hint, "base_url", "a redirect has one");
	has(err.message, "redirects are not followed", "and says what we do");
	lacks(err.message, "evil", "not where it wanted us to go");
}

static void
is_message(int status, const char *message, AirErrKind kind)
{
	AirFailure err = kit_failure(status, openai("x", message), NULL);

	is_str(air_sqlstate(err.kind), air_sqlstate(kind), "%d: %s", status, message);
}

static void
test_messages(void)
{
	is_message(400, "This model's maximum context length is 8192 tokens", AIR_ERR_TOO_LONG);
	is_message(400, "prompt is too long: 208310 tokens > 200000 maximum", AIR_ERR_TOO_LONG);
	is_message(400, "Input is too long for requested model", AIR_ERR_TOO_LONG);
	is_message(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)",
			   AIR_ERR_TOO_LONG);
	is_message(403, "inputs tokens + max_new_tokens must be <= 8193", AIR_ERR_TOO_LONG);
	is_message(400, "the request exceeds the available context size", AIR_ERR_TOO_LONG);
	is_message(400, "max_tokens is too large: 100000", AIR_ERR_REJECTED);
	is_message(400, "Your credit balance is too low to access the API", AIR_ERR_AUTH);
	is_message(401, "no context window for you", AIR_ERR_AUTH);
	is_message(429, "too many tokens, slow down", AIR_ERR_RATE_LIMITED);
	is_message(429, "Request too large for m on tokens per min: Limit 1, Requested 2",
			   AIR_ERR_TOO_LONG);
	is_message(429, "Rate limit reached on requests per day", AIR_ERR_RATE_LIMITED);
}

static void
test_should_retry(void)
{
	AirFailure err = kit_failure(400, "", "x-should-retry", "true", NULL);

	is_class(&err, AIR_ERR_REJECTED, AIR_REMEDY_RETRY, "x-should-retry: true overrides");
	err = kit_failure(429, "", "x-should-retry", "false", NULL);
	is_class(&err, AIR_ERR_RATE_LIMITED, AIR_REMEDY_NEXT, "x-should-retry: false overrides");
	err = kit_failure(400, "", "x-should-retry", "false", NULL);
	is_class(&err, AIR_ERR_REJECTED, AIR_REMEDY_NONE, "but makes nothing better");
	err = kit_failure(500, "", "x-should-retry", "maybe", NULL);
	is_class(&err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY, "another value says nothing");
}

int
main(void)
{
	kit_json_watch(0);
	test_statuses();
	test_codes();
	test_messages();
	test_should_retry();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
