/*
 * constant.c
 *	  Which calls have the same value for all rows.
 *
 * Those whose arguments are made of constants and parameters by functions that are not
 * volatile, other calls, and subselects that do not depend on a row.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "batch/functions.h"
#include "batch/rewrite.h"

typedef struct Looking
{
	AirOutside *outside;
	int level; /* 0: the tree itself */
} Looking;

static bool
look_outside(Node *node, void *arg)
{
	Looking *looking = arg;
	AirOutside *outside = looking->outside;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		outside->rows |= ((Var *) node)->varlevelsup >= looking->level;
	else if (IsA(node, Aggref))
		outside->rows |= ((Aggref *) node)->agglevelsup >= looking->level;
	else if (IsA(node, GroupingFunc))
		outside->rows |= ((GroupingFunc *) node)->agglevelsup >= looking->level;
	else if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		outside->ctes |= rte->rtekind == RTE_CTE && rte->ctelevelsup >= looking->level;
		return false; /* query_tree_walker goes into it */
	}
	else if (IsA(node, Query))
	{
		outside->rows |= ((Query *) node)->rowMarks != NIL;
		looking->level++;
		(void) query_tree_walker((Query *) node, look_outside, looking, QTW_EXAMINE_RTES_BEFORE);
		looking->level--;
		return false;
	}
	return expression_tree_walker(node, look_outside, arg);
}

AirOutside
air_look_outside(Node *tree)
{
	AirOutside outside = {0};
	Looking looking = {&outside, 0};

	(void) look_outside(tree, &looking);
	return outside;
}

static bool
says_cache_off(Node *hints)
{
	Const *value = (Const *) hints;
	JsonbValue found;
	Jsonb *object;

	if (!IsA(hints, Const) || value->constisnull || value->consttype != JSONBOID)
		return false;
	object = DatumGetJsonbP(value->constvalue);
	if (!JB_ROOT_IS_OBJECT(object) ||
		getKeyJsonValueFromContainer(&object->root, "cache", 5, &found) == NULL)
		return false;
	return found.type == jbvString && found.val.string.len == 3 &&
		   memcmp(found.val.string.val, "off", 3) == 0;
}

/* Do the call's hints, always its last argument, say that each time shall be asked? */
static bool
asks_each_time(FuncExpr *call)
{
	int n = 0;
	ListCell *lc;

	foreach (lc, call->args)
	{
		Node *arg = lfirst(lc);
		int at = n++;

		if (IsA(arg, NamedArgExpr))
		{
			at = ((NamedArgExpr *) arg)->argnumber;
			arg = (Node *) ((NamedArgExpr *) arg)->arg;
		}
		if (exprType(arg) == JSONBOID && at == get_func_nargs(call->funcid) - 1)
			return says_cache_off(IsA(arg, Const) ? arg : eval_const_expressions(NULL, arg));
	}
	return false;
}

typedef struct Varying
{
	int cases; /* around us, with a value of their own */
	bool ctes; /* refers to a CTE of the user's */
} Varying;

/* May the expression's value differ from row to row?  Of what we do not know, we say yes. */
static bool
varies(Node *node, void *arg)
{
	Varying *v = arg;
	bool found;

	if (node == NULL)
		return false;
	if (check_functions_in_node(node, air_is_other_volatile, NULL))
		return true;
	switch (nodeTag(node))
	{
		case T_List:
		case T_Const:
		case T_NamedArgExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_FieldSelect:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
		case T_CollateExpr:
		case T_CaseWhen:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_NullTest:
		case T_BooleanTest:
			break;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		case T_FuncExpr:
		{
			FuncExpr *call = (FuncExpr *) node;

			if (call->funcretset || (air_door_of(call->funcid) != NULL && asks_each_time(call)))
				return true;
			break;
		}
		case T_OpExpr:
			if (((OpExpr *) node)->opretset)
				return true;
			break;
		case T_SubscriptingRef:
			if (((SubscriptingRef *) node)->refassgnexpr != NULL)
				return true;
			break;
		case T_CaseTestExpr:
			return v->cases == 0;
		case T_CaseExpr:
		case T_ArrayCoerceExpr:
			v->cases++;
			found = expression_tree_walker(node, varies, arg);
			v->cases--;
			return found;
		case T_SubLink:
		{
			SubLink *sublink = (SubLink *) node;
			AirOutside outside;

			if (sublink->subLinkType != EXPR_SUBLINK && sublink->subLinkType != ARRAY_SUBLINK &&
				sublink->subLinkType != EXISTS_SUBLINK)
				return true;
			outside = air_look_outside(sublink->subselect);
			v->ctes |= outside.ctes;
			return outside.rows || air_holds_other_volatile(sublink->subselect);
		}
		default:
			return true;
	}
	return expression_tree_walker(node, varies, arg);
}

bool
air_is_constant(Node *expr, bool *ctes)
{
	Varying v = {0};
	bool constant = !varies(expr, &v);

	*ctes = v.ctes;
	return constant;
}
