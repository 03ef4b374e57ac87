/* The words of a behaviour: the same keys in a model name and in /control/model. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

static const char *const fault_names[FAULT_COUNT] = {
	[FAULT_NONE] = "none",
	[FAULT_RESET] = "reset",
	[FAULT_RESETMID] = "resetmid",
	[FAULT_CLOSE] = "close",
	[FAULT_TRUNCATE] = "truncate",
	[FAULT_SLOWHDR] = "slowhdr",
	[FAULT_SLOWBODY] = "slowbody",
	[FAULT_HANG] = "hang",
	[FAULT_KEEPCLOSE] = "keepclose",
	[FAULT_CLOSEIDLE] = "closeidle",
	[FAULT_BADJSON] = "badjson",
	[FAULT_NONJSON] = "nonjson",
	[FAULT_HTML503] = "html503",
	[FAULT_HTML200] = "html200",
	[FAULT_CTYPE] = "ctype",
	[FAULT_EMPTY] = "empty",
	[FAULT_GZIP] = "gzip",
	[FAULT_GZIPBAD] = "gzipbad",
	[FAULT_BLANKLINES] = "blanklines",
	[FAULT_DEEP] = "deep",
	[FAULT_REDIRECT] = "redirect",
	[FAULT_HUGE] = "huge",
	[FAULT_BADUTF8] = "badutf8",
	[FAULT_NUL] = "nul",
	[FAULT_ERR200] = "err200",
	[FAULT_FAILED] = "failed",
	[FAULT_NULLCONTENT] = "nullcontent",
	[FAULT_ARRAYCONTENT] = "arraycontent",
	[FAULT_NOCHOICES] = "nochoices",
	[FAULT_UNKNOWNFINISH] = "unknownfinish",
	[FAULT_LENGTH] = "length",
	[FAULT_FILTER] = "filter",
	[FAULT_REFUSAL] = "refusal",
	[FAULT_WRONGTYPES] = "wrongtypes",
	[FAULT_BADSCHEMA] = "badschema",
	[FAULT_REORDER] = "reorder",
	[FAULT_MISSING] = "missing",
	[FAULT_EXTRA] = "extra",
	[FAULT_SHORTVEC] = "shortvec",
	[FAULT_DOUBLE] = "double",
	[FAULT_NULLVEC] = "nullvec",
	[FAULT_NOUSAGE] = "nousage",
};

static const char *const retry_names[RETRYFMT_COUNT] = {
	[RETRYFMT_DEFAULT] = "default", [RETRYFMT_S] = "s",         [RETRYFMT_MS] = "ms",
	[RETRYFMT_DATE] = "date",       [RETRYFMT_FLOAT] = "float", [RETRYFMT_GOJUR] = "gojur",
	[RETRYFMT_RFC3339] = "rfc3339", [RETRYFMT_UNIX] = "unix",   [RETRYFMT_GOOGLE] = "google",
	[RETRYFMT_AMAZON] = "amazon",   [RETRYFMT_RAW] = "raw",
};

/* The word for a fault, as used in model names. */
const char *
sbx_fault_name(sbx_fault f)
{
	return fault_names[f];
}

static const char *const lp_names[LP_COUNT] = {
	[LP_GOOD] = "good", [LP_NULL] = "null", [LP_EMPTY] = "empty",   [LP_NUMBER] = "number",
	[LP_BARE] = "bare", [LP_VOID] = "void", [LP_STRING] = "string", [LP_POSITIVE] = "positive",
	[LP_HUGE] = "huge", [LP_HALF] = "half", [LP_OTHER] = "other",
};

static int
lookup(const char *const *names, int count, const char *value)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	return -1;
}

static void
copy(char *to, size_t cap, const char *from)
{
	size_t n = strlen(from);

	if (n >= cap)
		n = cap - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

/* Sets one key; returns NULL or what is wrong with it. */
const char *
sbx_behaviour_set(sbx_behaviour *b, const char *key, const char *value)
{
	struct
	{
		const char *name;
		long *to;
	} numbers[] = {
		{"lat", &b->lat},       {"jit", &b->jit},     {"first", &b->first}, {"every", &b->every},
		{"after", &b->after},   {"size", &b->size},   {"drip", &b->drip},   {"dim", &b->dim},
		{"cached", &b->cached}, {"think", &b->think}, {"prob", &b->prob},
	};
	int n;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strcmp(key, numbers[i].name) == 0)
		{
			*numbers[i].to = strtol(value, NULL, 10);
			return NULL;
		}
	if (strcmp(key, "status") == 0)
	{
		b->status = atoi(value);
		return b->status >= 400 && b->status <= 599 ? NULL : "status must be 400..599";
	}
	if (strcmp(key, "code") == 0)
		copy(b->code, sizeof(b->code), value);
	else if (strcmp(key, "retry") == 0)
		copy(b->retry, sizeof(b->retry), value);
	else if (strcmp(key, "shouldretry") == 0)
		copy(b->should, sizeof(b->should), value);
	else if (strcmp(key, "retryfmt") == 0)
	{
		if ((n = lookup(retry_names, RETRYFMT_COUNT, value)) < 0)
			return "unknown retryfmt";
		b->retryfmt = (sbx_retryfmt) n;
	}
	else if (strcmp(key, "fault") == 0)
	{
		if ((n = lookup(fault_names, FAULT_COUNT, value)) < 0)
			return "unknown fault";
		b->fault = (sbx_fault) n;
	}
	else if (strcmp(key, "lp") == 0)
	{
		if ((n = lookup(lp_names, LP_COUNT, value)) < 0)
			return "unknown lp";
		b->lp = (sbx_lp) n;
	}
	else
		return "unknown key";
	return NULL;
}

/* Fills in what follows from the other keys: a code without a status implies one. */
void
sbx_behaviour_finish(sbx_behaviour *b)
{
	static const char *const quota[] = {
		"insufficient_quota",       "rate_limit_exceeded", "PerDay",
		"credit_balance_exhausted", "ThrottlingException", "RESOURCE_EXHAUSTED",
		"rate_limit_error",         "slow_down",           NULL};

	if (b->code[0] == '\0' || b->status != 0 || b->fault != FAULT_NONE)
		return;
	b->status = 400;
	for (int i = 0; quota[i] != NULL; i++)
		if (strcmp(b->code, quota[i]) == 0)
			b->status = 429;
}

/*
 * Reads `any--key-value--key-value` out of a model name. What is no key of ours is part of an
 * ordinary name and ignored; so is a `:0` at the end, which Bedrock ids like to have.
 */
void
sbx_behaviour_from_name(const char *name, sbx_behaviour *b)
{
	const char *p = strstr(name, "--");

	memset(b, 0, sizeof(*b));
	while (p != NULL)
	{
		const char *next = strstr(p + 2, "--");
		size_t n = next ? (size_t) (next - p - 2) : strcspn(p + 2, ":");
		char word[128];
		char *dash;

		if (n < sizeof(word))
		{
			memcpy(word, p + 2, n);
			word[n] = '\0';
			dash = strchr(word, '-');
			if (dash != NULL)
			{
				*dash = '\0';
				sbx_behaviour_set(b, word, dash + 1);
			}
		}
		p = next;
	}
	sbx_behaviour_finish(b);
}

/*
 * Counts a request that passed the checks and says whether its fault is due: not one of the first
 * `after`, then only every `every`th, and at most among the next `first`.
 */
bool
sbx_fault_due(sbx_model *m)
{
	const sbx_behaviour *b = &m->behaviour;
	long n = (long) ++m->gate - b->after;

	if (n < 1 || (b->first > 0 && n > b->first))
		return false;
	return b->every <= 1 || n % b->every == 0;
}
