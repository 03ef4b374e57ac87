/*
 * node.c
 *	  The executor node of a stage: reads rows ahead, begins their calls, gives them in order.
 *
 * A row is given as soon as it is the first and its calls have ended; only while they have
 * not are more rows read.  An error of a call is raised when its row is the first, as if no
 * other call had been begun.
 *
 * Memory: the node's context below the query's.  The calls belong to a flow, whose guard is
 * made after that context and so goes before it, however the query ends.
 *
 * ExecScan() is not used: for a scan of no relation it would check rows of EvalPlanQual anew,
 * while here the child has given the row that is to be checked.
 */
#include "base/pg.h"

#include <math.h>

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/settings.h"
#include "batch/explain.h"
#include "batch/lookahead.h"
#include "batch/node.h"
#include "batch/ring.h"
#include "call/statement.h"

/*
 * Calls under way for each that may be in flight: the next is ready when one ends.  And calls
 * held: those behind a slow one end and wait for it, while others take their place.
 */
#define LIVE_PER_SLOT 2
#define HELD_PER_SLOT 8

/* Of the rows that memory is for, so many share a request: there are several at a time then. */
#define MOST_PACKED 256

/* Windows of calls that share requests which are held. */
#define HELD_WINDOWS 2

typedef struct AirBatchState
{
	CustomScanState css;
	int natoms;
	int ncalls;
	MemoryContext cxt; /* NULL: not to be run */
	AirFlow *flow;     /* NULL: ended by the subtransaction that it belonged to */
	AirBatchCall *calls;
	ExprContext *econtext;       /* of arguments and guards */
	TupleTableSlot *slot;        /* of a copied tuple */
	struct AirBatchState *below; /* the child, if it is a stage */
	bool packs;                  /* some of its calls share requests */
	bool expects;                /* the flow knows that more calls may come */
	AirAhead ahead;
	AirRing ring;
	AirRow given;   /* the row that the parent looks at */
	bool at_end;    /* of the child */
	bool estimated; /* progress knows how many rows to expect of this scan */
	AirBatchCounts counts;
} AirBatchState;

static const CustomExecMethods exec_methods;

static void
begin(CustomScanState *css, EState *estate, int eflags)
{
	AirBatchState *node = (AirBatchState *) css;
	PlanState *ps = &css->ss.ps;
	AirBatchPlan plan = air_batch_plan((CustomScan *) ps->plan);
	PlanState *child;
	MemoryContext caller;

	/* First: expressions want to know what slots it gives. */
	outerPlanState(css) = child =
		ExecInitNode(outerPlan(ps->plan), estate, eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	node->natoms = plan.natoms;
	node->ncalls = plan.ncalls;
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
	{
		for (int i = 0; i < plan.ncalls; i++)
			air_batch_call_check(list_nth(plan.calls, i));
		return;
	}

	node->cxt =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router batch", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(node->cxt);
	node->calls = palloc0(sizeof(AirBatchCall) * plan.ncalls);
	for (int i = 0; i < plan.ncalls; i++)
	{
		air_batch_call_init(&node->calls[i], list_nth(plan.calls, i), list_nth(plan.guards, i), ps);
		node->packs |= node->calls[i].door->task == AIR_EMBED;
	}
	air_ahead_init(&node->ahead, &plan, ps);
	air_ring_init(&node->ring, node->calls, plan.ncalls);
	MemoryContextSwitchTo(caller);

	node->econtext = CreateExprContext(estate);
	node->slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(child), &TTSOpsMinimalTuple);
	if (IsA(child, CustomScanState) && ((CustomScanState *) child)->methods == &exec_methods)
		node->below = (AirBatchState *) child;
	node->flow = air_flow_begin();
	air_flow_watch(node->flow, &node->flow);
	air_flow_pack(node->flow, MOST_PACKED);
}

/* Read a row of the child and begin its calls.  False: there is none. */
static bool
read_row(AirBatchState *node)
{
	TupleTableSlot *slot = ExecProcNode(outerPlanState(&node->css));
	AirSeat *seat;
	int n;

	if (TupIsNull(slot))
	{
		node->at_end = true;
		return false;
	}
	node->counts.rows++;
	ResetExprContext(node->econtext);
	node->econtext->ecxt_outertuple = slot;
	seat = air_ring_seat(&node->ring);
	n = air_seat_begin(seat, node->calls, node->ncalls, node->flow, node->econtext);
	node->counts.started += n;
	node->counts.skipped += node->ncalls - n;
	if (node->ring.n == 0 && air_seat_ended(seat, node->ncalls))
	{
		/* Nothing to wait for: the cache knew, or nobody wants to. */
		node->given.seat = seat;
		return true;
	}
	if (n == 0)
	{
		air_ring_vacate(&node->ring, seat);
		seat = NULL;
	}
	air_ring_push(&node->ring, slot, seat);
	node->counts.max_held = Max(node->counts.max_held, node->ring.held);
	node->counts.max_rows = Max(node->counts.max_rows, node->ring.n);
	node->counts.max_bytes =
		Max(node->counts.max_bytes, node->ring.bytes + air_flow_bytes(node->flow));
	air_engine_poll();
	return true;
}

/* Calls that may be under way, and held. */
static int
most_live(const AirBatchState *node)
{
	return Max(LIVE_PER_SLOT * air_max_concurrency, node->packs ? AIR_PACK_WINDOW : 0);
}

static int
most_held(const AirBatchState *node)
{
	return Max(HELD_PER_SLOT * air_max_concurrency,
			   node->packs ? HELD_WINDOWS * AIR_PACK_WINDOW : 0);
}

/* Memory of its rows: where more of them are fewer requests, as much as a hash table may have. */
static size_t
most_bytes(const AirBatchState *node)
{
	return node->packs ? get_hash_memory_limit() : work_mem * (size_t) 1024;
}

/* Somebody is about to wait: are calls to be held back for rows that are read later? */
static void
expect_more(AirBatchState *node, bool more)
{
	if (!node->packs || node->expects == more)
		return;
	air_flow_expect(node->flow, more ? 1 : -1);
	node->expects = more;
}

/* May another row be read, though some are held?  Tells the stage below how many. */
static bool
may_read(AirBatchState *node)
{
	AirRing *ring = &node->ring;
	int64 bound;

	expect_more(node, !node->at_end);
	if (node->at_end)
		return false;
	if (ring->n == 0 && node->below == NULL)
		return true;
	if (ring->n > 0 && (!air_batching || ring->held >= most_held(node) ||
						ring->bytes + air_flow_bytes(node->flow) >= most_bytes(node)))
		return false;
	bound = air_ahead_bound(&node->ahead, &node->css.ss.ps);
	if (ring->n >= bound)
	{
		/* Unless the bound grows, more will be read only if some of these are of no use. */
		expect_more(node, air_ahead_grows(&node->ahead));
		return false;
	}
	if (node->below != NULL)
		node->below->ahead.need = bound == AIR_ALL_ROWS ? bound : bound - ring->n;
	return true;
}

static bool
head_ended(AirBatchState *node)
{
	const AirRow *head = air_ring_head(&node->ring);

	return head->seat == NULL || air_seat_ended(head->seat, node->ncalls);
}

/* Make the next row the one that is given; NULL: there is none, else the slot that it is in. */
static TupleTableSlot *
next_row(AirBatchState *node)
{
	air_ring_let_go(&node->ring, &node->given);
	/* PostgreSQL runs no query beyond the subtransaction that it was begun in. */
	if (node->flow == NULL)
		elog(ERROR, "query has outlived its subtransaction");
	if (node->ring.n > 0)
		air_engine_poll();
	while ((node->ring.n == 0 || !head_ended(node)) && may_read(node))
	{
		/* Calls that end make room for others, though the first row is still waited for. */
		if (air_flow_live(node->flow) >= most_live(node))
		{
			double since = air_monotonic_ms();

			air_flow_wait(node->flow);
			node->counts.waited_ms += air_monotonic_ms() - since;
		}
		else if (read_row(node) && node->given.seat != NULL)
			return node->econtext->ecxt_outertuple;
	}
	if (node->ring.n == 0)
		return NULL;
	node->given = air_ring_pop(&node->ring);
	return ExecStoreMinimalTuple(node->given.tuple, node->slot, false);
}

/* Put the values of a row's calls behind its columns. */
static void
fill_scan_slot(AirBatchState *node, TupleTableSlot *from)
{
	TupleTableSlot *scan = node->css.ss.ss_ScanTupleSlot;
	AirSeat *seat = node->given.seat;
	Datum *values = scan->tts_values + node->natoms;
	bool *nulls = scan->tts_isnull + node->natoms;

	ExecClearTuple(scan);
	slot_getsomeattrs(from, node->natoms);
	memcpy(scan->tts_values, from->tts_values, sizeof(Datum) * node->natoms);
	memcpy(scan->tts_isnull, from->tts_isnull, sizeof(bool) * node->natoms);
	if (seat == NULL)
	{
		memset(values, 0, sizeof(Datum) * node->ncalls);
		memset(nulls, true, sizeof(bool) * node->ncalls);
	}
	else if (air_seat_ended(seat, node->ncalls))
		air_seat_finish(seat, node->calls, node->ncalls, values, nulls);
	else
	{
		double since = air_monotonic_ms();

		air_seat_finish(seat, node->calls, node->ncalls, values, nulls);
		node->counts.waited_ms += air_monotonic_ms() - since;
	}
	ExecStoreVirtualTuple(scan);
}

static TupleTableSlot *
give_row(AirBatchState *node)
{
	ExprContext *econtext = node->css.ss.ps.ps_ExprContext;
	ProjectionInfo *projection = node->css.ss.ps.ps_ProjInfo;

	for (;;)
	{
		TupleTableSlot *from;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(econtext);
		from = next_row(node);
		if (from == NULL)
			return ExecClearTuple(projection ? projection->pi_state.resultslot
											 : node->css.ss.ss_ScanTupleSlot);
		fill_scan_slot(node, from);
		node->ahead.consumed++;
		econtext->ecxt_scantuple = node->css.ss.ss_ScanTupleSlot;
		if (!ExecQual(node->css.ss.ps.qual, econtext))
		{
			InstrCountFiltered1(node, 1);
			continue;
		}
		from = projection ? ExecProject(projection) : node->css.ss.ss_ScanTupleSlot;
		air_ahead_give(&node->ahead, from, &node->css.ss.ps);
		return from;
	}
}

static TupleTableSlot *
exec(CustomScanState *css)
{
	AirBatchState *node = (AirBatchState *) css;
	bool top_most = css->ss.ps.state->es_epq_active == NULL && air_statement_enter_rows();
	TupleTableSlot *slot;

	if (top_most && !node->estimated)
	{
		air_statement_expect_rows(css->ss.ps.plan->plan_rows);
		node->estimated = true;
	}
	slot = give_row(node);
	if (top_most)
		air_statement_leave_rows(!TupIsNull(slot));
	return slot;
}

/* Give up all rows; answers that are paid for are awaited. */
static void
drop_rows(AirBatchState *node)
{
	air_ring_let_go(&node->ring, &node->given);
	if (node->flow != NULL)
		air_flow_clear(node->flow);
	air_ring_clear(&node->ring);
}

static void
rescan(CustomScanState *css)
{
	AirBatchState *node = (AirBatchState *) css;

	ExecClearTuple(css->ss.ss_ScanTupleSlot);
	drop_rows(node);
	ReScanExprContext(node->econtext);
	air_ahead_reset(&node->ahead);
	node->at_end = false;
	node->estimated = false;
	if (outerPlanState(css)->chgParam == NULL)
		ExecReScan(outerPlanState(css));
}

static void
end(CustomScanState *css)
{
	AirBatchState *node = (AirBatchState *) css;

	if (node->cxt != NULL)
		drop_rows(node);
	if (node->flow != NULL)
		air_flow_end(node->flow);
	if (outerPlanState(css) != NULL)
		ExecEndNode(outerPlanState(css));
}

static const CustomExecMethods exec_methods = {
	.CustomName = "AI Batch",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = air_explain_node,
};

static Node *
create(CustomScan *scan)
{
	AirBatchState *node = (AirBatchState *) newNode(sizeof(AirBatchState), T_CustomScanState);

	node->css.methods = &exec_methods;
	return (Node *) node;
}

const CustomScanMethods air_batch_scan_methods = {"AI Batch", create};

const AirBatchCounts *
air_batch_counts(const CustomScanState *css)
{
	const AirBatchState *node = (const AirBatchState *) css;

	return node->cxt != NULL ? &node->counts : NULL;
}

const AirTally *
air_batch_tally(const CustomScanState *css)
{
	const AirBatchState *node = (const AirBatchState *) css;

	return node->flow != NULL ? air_flow_tally(node->flow) : NULL;
}
