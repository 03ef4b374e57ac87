/*
 * explain_sums.c
 *	  What EXPLAIN says about all AI calls of a statement.
 *
 * Lines of the statement, not of a node, must be written before its group is closed.  No
 * hook of PostgreSQL 15 to 17 is called there, but EXPLAIN ends the executor at this point: so
 * it is done where the executor ends, for the query whose EXPLAIN is under way.  It is known by
 * its source text.  EXPLAIN EXECUTE does not call the hook around EXPLAIN: that it is under way
 * is seen as a utility, and its ExplainState in a node's lines.  Whoever else prints a plan,
 * above all auto_explain, does so where the executor ends, into what is closed when we are asked.
 *
 * ExplainStates are EXPLAIN's and are forgotten when it ends, however it does.
 */
#include "base/pg.h"

#include "commands/prepare.h"
#include "executor/executor.h"
#include "tcop/utility.h"

#include "batch/batch.h"
#include "batch/estimate.h"
#include "batch/explain.h"
#include "batch/extract.h"
#include "call/statement.h"

/* The EXPLAIN under way. */
typedef struct Wanted
{
	ExplainState *es;   /* NULL: none, or not known yet */
	const char *source; /* of the query */
	int depth;          /* of EXECUTE: runs around what it explains; 0: none */
	AirProgress before; /* numbers of the statement when it began */
} Wanted;

static Wanted wanted;

static ExplainOneQuery_hook_type prev_explain = NULL;
static ExecutorEnd_hook_type prev_end = NULL;
static ProcessUtility_hook_type prev_utility = NULL;

void
air_explain_sums_wanted(EState *estate, ExplainState *es)
{
	if (wanted.es == NULL && wanted.depth > 0 && wanted.depth == air_statement_depth() &&
		wanted.source == estate->es_sourceText)
		wanted.es = es;
}

/* Calls that no node makes, and why. */
static void
put_left(ExplainState *es, List *left)
{
	List *reasons = NIL;
	ListCell *lc;

	foreach (lc, left)
	{
		const AirLeft *call = lfirst(lc);
		ListCell *seen;

		foreach (seen, reasons)
			if (strcmp(lfirst(seen), call->reason) == 0)
				break;
		if (seen == NULL)
			reasons = lappend(reasons, unconstify(char *, call->reason));
	}
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		StringInfoData line;

		initStringInfo(&line);
		foreach (lc, reasons)
			appendStringInfo(&line, "%s%s", line.len > 0 ? ", " : "", (char *) lfirst(lc));
		ExplainPropertyText("AI Calls Not Batched",
							psprintf("%d (%s)", list_length(left), line.data), es);
		return;
	}
	ExplainPropertyInteger("AI Calls Not Batched", NULL, list_length(left), es);
	ExplainPropertyList("AI Calls Not Batched Because", reasons, es);
}

/* Of calls that no node makes there is no other place to tell. */
static void
put_left_estimate(ExplainState *es, const AirSite *site, const AirEstimate *estimate)
{
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Other AI Call", site->door->name, es);
		es->indent++;
		air_explain_estimate(es, estimate);
		es->indent--;
		return;
	}
	ExplainOpenGroup("AI Call", NULL, true, es);
	ExplainPropertyText("Function", site->door->name, es);
	air_explain_estimate(es, estimate);
	ExplainCloseGroup("AI Call", NULL, true, es);
}

/* "1 call", "3 calls, 2 of them of unknown price" */
static char *
calls_in_words(const AirEstimateSum *sum)
{
	char *calls = psprintf("%.0f call%s", sum->calls, sum->calls == 1 ? "" : "s");

	if (sum->unpriced == 0 || sum->unpriced == sum->calls)
		return calls;
	return psprintf("%s, %.0f of them of unknown price", calls, sum->unpriced);
}

static void
put_estimate(ExplainState *es, const AirEstimateSum *sum)
{
	bool priced = sum->unpriced < sum->calls || sum->calls == 0;

	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Estimated AI Cost",
							psprintf("%s for %s, before caching",
									 priced ? air_estimate_show(sum->cost) : "unknown",
									 calls_in_words(sum)),
							es);
		return;
	}
	ExplainPropertyFloat("Estimated AI Calls", NULL, sum->calls, 0, es);
	ExplainPropertyFloat("Estimated AI Calls Without Price", NULL, sum->unpriced, 0, es);
	if (priced)
		ExplainPropertyFloat("Estimated AI Cost", NULL, sum->cost, 9, es);
}

/* What the statement's calls have done since EXPLAIN began. */
static void
put_actual(ExplainState *es)
{
	const AirProgress *before = &wanted.before;
	AirProgress now;
	int64 calls, cached, joined, failed;
	AirNano spent;

	air_statement_numbers(&now);
	calls = now.calls - before->calls;
	cached = now.cached - before->cached;
	joined = now.joined - before->joined;
	failed = now.failed - before->failed;
	spent = now.spent - before->spent;
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("AI Cost",
							psprintf("%s for " INT64_FORMAT " call%s, " INT64_FORMAT
									 " cached, " INT64_FORMAT " joined, " INT64_FORMAT " failed",
									 air_nano_show(spent), calls, calls == 1 ? "" : "s", cached,
									 joined, failed),
							es);
		return;
	}
	ExplainPropertyInteger("AI Calls Made", NULL, calls, es);
	ExplainPropertyInteger("AI Calls Cached", NULL, cached, es);
	ExplainPropertyInteger("AI Calls Joined", NULL, joined, es);
	ExplainPropertyInteger("AI Calls Failed", NULL, failed, es);
	ExplainPropertyFloat("AI Cost", NULL, spent / 1e9, 9, es);
}

/* The calls that no node makes one by one, then all in one sum. */
static void
put_estimates(ExplainState *es, List *sites)
{
	AirEstimateSum sum = {0};
	bool open = false;
	ListCell *lc;

	foreach (lc, sites)
	{
		const AirSite *site = lfirst(lc);
		AirEstimate estimate;

		air_estimate(site, &estimate);
		air_estimate_add(&sum, &estimate);
		if (site->node != NULL)
			continue;
		if (!open)
			ExplainOpenGroup("Other AI Calls", "Other AI Calls", false, es);
		open = true;
		put_left_estimate(es, site, &estimate);
	}
	if (open)
		ExplainCloseGroup("Other AI Calls", "Other AI Calls", false, es);
	put_estimate(es, &sum);
}

static void
put_sums(ExplainState *es, const QueryDesc *query)
{
	List *sites = air_sites(query->plannedstmt, query->params);
	List *left = air_calls_left(query->plannedstmt);

	if (left != NIL)
		put_left(es, left);
	if (es->costs && sites != NIL)
		put_estimates(es, sites);
	if (es->analyze && sites != NIL)
		put_actual(es);
}

static void
on_end(QueryDesc *query)
{
	if (wanted.es != NULL && wanted.source == query->sourceText)
	{
		if (air_sites_any(query->plannedstmt))
			put_sums(wanted.es, query);
		/* A prepared statement may have further queries. */
		wanted.es = NULL;
		air_statement_numbers(&wanted.before);
	}
	if (prev_end)
		prev_end(query);
	else
		standard_ExecutorEnd(query);
}

static void
on_explain(Query *query, int cursor_options, IntoClause *into, ExplainState *es, const char *source,
		   ParamListInfo params, QueryEnvironment *env)
{
	Wanted outer = wanted;

	wanted = (Wanted){.es = es, .source = source};
	air_statement_numbers(&wanted.before);
	PG_TRY();
	{
		if (prev_explain)
			prev_explain(query, cursor_options, into, es, source, params, env);
		else
			air_explain_one_query_compat(query, cursor_options, into, es, source, params, env);
	}
	PG_FINALLY();
	{
		wanted = outer;
	}
	PG_END_TRY();
}

/* The source text of what EXPLAIN EXECUTE runs; NULL: it is something else. */
static const char *
executed_source(Node *utility)
{
	PreparedStatement *prepared;

	if (!IsA(utility, ExplainStmt))
		return NULL;
	do
	{
		Query *query =
			castNode(Query, IsA(utility, ExplainStmt) ? ((ExplainStmt *) utility)->query
													  : ((CreateTableAsStmt *) utility)->query);

		utility = query->utilityStmt;
	} while (utility != NULL && IsA(utility, CreateTableAsStmt));
	if (utility == NULL || !IsA(utility, ExecuteStmt))
		return NULL;
	prepared = FetchPreparedStatement(((ExecuteStmt *) utility)->name, false);
	return prepared ? prepared->plansource->query_string : NULL;
}

static void
run_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
			DestReceiver *dest, QueryCompletion *qc)
{
	if (prev_utility)
		prev_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest,
								qc);
}

static void
on_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
		   ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
		   DestReceiver *dest, QueryCompletion *qc)
{
	Wanted outer = wanted;
	const char *source = executed_source(pstmt->utilityStmt);

	if (source == NULL)
	{
		run_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	/* The utility will be a run of its own. */
	wanted = (Wanted){.source = source, .depth = air_statement_depth() + 1};
	air_statement_numbers(&wanted.before);
	PG_TRY();
	{
		run_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		wanted = outer;
	}
	PG_END_TRY();
}

void
air_explain_init(void)
{
	prev_explain = ExplainOneQuery_hook;
	ExplainOneQuery_hook = on_explain;
	prev_end = ExecutorEnd_hook;
	ExecutorEnd_hook = on_end;
	prev_utility = ProcessUtility_hook;
	ProcessUtility_hook = on_utility;
}
