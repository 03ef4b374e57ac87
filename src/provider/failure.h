/*
 * failure.h
 *	  The parts of reading a provider's refusal.  Private to src/provider.
 */
#ifndef AIR_PROVIDER_FAILURE_H
#define AIR_PROVIDER_FAILURE_H

#include "base/json.h"
#include "provider/provider.h"

/* What an error body says, in no provider's words; strings are palloc'ed, clean and redacted. */
typedef struct AirErrorFacts
{
	const char *message; /* or NULL */
	const char *code;    /* the most specific machine-readable name, or NULL */
	const char *param;   /* the member of the request that is wrong, or NULL */
	const char *type;    /* a second, more general one, or NULL */
	int number;          /* a numeric code (OpenRouter, Gemini: the HTTP status it means), or 0 */
	bool daily;          /* a quota that will not come back within minutes */
	bool moderated;      /* the provider says that it flagged the input */
	const char *wait;    /* RetryInfo's delay, or NULL */
} AirErrorFacts;

/* Read the facts of a reply; root is its parsed body, or NULL when it is no JSON.  error_body.c */
extern void air_error_facts(const AirHttpReply *reply, const cJSON *root, AirErrorFacts *facts);

/* True if a 2xx body carries an error all the same.  error_body.c */
extern bool air_has_error(const cJSON *root);

/*
 * Fill *err from an error inside a 2xx reply; the reply may have been billed.
 * Always false.  failure.c
 */
extern bool air_error_inside(const AirHttpReply *reply, const cJSON *root, AirFailure *err);

/*
 * Seconds to wait according to the headers or to wait (RetryInfo's text or
 * NULL); -1: nothing usable.  now is Unix time.  retry_after.c
 */
extern double air_retry_after(const AirHttpReply *reply, const char *wait, int64 now);

/*
 * Parse a wait in any known form: seconds, Unix time in s or ms, "1h2m3.5s",
 * RFC 3339, HTTP date.  Clamped to [0, 1 day]; -1 if it is none of them or
 * negative.  duration.c
 */
extern double air_parse_wait(const char *s, int64 now);

/* A copy with everything that looks like a key replaced by "***".  redact.c */
extern char *air_redact(const char *s);

#endif
