/* What the sandbox knows of one model name: its behaviour and its counters. */
#ifndef SBX_MODEL_H
#define SBX_MODEL_H

#include <cjson/cJSON.h>

#include "buf.h"

typedef enum sbx_fault
{
	FAULT_NONE,
	/* these spoil the transport */
	FAULT_RESET,
	FAULT_RESETMID,
	FAULT_CLOSE,
	FAULT_TRUNCATE,
	FAULT_SLOWHDR,
	FAULT_SLOWBODY,
	FAULT_HANG,
	FAULT_KEEPCLOSE,
	FAULT_CLOSEIDLE,
	/* these spoil the finished body */
	FAULT_BADJSON,
	FAULT_NONJSON,
	FAULT_HTML503,
	FAULT_HTML200,
	FAULT_CTYPE,
	FAULT_EMPTY,
	FAULT_GZIP,
	FAULT_GZIPBAD,
	FAULT_BLANKLINES,
	FAULT_DEEP,
	FAULT_REDIRECT,
	/* these change what the answer says */
	FAULT_HUGE,
	FAULT_BADUTF8,
	FAULT_NUL,
	FAULT_ERR200,
	FAULT_FAILED, /* responses only: status "failed" */
	FAULT_NULLCONTENT,
	FAULT_ARRAYCONTENT,
	FAULT_NOCHOICES,
	FAULT_UNKNOWNFINISH,
	FAULT_LENGTH,
	FAULT_FILTER,
	FAULT_REFUSAL,
	FAULT_WRONGTYPES,
	FAULT_BADSCHEMA,
	FAULT_REORDER,
	FAULT_MISSING,
	FAULT_EXTRA,
	FAULT_SHORTVEC,
	FAULT_DOUBLE,
	FAULT_NULLVEC,
	FAULT_NOUSAGE,
	FAULT_COUNT
} sbx_fault;

typedef enum sbx_retryfmt
{
	RETRYFMT_DEFAULT,
	RETRYFMT_S,
	RETRYFMT_MS,
	RETRYFMT_DATE,
	RETRYFMT_FLOAT,
	RETRYFMT_GOJUR,
	RETRYFMT_RFC3339,
	RETRYFMT_UNIX,
	RETRYFMT_GOOGLE,
	RETRYFMT_AMAZON,
	RETRYFMT_RAW,
	RETRYFMT_COUNT
} sbx_retryfmt;

/* What the log probabilities look like, where they are asked for. */
typedef enum sbx_lp
{
	LP_GOOD,
	LP_NULL,
	LP_EMPTY,
	LP_NUMBER,   /* a number instead of an array */
	LP_BARE,     /* tokens without numbers */
	LP_VOID,     /* null instead of numbers */
	LP_STRING,   /* strings instead of numbers */
	LP_POSITIVE, /* no logarithm of a probability */
	LP_HUGE,     /* more than a double holds */
	LP_HALF,     /* of half the answer */
	LP_OTHER,    /* of another text */
	LP_COUNT
} sbx_lp;

/* How a model misbehaves; all zero = a good provider. */
typedef struct sbx_behaviour
{
	long lat;        /* ms before the answer */
	long jit;        /* up to so many ms more */
	int status;      /* HTTP error instead of an answer, 0 = none */
	char code[96];   /* error code in the body instead of the usual one */
	long first;      /* fault only the first N (after `after`), 0 = all */
	long every;      /* fault every Nth, 0 = all */
	long after;      /* leave the first N alone */
	char retry[64];  /* wait hint, seconds as text, "" = none */
	char should[16]; /* value of x-should-retry, "" = none */
	sbx_retryfmt retryfmt;
	sbx_fault fault;
	long size;   /* bytes of FAULT_HUGE */
	long drip;   /* ms between dripped bytes */
	long dim;    /* default dimension of embeddings, 0 = 64 */
	long cached; /* input tokens to report as read from the cache */
	long think;  /* reasoning tokens to report, with a reasoning block */
	long prob;   /* percent: probability of the answer, 0 = 90 */
	sbx_lp lp;
} sbx_behaviour;

/* Numbers a caller of /control can read and wait for. */
typedef struct sbx_model
{
	char *name;
	sbx_behaviour behaviour;
	bool controlled; /* behaviour came from /control, not from the name */
	uint64_t requests;
	uint64_t ok;      /* complete answers with a 2xx status */
	uint64_t errors;  /* everything else that ended on the sandbox's side */
	uint64_t aborted; /* the client left first */
	uint64_t refused; /* among errors: the request was wrong (shape, key, path) */
	uint64_t connections;
	uint64_t with_auth; /* requests that carried any credential header */
	uint64_t inputs;    /* texts to embed, in requests that were well formed */
	uint64_t in_flight;
	uint64_t peak;
	uint64_t gate; /* requests that reached the fault gate */
	uint64_t max_per_second;
	double first_ms;
	double last_ms;
	double *recent; /* ring of arrivals of the last second */
	size_t recent_cap, recent_head, recent_len;
	uint64_t *digests; /* open-addressing set of body hashes */
	size_t digest_cap, digest_len;
	sbx_buf last_headers; /* name NUL value NUL ... */
	sbx_buf last_body;
	struct sbx_model *next_in_bucket;
	struct sbx_model *next;
} sbx_model;

typedef enum sbx_outcome
{
	OUTCOME_OK,
	OUTCOME_ERROR,
	OUTCOME_REFUSED,
	OUTCOME_ABORTED,
	OUTCOME_FORGOTTEN /* it began before a reset */
} sbx_outcome;

/* stats.c */
struct sbx_request;
extern void (*sbx_stats_changed)(void);
sbx_model *sbx_model_get(const char *name);
sbx_model *sbx_model_find(const char *name);
unsigned sbx_stats_generation(void);
void sbx_stats_begin(sbx_model *m, const struct sbx_request *req, bool new_connection);
void sbx_stats_inputs(sbx_model *m, size_t n);
void sbx_stats_end(sbx_model *m, sbx_outcome outcome, unsigned since);
void sbx_stats_connection(int opened, int open);
void sbx_stats_reset(void);
cJSON *sbx_stats_model_json(const sbx_model *m);
cJSON *sbx_stats_json(void);
bool sbx_stats_number(const char *model, const char *field, double *value);

/* behave.c */
void sbx_behaviour_from_name(const char *name, sbx_behaviour *b);
const char *sbx_behaviour_set(sbx_behaviour *b, const char *key, const char *value);
void sbx_behaviour_finish(sbx_behaviour *b);
bool sbx_fault_due(sbx_model *m);
const char *sbx_fault_name(sbx_fault f);

#endif
