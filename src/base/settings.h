/*
 * settings.h
 *	  The ai_router.* settings (GUCs).  doc/settings.md lists them for users.
 */
#ifndef AIR_SETTINGS_H
#define AIR_SETTINGS_H

#include "base/pg.h"

typedef enum AirOnError
{
	AIR_ON_ERROR_RAISE,
	AIR_ON_ERROR_NULL
} AirOnError;

extern bool air_enabled;           /* kill switch */
extern bool air_batching;          /* rows of a statement side by side */
extern int air_max_concurrency;    /* requests in flight in one backend */
extern int air_timeout_ms;         /* one attempt */
extern int air_retries;            /* tries after the first, per candidate */
extern int air_max_retry_after_ms; /* longest wait a provider may ask for */
extern int air_on_error;           /* AirOnError */
extern int air_default_max_tokens;
extern double air_max_statement_cost; /* USD, 0: no cap */
extern int air_max_statement_calls;   /* 0: no cap */
extern bool air_refuse_on_estimate;   /* what is estimated above the cost cap does not begin */
extern int air_max_response_kb;
extern int air_max_total_concurrency; /* requests in flight in the cluster, 0: no cap */
extern bool air_breaker;              /* mind circuit breaker and cool-downs */
extern int air_health_entries;        /* models whose health is kept */
extern bool air_progress_notices;     /* tell the client how a statement goes on */
extern bool air_log_prompts;          /* prompts and answers go into the ledger */
extern bool air_log_features;         /* so do hashes of a prompt's words */
extern int air_log_retention_s;       /* age at which rows of the ledger go */
extern int air_spool_kb;              /* shared memory of the spool */
extern bool air_cache_use;            /* where no hint says otherwise */
extern int air_cache_kb;              /* shared memory for answers, 0: the least */
extern int air_cache_retention_s;     /* since its last use, 0: for ever */
extern char *air_allowed_hosts;       /* comma-separated host[:port] list */

/* Define all of them; called once from _PG_init. */
extern void air_settings_init(void);

/* True if host (no brackets), or host:port, stands in ai_router.allowed_hosts; case is ignored. */
extern bool air_host_is_allowed(const char *host, int port);

#endif
