/*
 * chunk.c
 *	  ai_chunk(): a long text in pieces, one a row.
 *
 * The text is kept in the memory of the scan, the rows are made one by one.  Makes no call.
 */
#include "base/pg.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/chunk.h"

PG_FUNCTION_INFO_V1(ai_chunk);

/* Check the arguments; false: there is no text. */
static bool
read_arguments(FunctionCallInfo fcinfo, AirChunker *chunker)
{
	int tokens;
	int overlap = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	text *input;
	char *utf8;
	int len;

	if (PG_ARGISNULL(0))
		return false;
	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("tokens must not be NULL"),
						errhint("It is the size of a chunk, such as 400.")));
	tokens = PG_GETARG_INT32(1);
	if (tokens < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("tokens must be at least 1, not %d", tokens)));
	if (overlap < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("overlap must not be negative, but is %d", overlap)));
	if (overlap >= tokens)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("overlap must be less than tokens, but %d is not less than %d",
							   overlap, tokens),
						errhint("A tenth of the chunk is usual.")));
	/* The argument's own memory does not live as long as the scan. */
	input = PG_GETARG_TEXT_P_COPY(0);
	len = VARSIZE_ANY_EXHDR(input);
	utf8 = pg_server_to_any(VARDATA_ANY(input), len, PG_UTF8);
	if (utf8 != VARDATA_ANY(input))
		len = strlen(utf8);
	air_chunker_init(chunker, utf8, len, tokens, overlap);
	return true;
}

/* A piece of UTF-8 as text in the server encoding. */
static Datum
piece(const char *utf8, size_t len)
{
	char *s = pg_any_to_server(utf8, (int) len, PG_UTF8);

	return PointerGetDatum(cstring_to_text_with_len(s, s == utf8 ? (int) len : (int) strlen(s)));
}

/* ai_chunk(input text, tokens int, overlap int, OUT ordinal int, OUT chunk text) */
Datum
ai_chunk(PG_FUNCTION_ARGS)
{
	FuncCallContext *scan;
	AirChunker *chunker;
	size_t start, end;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		scan = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(scan->multi_call_memory_ctx);
		chunker = palloc(sizeof(AirChunker));
		if (read_arguments(fcinfo, chunker))
		{
			if (get_call_result_type(fcinfo, NULL, &scan->tuple_desc) != TYPEFUNC_COMPOSITE)
				elog(ERROR, "return type must be a row type");
			scan->tuple_desc = BlessTupleDesc(scan->tuple_desc);
			scan->user_fctx = chunker;
		}
		MemoryContextSwitchTo(caller);
	}
	scan = SRF_PERCALL_SETUP();
	chunker = scan->user_fctx;
	if (chunker == NULL || !air_chunk_next(chunker, &start, &end))
		SRF_RETURN_DONE(scan);
	values[0] = Int32GetDatum((int32) scan->call_cntr + 1);
	values[1] = piece(chunker->text + start, end - start);
	SRF_RETURN_NEXT(scan, HeapTupleGetDatum(heap_form_tuple(scan->tuple_desc, values, nulls)));
}
