/*
 * check.c
 *	  Before a statement runs: does its estimate exceed what it may spend?
 *
 * A warning, or an error where ai_router.refuse_on_estimate wants it.  What really stops a
 * statement that spends too much is call/statement_caps.c.
 *
 * A query that a function runs again and again is estimated once: the last few plans that
 * were found harmless are remembered by their address, costs and the client's message.
 */
#include "base/pg.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/memutils.h"

#include "base/errors.h"
#include "base/raise.h"
#include "base/settings.h"
#include "batch/estimate.h"
#include "call/statement.h"

/* A plan that needs no second look. */
typedef struct Harmless
{
	const PlannedStmt *stmt; /* never followed: it may be gone */
	Cost cost;
	double rows;
	TimestampTz message;
} Harmless;

static Harmless harmless[16];
static int next_harmless = 0;

static ExecutorStart_hook_type prev_start = NULL;

static Harmless
describe(const PlannedStmt *stmt)
{
	return (Harmless){stmt, stmt->planTree->total_cost, stmt->planTree->plan_rows,
					  GetCurrentStatementStartTimestamp()};
}

static bool
is_harmless(const PlannedStmt *stmt)
{
	Harmless plan = describe(stmt);

	for (int i = 0; i < lengthof(harmless); i++)
	{
		const Harmless *h = &harmless[i];

		if (h->stmt == plan.stmt && h->cost == plan.cost && h->rows == plan.rows &&
			h->message == plan.message)
			return true;
	}
	return false;
}

/* "estimated $12.34 for 300 AI calls" */
static char *
in_words(const AirEstimateSum *sum)
{
	char *unpriced = sum->unpriced > 0 ? psprintf(", %.0f of them of unknown price", sum->unpriced)
									   : pstrdup("");

	return psprintf("estimated %s for %.0f AI call%s%s", air_estimate_show(sum->cost), sum->calls,
					sum->calls == 1 ? "" : "s", unpriced);
}

static void
complain(const AirEstimateSum *sum)
{
	char *words = in_words(sum);
	char *cap = air_estimate_show(air_max_statement_cost);

	if (air_refuse_on_estimate)
		ereport(ERROR, (errcode(air_errcode(AIR_ERR_BUDGET)),
						errmsg("%s exceeds ai_router.max_statement_cost %s", words, cap),
						errdetail("Answers that the cache may have are not taken into account."),
						errhint("EXPLAIN shows the estimate. A superuser can raise "
								"ai_router.max_statement_cost or switch "
								"ai_router.refuse_on_estimate off.")));
	if (air_statement_warn_estimate())
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%s exceeds ai_router.max_statement_cost %s", words, cap),
				 errhint("The statement ends with an error when it has spent that much; answers "
						 "that it paid for are kept. EXPLAIN shows the estimate.")));
}

static void
check(const PlannedStmt *stmt, ParamListInfo bound)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router estimate", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	List *sites = air_sites(stmt, bound);
	AirEstimateSum sum = {0};
	ListCell *lc;

	foreach (lc, sites)
	{
		AirEstimate estimate;

		air_estimate(lfirst(lc), &estimate);
		air_estimate_add(&sum, &estimate);
	}
	if (sum.cost > air_max_statement_cost)
		complain(&sum);
	else
		harmless[next_harmless++ % lengthof(harmless)] = describe(stmt);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

static void
on_start(QueryDesc *query, int eflags)
{
	const PlannedStmt *stmt = query->plannedstmt;

	if (air_max_statement_cost > 0 && air_enabled && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 &&
		!IsParallelWorker() && air_sites_any(stmt) && !is_harmless(stmt))
		check(stmt, query->params);
	if (prev_start)
		prev_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

void
air_estimate_init(void)
{
	prev_start = ExecutorStart_hook;
	ExecutorStart_hook = on_start;
}
