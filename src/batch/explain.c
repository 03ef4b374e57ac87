/*
 * explain.c
 *	  What EXPLAIN says about the calls of an AI Batch node.
 *
 * In the text format each call has a line, and what belongs together shares a line below
 * it; in the others every number is a property of its own, and the calls are a list of objects.
 * What the planner and routing expect is an estimate: COSTS OFF hides it.
 */
#include "base/pg.h"

#include <math.h>

#include "nodes/extensible.h"
#include "utils/ruleutils.h"

#include "batch/estimate.h"
#include "batch/explain.h"
#include "batch/node.h"

/* A line of text, indented like the node's properties. */
static void
put_line(ExplainState *es, const char *line)
{
	appendStringInfoSpaces(es->str, es->indent * 2);
	appendStringInfo(es->str, "%s\n", line);
}

static char *
cost_in_words(const AirEstimate *e)
{
	return e->cost >= 0 ? air_estimate_show(e->cost) : psprintf("unknown: %s", e->problem);
}

static void
put_estimate_text(ExplainState *es, const AirEstimate *e)
{
	StringInfoData line;

	if (e->model != NULL)
	{
		initStringInfo(&line);
		appendStringInfo(&line, "Model: %s", e->model);
		if (e->rule != NULL)
			appendStringInfo(&line, "  Rule: %s", e->rule);
		if (e->varies)
			appendStringInfoString(&line, "  (without hints: they come from the row)");
		put_line(es, line.data);
	}
	initStringInfo(&line);
	appendStringInfo(&line, "Estimated Calls: %.0f", e->calls);
	if (e->input_tokens > 0 || e->model != NULL)
		appendStringInfo(&line, "  Input Tokens: %.0f", e->input_tokens);
	if (e->model != NULL)
		appendStringInfo(&line, "  Output Tokens: %.0f", e->output_tokens);
	appendStringInfo(&line, "  Cost: %s", cost_in_words(e));
	put_line(es, line.data);
	if (e->last_model == NULL)
		return;
	resetStringInfo(&line);
	appendStringInfo(&line, "Cascade: %.0f%% escalated%s", e->escalated * 100,
					 e->assumed ? " (assumed)" : "");
	if (e->last_cost >= 0)
		appendStringInfo(&line, "  With %s Alone: %s", e->last_model,
						 air_estimate_show(e->last_cost));
	put_line(es, line.data);
}

void
air_explain_estimate(ExplainState *es, const AirEstimate *e)
{
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		put_estimate_text(es, e);
		return;
	}
	if (e->model != NULL)
		ExplainPropertyText("Model", e->model, es);
	if (e->rule != NULL)
		ExplainPropertyText("Rule", e->rule, es);
	if (e->varies)
		ExplainPropertyBool("Hints Vary", true, es);
	ExplainPropertyFloat("Estimated Calls", NULL, e->calls, 0, es);
	ExplainPropertyFloat("Estimated Input Tokens", NULL, e->input_tokens, 0, es);
	ExplainPropertyFloat("Estimated Output Tokens", NULL, e->output_tokens, 0, es);
	if (e->cost >= 0)
		ExplainPropertyFloat("Estimated Cost", NULL, e->cost, 9, es);
	else
		ExplainPropertyText("Cost Unknown", e->problem, es);
	if (e->last_model == NULL)
		return;
	ExplainPropertyFloat("Estimated Escalation Rate", NULL, e->escalated, 4, es);
	ExplainPropertyBool("Escalation Rate Assumed", e->assumed, es);
	ExplainPropertyText("Last Model", e->last_model, es);
	if (e->last_cost >= 0)
		ExplainPropertyFloat("Estimated Cost With Last Model Alone", NULL, e->last_cost, 9, es);
}

static void
put_call(ExplainState *es, const AirSite *site, List *context)
{
	bool prefix = air_explain_relations_compat(es) > 1 || es->verbose;
	char *call = deparse_expression((Node *) site->call, context, prefix, false);
	char *guard =
		site->guard ? deparse_expression((Node *) site->guard, context, prefix, false) : NULL;
	AirEstimate estimate;

	if (es->costs)
		air_estimate(site, &estimate);
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		put_line(es, guard ? psprintf("AI Calls: %s IF %s", call, guard)
						   : psprintf("AI Calls: %s", call));
		es->indent++;
		if (es->costs)
			air_explain_estimate(es, &estimate);
		es->indent--;
		return;
	}
	ExplainOpenGroup("AI Call", NULL, true, es);
	ExplainPropertyText("Call", call, es);
	if (guard != NULL)
		ExplainPropertyText("Guard", guard, es);
	if (es->costs)
		air_explain_estimate(es, &estimate);
	ExplainCloseGroup("AI Call", NULL, true, es);
}

static void
put_counts_text(ExplainState *es, const AirBatchCounts *counts, const AirTally *tally)
{
	StringInfoData line;

	initStringInfo(&line);
	appendStringInfo(&line,
					 "Calls Made: " INT64_FORMAT "  Cached: " INT64_FORMAT "  Joined: " INT64_FORMAT
					 "  Failed: " INT64_FORMAT "  Retries: " INT64_FORMAT "  Skipped: " INT64_FORMAT
					 "  Max In Flight: %d",
					 tally->asked, tally->cached, tally->joined, tally->failed,
					 tally->attempts - tally->asked - tally->steps, counts->skipped,
					 tally->max_in_flight);
	/* Only where calls have shared some. */
	if (tally->requests < tally->attempts)
		appendStringInfo(&line, "  Requests: " INT64_FORMAT, tally->requests);
	put_line(es, line.data);
	resetStringInfo(&line);
	appendStringInfo(&line, "Input Tokens: " INT64_FORMAT "  Output Tokens: " INT64_FORMAT,
					 tally->input_tokens, tally->output_tokens);
	appendStringInfo(&line, "  Cost: %s", air_nano_show(tally->cost));
	if (tally->unpriced > 0)
		appendStringInfo(&line, " and " INT64_FORMAT " of unknown cost", tally->unpriced);
	if (es->timing)
		appendStringInfo(&line, "  Time Waiting: %.3f ms", counts->waited_ms);
	put_line(es, line.data);
	if (tally->cascades > 0)
		put_line(es, psprintf("Escalated: " INT64_FORMAT " of " INT64_FORMAT
							  "  Saved Against the Last Model: %s%s",
							  tally->escalated, tally->cascades, tally->saved < 0 ? "-" : "",
							  air_nano_show(tally->saved < 0 ? -tally->saved : tally->saved)));
	if (es->verbose)
		put_line(es, psprintf("Rows Buffered: " INT64_FORMAT "  Memory: %zu kB", counts->max_rows,
							  (counts->max_bytes + 1023) / 1024));
}

/* What the node's calls have come to. */
static void
put_counts(ExplainState *es, const AirBatchCounts *counts, const AirTally *tally)
{
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		put_counts_text(es, counts, tally);
		return;
	}
	ExplainPropertyInteger("Calls Made", NULL, tally->asked, es);
	ExplainPropertyInteger("Calls Cached", NULL, tally->cached, es);
	ExplainPropertyInteger("Calls Joined", NULL, tally->joined, es);
	ExplainPropertyInteger("Calls Failed", NULL, tally->failed, es);
	ExplainPropertyInteger("Retries", NULL, tally->attempts - tally->asked - tally->steps, es);
	ExplainPropertyInteger("Calls Skipped", NULL, counts->skipped, es);
	ExplainPropertyInteger("Max In Flight", NULL, tally->max_in_flight, es);
	ExplainPropertyInteger("Requests", NULL, tally->requests, es);
	ExplainPropertyInteger("Input Tokens", NULL, tally->input_tokens, es);
	ExplainPropertyInteger("Output Tokens", NULL, tally->output_tokens, es);
	ExplainPropertyFloat("Cost", NULL, tally->cost / 1e9, 9, es);
	ExplainPropertyInteger("Calls Of Unknown Cost", NULL, tally->unpriced, es);
	if (tally->cascades > 0)
	{
		ExplainPropertyInteger("Cascades", NULL, tally->cascades, es);
		ExplainPropertyInteger("Escalated", NULL, tally->escalated, es);
		ExplainPropertyFloat("Saved Against Last Model", NULL, tally->saved / 1e9, 9, es);
	}
	if (es->timing)
		ExplainPropertyFloat("Time Waiting", "ms", counts->waited_ms, 3, es);
	ExplainPropertyInteger("Peak Rows Buffered", NULL, counts->max_rows, es);
	ExplainPropertyInteger("Peak Memory Usage", "kB", (counts->max_bytes + 1023) / 1024, es);
}

void
air_explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	Plan *plan = node->ss.ps.plan;
	EState *estate = node->ss.ps.state;
	const AirBatchCounts *counts = air_batch_counts(node);
	const AirTally *tally = air_batch_tally(node);
	List *context = set_deparse_context_plan(es->deparse_cxt, plan, ancestors);
	ListCell *lc;

	ExplainOpenGroup("AI Calls", "AI Calls", false, es);
	foreach (lc, air_sites(es->pstmt, estate->es_param_list_info))
	{
		const AirSite *site = lfirst(lc);

		if (site->node == (CustomScan *) plan)
			put_call(es, site, context);
	}
	ExplainCloseGroup("AI Calls", "AI Calls", false, es);
	if (es->analyze && counts != NULL && tally != NULL)
		put_counts(es, counts, tally);
	air_explain_sums_wanted(estate, es);
}
