/*
 * extract.c
 *	  Take calls out of expressions, with the conditions under which they are evaluated.
 *
 * What is not known to evaluate its parts always, or under conditions that can be written
 * down as a guard, is left alone: the calls in it are evaluated in place.
 */
#include "base/pg.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "batch/extract.h"
#include "batch/functions.h"
#include "batch/guard.h"

typedef struct Pull
{
	int ncolumns;
	List *guards; /* Exprs, all of which must be true */
	List *pulled; /* AirPulled */
	int field;    /* attribute that is taken of the whole, 0: none */

	/* Only to say why calls stay: */
	bool report;
	const char *place;
	List *left; /* AirLeft */
} Pull;

static Node *pull(Node *node, void *arg);

static void
leave_call(Pull *p, Oid funcid, const char *reason)
{
	AirLeft *left = palloc(sizeof(AirLeft));

	left->function = air_door_of(funcid)->name;
	left->reason = p->place ? p->place : reason;
	p->left = lappend(p->left, left);
}

typedef struct LeaveAll
{
	Pull *pull;
	const char *reason;
} LeaveAll;

static bool
leave_all(Node *node, void *arg)
{
	LeaveAll *all = arg;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && air_door_of(((FuncExpr *) node)->funcid) != NULL)
		leave_call(all->pull, ((FuncExpr *) node)->funcid, all->reason);
	return expression_tree_walker(node, leave_all, arg);
}

/* Why calls beneath a node that is not looked into stay. */
static const char *
why_not_below(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_SubPlan:
		case T_AlternativeSubPlan:
			return "argument of a subquery";
		case T_WindowFunc:
			return "argument of a window function";
		case T_Aggref:
			return "direct argument of an aggregate";
		case T_RowCompareExpr:
			return "row comparison";
		case T_FuncExpr:
		case T_OpExpr:
			return "argument of a set-returning function";
		default:
			return "expression that is evaluated in place";
	}
}

static const AirPulled *
same_call(Pull *p, const FuncExpr *call, const Expr *guard)
{
	ListCell *lc;

	/*
	 * Two calls in the text are two evaluations, but (f(x)).* is one call of which the parser
	 * makes as many as there are fields, all at the same place in the text (in a view the
	 * place is not kept).
	 */
	if (p->field == 0)
		return NULL;
	foreach (lc, p->pulled)
	{
		AirPulled *other = lfirst(lc);

		if (other->field != 0 && other->field != p->field &&
			other->call->location == call->location && equal(other->call, call) &&
			equal(other->guard, guard))
			return other;
	}
	return NULL;
}

static Node *
pull_call(FuncExpr *call, Pull *p)
{
	const AirPulled *same;
	AirPulled *pulled;
	Expr *guard = NULL;
	int column;

	if (air_has_call((Node *) call->args))
	{
		FuncExpr *outer = makeNode(FuncExpr);

		/* The arguments first; a call's own turn comes when they are known. */
		memcpy(outer, call, sizeof(FuncExpr));
		outer->args = (List *) pull((Node *) call->args, p);
		if (p->report)
			leave_call(p, call->funcid, "argument is a call that is evaluated in place");
		return (Node *) outer;
	}
	if (!air_is_portable((Node *) call->args))
	{
		if (p->report)
			leave_call(p, call->funcid, "argument with a volatile function or a subquery");
		return (Node *) call;
	}
	if (p->guards != NIL)
		guard = list_length(p->guards) == 1 ? linitial(p->guards)
											: makeBoolExpr(AND_EXPR, list_copy(p->guards), -1);
	if (air_has_call((Node *) guard) || !air_is_portable((Node *) guard))
	{
		if (p->report)
			leave_call(p, call->funcid, "condition with a volatile function or a subquery");
		return (Node *) call;
	}
	if (p->report)
	{
		leave_call(p, call->funcid, AIR_WITHOUT_BATCHING);
		return (Node *) call;
	}

	same = same_call(p, call, guard);
	column = same ? same->column : ++p->ncolumns;
	if (same == NULL)
	{
		pulled = palloc(sizeof(AirPulled));
		*pulled = (AirPulled){
			.call = call, .guard = copyObject(guard), .field = p->field, .column = column};
		p->pulled = lappend(p->pulled, pulled);
	}
	return (Node *) makeVar(OUTER_VAR, column, exprType((Node *) call), exprTypmod((Node *) call),
							exprCollation((Node *) call), 0);
}

/* AND stops at the first false, OR at the first true. */
static Node *
pull_and_or(BoolExpr *expr, Pull *p)
{
	List *outer = p->guards;
	List *args = NIL;
	ListCell *lc;

	foreach (lc, expr->args)
	{
		Expr *arg = lfirst(lc);

		args = lappend(args, pull((Node *) arg, p));
		p->guards =
			lappend(list_copy(p->guards),
					air_boolean_test(arg, expr->boolop == AND_EXPR ? IS_NOT_FALSE : IS_NOT_TRUE));
	}
	p->guards = outer;
	return (Node *) makeBoolExpr(expr->boolop, args, expr->location);
}

/* COALESCE goes on as long as there are NULLs. */
static Node *
pull_coalesce(CoalesceExpr *expr, Pull *p)
{
	CoalesceExpr *copy = makeNode(CoalesceExpr);
	List *outer = p->guards;
	ListCell *lc;

	memcpy(copy, expr, sizeof(CoalesceExpr));
	copy->args = NIL;
	foreach (lc, expr->args)
	{
		copy->args = lappend(copy->args, pull(lfirst(lc), p));
		p->guards = lappend(list_copy(p->guards), air_is_null(lfirst(lc)));
	}
	p->guards = outer;
	return (Node *) copy;
}

static Node *
pull_when(Node *node, Expr *guard, Pull *p)
{
	List *outer = p->guards;

	if (guard != NULL)
		p->guards = lappend(list_copy(outer), guard);
	node = pull(node, p);
	p->guards = outer;
	return node;
}

static Node *
pull_case(CaseExpr *expr, Pull *p)
{
	CaseExpr *copy = makeNode(CaseExpr);
	int n = list_length(expr->args);

	memcpy(copy, expr, sizeof(CaseExpr));
	copy->arg = (Expr *) pull((Node *) expr->arg, p);
	copy->args = NIL;
	for (int i = 0; i < n; i++)
	{
		CaseWhen *when = makeNode(CaseWhen);

		memcpy(when, list_nth(expr->args, i), sizeof(CaseWhen));
		when->expr = (Expr *) pull_when((Node *) when->expr,
										i > 0 ? air_case_guard(expr, i, false) : NULL, p);
		when->result = (Expr *) pull_when((Node *) when->result, air_case_guard(expr, i, true), p);
		copy->args = lappend(copy->args, when);
	}
	copy->defresult =
		(Expr *) pull_when((Node *) expr->defresult, air_case_guard(expr, n, false), p);
	return (Node *) copy;
}

/* Take out what can be; a mutator. */
static Node *
pull(Node *node, void *arg)
{
	Pull *p = arg;

	if (!air_has_call(node))
		return node;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			if (air_door_of(((FuncExpr *) node)->funcid) != NULL)
				return pull_call((FuncExpr *) node, p);
			if (((FuncExpr *) node)->funcretset)
				break;
			return expression_tree_mutator(node, pull, p);
		case T_OpExpr:
			if (((OpExpr *) node)->opretset)
				break;
			return expression_tree_mutator(node, pull, p);
		case T_BoolExpr:
			if (((BoolExpr *) node)->boolop == NOT_EXPR)
				return expression_tree_mutator(node, pull, p);
			return pull_and_or((BoolExpr *) node, p);
		case T_CoalesceExpr:
			return pull_coalesce((CoalesceExpr *) node, p);
		case T_CaseExpr:
			return pull_case((CaseExpr *) node, p);
		case T_FieldSelect:
		{
			int outer = p->field;

			if (outer == 0)
				p->field = ((FieldSelect *) node)->fieldnum;
			node = expression_tree_mutator(node, pull, p);
			p->field = outer;
			return node;
		}
		case T_ArrayCoerceExpr:
		{
			ArrayCoerceExpr *copy = makeNode(ArrayCoerceExpr);

			memcpy(copy, node, sizeof(ArrayCoerceExpr));
			copy->arg = (Expr *) pull((Node *) copy->arg, p);
			return (Node *) copy;
		}
		case T_SubscriptingRef:
		{
			SubscriptingRef *copy = makeNode(SubscriptingRef);

			/* Subscripts are not evaluated where the container is NULL. */
			if (((SubscriptingRef *) node)->refassgnexpr != NULL)
				break;
			memcpy(copy, node, sizeof(SubscriptingRef));
			copy->refexpr = (Expr *) pull((Node *) copy->refexpr, p);
			return (Node *) copy;
		}
		case T_List:
		case T_TargetEntry:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CoerceViaIO:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_MinMaxExpr:
		case T_NullTest:
		case T_BooleanTest:
			/* These evaluate all that they have. */
			return expression_tree_mutator(node, pull, p);
		default:
			break;
	}
	if (p->report)
	{
		LeaveAll all = {p, why_not_below(node)};

		(void) expression_tree_walker(node, leave_all, &all);
	}
	return node;
}

Node *
air_pull_calls(Node *expr, Expr *guard, int ncolumns, List **pulled)
{
	Pull p = {.ncolumns = ncolumns, .guards = guard ? list_make1(guard) : NIL};

	expr = pull(expr, &p);
	*pulled = list_concat(*pulled, p.pulled);
	return expr;
}

bool
air_can_pull(Node *expr)
{
	List *pulled = NIL;

	(void) air_pull_calls(expr, NULL, 0, &pulled);
	return pulled != NIL;
}

void
air_list_left(Node *expr, const char *place, List **left)
{
	Pull p = {.report = true, .place = place};

	(void) pull(expr, &p);
	*left = list_concat(*left, p.left);
}
