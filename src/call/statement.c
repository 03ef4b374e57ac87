/*
 * statement.c
 *	  The user's statement as a scope.
 *
 * Only nesting is tracked.  At the end of the outermost run the one WARNING
 * about calls that became NULL is given and cache hits are handed over; caps and progress per
 *statement will find their place here.
 */
#include "base/pg.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "tcop/utility.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "call/internal.h"
#include "call/statement.h"

static int depth = 0;
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

static void
enter(void)
{
	depth++;
}

/* A run ended; after an error nobody sees the rows, so nothing is told about them. */
static void
leave(bool ok)
{
	if (--depth > 0)
		return;
	if (!ok) /* what there is to hand over goes when the transaction aborts */
	{
		forget();
		return;
	}
	air_hits_flush();
	if (nulls > 0)
		report();
}

static void
on_run(AIR_EXECUTOR_RUN_ARGS)
{
	enter();
	PG_TRY();
	{
		if (prev_run)
			prev_run(AIR_EXECUTOR_RUN_PASS);
		else
			standard_ExecutorRun(AIR_EXECUTOR_RUN_PASS);
	}
	PG_CATCH();
	{
		leave(false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(true);
}

static void
on_finish(QueryDesc *queryDesc)
{
	enter();
	PG_TRY();
	{
		if (prev_finish)
			prev_finish(queryDesc);
		else
			standard_ExecutorFinish(queryDesc);
	}
	PG_CATCH();
	{
		leave(false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(true);
}

static void
on_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
		   ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
		   DestReceiver *dest, QueryCompletion *qc)
{
	enter();
	PG_TRY();
	{
		if (prev_utility)
			prev_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		else
			standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
									dest, qc);
	}
	PG_CATCH();
	{
		leave(false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave(true);
}

/*
 * What ran outside any statement is told at the end of the transaction: deferred
 * triggers run after the last one, a function called by the fast path in none.
 */
static void
on_xact(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		air_hits_flush();
	if (event == XACT_EVENT_ABORT)
		forget();
	else if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) && depth == 0 &&
			 nulls > 0)
		report();
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
