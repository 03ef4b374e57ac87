/*
 * rows.c
 *	  Records of the spool as rows of tables.
 *
 * A record becomes a list of named values, and each column takes the value of
 * its name: one library meets several SQL versions, and tables to which somebody
 * added columns of his own.  No locks, no I/O.
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "shared/clears.h"
#include "shared/ledger.h"
#include "worker/rows.h"

/* A value on its way into a column. */
typedef struct Value
{
	const char *column;
	Oid type;
	bool null;
	Datum value;
} Value;

#define MAX_VALUES 40

typedef struct Row
{
	int n;
	Value values[MAX_VALUES];
	const char *texts; /* what is left of the texts */
	size_t left;
	bool damaged;
} Row;

static void
add(Row *row, const char *column, Oid type, Datum value, bool null)
{
	Assert(row->n < MAX_VALUES);
	row->values[row->n++] = (Value){column, type, null, value};
}

static void
add_int(Row *row, const char *column, int64 n, bool null)
{
	add(row, column, INT8OID, Int64GetDatum(n), null);
}

/* The next text: len bytes, or NULL. */
static void
add_text(Row *row, const char *column, Oid type, int32 len)
{
	Datum value = (Datum) 0;

	if (len > 0 && (size_t) len > row->left)
		row->damaged = true;
	if (row->damaged)
		len = -1;
	if (len >= 0)
	{
		if (type == NAMEOID)
		{
			char *name = palloc0(NAMEDATALEN);

			memcpy(name, row->texts, Min(len, NAMEDATALEN - 1));
			value = NameGetDatum((Name) name);
		}
		else if (type == JSONBOID)
		{
			char *jsonb = palloc(len);

			memcpy(jsonb, row->texts, len);
			if (len < VARHDRSZ || VARSIZE(jsonb) != len)
				row->damaged = true;
			value = PointerGetDatum(jsonb);
		}
		else
			value = PointerGetDatum(cstring_to_text_with_len(row->texts, len));
		row->texts += len;
		row->left -= len;
	}
	add(row, column, type, value, len < 0);
}

static void
add_money(Row *row, const char *column, AirNano n)
{
	add(row, column, NUMERICOID, n < 0 ? (Datum) 0 : NumericGetDatum(air_nano_to_numeric(n)),
		n < 0);
}

static void
add_usage(Row *row, const AirUsage *usage)
{
	add_int(row, "input_tokens", usage->input, usage->input < 0);
	add_int(row, "cached_input_tokens", usage->cached, usage->cached < 0);
	add_int(row, "cache_write_tokens", usage->cache_write, usage->cache_write < 0);
	add_int(row, "output_tokens", usage->output, usage->output < 0);
	add_int(row, "reasoning_tokens", usage->reasoning, usage->reasoning < 0);
}

static void
add_sqlstate(Row *row, const char *sqlstate)
{
	add(row, "sqlstate", TEXTOID, CStringGetTextDatum(sqlstate), sqlstate[0] == '\0');
}

static void
add_call(Row *row, const void *record)
{
	const AirCallRecord *r = record;
	static const struct
	{
		const char *column;
		Oid type;
	} texts[AIR_CALL_NTEXTS] = {
		[AIR_CALL_ROLE] = {"role", NAMEOID},
		[AIR_CALL_FUNCTION] = {"function", TEXTOID},
		[AIR_CALL_TASK] = {"task", TEXTOID},
		[AIR_CALL_TAGS] = {"tags", JSONBOID},
		[AIR_CALL_RULE] = {"rule", TEXTOID},
		[AIR_CALL_APPLICATION] = {"application", TEXTOID},
		[AIR_CALL_PROMPT] = {"prompt", TEXTOID},
		[AIR_CALL_MODEL] = {"model", TEXTOID},
		[AIR_CALL_FAMILY] = {"family", TEXTOID},
		[AIR_CALL_PROVIDER] = {"provider", TEXTOID},
		[AIR_CALL_ERROR] = {"error", TEXTOID},
		[AIR_CALL_FINISH] = {"finish_reason", TEXTOID},
		[AIR_CALL_ANSWER] = {"answer", TEXTOID},
		[AIR_CALL_ESCALATED_FOR] = {"escalated_for", TEXTOID},
		[AIR_CALL_FEATURES] = {"features", BYTEAOID},
	};

	add_int(row, "call_id", r->call_id, false);
	add_int(row, "sent_with", r->sent_with, r->sent_with == r->call_id);
	add(row, "at", TIMESTAMPTZOID, TimestampTzGetDatum(r->at), false);
	add(row, "finished_at", TIMESTAMPTZOID, TimestampTzGetDatum(r->finished_at), false);
	add(row, "role_id", OIDOID, ObjectIdGetDatum(r->role), false);
	add(row, "status", TEXTOID, CStringGetTextDatum(r->sqlstate[0] ? "error" : "ok"), false);
	add_sqlstate(row, r->sqlstate);
	add(row, "attempts", INT4OID, Int32GetDatum(r->attempts), false);
	add_usage(row, &(AirUsage){r->input, r->cached, r->cache_write, r->output, r->reasoning});
	add_money(row, "cost", r->cost);
	add(row, "latency_ms", FLOAT8OID, Float8GetDatum(r->latency_ms), false);
	add(row, "escalations", INT4OID, Int32GetDatum(r->escalations), r->escalations < 0);
	add_money(row, "last_cost", r->last_cost);
	add_int(row, "query_id", r->query_id, r->query_id == 0);
	add(row, "pid", INT4OID, Int32GetDatum(r->pid), false);
	add(row, "propensity", FLOAT8OID, Float8GetDatum(r->propensity), isnan(r->propensity));
	for (int i = 0; i < AIR_CALL_NTEXTS; i++)
		add_text(row, texts[i].column, texts[i].type, r->len[i]);
}

static void
add_attempt(Row *row, const void *record)
{
	const AirAttemptRecord *r = record;

	add_int(row, "call_id", r->call_id, false);
	add(row, "attempt", INT4OID, Int32GetDatum(r->attempt), false);
	add(row, "calls", INT4OID, Int32GetDatum(r->calls), false);
	add(row, "at", TIMESTAMPTZOID, TimestampTzGetDatum(r->at), false);
	add(row, "role_id", OIDOID, ObjectIdGetDatum(r->role), false);
	add(row, "http_status", INT4OID, Int32GetDatum(r->http_status), r->http_status == 0);
	add_sqlstate(row, r->sqlstate);
	add(row, "latency_ms", FLOAT8OID, Float8GetDatum(r->latency_ms), false);
	add_int(row, "input_tokens", r->input, r->input < 0);
	add_int(row, "output_tokens", r->output, r->output < 0);
	add_money(row, "cost", r->cost);
	add(row, "retry_after", FLOAT8OID, Float8GetDatum(r->retry_after), r->retry_after < 0);
	add_text(row, "role", NAMEOID, r->len[AIR_ATTEMPT_ROLE]);
	add_text(row, "model", TEXTOID, r->len[AIR_ATTEMPT_MODEL]);
	add_text(row, "provider", TEXTOID, r->len[AIR_ATTEMPT_PROVIDER]);
	add_text(row, "request_id", TEXTOID, r->len[AIR_ATTEMPT_REQUEST_ID]);
	add_text(row, "error", TEXTOID, r->len[AIR_ATTEMPT_ERROR]);
}

static void
add_audit(Row *row, const void *record)
{
	const AirAuditRecord *r = record;

	add_int(row, "call_id", r->call_id, false);
	add(row, "at", TIMESTAMPTZOID, TimestampTzGetDatum(r->at), false);
	add(row, "confidence", FLOAT8OID, Float8GetDatum(r->confidence), isnan(r->confidence));
	add(row, "share", FLOAT8OID, Float8GetDatum(r->share), false);
	add(row, "agreed", BOOLOID, BoolGetDatum(r->agreed), false);
	add_text(row, "rule", TEXTOID, r->len[AIR_AUDIT_RULE]);
	add_text(row, "function", TEXTOID, r->len[AIR_AUDIT_FUNCTION]);
	add_text(row, "model", TEXTOID, r->len[AIR_AUDIT_MODEL]);
	add_text(row, "outcome", TEXTOID, r->len[AIR_AUDIT_OUTCOME]);
	add_text(row, "audited_by", TEXTOID, r->len[AIR_AUDIT_BY]);
}

static void
add_digest(Row *row, const AirKey *key)
{
	bytea *digest = palloc(VARHDRSZ + sizeof(AirKey));

	SET_VARSIZE(digest, VARHDRSZ + sizeof(AirKey));
	memcpy(VARDATA(digest), key, sizeof(AirKey));
	add(row, "digest", BYTEAOID, PointerGetDatum(digest), false);
}

/* The day (UTC) of a time. */
static void
add_day(Row *row, const char *column, TimestampTz at)
{
	add(row, column, DATEOID, DateADTGetDatum((DateADT) (at / USECS_PER_DAY)), false);
}

static void
add_hits(Row *row, const void *record)
{
	const AirHitsRecord *r = record;

	add_day(row, "day", r->at);
	add(row, "role_id", OIDOID, ObjectIdGetDatum(r->role), false);
	add_int(row, "hits", r->hits, false);
	add_money(row, "saved", r->saved);
	add_text(row, "role", NAMEOID, r->len[AIR_HITS_ROLE]);
	add_text(row, "model", TEXTOID, r->len[AIR_HITS_MODEL]);
	add_text(row, "rule", TEXTOID, r->len[AIR_HITS_RULE]);
	add_text(row, "task", TEXTOID, r->len[AIR_HITS_TASK]);
}

static void
add_cached(Row *row, const void *record)
{
	const AirCacheRecord *r = record;

	add_digest(row, &r->key);
	add_text(row, "model", TEXTOID, r->len[AIR_CACHE_MODEL]);
	add_text(row, "answer", TEXTOID, r->len[AIR_CACHE_ANSWER]);
	add(row, "finish_reason", TEXTOID, CStringGetTextDatum(air_finish_name((AirFinish) r->finish)),
		false);
	add_usage(row, &r->usage);
	add_money(row, "cost", r->cost);
	add_int(row, "call_id", r->call_id, false);
	add(row, "created_at", TIMESTAMPTZOID, TimestampTzGetDatum(r->created), false);
	add(row, "expires_at", TIMESTAMPTZOID, TimestampTzGetDatum(r->expires), r->expires == 0);
	add_day(row, "last_used", r->created);
	add_int(row, "hits", 0, false);
}

static void
add_use(Row *row, const void *record)
{
	const AirCacheUseRecord *r = record;

	add_digest(row, &r->key);
	add_day(row, "last_used", r->at);
	add_int(row, "hits", r->uses, false);
}

static void
add_clear(Row *row, const void *record)
{
	const AirCacheClearRecord *r = record;

	add_text(row, "model", TEXTOID, r->len);
}

typedef struct Kind
{
	AirRowKind row;
	void (*add)(Row *row, const void *record);
} Kind;

/* By AirRecordKind. */
static const Kind kinds[] = {
	[AIR_RECORD_CALL] = {{"calls", "INSERT INTO ai_router.calls (%1$s) SELECT %1$s FROM spooled",
						  sizeof(AirCallRecord)},
						 add_call},
	[AIR_RECORD_ATTEMPT] = {{"attempts",
							 "INSERT INTO ai_router.attempts (%1$s) SELECT %1$s FROM spooled",
							 sizeof(AirAttemptRecord)},
							add_attempt},
	[AIR_RECORD_HITS] = {{"hits",
						  "INSERT INTO ai_router.hits AS h"
						  " (day, role_id, role, model, rule, task, hits, saved)"
						  " SELECT day, role_id, role, model, rule, task, sum(hits), sum(saved)"
						  " FROM spooled GROUP BY 1, 2, 3, 4, 5, 6"
						  " ON CONFLICT (day, role_id, role, model, rule, task) DO UPDATE"
						  " SET hits = h.hits + excluded.hits,"
						  " saved = coalesce(h.saved + excluded.saved, h.saved, excluded.saved)",
						  sizeof(AirHitsRecord)},
						 add_hits},
	/* Two of one digest in a batch: the newer.  Uses of an answer that is replaced are not its. */
	[AIR_RECORD_CACHE] =
		{{"cache",
		  "INSERT INTO ai_router.cache (%1$s) SELECT DISTINCT ON (digest) %1$s FROM spooled "
		  "ORDER BY digest, created_at DESC ON CONFLICT (digest) DO UPDATE SET "
		  "model = excluded.model, answer = excluded.answer, "
		  "finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens, "
		  "cached_input_tokens = excluded.cached_input_tokens, "
		  "cache_write_tokens = excluded.cache_write_tokens, "
		  "output_tokens = excluded.output_tokens, "
		  "reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost, "
		  "call_id = excluded.call_id, created_at = excluded.created_at, "
		  "expires_at = excluded.expires_at, last_used = excluded.last_used, "
		  "hits = excluded.hits",
		  sizeof(AirCacheRecord)},
		 add_cached},
	[AIR_RECORD_CACHE_USE] = {{"cache",
							   "UPDATE ai_router.cache c SET hits = c.hits + s.hits, "
							   "last_used = greatest(c.last_used, s.last_used) FROM (SELECT "
							   "digest, sum(hits)::bigint AS hits, max(last_used) AS last_used "
							   "FROM spooled GROUP BY digest) s WHERE c.digest = s.digest",
							   sizeof(AirCacheUseRecord)},
							  add_use},
	[AIR_RECORD_CACHE_CLEAR] = {{"cache",
								 "DELETE FROM ai_router.cache c USING spooled s "
								 "WHERE s.model IS NULL OR c.model = s.model",
								 sizeof(AirCacheClearRecord)},
								add_clear},
	[AIR_RECORD_AUDIT] = {{"audits", "INSERT INTO ai_router.audits (%1$s) SELECT %1$s FROM spooled",
						   sizeof(AirAuditRecord)},
						  add_audit},
};

StaticAssertDecl(lengthof(kinds) == AIR_RECORD_KINDS, "each kind of record needs its row");

const AirRowKind *
air_rows_kind(int kind)
{
	return kind >= 0 && kind < lengthof(kinds) && kinds[kind].add != NULL ? &kinds[kind].row : NULL;
}

int
air_rows_batch(const AirSpoolRecord *records, int n)
{
	for (int i = 0; i < n; i++)
		if (records[i].kind == AIR_RECORD_CACHE_CLEAR)
			return Max(i, 1);
	return n;
}

bool
air_rows_void(const AirSpoolRecord *record)
{
	const AirCacheRecord *r = (const AirCacheRecord *) record->data;
	int32 len;

	if (record->kind != AIR_RECORD_CACHE || record->len < sizeof(AirCacheRecord))
		return false;
	len = r->len[AIR_CACHE_MODEL];
	return len >= 0 && len <= record->len - sizeof(AirCacheRecord) &&
		   air_clears_since(MyDatabaseId, record->data + sizeof(AirCacheRecord), len,
							r->generation);
}

void
air_rows_done(const AirSpoolRecord *records, int n, int64 rows)
{
	for (int i = 0; i < n; i++)
		if (records[i].kind == AIR_RECORD_CACHE_CLEAR &&
			records[i].len >= sizeof(AirCacheClearRecord))
			air_clears_done(((const AirCacheClearRecord *) records[i].data)->generation, rows);
}

bool
air_rows_fill(const AirSpoolRecord *record, TupleDesc desc, Datum *values, bool *nulls, bool *known)
{
	size_t fixed = kinds[record->kind].row.fixed;
	Row row;

	if (record->len < fixed)
		return false;
	row.n = 0;
	row.texts = record->data + fixed;
	row.left = record->len - fixed;
	row.damaged = false;
	kinds[record->kind].add(&row, record->data);
	if (row.damaged)
		return false;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		nulls[i] = true;
		values[i] = (Datum) 0;
		known[i] = false;
		if (att->attisdropped || att->attgenerated)
			continue;
		for (int j = 0; j < row.n; j++)
			if (row.values[j].type == att->atttypid &&
				strcmp(row.values[j].column, NameStr(att->attname)) == 0)
			{
				nulls[i] = row.values[j].null;
				values[i] = row.values[j].value;
				known[i] = true;
				break;
			}
	}
	return true;
}
