/*
 * lookahead.c
 *	  How many rows a stage may hold: a call for a row that nobody wants costs money.
 *
 * What the plan says about the node's parents (plan.h) becomes a number here, whenever
 * the node might read another row.
 */
#include "base/pg.h"

#include "executor/executor.h"

#include "batch/lookahead.h"
#include "call/statement.h"

static ExprState *
init_limit(Expr *expr, PlanState *parent)
{
	if (IsA(expr, Const) && ((Const *) expr)->constisnull)
		return NULL;
	return ExecInitExpr(expr, parent);
}

void
air_ahead_init(AirAhead *ahead, const AirBatchPlan *plan, PlanState *parent)
{
	memset(ahead, 0, sizeof(*ahead));
	ahead->mode = plan->mode;
	ahead->flags = plan->flags;
	ahead->need = -1;
	if (plan->mode != AIR_LOOK_BOUND)
		return;
	ahead->offset = init_limit(plan->limit_offset, parent);
	ahead->count = init_limit(plan->limit_count, parent);
	ahead->wanted = ExecInitQual(plan->wanted, parent);
}

void
air_ahead_give(AirAhead *ahead, TupleTableSlot *slot, PlanState *parent)
{
	ExprContext *econtext = parent->ps_ExprContext;

	econtext->ecxt_innertuple = slot;
	if (ExecQual(ahead->wanted, econtext))
		ahead->given++;
}

void
air_ahead_reset(AirAhead *ahead)
{
	ahead->known = false;
	ahead->given = 0;
	ahead->consumed = 0;
}

/* A negative number is the LIMIT's to complain about. */
static int64
rows_of(ExprState *state, PlanState *parent, int64 otherwise)
{
	bool isnull;
	Datum value;

	if (state == NULL)
		return otherwise;
	value = ExecEvalExprSwitchContext(state, parent->ps_ExprContext, &isnull);
	return isnull ? otherwise : Max(DatumGetInt64(value), 0);
}

static int64
limit_of(AirAhead *ahead, PlanState *parent)
{
	int64 offset;
	int64 count;

	if (ahead->known)
		return ahead->limit;
	offset = rows_of(ahead->offset, parent, 0);
	count = rows_of(ahead->count, parent, AIR_ALL_ROWS);
	ahead->limit = count > AIR_ALL_ROWS - offset ? AIR_ALL_ROWS : offset + count;
	ahead->known = true;
	return ahead->limit;
}

/* Rows that the run under way still wants. */
static int64
wanted_by_run(PlanState *parent)
{
	uint64 rows;

	if (!air_statement_wanted(parent->state, &rows))
		return 1;
	return (int64) Min(rows, AIR_ALL_ROWS);
}

int64
air_ahead_bound(AirAhead *ahead, PlanState *parent)
{
	int64 bound = AIR_ALL_ROWS;
	int64 run = AIR_ALL_ROWS;
	bool lazy = ahead->mode == AIR_LOOK_LAZY;

	/* EvalPlanQual wants to know about one row. */
	if (parent->state->es_epq_active != NULL)
		return 1;
	if (ahead->need >= 0)
		return Max(ahead->need, 1);

	if (ahead->mode == AIR_LOOK_TOP || (ahead->flags & AIR_LOOK_RUN_TOO))
		run = wanted_by_run(parent);
	if (ahead->mode == AIR_LOOK_BOUND)
	{
		int64 limit = limit_of(ahead, parent);

		bound = limit == AIR_ALL_ROWS ? limit : limit - ahead->given;
		if (bound <= 0 && (ahead->flags & AIR_LOOK_LAZY_AFTER))
			bound = -bound;
	}
	if (ahead->flags & AIR_LOOK_LAZY_TOO)
		lazy |= ahead->mode == AIR_LOOK_BOUND || run != AIR_ALL_ROWS;
	bound = Min(bound, run);
	if (lazy)
		bound = Min(bound, ahead->consumed);
	return Max(bound, 1);
}

bool
air_ahead_grows(const AirAhead *ahead)
{
	return ahead->need >= 0 || ahead->mode == AIR_LOOK_LAZY ||
		   (ahead->flags & (AIR_LOOK_LAZY_TOO | AIR_LOOK_LAZY_AFTER)) != 0;
}
