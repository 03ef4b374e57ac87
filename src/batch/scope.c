/*
 * scope.c
 *	  What a Var or Param in a finished plan stands for.
 *
 * No memory but a Const for a bound parameter, in CurrentMemoryContext; no locks.
 */
#include "base/pg.h"

#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "batch/scope.h"

const Plan *
air_scope_subplan(const PlannedStmt *stmt, int plan_id)
{
	if (plan_id < 1 || plan_id > list_length(stmt->subplans))
		return NULL;
	return list_nth(stmt->subplans, plan_id - 1);
}

/* The node that OUTER_VAR speaks of. */
static const Plan *
outer_of(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			return ((const Append *) plan)->appendplans == NIL
					   ? NULL
					   : linitial(((const Append *) plan)->appendplans);
		case T_MergeAppend:
			return ((const MergeAppend *) plan)->mergeplans == NIL
					   ? NULL
					   : linitial(((const MergeAppend *) plan)->mergeplans);
		default:
			return plan->lefttree;
	}
}

/* Column attno of a target list, of a node that may be NULL. */
static bool
column_of(const Plan *plan, List *tlist, AttrNumber attno, Node **expr, AirScope *its)
{
	if (attno < 1 || attno > list_length(tlist))
		return false;
	*expr = (Node *) list_nth_node(TargetEntry, tlist, attno - 1)->expr;
	its->plan = plan;
	return true;
}

/* What INDEX_VAR speaks of: columns of an index or of a scan that is none of a table. */
static bool
index_column(const Plan *plan, AttrNumber attno, Node **expr, AirScope *its)
{
	switch (nodeTag(plan))
	{
		case T_IndexOnlyScan:
			return column_of(plan, ((const IndexOnlyScan *) plan)->indextlist, attno, expr, its);
		case T_ForeignScan:
			return column_of(plan, ((const ForeignScan *) plan)->fdw_scan_tlist, attno, expr, its);
		case T_CustomScan:
			return column_of(plan, ((const CustomScan *) plan)->custom_scan_tlist, attno, expr,
							 its);
		default:
			return false;
	}
}

bool
air_scope_var(const AirScope *scope, const Var *var, Node **expr, AirScope *its)
{
	const Plan *plan = scope->plan;
	const Plan *below;

	*its = *scope;
	switch (var->varno)
	{
		case OUTER_VAR:
			below = outer_of(plan);
			return below != NULL && column_of(below, below->targetlist, var->varattno, expr, its);
		case INNER_VAR:
			/* In ON CONFLICT it is the row that was to be inserted, in MERGE one of its source. */
			if (IsA(plan, ModifyTable) && ((const ModifyTable *) plan)->operation == CMD_MERGE)
				return plan->lefttree != NULL &&
					   column_of(plan->lefttree, plan->lefttree->targetlist, var->varattno, expr,
								 its);
			if (IsA(plan, ModifyTable))
				return column_of(plan, ((const ModifyTable *) plan)->exclRelTlist, var->varattno,
								 expr, its);
			below = plan->righttree;
			return below != NULL && column_of(below, below->targetlist, var->varattno, expr, its);
		case INDEX_VAR:
			return index_column(plan, var->varattno, expr, its);
		default:
			break;
	}
	if (IsA(plan, SubqueryScan))
		below = ((const SubqueryScan *) plan)->subplan;
	else if (IsA(plan, CteScan))
		below = air_scope_subplan(scope->stmt, ((const CteScan *) plan)->ctePlanId);
	else
		return false;
	return below != NULL && column_of(below, below->targetlist, var->varattno, expr, its);
}

const RangeTblEntry *
air_scope_table(const AirScope *scope, const Var *var)
{
	const RangeTblEntry *rte;

	if (IS_SPECIAL_VARNO(var->varno) || var->varno < 1 ||
		var->varno > list_length(scope->stmt->rtable))
		return NULL;
	rte = list_nth_node(RangeTblEntry, scope->stmt->rtable, var->varno - 1);
	return rte->rtekind == RTE_RELATION ? rte : NULL;
}

/* A parameter of the statement, as far as its value is known. */
static Node *
bound_value(ParamListInfo bound, const Param *param)
{
	ParamExternData data, *prm;
	int16 len;
	bool by_value;

	if (bound == NULL || param->paramid < 1 || param->paramid > bound->numParams)
		return NULL;
	/* Speculatively: whoever has the value may say that it cannot tell yet. */
	if (bound->paramFetch != NULL)
		prm = bound->paramFetch(bound, param->paramid, true, &data);
	else
		prm = &bound->params[param->paramid - 1];
	if (prm == NULL || prm->ptype != param->paramtype)
		return NULL;
	get_typlenbyval(param->paramtype, &len, &by_value);
	return (Node *) makeConst(param->paramtype, param->paramtypmod, param->paramcollid, len,
							  prm->isnull ? (Datum) 0 : datumCopy(prm->value, by_value, len),
							  prm->isnull, by_value);
}

bool
air_scope_param(const AirScope *scope, const Param *param, Node **expr, AirScope *its)
{
	ListCell *lc;

	*its = *scope;
	if (param->paramkind == PARAM_EXTERN)
		return (*expr = bound_value(scope->bound, param)) != NULL;
	foreach (lc, scope->sources)
	{
		const AirSource *source = lfirst(lc);

		if (source->paramid != param->paramid)
			continue;
		*expr = source->expr;
		its->plan = source->plan;
		return true;
	}
	return false;
}
