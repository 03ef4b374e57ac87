/*
 * share.c
 *	  For which part of rows a call's guard is true.
 *
 * The planner's own functions need its data structures, which are gone when a plan is
 * finished.  Here are the few rules that guards need.  Waits for no lock.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "storage/lmgr.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "batch/share.h"

#define UNKNOWN (-1.0)

static double sel(const AirScope *scope, Node *node, Node *tested);

/* Rows of a table, as the planner counts them; infinity where it cannot be opened at once. */
static double
rows_of_table(Oid relid)
{
	double rows = get_float8_infinity();
	BlockNumber pages;
	double visible;
	Relation rel;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return rows;
	rel = try_relation_open(relid, NoLock);
	if (rel != NULL && RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind))
		table_relation_estimate_size(rel, NULL, &pages, &rows, &visible);
	if (rel != NULL)
		relation_close(rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
	return rows;
}

/* A Var's relation and statistics; false if there are none.  Release the tuple. */
static bool
statistics(const AirScope *scope, Node *node, VariableStatData *stat)
{
	AirScope at = *scope;
	const RangeTblEntry *rte;

	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	while (node != NULL && IsA(node, Var))
	{
		AirScope its;
		Node *next;

		if (!air_scope_var(&at, (Var *) node, &next, &its))
			break;
		node = next;
		at = its;
	}
	if (node == NULL || !IsA(node, Var) || (rte = air_scope_table(&at, (Var *) node)) == NULL)
		return false;
	memset(stat, 0, sizeof(*stat));
	stat->var = node;
	stat->vartype = stat->atttype = exprType(node);
	stat->atttypmod = exprTypmod(node);
	/* Where the number of values goes by that of rows. */
	stat->rel = makeNode(RelOptInfo);
	stat->rel->tuples = rows_of_table(rte->relid);
	stat->acl_ok = false; /* ask only operators that leak nothing */
	stat->freefunc = ReleaseSysCache;
	stat->statsTuple =
		SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(rte->relid),
						Int16GetDatum(((Var *) node)->varattno), BoolGetDatum(false));
	return HeapTupleIsValid(stat->statsTuple);
}

static double
sel_null_test(const AirScope *scope, const NullTest *test)
{
	VariableStatData stat;
	double nulls;

	if (!statistics(scope, (Node *) test->arg, &stat))
		return UNKNOWN;
	nulls = ((Form_pg_statistic) GETSTRUCT(stat.statsTuple))->stanullfrac;
	ReleaseVariableStats(stat);
	return test->nulltesttype == IS_NULL ? nulls : 1 - nulls;
}

/* column = constant, column <> constant */
static double
sel_equal(const AirScope *scope, const OpExpr *op, Node *tested)
{
	RegProcedure estimator = get_oprrest(op->opno);
	VariableStatData stat;
	Node *column, *constant;
	double result;

	if (list_length(op->args) != 2 || (estimator != F_EQSEL && estimator != F_NEQSEL))
		return UNKNOWN;
	column = linitial(op->args);
	constant = lsecond(op->args);
	if (IsA(column, CaseTestExpr))
		column = tested;
	if (column == NULL || !IsA(constant, Const) || !statistics(scope, column, &stat))
		return UNKNOWN;
	result = var_eq_const(&stat, op->opno, op->inputcollid, ((Const *) constant)->constvalue,
						  ((Const *) constant)->constisnull, true, estimator == F_NEQSEL);
	ReleaseVariableStats(stat);
	return result;
}

/* What is not known of an arm counts as if it made the whole true. */
static double
sel_case(const AirScope *scope, const CaseExpr *expr)
{
	double total = 0;
	double left = 1;
	ListCell *lc;

	foreach (lc, expr->args)
	{
		CaseWhen *when = lfirst_node(CaseWhen, lc);
		double condition = sel(scope, (Node *) when->expr, (Node *) expr->arg);
		double result = sel(scope, (Node *) when->result, NULL);

		total += left * (condition == UNKNOWN ? 1 : condition) * (result == UNKNOWN ? 1 : result);
		left *= condition == UNKNOWN ? 1 : 1 - condition;
	}
	if (expr->defresult != NULL)
	{
		double result = sel(scope, (Node *) expr->defresult, NULL);

		total += left * (result == UNKNOWN ? 1 : result);
	}
	return Min(total, 1);
}

static double
sel_bool(const AirScope *scope, const BoolExpr *expr, Node *tested)
{
	double all = 1;
	ListCell *lc;

	foreach (lc, expr->args)
	{
		double s = sel(scope, lfirst(lc), tested);

		if (expr->boolop == NOT_EXPR)
			return s == UNKNOWN ? UNKNOWN : 1 - s;
		if (expr->boolop == OR_EXPR && s == UNKNOWN)
			return UNKNOWN;
		if (s != UNKNOWN)
			all *= expr->boolop == OR_EXPR ? 1 - s : s;
	}
	return expr->boolop == OR_EXPR ? 1 - all : all;
}

static double
sel(const AirScope *scope, Node *node, Node *tested)
{
	double s;

	if (node == NULL)
		return 1;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_Const:
			return !((Const *) node)->constisnull && DatumGetBool(((Const *) node)->constvalue);
		case T_NullTest:
			return sel_null_test(scope, (NullTest *) node);
		case T_OpExpr:
			return sel_equal(scope, (OpExpr *) node, tested);
		case T_CaseExpr:
			return sel_case(scope, (CaseExpr *) node);
		case T_BoolExpr:
			return sel_bool(scope, (BoolExpr *) node, tested);
		case T_BooleanTest:
			s = sel(scope, (Node *) ((BooleanTest *) node)->arg, tested);
			if (s == UNKNOWN)
				return UNKNOWN;
			switch (((BooleanTest *) node)->booltesttype)
			{
				case IS_TRUE:
				case IS_NOT_FALSE:
					return s;
				case IS_FALSE:
				case IS_NOT_TRUE:
					return 1 - s;
				default:
					return UNKNOWN;
			}
		default:
			return UNKNOWN;
	}
}

double
air_guard_share(const AirScope *scope, Node *guard)
{
	double s = sel(scope, guard, NULL);

	return s == UNKNOWN ? 1 : Max(Min(s, 1), 0);
}

double
air_scan_most(const AirScope *scope)
{
	const RangeTblEntry *rte;
	double rows;
	ListCell *lc;

	/* Of other scans of tables, conditions are in more than one place. */
	if (!IsA(scope->plan, SeqScan))
		return get_float8_infinity();
	rte = list_nth_node(RangeTblEntry, scope->stmt->rtable,
						((const Scan *) scope->plan)->scanrelid - 1);
	rows = rows_of_table(rte->relid);
	foreach (lc, scope->plan->qual)
		rows *= air_guard_share(scope, lfirst(lc));
	return rows;
}
