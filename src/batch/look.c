/*
 * look.c
 *	  How much of a node's rows is wanted, handed down from parent to child.
 *
 * Calls cost money: a stage reads ahead only as far as is certain to be wanted, or, where
 * nothing is certain, no further than what has been wanted so far.
 */
#include "base/pg.h"

#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "batch/surgery.h"

AirLook
air_look_all(void)
{
	return (AirLook){.mode = AIR_LOOK_ALL};
}

AirLook
air_look_top(void)
{
	return (AirLook){.mode = AIR_LOOK_TOP};
}

AirLook
air_look_lazy(void)
{
	return (AirLook){.mode = AIR_LOOK_LAZY};
}

AirLook
air_look_one(void)
{
	return (AirLook){.mode = AIR_LOOK_BOUND, .one = true, .limit_count = air_limit_const(false, 1)};
}

/* Every row of the parent needs at least one of the child. */
static AirLook
reduced(AirLook look)
{
	if (look.mode == AIR_LOOK_BOUND && !look.one)
		look.flags |= AIR_LOOK_LAZY_AFTER;
	return look;
}

/* One row of the child may be enough for many of the parent. */
static AirLook
expanded(AirLook look)
{
	if (look.mode == AIR_LOOK_ALL || look.one)
		return look;
	if (look.mode == AIR_LOOK_TOP)
	{
		look.flags |= AIR_LOOK_LAZY_TOO;
		return look;
	}
	return air_look_lazy();
}

static bool
is_count(const Node *expr)
{
	return expr != NULL && IsA(expr, Const) && !((const Const *) expr)->constisnull;
}

static int64
count_of(const Node *expr)
{
	return DatumGetInt64(((const Const *) expr)->constvalue);
}

static AirLook
below_limit(const Limit *limit, AirLook look)
{
	AirLook below = {.mode = AIR_LOOK_BOUND};

	if (look.one)
		return look;
	if (limit->limitCount == NULL)
		return reduced(look);
	/* The expressions are evaluated twice. */
	if (contain_volatile_functions(limit->limitCount) ||
		contain_volatile_functions(limit->limitOffset) || contain_subplans(limit->limitCount) ||
		contain_subplans(limit->limitOffset))
		return air_look_lazy();

	if (look.mode == AIR_LOOK_TOP || (look.flags & AIR_LOOK_RUN_TOO))
		below.flags |= AIR_LOOK_RUN_TOO;
	if (look.mode == AIR_LOOK_LAZY || (look.flags & AIR_LOOK_LAZY_TOO))
		below.flags |= AIR_LOOK_LAZY_TOO;
	/* With an OFFSET the run's rows are fewer than those that are read. */
	if (limit->limitOffset != NULL)
		below.flags &= ~AIR_LOOK_RUN_TOO;
	below.limit_offset = (Expr *) limit->limitOffset;
	below.limit_count = (Expr *) limit->limitCount;

	/* A LIMIT in a LIMIT: the outer one may want less. */
	if (look.mode == AIR_LOOK_BOUND)
	{
		if (is_count(limit->limitCount) && is_count((Node *) look.limit_count) &&
			look.limit_offset == NULL && !(look.flags & AIR_LOOK_LAZY_AFTER))
		{
			if (count_of((Node *) look.limit_count) < count_of(limit->limitCount))
				below.limit_count = look.limit_count;
		}
		else
			below.flags |= AIR_LOOK_LAZY_TOO;
	}
	return below;
}

/* A join gives each outer row once at most, or ends with its first match. */
static bool
is_single_match(const Join *join)
{
	return join->inner_unique || join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI;
}

/* The first child. */
AirLook
air_look_outer(const Plan *plan, AirLook look)
{
	switch (nodeTag(plan))
	{
		case T_ModifyTable:
		case T_Sort:
		case T_Hash:
			return air_look_all();
		case T_Agg:
			if (((const Agg *) plan)->aggstrategy != AGG_SORTED)
				return air_look_all();
			return reduced(look);
		case T_SetOp:
			return ((const SetOp *) plan)->strategy == SETOP_HASHED ? air_look_all()
																	: reduced(look);
		case T_Limit:
			return below_limit((const Limit *) plan, look);
		case T_WindowAgg:
			/* With a run condition it stops where the condition does. */
			return ((const WindowAgg *) plan)->runCondition ? air_look_lazy() : reduced(look);
		case T_IncrementalSort:
		case T_Group:
		case T_Unique:
			return reduced(look);
		case T_Memoize:
			return ((const Memoize *) plan)->singlerow ? air_look_one() : look;
		case T_Material:
		case T_LockRows: /* drops a row only if somebody else changed it meanwhile */
			return look;
		case T_NestLoop:
		case T_HashJoin:
			return is_single_match((const Join *) plan) ? reduced(look) : expanded(look);
		case T_MergeJoin:
			return air_look_lazy(); /* it ends when one side does */
		case T_Result:
		case T_SubqueryScan:
			return plan->qual ? reduced(look) : look;
		default:
			return expanded(look);
	}
}

/* The second child of a join, of a RecursiveUnion, and of a SetOp (PostgreSQL 18). */
AirLook
air_look_inner(const Plan *plan, AirLook look)
{
	switch (nodeTag(plan))
	{
		case T_HashJoin:
			return air_look_all(); /* a Hash */
		case T_NestLoop:
			if (is_single_match((const Join *) plan))
				return air_look_one();
			return expanded(look);
		case T_MergeJoin:
			return air_look_lazy();
		case T_SetOp:
			/* Sorted, it ends with the first child. */
			return ((const SetOp *) plan)->strategy == SETOP_HASHED ? air_look_all()
																	: air_look_lazy();
		default:
			return expanded(look);
	}
}

/* The outer side of a join that will be flattened. */
AirLook
air_look_flat(AirLook look)
{
	return reduced(look);
}

/* A member of an Append or MergeAppend. */
AirLook
air_look_member(const Plan *plan, AirLook look)
{
	if (!IsA(plan, Append))
		return expanded(look);
	/* A member does not know what those before it have given. */
	if (look.mode == AIR_LOOK_BOUND && !look.one)
		look.flags |= AIR_LOOK_LAZY_TOO;
	return look;
}
