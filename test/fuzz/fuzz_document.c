/*
 * fuzz_document.c
 *	  Exact documents as jsonb, within a server.
 *
 * What the document parser lets through a jsonb can hold, and nothing is lost on
 * the way there and back.
 */
#include "base/pg.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/document.h"

#include "fuzz.h"
#include "server.h"

/* There and back; NULL, with *why, when the server refuses the text. */
static char *
by_jsonb(char *text, char **why)
{
	MemoryContext scratch = CurrentMemoryContext;
	char *volatile back = NULL;

	PG_TRY();
	{
		Datum jsonb = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));

		back = DatumGetCString(DirectFunctionCall1(jsonb_out, jsonb));
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(scratch);
		error = CopyErrorData();
		FlushErrorState();
		*why = error->message;
	}
	PG_END_TRY();
	return back;
}

/* See server.h. */
void
run_document(const char *data, size_t size)
{
	AirDoc doc;
	AirDoc copy;
	StringInfoData out;
	char *why = NULL;
	char *back;

	if (!air_doc_parse(&doc, exact(data, size), size, &why))
		return;
	initStringInfo(&out);
	air_doc_print(&doc, 0, &out);
	back = by_jsonb(out.data, &why);
	PROMISE(back != NULL, "%s: %s", why, out.data);
	PROMISE(air_doc_parse(&copy, back, strlen(back), &why), "%s: %s", why, back);
	PROMISE(air_doc_equal(&doc, 0, &copy, 0), "%s: %s", out.data, back);
	PROMISE(air_doc_hash(&doc, 0) == air_doc_hash(&copy, 0), "%s: %s", out.data, back);
}
