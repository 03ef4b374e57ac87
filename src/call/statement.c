/*
 * statement.c
 *	  The user's statement as a scope.
 *
 * Each executor or utility run is a frame on the C stack; nothing is allocated before
 * the first call of a statement.  That call makes the statement's record and ties it
 * to the outermost run.  Where that is a query, the record lives as long as the
 * query's memory, and likewise with the query of a cursor that was run inside: so a
 * portal stays one statement however it is run, by FETCH or by the protocol.
 *
 * At the end of the outermost run the one WARNING about calls that became NULL is
 * given, and cache hits are handed over: rows that are seen must not wait for the portal's
 * end to be explained.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
#include "utils/backend_status.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "call/internal.h"
#include "call/statement.h"

/* More rows than this are not expected of one scan. */
#define MOST_ROWS 1e15

/* At least every so many rows are shown. */
#define SHOWN_ROWS 64

typedef struct Run
{
	struct Run *outer;
	QueryDesc *query;        /* NULL: a utility */
	uint64 count;            /* rows that this run is to give, 0: all */
	AirStatement *statement; /* NULL: not asked for yet */
	bool in_trigger;         /* outermost, but a trigger's at the end of the transaction */
	int level;               /* runs around it */
	bool gives_rows;         /* an AI Batch node of its plan is at work */
} Run;

static Run *top = NULL;
static bool shown = false; /* this backend's slot may show something */

/*
 * The statement of what runs in no run at all: deferred triggers, functions called by
 * the fast path or while planning.  One per message of the client.
 */
static AirStatement *loose = NULL;
static TimestampTz loose_at;

static int64 nulls = 0;
static char *first_null = NULL; /* in TopMemoryContext */

static ExecutorRun_hook_type prev_run = NULL;
static ExecutorFinish_hook_type prev_finish = NULL;
static ProcessUtility_hook_type prev_utility = NULL;

static void
forget(void)
{
	nulls = 0;
	if (first_null != NULL)
		pfree(first_null);
	first_null = NULL;
}

/* The outermost run ended well: tell what it swallowed. */
static void
report(void)
{
	int64 n = nulls;
	char *detail = first_null ? pstrdup(first_null) : NULL;

	forget();
	if (n > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld AI call failed and returned NULL",
							   "%lld AI calls failed and returned NULL", n, (long long) n),
				 detail ? errdetail("First failure: %s.", detail) : 0,
				 errhint("on_error is null; with on_error raise the first failure ends the "
						 "statement.")));
}

void
air_statement_count_null(const char *message)
{
	if (nulls++ == 0)
		first_null = MemoryContextStrdup(TopMemoryContext, message);
}

/* A record with one reference. */
static AirStatement *
make(void)
{
	AirStatement *s = MemoryContextAllocZero(TopMemoryContext, sizeof(AirStatement));

	s->refs = 1;
	s->progress.pid = MyProcPid;
	s->progress.database = MyDatabaseId;
	s->progress.role = GetOuterUserId();
	s->progress.query_id = (int64) pgstat_get_my_query_id();
	s->progress.started_at = GetCurrentStatementStartTimestamp();
	s->progress.calls_from = GetCurrentTimestamp();
	s->notice_at = air_monotonic_ms() + AIR_NOTICE_MS;
	return s;
}

void
air_statement_leave(AirStatement *statement)
{
	if (statement != NULL && --statement->refs == 0)
		pfree(statement);
}

static void
on_query_gone(void *arg)
{
	air_statement_leave(arg);
}

/* The record that a query's memory keeps, or NULL. */
static AirStatement *
kept_by(const QueryDesc *query)
{
	if (query == NULL || query->estate == NULL)
		return NULL;
	for (MemoryContextCallback *c = query->estate->es_query_cxt->reset_cbs; c != NULL; c = c->next)
		if (c->func == on_query_gone)
			return c->arg;
	return NULL;
}

/* Let a query's memory keep the record (NULL: a new one); returns it, with no reference added. */
static AirStatement *
keep(QueryDesc *query, AirStatement *statement)
{
	MemoryContext cxt = query->estate->es_query_cxt;
	MemoryContextCallback *callback = MemoryContextAlloc(cxt, sizeof(MemoryContextCallback));

	if (statement == NULL)
		statement = make();
	else
		statement->refs++;
	callback->func = on_query_gone;
	callback->arg = statement;
	MemoryContextRegisterResetCallback(cxt, callback);
	return statement;
}

static AirStatement *
loose_statement(void)
{
	if (loose != NULL && loose_at == GetCurrentStatementStartTimestamp())
		return loose;
	air_statement_leave(loose);
	loose = NULL;
	loose = make();
	loose_at = GetCurrentStatementStartTimestamp();
	return loose;
}

/* The statement of a run; its frame holds a reference from then on. */
static AirStatement *
statement_of(Run *run)
{
	AirStatement *s;

	if (run->statement != NULL)
		return run->statement;
	/* A query that has been run before may belong to another statement than what surrounds it. */
	s = kept_by(run->query);
	if (s == NULL && run->outer != NULL)
		s = statement_of(run->outer);
	else if (s == NULL && run->in_trigger)
		s = loose_statement();
	else if (s == NULL && run->query != NULL)
		s = keep(run->query, NULL);
	if (s != NULL)
		s->refs++;
	else
		s = make();
	return run->statement = s;
}

AirStatement *
air_statement_join(void)
{
	AirStatement *s = top != NULL ? statement_of(top) : loose_statement();

	s->refs++;
	shown = true;
	return s;
}

void
air_statement_numbers(AirProgress *out)
{
	memset(out, 0, sizeof(*out));
	for (const Run *run = top; run != NULL; run = run->outer)
		if (run->statement != NULL)
		{
			*out = run->statement->progress;
			break;
		}
}

int
air_statement_depth(void)
{
	return top != NULL ? top->level + 1 : 0;
}

bool
air_statement_warn_estimate(void)
{
	AirStatement *s;

	if (top == NULL) /* the outermost query begins */
		return true;
	s = statement_of(top);
	if (s->estimate_warned)
		return false;
	return s->estimate_warned = true;
}

void
air_statement_show(const AirStatement *statement)
{
	/* What is settled after an error belongs to no running statement. */
	if (shown)
		air_progress_show(&statement->progress);
}

bool
air_statement_enter_rows(void)
{
	if (top == NULL || top->gives_rows)
		return false;
	return top->gives_rows = true;
}

void
air_statement_expect_rows(double n)
{
	AirStatement *s = statement_of(top);
	AirProgress *p = &s->progress;

	/* The query around others has the last word, even if one of them came first. */
	if (p->rows_expected == 0 || top->level < s->rows_level)
	{
		p->rows_done = p->rows_expected = 0;
		s->rows_level = top->level;
	}
	if (top->level == s->rows_level)
		p->rows_expected += (int64) Min(Max(n, 1), MOST_ROWS);
}

void
air_statement_leave_rows(bool gave_one)
{
	AirStatement *s = top->statement;

	top->gives_rows = false;
	if (!gave_one || s == NULL || top->level != s->rows_level)
		return;
	/* The calls' ends show it, too; a row may have none. */
	if (++s->progress.rows_done % SHOWN_ROWS == 0)
		air_statement_show(s);
}

bool
air_statement_wanted(const EState *estate, uint64 *rows)
{
	const Run *run = top;

	while (run != NULL && (run->query == NULL || run->query->estate != estate))
		run = run->outer;
	if (run == NULL)
		return false;
	*rows = run->count == 0 ? PG_UINT64_MAX : run->count - Min(run->count, estate->es_processed);
	return true;
}

static void
hide(void)
{
	if (shown)
		air_progress_hide();
	shown = false;
}

static void
enter(Run *run, QueryDesc *query, uint64 count)
{
	run->outer = top;
	run->query = query;
	run->count = count;
	run->statement = NULL;
	run->level = top != NULL ? top->level + 1 : 0;
	run->gives_rows = false;
	run->in_trigger = top == NULL && DatumGetInt32(pg_trigger_depth(NULL)) > 0;
	top = run;
}

/*
 * The outermost run is about to end well: what cursors have in flight is finished first, as
 * nobody drives the engine until they are asked again.  Raises as air_call_wait().
 */
static void
settle(const Run *run)
{
	if (run->outer == NULL)
		air_engine_drain();
}

/* A run ended; after an error nobody sees the rows, so nothing is told about them. */
static void
leave(Run *run, bool ok)
{
	top = run->outer;
	air_statement_leave(run->statement);
	if (top != NULL)
		return;
	hide();
	if (!ok) /* what there is to hand over goes when the transaction aborts */
	{
		forget();
		return;
	}
	air_hits_flush();
	if (nulls > 0)
		report();
}

/*
 * A cursor that was run inside a statement belongs to it also after its end.  Where that
 * statement is a mere FETCH, this makes the FETCHes of a cursor one.
 */
static void
keep_for_cursor(Run *run)
{
	if (run->statement != NULL && run->outer != NULL && ActivePortal != NULL &&
		ActivePortal->queryDesc == run->query && kept_by(run->query) == NULL)
		(void) keep(run->query, run->statement);
}

static void
on_run(AIR_EXECUTOR_RUN_ARGS)
{
	Run run;

	enter(&run, queryDesc, count);
	PG_TRY();
	{
		if (prev_run)
			prev_run(AIR_EXECUTOR_RUN_PASS);
		else
			standard_ExecutorRun(AIR_EXECUTOR_RUN_PASS);
		keep_for_cursor(&run);
		settle(&run);
	}
	PG_CATCH();
	{
		leave(&run, false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(&run, true);
}

static void
on_finish(QueryDesc *queryDesc)
{
	Run run;

	enter(&run, queryDesc, 0);
	PG_TRY();
	{
		if (prev_finish)
			prev_finish(queryDesc);
		else
			standard_ExecutorFinish(queryDesc);
		settle(&run);
	}
	PG_CATCH();
	{
		leave(&run, false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(&run, true);
}

static void
on_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
		   ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
		   DestReceiver *dest, QueryCompletion *qc)
{
	Run run;

	enter(&run, NULL, 0);
	PG_TRY();
	{
		if (prev_utility)
			prev_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		else
			standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
									dest, qc);
		settle(&run);
	}
	PG_CATCH();
	{
		leave(&run, false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(&run, true);
}

/* What ran outside any run ends with the transaction. */
static void
on_xact(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		air_hits_flush();
	if (event == XACT_EVENT_ABORT)
		forget();
	else if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) && top == NULL &&
			 nulls > 0)
		report();
	if (event != XACT_EVENT_ABORT && event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE)
		return;
	air_statement_leave(loose);
	loose = NULL;
	if (top == NULL)
		hide();
}

void
air_statement_init(void)
{
	prev_run = ExecutorRun_hook;
	ExecutorRun_hook = on_run;
	prev_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = on_finish;
	prev_utility = ProcessUtility_hook;
	ProcessUtility_hook = on_utility;
	RegisterXactCallback(on_xact, NULL);
}
