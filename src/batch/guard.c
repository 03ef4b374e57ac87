/*
 * guard.c
 *	  Conditions under which an expression evaluates a part of itself, as expressions.
 *
 * A guard is evaluated beside the expression itself, and before it: so it may be neither
 * volatile nor dear, nor rely on what only its place gives.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "batch/guard.h"

/* A value that only its surroundings give, or a subquery; bound: inside those surroundings. */
static bool
needs_place(Node *node, void *arg)
{
	bool bound = arg != NULL;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_CaseTestExpr:
			return !bound;
		case T_CoerceToDomainValue:
		case T_SubPlan:
		case T_AlternativeSubPlan:
		case T_CurrentOfExpr:
			return true;
		case T_ArrayCoerceExpr:
			return needs_place((Node *) ((ArrayCoerceExpr *) node)->arg, arg) ||
				   needs_place((Node *) ((ArrayCoerceExpr *) node)->elemexpr, &bound);
		case T_CaseExpr:
		{
			CaseExpr *c = (CaseExpr *) node;
			ListCell *lc;

			if (needs_place((Node *) c->arg, arg) || needs_place((Node *) c->defresult, arg))
				return true;
			foreach (lc, c->args)
			{
				CaseWhen *when = lfirst(lc);

				if (needs_place((Node *) when->expr, c->arg ? &bound : arg) ||
					needs_place((Node *) when->result, arg))
					return true;
			}
			return false;
		}
		default:
			return expression_tree_walker(node, needs_place, arg);
	}
}

bool
air_is_portable(Node *node)
{
	return !needs_place(node, NULL) && !contain_volatile_functions(node);
}

Expr *
air_boolean_test(Expr *arg, BoolTestType test)
{
	BooleanTest *node = makeNode(BooleanTest);

	node->arg = arg;
	node->booltesttype = test;
	node->location = -1;
	return (Expr *) node;
}

Expr *
air_is_null(Expr *arg)
{
	NullTest *test = makeNode(NullTest);

	test->arg = arg;
	test->nulltesttype = IS_NULL;
	test->argisrow = false;
	test->location = -1;
	return (Expr *) test;
}

Expr *
air_case_guard(const CaseExpr *expr, int n, bool taken)
{
	CaseExpr *guard = makeNode(CaseExpr);

	guard->casetype = BOOLOID;
	guard->arg = expr->arg;
	guard->location = -1;
	for (int i = 0; i < n + (taken ? 1 : 0); i++)
	{
		CaseWhen *when = makeNode(CaseWhen);

		when->expr = ((CaseWhen *) list_nth(expr->args, i))->expr;
		when->result = (Expr *) makeBoolConst(i == n, false);
		when->location = -1;
		guard->args = lappend(guard->args, when);
	}
	guard->defresult = (Expr *) makeBoolConst(!taken, false);
	return (Expr *) guard;
}
