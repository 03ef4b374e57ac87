/*
 * failure.c
 *	  What kind of failure a refusal is, and what may be done about it.
 *
 * The status decides, unless the provider's code or message says something more
 * exact: a quota that is used up and a rate limit are both 429, a key that is
 * wrong and a prompt that is too long are both 400.  The two tables below are
 * the whole policy.
 */
#include "base/pg.h"

#include "provider/common.h"
#include "provider/failure.h"

typedef enum Class
{
	UNKNOWN,
	REDIRECT,
	REJECTED,
	MISSING,
	TOO_LONG,
	FILTERED,
	AUTH,
	ACCOUNT,
	RATE,
	TIMEOUT,
	UNAVAILABLE
} Class;

/* What each class means to the engine, and the words when the provider has none. */
static const struct
{
	AirErrKind kind;
	AirRemedy remedy;
	bool unknown_cost;
	const char *message;
	const char *hint;
} meaning[] = {
	[UNKNOWN] = {AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY, false, "unexpected reply", NULL},
	[REDIRECT] = {AIR_ERR_REJECTED, AIR_REMEDY_NEXT, false,
				  "the provider answered with a redirect, and redirects are not followed",
				  "Set base_url of the server to the address that answers itself."},
	[REJECTED] = {AIR_ERR_REJECTED, AIR_REMEDY_NONE, false, "the request was rejected", NULL},
	[MISSING] = {AIR_ERR_REJECTED, AIR_REMEDY_NEXT, false, "there is no such model or address",
				 "Check the name of the model and base_url of the server."},
	[TOO_LONG] = {AIR_ERR_TOO_LONG, AIR_REMEDY_NEXT, false, "the input is too long",
				  "Shorten the input, or allow a model with a larger context window."},
	[FILTERED] = {AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE, false,
				  "the input was blocked by a content filter", NULL},
	[AUTH] = {AIR_ERR_AUTH, AIR_REMEDY_NEXT, false, "the credential was refused",
			  "Check the key in the user mapping of the server, and what it may be used for."},
	[ACCOUNT] = {AIR_ERR_AUTH, AIR_REMEDY_NEXT, false, "the account has no quota or credit left",
				 "Check billing and quota of the account at the provider."},
	[RATE] = {AIR_ERR_RATE_LIMITED, AIR_REMEDY_RETRY, false, "too many requests", NULL},
	[TIMEOUT] = {AIR_ERR_TIMEOUT, AIR_REMEDY_RETRY, true, "the provider timed out", NULL},
	[UNAVAILABLE] = {AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY, false, "the provider is unavailable",
					 NULL},
};

/* Codes that say more than a status.  weak: only where there is no status of its own (in a 200). */
static const struct
{
	const char *code;
	Class class;
	bool weak;
} codes[] = {
	{"context_length_exceeded", TOO_LONG, false},
	{"exceed_context_size_error", TOO_LONG, false},
	{"request_too_large", TOO_LONG, false},
	{"content_filter", FILTERED, false},
	{"content_policy_violation", FILTERED, false},
	{"invalid_api_key", AUTH, false},
	{"API_KEY_INVALID", AUTH, false},
	{"FAILED_PRECONDITION", ACCOUNT, false}, /* Gemini: region or billing */
	{"ServiceQuotaExceededException", RATE, false},
	{"model_not_found", MISSING, false},
	{"invalid_request_error", REJECTED, true},
	{"invalid_prompt", REJECTED, true},
	{"INVALID_ARGUMENT", REJECTED, true},
	{"authentication_error", AUTH, true},
	{"permission_error", AUTH, true},
	{"UNAUTHENTICATED", AUTH, true},
	{"PERMISSION_DENIED", AUTH, true},
	{"not_found_error", MISSING, true},
	{"NOT_FOUND", MISSING, true},
	{"data_residency_mismatch", MISSING, true},
	{"rate_limit_exceeded", RATE, true},
	{"rate_limit_error", RATE, true},
	{"RESOURCE_EXHAUSTED", RATE, true},
	{"timeout_error", TIMEOUT, true},
	{"DEADLINE_EXCEEDED", TIMEOUT, true},
};

/* Part of a code: providers invent new names for an empty purse. */
static const char *const account_codes[] = {"insufficient_quota", "insufficient_balance", "billing",
											"credit", "spend_limit"};

/* Parts of messages (lower case), for providers whose code says nothing. */
static const char *const account_messages[] = {"credit balance", "insufficient balance"};

static const char *const too_long_messages[] = {
	"context length",         "context window",     "context size",
	"maximum context",        "prompt is too long", "input is too long",
	"too many input tokens",  "prompt too long",    "exceeds the maximum number of tokens",
	"max_new_tokens must be",
};

static const char *const token_fields[] = {"max_tokens", "max_completion_tokens"};

/* True if text holds one of the n parts, ASCII letters compared without case. */
static bool
mentions(const char *text, const char *const *parts, size_t n)
{
	char *lower;

	if (text == NULL)
		return false;
	lower = pstrdup(text);
	for (char *p = lower; *p != '\0'; p++)
		*p = (char) pg_ascii_tolower((unsigned char) *p);
	for (size_t i = 0; i < n; i++)
	{
		if (strstr(lower, parts[i]) != NULL)
			return true;
	}
	return false;
}

static Class
class_of_code(const char *code, bool weak)
{
	if (code == NULL)
		return UNKNOWN;
	if (mentions(code, account_codes, lengthof(account_codes)))
		return ACCOUNT;
	for (size_t i = 0; i < lengthof(codes); i++)
	{
		if (strcmp(codes[i].code, code) == 0 && (weak || !codes[i].weak))
			return codes[i].class;
	}
	return UNKNOWN;
}

/* A request that the provider found wrong: sometimes it is only too long, or unpaid. */
static Class
class_of_message(const AirErrorFacts *facts, Class otherwise)
{
	if (mentions(facts->message, too_long_messages, lengthof(too_long_messages)))
		return TOO_LONG;
	if (mentions(facts->message, account_messages, lengthof(account_messages)))
		return ACCOUNT;
	return otherwise;
}

/* Groq's 498 means that capacity is short, Cohere's that the key is wrong. */
static Class
class_of_498(const AirErrorFacts *facts)
{
	static const char *const parts[] = {"token", "key", "unauthorized"};

	return mentions(facts->message, parts, lengthof(parts)) ? AUTH : UNAVAILABLE;
}

/*
 * A rate limit that will not be over within minutes is a matter of the account;
 * a request that alone exceeds the limit will not fit later either.
 */
static Class
class_of_429(const AirErrorFacts *facts)
{
	static const char *const too_large[] = {"request too large"};
	static const char *const per_day[] = {"per day"};
	bool amazon = facts->code != NULL && strcmp(facts->code, "ThrottlingException") == 0;

	if (facts->daily || (amazon && mentions(facts->message, per_day, lengthof(per_day))))
		return ACCOUNT;
	if (mentions(facts->message, too_large, lengthof(too_large)))
		return TOO_LONG;
	return RATE;
}

static Class
class_of_status(int status, const AirErrorFacts *facts)
{
	if (status >= 300 && status < 400)
		return REDIRECT;
	switch (status)
	{
		case 401:
			return AUTH;
		case 402:
			return ACCOUNT;
		case 403:
			return facts->moderated ? FILTERED : class_of_message(facts, AUTH);
		case 404:
		case 410:
		case 451:
		case 501:
			return MISSING;
		case 408:
		case 504:
			return TIMEOUT;
		case 409:
		case 424:
		case 425:
		case 499:
			return UNAVAILABLE;
		case 413:
			return TOO_LONG;
		case 429:
			return class_of_429(facts);
		case 498:
			return class_of_498(facts);
		default:
			break;
	}
	if (status >= 400 && status < 500)
		return REJECTED;
	return status >= 500 && status < 600 ? UNAVAILABLE : UNKNOWN;
}

static Class
classify(int status, const AirErrorFacts *facts)
{
	bool inside = status >= 200 && status < 300;
	Class class = class_of_code(facts->code, inside);

	if (class == UNKNOWN)
		class = class_of_code(facts->type, inside);
	if (class == UNKNOWN)
		class = class_of_status(inside ? facts->number : status, facts);
	return class == REJECTED ? class_of_message(facts, REJECTED) : class;
}

/* Fill *err for a class; the engine adds who and where. */
static void
fill(Class class, const AirErrorFacts *facts, AirFailure *err)
{
	const char *message = meaning[class].message;

	/* A redirect's body is noise. */
	if (facts->message != NULL && class != REDIRECT)
		message = facts->message;
	air_fail(err, meaning[class].kind, meaning[class].remedy, "%s", message);
	err->hint = meaning[class].hint;
	if (class == REJECTED && facts->code != NULL &&
		strcmp(facts->code, "unsupported_parameter") == 0 &&
		mentions(facts->message, token_fields, lengthof(token_fields)))
		err->hint = "Set the server option max_tokens_field to the name that the provider wants.";
	err->unknown_cost = meaning[class].unknown_cost;
	err->code = facts->code != NULL ? facts->code : facts->type;
	err->param = facts->param;
	if (err->code == NULL && facts->number != 0)
		err->code = psprintf("%d", facts->number);
}

/* The provider knows better than its status whether to try again. */
static void
obey_should_retry(const AirHttpReply *reply, AirFailure *err)
{
	const char *should = air_reply_header(reply, "x-should-retry");

	if (should == NULL)
		return;
	if (strcmp(should, "true") == 0)
		err->remedy = AIR_REMEDY_RETRY;
	else if (strcmp(should, "false") == 0 && err->remedy == AIR_REMEDY_RETRY)
		err->remedy = AIR_REMEDY_NEXT;
}

/* See failure.h. */
bool
air_error_inside(const AirHttpReply *reply, const cJSON *root, AirFailure *err)
{
	AirErrorFacts facts;

	air_error_facts(reply, root, &facts);
	fill(classify(reply->status, &facts), &facts, err);
	err->unknown_cost = err->remedy == AIR_REMEDY_RETRY;
	return false;
}

/* See provider.h. */
void
air_reply_failure(const AirHttpReply *reply, int64 now, AirFailure *err)
{
	char *why;
	AirJson *doc = air_json_parse(reply->body, reply->body_len, &why);
	const cJSON *root = doc != NULL ? doc->root : NULL;
	AirErrorFacts facts;

	air_error_facts(reply, root, &facts);
	fill(classify(reply->status, &facts), &facts, err);
	err->http_status = reply->status;
	err->retry_after = air_retry_after(reply, facts.wait, now);
	err->request_id = air_request_id(reply, root);
	obey_should_retry(reply, err);
	if (doc != NULL)
		air_json_free(doc);
}
