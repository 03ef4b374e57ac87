/*
 * ledger.h
 *	  What the spool carries to the tables: a fixed part, then the texts.
 *
 * Texts are in the encoding of the database that the record belongs to; a length
 * of -1 is NULL.  Written by src/call/ledger.c, keep.c and clear.c, read by
 * src/worker/rows.c, and across a clean restart by the same version only (see spool_file.c).
 */
#ifndef AIR_LEDGER_RECORD_H
#define AIR_LEDGER_RECORD_H

#include "base/pg.h"
#include "base/money.h"
#include "datatype/timestamp.h"
#include "shared/cache.h"

/* Kinds of records; a batch writes them in this order. */
typedef enum AirRecordKind
{
	AIR_RECORD_CALL = 0,
	AIR_RECORD_ATTEMPT = 1,
	AIR_RECORD_CACHE = 2,
	AIR_RECORD_HITS = 3,
	AIR_RECORD_CACHE_USE = 4,
	AIR_RECORD_CACHE_CLEAR = 5, /* a batch of its own: it deletes what came before it */
	AIR_RECORD_AUDIT = 6,
	AIR_RECORD_KINDS
} AirRecordKind;

/* Texts behind an AirCallRecord, in this order. */
typedef enum AirCallText
{
	AIR_CALL_ROLE,
	AIR_CALL_FUNCTION,
	AIR_CALL_TASK,
	AIR_CALL_TAGS, /* jsonb as it is stored, header included */
	AIR_CALL_RULE,
	AIR_CALL_APPLICATION,
	AIR_CALL_PROMPT,
	AIR_CALL_MODEL,
	AIR_CALL_FAMILY,
	AIR_CALL_PROVIDER,
	AIR_CALL_ERROR,
	AIR_CALL_FINISH,
	AIR_CALL_ANSWER,
	AIR_CALL_FEATURES, /* bytes */
	AIR_CALL_ESCALATED_FOR,
	AIR_CALL_NTEXTS
} AirCallText;

typedef struct AirCallRecord
{
	int64 call_id;
	int64 sent_with; /* the call that its last attempt is recorded of */
	TimestampTz at;
	TimestampTz finished_at;
	int64 query_id; /* 0: none */
	int64 input;    /* -1: unknown, likewise below */
	int64 cached;
	int64 cache_write;
	int64 output;
	int64 reasoning;
	AirNano cost;
	AirNano last_cost; /* AIR_NANO_UNKNOWN: no cascade, or not known */
	double latency_ms;
	double propensity; /* NaN: none */
	Oid role;
	int32 pid;
	int32 attempts;
	int32 escalations; /* -1: no cascade */
	char sqlstate[6];  /* "": answered */
	int32 len[AIR_CALL_NTEXTS];
} AirCallRecord;

/* Texts behind an AirAttemptRecord, in this order. */
typedef enum AirAttemptText
{
	AIR_ATTEMPT_ROLE,
	AIR_ATTEMPT_MODEL,
	AIR_ATTEMPT_PROVIDER,
	AIR_ATTEMPT_REQUEST_ID,
	AIR_ATTEMPT_ERROR,
	AIR_ATTEMPT_NTEXTS
} AirAttemptText;

typedef struct AirAttemptRecord
{
	int64 call_id;
	TimestampTz at;
	int64 input;
	int64 output;
	AirNano cost;
	double latency_ms;
	double retry_after; /* seconds, < 0: not said */
	Oid role;
	int32 attempt;
	int32 calls;       /* that it was for */
	int32 http_status; /* 0: none */
	char sqlstate[6];
	int32 len[AIR_ATTEMPT_NTEXTS];
} AirAttemptRecord;

/* Texts behind an AirHitsRecord, in this order. */
typedef enum AirHitsText
{
	AIR_HITS_ROLE,
	AIR_HITS_MODEL,
	AIR_HITS_RULE,
	AIR_HITS_TASK,
	AIR_HITS_NTEXTS
} AirHitsText;

/* Calls that the cache answered, summed up. */
typedef struct AirHitsRecord
{
	TimestampTz at; /* of the first one */
	int64 hits;
	AirNano saved; /* AIR_NANO_UNKNOWN: no cost was known */
	Oid role;
	int32 len[AIR_HITS_NTEXTS];
} AirHitsRecord;

/* Texts behind an AirCacheRecord, in this order. */
typedef enum AirCacheText
{
	AIR_CACHE_MODEL,
	AIR_CACHE_ANSWER,
	AIR_CACHE_NTEXTS
} AirCacheText;

/* An answer for ai_router.cache. */
typedef struct AirCacheRecord
{
	AirKey key;
	uint64 generation; /* see shared/clears.h */
	int64 call_id;
	TimestampTz created;
	TimestampTz expires; /* 0: never */
	AirUsage usage;
	AirNano cost;
	int32 finish; /* AirFinish */
	int32 len[AIR_CACHE_NTEXTS];
} AirCacheRecord;

/* An answer of ai_router.cache was given out. */
typedef struct AirCacheUseRecord
{
	AirKey key;
	TimestampTz at;
	int64 uses; /* since the last such record */
} AirCacheUseRecord;

/* Texts behind an AirAuditRecord, in this order. */
typedef enum AirAuditText
{
	AIR_AUDIT_RULE,
	AIR_AUDIT_FUNCTION,
	AIR_AUDIT_MODEL,
	AIR_AUDIT_OUTCOME,
	AIR_AUDIT_BY,
	AIR_AUDIT_NTEXTS
} AirAuditText;

/* An answer of a cascade beside that of its last model. */
typedef struct AirAuditRecord
{
	int64 call_id;
	TimestampTz at;
	double confidence; /* NaN: unknown */
	double share;      /* of the inputs that were audited */
	bool agreed;
	int32 len[AIR_AUDIT_NTEXTS];
} AirAuditRecord;

/* Answers are to be forgotten; the model's name follows, unless it is all of them. */
typedef struct AirCacheClearRecord
{
	uint64 generation;
	int32 len; /* -1: all models */
} AirCacheClearRecord;

#endif
