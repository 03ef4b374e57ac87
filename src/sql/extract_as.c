/*
 * extract_as.c
 *	  ai_extract_as(text, anyelement): what a text says, as a value of a type.
 *
 * The schema says so much of the type that hardly an answer passes the judge that the type
 * does not take: dates exist, integers are in range.  What is left, CHECKs of domains and
 * types with a text form of their own, shows when the value is made; it is RT006 then, too.
 */
#include "base/pg.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "sql/column_type.h"
#include "sql/document.h"
#include "sql/doors.h"

PG_FUNCTION_INFO_V1(ai_extract_as);

/* What the call site needs to know of the type. */
typedef struct Kind
{
	AirColumnType *type;
	AirDemand demand;
} Kind;

/* COMMENT ON the table or the type. */
static char *
comment_on(Oid type)
{
	Oid relid = get_typ_typrelid(type);
	char *comment = GetComment(type, TypeRelationId, 0);

	if (comment == NULL && OidIsValid(relid))
		comment = GetComment(relid, RelationRelationId, 0);
	return comment;
}

static Kind *
kind_of(FunctionCallInfo fcinfo)
{
	void **own = air_front_own(fcinfo);
	Oid oid = get_fn_expr_argtype(fcinfo->flinfo, 1);
	MemoryContext caller;
	StringInfoData schema;
	Kind *kind;
	char *text;

	if (*own != NULL)
		return *own;
	if (!OidIsValid(oid))
		elog(ERROR, "could not determine the type for ai_extract_as");
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	kind = palloc0(sizeof(Kind));
	kind->type = air_column_type(oid, -1);
	initStringInfo(&schema);
	/* A value of its own may be missing in the text; a row is there, with columns that may. */
	air_column_schema(kind->type, kind->type->kind != AIR_COLUMN_ROW && !kind->type->not_null,
					  comment_on(oid), &schema);
	text = pg_any_to_server(schema.data, schema.len, PG_UTF8);
	air_demand_make(&kind->demand, text, AIR_SCHEMA_COLUMNS, "ai_extract_as");
	MemoryContextSwitchTo(caller);
	*own = kind;
	return kind;
}

typedef struct Conversion
{
	AirFrontWork *work;
	Kind *kind;
	const char *answer;
	const char *path; /* the column that is being made, UTF-8 */
} Conversion;

/* Make the value.  Raises what input functions and domains raise. */
static void
convert(Conversion *c)
{
	char *utf8 = pg_server_to_any(c->answer, strlen(c->answer), PG_UTF8);
	AirDoc doc;
	char *why;

	if (!air_doc_parse(&doc, utf8, strlen(utf8), &why))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("the answer %s", why)));
	c->work->value = air_column_value(c->kind->type, &doc, 0, &c->path, &c->work->isnull);
}

/* Is the error one of a value, not of this backend's? */
static bool
is_of_value(int sqlerrcode)
{
	int category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_DATA_EXCEPTION ||
		   category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		   category == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* What an error that was caught says about which column; of the caller's context. */
static char *
describe(const Conversion *c, const ErrorData *error)
{
	if (c->path == NULL)
		return pstrdup(error->message);
	return psprintf("column \"%s\": %s", pg_any_to_server(c->path, strlen(c->path), PG_UTF8),
					error->message);
}

/* As convert(), but NULL for what converts and the words for an error of the value. */
static char *
convert_or_describe(Conversion *c, bool in_subtransaction)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char *problem = NULL;

	if (in_subtransaction)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(caller);
	}
	PG_TRY();
	{
		convert(c);
		if (in_subtransaction)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		/* Whatever it was: who catches it outside ends a subtransaction of his own. */
		if (in_subtransaction)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (!is_of_value(error->sqlerrcode))
			ReThrowError(error);
		problem = describe(c, error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return problem;
}

static void
take_value(int i, AirCall *call, void *arg)
{
	Conversion *c = arg;
	const AirResult *result = air_call_result(call);
	char *problem;

	c->work->isnull = !result->ok;
	if (result->ok)
	{
		/*
		 * An error that is raised again needs nothing to be undone; one that becomes NULL does.
		 * In parallel mode there are no subtransactions: there it is raised.
		 */
		bool undo = air_call_may_be_null(call) && !IsInParallelMode();

		c->answer = result->answer;
		c->path = NULL;
		problem = convert_or_describe(c, undo);
		if (problem == NULL)
			return;
		air_call_refuse(call, problem,
						"The hint {\"cache\": \"refresh\"} asks again; a comment on the column "
						"tells the model what is wanted.");
		if (!undo)
			air_call_raise(call);
		c->work->value = (Datum) 0;
		c->work->isnull = true;
	}
	air_call_null_or_raise(call);
}

/* The work of one call, and what it takes to convert its answer. */
typedef struct ExtractWork
{
	AirFrontWork front; /* first: finished as one */
	AirCallSpec spec;
	Conversion conversion;
} ExtractWork;

static AirCall *
submit_one(int i, void *arg)
{
	Conversion *c = arg;

	return air_call_submit(c->work->flow, c->work->spec);
}

static AirWork *
extract_as_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	ExtractWork *w;

	if (PG_ARGISNULL(0))
		return NULL;
	w = palloc0(sizeof(ExtractWork));
	w->conversion.work = &w->front;
	w->conversion.kind = kind_of(fcinfo);
	air_demand_spec(&w->spec, "ai_extract_as", "extract", text_to_cstring(PG_GETARG_TEXT_PP(0)),
					&w->conversion.kind->demand, air_front_hints(fcinfo, 2));
	w->front.flow = flow;
	w->front.spec = &w->spec;
	w->front.work.run = air_run_begin(1, submit_one, take_value, &w->conversion);
	return &w->front.work;
}

const AirDoor air_door_extract_as = {
	.symbol = "ai_extract_as",
	.name = "ai_extract_as",
	.begin = extract_as_begin,
	.finish = air_front_finish,
};

/* ai_extract_as(input text, kind anyelement, hints jsonb) returns anyelement */
Datum
ai_extract_as(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_extract_as, fcinfo);
}
