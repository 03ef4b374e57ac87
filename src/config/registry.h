/*
 * registry.h
 *	  Servers, models, rules, budgets and fixtures, compiled once per backend.
 *
 * air_config_acquire() gives the current snapshot and pins it; a snapshot is
 * immutable, lives in a memory context of its own and goes away when it is both
 * stale and unpinned.  Changes arrive through relcache invalidation (triggers on
 * the tables) and syscache invalidation (servers); they are seen at the next acquire.
 */
#ifndef AIR_REGISTRY_H
#define AIR_REGISTRY_H

#include "base/pg.h"
#include "base/money.h"
#include "base/period.h"
#include "base/task.h"
#include "config/api.h"
#include "config/hints.h"
#include "config/rule_options.h"
#include "utils/jsonb.h"
#include "utils/jsonpath.h"

typedef struct AirServer
{
	Oid oid;
	Oid owner;
	char *name;
	const AirApi *api;
	char *base_url; /* final: default filled in, {region} replaced, no trailing slash; NULL if
					   offline */
	char *host;     /* lower case host of base_url, or NULL */
	bool own_host;  /* the host is the api's own */
	char *region;
	char *api_version;
	char *organization;
	char *project;
	char *proxy;
	char *ca_file;
	char *max_tokens_field;
	int timeout_ms;      /* 0: not given */
	int max_concurrency; /* 0: not given */
	int embed_batch;     /* inputs of one embedding request; 0: not given */
	bool allow_insecure;
} AirServer;

typedef struct AirModel
{
	char *name;
	char *server_name;
	const AirServer *server; /* NULL: there is no such server (any more) */
	char *model;             /* the provider's id */
	char *family;            /* NULL: none */
	AirTask mode;
	int64 context_window; /* 0: unknown */
	int64 max_output;     /* 0: unknown */
	AirPrices prices;
	int ncapabilities;
	char **capabilities;
	Jsonb *tags;  /* NULL: none */
	char *params; /* JSON object text or NULL */
	int rank;
	int rpm; /* 0: no limit; likewise below */
	int64 tpm;
	int max_concurrency;
	double quality; /* NaN: unknown */
	bool enabled;
} AirModel;

typedef struct AirRule
{
	char *name;
	int priority;
	JsonPath *condition; /* NULL: always matches */
	uint32 keys;         /* context keys that the condition names, see route/context.h */
	bool any_model;      /* models IS NULL */
	int nmodels;
	char **models;   /* model or family names */
	double *weights; /* nmodels entries or NULL */
	char *strategy;  /* NULL: not set */
	AirHints defaults;
	AirHints enforce;
	Jsonb *options;        /* or NULL */
	AirRuleOptions option; /* what they say */
} AirRule;

/* Bytes of the longest name that a budget may have. */
#define AIR_BUDGET_NAME 127

typedef struct AirBudget
{
	char *name;
	char *role;  /* it and its members; NULL: everybody */
	char *model; /* name or family; NULL: all */
	AirPeriod period;
	AirNano limit;
	bool hard;
} AirBudget;

typedef struct AirFixture
{
	char *model;   /* NULL: any */
	text *pattern; /* POSIX regular expression, NULL: any */
	char *answer;
	char *error; /* an HTTP status ("503") or an SQLSTATE ("RT005"), NULL: none */
	int latency_ms;
	double confidence; /* NaN: not told */
} AirFixture;

/* What functions with an instruction of their own send; see prompts.h. */
typedef struct AirPromptText
{
	char *name;
	int version;
	char *system;
	char *template; /* of the user message */
} AirPromptText;

/* What was learned for a rule; see config/learned.h. */
typedef struct AirLearned
{
	char *rule;
	int version;
	void *predictor; /* opened by air_predictor_open_hook */
} AirLearned;

/* A row that the configuration had to leave out. */
typedef struct AirSkipped
{
	char *object; /* rule "x" */
	char *problem;
} AirSkipped;

typedef struct AirConfig
{
	uint64 id; /* no other snapshot of this backend has it */
	int nservers;
	AirServer *servers; /* by name */
	int nmodels;
	AirModel *models; /* enabled or not, by rank, then name */
	int nrules;
	AirRule *rules; /* enabled only, by priority, then name */
	int nfixtures;
	AirFixture *fixtures; /* by id */
	int nbudgets;
	AirBudget *budgets; /* by name */
	int nprompts;
	AirPromptText *prompts; /* of each name the highest enabled version */
	Oid budget_spent;       /* the table that holds what they spent; InvalidOid: none */
	int nlearned;
	AirLearned *learned; /* of each rule the highest enabled version */
	int nskipped;
	AirSkipped *skipped;
} AirConfig;

/*
 * The current configuration, pinned.  Accepts pending invalidations first.
 * Needs a transaction.  ereports (ERRCODE_UNDEFINED_OBJECT) where the extension
 * is not installed in this database.  Pair with air_config_release(), also after an error
 * (the engine does this from its abort path; release never fails).
 */
extern const AirConfig *air_config_acquire(void);
extern void air_config_release(const AirConfig *config);

/* The model or server of that name, NULL if there is none. */
extern const AirModel *air_config_model(const AirConfig *config, const char *name);
extern const AirServer *air_config_server(const AirConfig *config, const char *name);

/* Is `capability` among the model's capabilities? */
extern bool air_model_can(const AirModel *model, const char *capability);

/*
 * Hook for a higher layer: which context keys a condition names.  Set by
 * ai_router.c to route/condition.c's function, so that config need not look up.
 */
typedef uint32 (*AirConditionKeys)(JsonPath *condition);
extern AirConditionKeys air_condition_keys_hook;

/*
 * And what a trained predictor is: bytes stay as they are for as long as the configuration.
 * palloc'ed; NULL with a reason if it is none.
 */
typedef void *(*AirPredictorOpen)(const uint8 *bytes, size_t len, const char **why);
extern AirPredictorOpen air_predictor_open_hook;

#endif
