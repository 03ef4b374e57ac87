/*
 * errors.h
 *	  What can go wrong with a call, as a value.
 *
 * Layers below the engine never raise an error about a provider: they fill an
 * AirFailure, and the engine decides between retry, next candidate and ERROR.
 * Usable outside the server (see pg.h); raising lives in raise.h.
 */
#ifndef AIR_ERRORS_H
#define AIR_ERRORS_H

#include "base/pg.h"

/* One value per SQLSTATE of class RT; the numeric value is the SQLSTATE's digits. */
typedef enum AirErrKind
{
	AIR_ERR_NONE = 0,
	AIR_ERR_NO_ROUTE = 1,       /* RT001 no rule or no usable candidate */
	AIR_ERR_UNAVAILABLE = 2,    /* RT002 provider unavailable */
	AIR_ERR_RATE_LIMITED = 3,   /* RT003 rate limited */
	AIR_ERR_BUDGET = 4,         /* RT004 budget or spend cap */
	AIR_ERR_TIMEOUT = 5,        /* RT005 provider timeout */
	AIR_ERR_BAD_ANSWER = 6,     /* RT006 unusable answer */
	AIR_ERR_CONTENT_FILTER = 7, /* RT007 content filter */
	AIR_ERR_TRUNCATED = 8,      /* RT008 truncated by the token limit */
	AIR_ERR_REJECTED = 9,       /* RT009 provider rejected the request */
	AIR_ERR_AUTH = 10,          /* RT010 authentication or account */
	AIR_ERR_TOO_LONG = 11       /* RT011 input exceeds every context window */
} AirErrKind;

/* What the engine may do about a failure. */
typedef enum AirRemedy
{
	AIR_REMEDY_NONE = 0, /* no candidate would do better: fail the call */
	AIR_REMEDY_RETRY,    /* the same candidate may work after a wait; another one may work now */
	AIR_REMEDY_NEXT      /* this candidate will not serve this call; another one may */
} AirRemedy;

/* Strings live in the memory context (or heap, outside the server) of whoever filled it. */
typedef struct AirFailure
{
	AirErrKind kind;
	AirRemedy remedy;
	int http_status;        /* 0: there was no HTTP answer */
	double retry_after;     /* seconds the provider asked to wait; < 0: it did not say */
	bool unknown_cost;      /* the request may have been processed and billed */
	const char *message;    /* one line, without provider, model, status or secrets; never NULL */
	const char *code;       /* the provider's machine-readable code, or NULL */
	const char *param;      /* the member of the request that it says is wrong, or NULL */
	const char *request_id; /* the provider's request id, or NULL */
	const char *hint;       /* a full sentence, or NULL */
} AirFailure;

/*
 * Fill *f with a failure of the given kind and remedy and a formatted message
 * (palloc'ed, cut to 500 bytes at a character boundary, control characters
 * replaced by blanks).  Other members are reset; retry_after becomes -1.
 * Always returns false, so that a codec can end with "return air_fail(..)".
 */
extern bool air_fail(AirFailure *f, AirErrKind kind, AirRemedy remedy, const char *fmt, ...)
	pg_attribute_printf(4, 5);

/* "RT001" .. for a kind: a static string, "00000" for AIR_ERR_NONE. */
extern const char *air_sqlstate(AirErrKind kind);

#endif
