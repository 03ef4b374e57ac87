/*
 * settings.c
 *	  Definition of the ai_router.* settings.
 *
 * The variables belong to the GUC machinery.  Nothing is cached beside them:
 * the list of allowed hosts is short and read rarely, so it is split where it
 * is used.  No locks.
 */
#include "base/pg.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/settings.h"

bool air_enabled = true;
bool air_batching = true;
int air_max_concurrency = 32;
int air_timeout_ms = 120 * 1000;
int air_retries = 2;
int air_max_retry_after_ms = 60 * 1000;
int air_on_error = AIR_ON_ERROR_RAISE;
int air_default_max_tokens = 4096;
double air_max_statement_cost = 10;
int air_max_statement_calls = 0;
bool air_refuse_on_estimate = false;
int air_max_response_kb = 16 * 1024;
int air_max_total_concurrency = 0;
bool air_breaker = true;
int air_health_entries = 1024;
bool air_progress_notices = false;
bool air_log_prompts = false;
bool air_log_features = true;
int air_log_retention_s = 90 * 86400;
int air_spool_kb = 8 * 1024;
bool air_cache_use = true;
int air_cache_kb = 64 * 1024;
int air_cache_retention_s = 30 * 86400;
char *air_allowed_hosts = NULL;

static const struct config_enum_entry on_error_values[] = {
	{"raise", AIR_ON_ERROR_RAISE, false}, {"null", AIR_ON_ERROR_NULL, false}, {NULL, 0, false}};

/* An entry of ai_router.allowed_hosts; host points into the list, without brackets. */
typedef struct AllowedHost
{
	const char *host;
	int len;
	int port; /* 0: any */
} AllowedHost;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A letter of a host name or, between brackets, of an IPv6 address. */
static bool
is_host_char(char c, bool ipv6)
{
	if ((c >= '0' && c <= '9') || c == '.')
		return true;
	if (ipv6)
		return c == ':' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/*
 * Read the entry at *p and move behind its comma.  False at the end of the
 * list, or with *bad at an entry that is no host or host:port.
 */
static bool
next_allowed(const char **p, AllowedHost *entry, bool *bad)
{
	const char *s = *p;
	bool ipv6;

	*bad = false;
	while (is_blank(*s) || *s == ',')
		s++;
	if (*s == '\0')
		return false;

	*bad = true;
	ipv6 = *s == '[';
	if (ipv6)
		s++;
	entry->host = s;
	while (is_host_char(*s, ipv6))
		s++;
	entry->len = (int) (s - entry->host);
	if (entry->len == 0 || (ipv6 && *s++ != ']'))
		return false;

	entry->port = 0;
	if (*s == ':')
	{
		const char *digits = ++s;

		while (*s >= '0' && *s <= '9' && entry->port <= 65535)
			entry->port = entry->port * 10 + (*s++ - '0');
		if (s == digits || entry->port < 1 || entry->port > 65535)
			return false;
	}
	while (is_blank(*s))
		s++;
	if (*s != ',' && *s != '\0')
		return false;

	*bad = false;
	*p = s;
	return true;
}

static bool
check_allowed_hosts(char **newval, void **extra, GucSource source)
{
	const char *p = *newval ? *newval : "";
	AllowedHost entry;
	bool bad;

	while (next_allowed(&p, &entry, &bad))
		;
	if (bad)
		GUC_check_errdetail("The value must be a comma-separated list of host or host:port, "
							"IPv6 addresses in brackets, without a scheme or wildcards.");
	return !bad;
}

/* Nothing, or enough for a few hundred answers. */
static bool
check_cache_size(int *newval, void **extra, GucSource source)
{
	if (*newval == 0 || *newval >= 1024)
		return true;
	GUC_check_errdetail("The value must be 0 or at least 1MB.");
	return false;
}

/* See settings.h. */
bool
air_host_is_allowed(const char *host, int port)
{
	const char *p = air_allowed_hosts ? air_allowed_hosts : "";
	int len = (int) strlen(host);
	AllowedHost entry;
	bool bad;

	while (next_allowed(&p, &entry, &bad))
	{
		if (entry.len == len && pg_strncasecmp(entry.host, host, len) == 0 &&
			(entry.port == 0 || entry.port == port))
			return true;
	}
	return false;
}

/* See settings.h. */
void
air_settings_init(void)
{
	DefineCustomBoolVariable("ai_router.enabled", "Allows calls to AI providers.",
							 "The kill switch: when off, every call fails at once.", &air_enabled,
							 true, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("ai_router.batching",
							 "Lets a statement run the AI calls of many rows side by side.",
							 "When off, rows are asked for one after another.", &air_batching, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.max_concurrency",
							"Sets how many requests one session keeps in flight.", NULL,
							&air_max_concurrency, 32, 1, 1024, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"ai_router.timeout", "Sets how long one attempt may wait for its answer.",
		"The server option and the hint timeout_ms come first.", &air_timeout_ms, 120 * 1000, 1,
		INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.retries",
							"Sets how often a failed request is tried again at the same model.",
							NULL, &air_retries, 2, 0, 10, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"ai_router.max_retry_after", "Sets the longest wait that a provider may ask for.",
		"A provider that asks for more is given up in favour of the next model.",
		&air_max_retry_after_ms, 60 * 1000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomEnumVariable("ai_router.on_error",
							 "Sets what becomes of a call that a provider did not answer.",
							 "\"raise\" is an error, \"null\" a NULL and a warning.", &air_on_error,
							 AIR_ON_ERROR_RAISE, on_error_values, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.default_max_tokens",
							"Sets the limit of an answer's tokens where no hint gives one.",
							"It is always sent: it bounds what a call can cost.",
							&air_default_max_tokens, 4096, 1, 1024 * 1024, PGC_USERSET, 0, NULL,
							NULL, NULL);

	DefineCustomRealVariable(
		"ai_router.max_statement_cost", "Sets what the AI calls of one statement may cost, in USD.",
		"Zero is no limit.", &air_max_statement_cost, 10, 0, 1e9, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.max_statement_calls",
							"Sets how many AI calls one statement may make.", "Zero is no limit.",
							&air_max_statement_calls, 0, 0, INT_MAX, PGC_SUSET, 0, NULL, NULL,
							NULL);

	DefineCustomBoolVariable("ai_router.refuse_on_estimate",
							 "Refuses statements whose estimate exceeds "
							 "ai_router.max_statement_cost.",
							 "When off, such a statement begins with a warning, and ends when it "
							 "has spent that much.",
							 &air_refuse_on_estimate, false, PGC_SUSET, 0, NULL, NULL, NULL);

	/*
	 * Just under the 1 GB that one datum can hold.  Parsing is not interruptible and takes some
	 * 4 ms per MB: the default keeps a cancel below a tenth of a second.
	 */
	DefineCustomIntVariable("ai_router.max_response_size",
							"Sets the largest response that is read from a provider.", NULL,
							&air_max_response_kb, 16 * 1024, 1, 1024 * 1024 - 1, PGC_SUSET,
							GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.max_total_concurrency",
							"Sets how many requests all sessions together keep in flight.",
							"Zero is no limit.", &air_max_total_concurrency, 0, 0, 100000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("ai_router.breaker",
							 "Keeps calls from models that failed in any session.",
							 "When off, calls of this session neither mind nor open a breaker.",
							 &air_breaker, true, PGC_SUSET, 0, NULL, NULL, NULL);

	/* Only the postmaster can take it; a library that is loaded later has no shared memory. */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("ai_router.health_entries",
								"Sets how many models' health is kept in shared memory.",
								"Each endpoint, credential and model is one.", &air_health_entries,
								1024, 16, 65536, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("ai_router.cache",
							 "Answers calls from the cache where no hint says otherwise.",
							 "When off, the cache is neither read nor written.", &air_cache_use,
							 true, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.cache_retention",
							"Sets how long ai_router.cache keeps an answer after its last use.",
							"To the day.  Zero keeps them for ever.", &air_cache_retention_s,
							30 * 86400, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);

	/* Fixed when the server starts: one that did not preload the library has no cache. */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable(
			"ai_router.cache_size", "Sets how much shared memory keeps answers.",
			"With 0 only what is on its way to the table, in 1MB.", &air_cache_kb, 64 * 1024, 0,
			INT_MAX, PGC_POSTMASTER, GUC_UNIT_KB, check_cache_size, NULL, NULL);

	DefineCustomStringVariable("ai_router.allowed_hosts",
							   "Lists hosts that a server may name without being a superuser's.",
							   "Owners of servers may set a base_url at these hosts, besides the "
							   "hosts of the provider itself.",
							   &air_allowed_hosts, "", PGC_SUSET, GUC_LIST_INPUT,
							   check_allowed_hosts, NULL, NULL);

	DefineCustomBoolVariable("ai_router.progress_notices",
							 "Tells the client every ten seconds how a statement goes on.",
							 "As a NOTICE, while the statement waits for AI calls.",
							 &air_progress_notices, false, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("ai_router.log_prompts",
							 "Keeps prompts and answers in ai_router.calls.", NULL,
							 &air_log_prompts, false, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"ai_router.log_features", "Keeps hashes of each prompt's words in ai_router.calls.",
		"What ai_feedback() says of a call can be learned from only with these, "
		"or with the prompt.",
		&air_log_features, true, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("ai_router.log_retention",
							"Sets how long ai_router.calls and ai_router.attempts keep a row.",
							"Zero keeps them for ever.", &air_log_retention_s, 90 * 86400, 0,
							INT_MAX, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);

	/* Only the postmaster's preloading can size shared memory. */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("ai_router.spool_size",
								"Sets the memory for rows on their way to ai_router.calls.",
								"Calls wait when it is full.", &air_spool_kb, 32 * 1024, 128,
								1024 * 1024, PGC_POSTMASTER, GUC_UNIT_KB, NULL, NULL, NULL);

	MarkGUCPrefixReserved("ai_router");
}
