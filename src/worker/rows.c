/*
 * rows.c
 *	  Records of the spool as rows of the ledger's tables.
 *
 * A record becomes a list of named values, and each column takes the value of
 * its name: one library meets several SQL versions, and tables to which somebody
 * added columns of his own.  No locks, no I/O.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

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

#define MAX_VALUES 32

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
add_cost(Row *row, AirNano cost)
{
	add(row, "cost", NUMERICOID, cost < 0 ? (Datum) 0 : NumericGetDatum(air_nano_to_numeric(cost)),
		cost < 0);
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
		[AIR_CALL_ROLE] = {"role", NAMEOID},     [AIR_CALL_FUNCTION] = {"function", TEXTOID},
		[AIR_CALL_TASK] = {"task", TEXTOID},     [AIR_CALL_TAGS] = {"tags", JSONBOID},
		[AIR_CALL_RULE] = {"rule", TEXTOID},     [AIR_CALL_APPLICATION] = {"application", TEXTOID},
		[AIR_CALL_PROMPT] = {"prompt", TEXTOID}, [AIR_CALL_MODEL] = {"model", TEXTOID},
		[AIR_CALL_FAMILY] = {"family", TEXTOID}, [AIR_CALL_PROVIDER] = {"provider", TEXTOID},
		[AIR_CALL_ERROR] = {"error", TEXTOID},   [AIR_CALL_FINISH] = {"finish_reason", TEXTOID},
		[AIR_CALL_ANSWER] = {"answer", TEXTOID},
	};

	add_int(row, "call_id", r->call_id, false);
	add(row, "at", TIMESTAMPTZOID, TimestampTzGetDatum(r->at), false);
	add(row, "finished_at", TIMESTAMPTZOID, TimestampTzGetDatum(r->finished_at), false);
	add(row, "role_id", OIDOID, ObjectIdGetDatum(r->role), false);
	add(row, "status", TEXTOID, CStringGetTextDatum(r->sqlstate[0] ? "error" : "ok"), false);
	add_sqlstate(row, r->sqlstate);
	add(row, "attempts", INT4OID, Int32GetDatum(r->attempts), false);
	add_int(row, "input_tokens", r->input, r->input < 0);
	add_int(row, "cached_input_tokens", r->cached, r->cached < 0);
	add_int(row, "cache_write_tokens", r->cache_write, r->cache_write < 0);
	add_int(row, "output_tokens", r->output, r->output < 0);
	add_int(row, "reasoning_tokens", r->reasoning, r->reasoning < 0);
	add_cost(row, r->cost);
	add(row, "latency_ms", FLOAT8OID, Float8GetDatum(r->latency_ms), false);
	add_int(row, "query_id", r->query_id, r->query_id == 0);
	add(row, "pid", INT4OID, Int32GetDatum(r->pid), false);
	for (int i = 0; i < AIR_CALL_NTEXTS; i++)
		add_text(row, texts[i].column, texts[i].type, r->len[i]);
}

static void
add_attempt(Row *row, const void *record)
{
	const AirAttemptRecord *r = record;

	add_int(row, "call_id", r->call_id, false);
	add(row, "attempt", INT4OID, Int32GetDatum(r->attempt), false);
	add(row, "at", TIMESTAMPTZOID, TimestampTzGetDatum(r->at), false);
	add(row, "role_id", OIDOID, ObjectIdGetDatum(r->role), false);
	add(row, "http_status", INT4OID, Int32GetDatum(r->http_status), r->http_status == 0);
	add_sqlstate(row, r->sqlstate);
	add(row, "latency_ms", FLOAT8OID, Float8GetDatum(r->latency_ms), false);
	add_int(row, "input_tokens", r->input, r->input < 0);
	add_int(row, "output_tokens", r->output, r->output < 0);
	add_cost(row, r->cost);
	add(row, "retry_after", FLOAT8OID, Float8GetDatum(r->retry_after), r->retry_after < 0);
	add_text(row, "role", NAMEOID, r->len[AIR_ATTEMPT_ROLE]);
	add_text(row, "model", TEXTOID, r->len[AIR_ATTEMPT_MODEL]);
	add_text(row, "provider", TEXTOID, r->len[AIR_ATTEMPT_PROVIDER]);
	add_text(row, "request_id", TEXTOID, r->len[AIR_ATTEMPT_REQUEST_ID]);
	add_text(row, "error", TEXTOID, r->len[AIR_ATTEMPT_ERROR]);
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
};

const AirRowKind *
air_rows_kind(int kind)
{
	return kind >= 0 && kind < lengthof(kinds) ? &kinds[kind].row : NULL;
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
