/*
 * selectivity.c
 *	  How many rows pass conditions on AI answers.
 *
 * The planner's own estimates are gone with its PlannerInfo; for conditions on the value
 * of a volatile function it had but its rules of thumb, which are these.
 */
#include "base/pg.h"

#include <math.h>

#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "batch/surgery.h"

#define SEL_FUNCTION 0.3333333
#define SEL_OTHER 0.5

static double selectivity(Node *qual);

static double
operator_selectivity(Oid opno)
{
	switch (get_oprrest(opno))
	{
		case F_EQSEL:
			return DEFAULT_EQ_SEL;
		case F_NEQSEL:
			return 1.0 - DEFAULT_EQ_SEL;
		case F_SCALARLTSEL:
		case F_SCALARLESEL:
		case F_SCALARGTSEL:
		case F_SCALARGESEL:
			return DEFAULT_INEQ_SEL;
		case F_LIKESEL:
		case F_ICLIKESEL:
		case F_REGEXEQSEL:
		case F_ICREGEXEQSEL:
			return DEFAULT_MATCH_SEL;
		case F_NLIKESEL:
		case F_ICNLIKESEL:
		case F_REGEXNESEL:
		case F_ICREGEXNESEL:
			return 1.0 - DEFAULT_MATCH_SEL;
		default:
			return SEL_OTHER;
	}
}

static double
bool_selectivity(const BoolExpr *expr)
{
	double all = 1;
	double none = 1;
	ListCell *lc;

	foreach (lc, expr->args)
	{
		double s = selectivity(lfirst(lc));

		all *= s;
		none *= 1 - s;
	}
	return expr->boolop == AND_EXPR ? all : expr->boolop == OR_EXPR ? 1 - none : 1 - all;
}

/* x = ANY (list) */
static double
array_selectivity(const ScalarArrayOpExpr *expr)
{
	double s = operator_selectivity(expr->opno);
	Node *array = lsecond(expr->args);
	int n = 10;

	if (IsA(array, Const) && !((Const *) array)->constisnull)
	{
		ArrayType *value = DatumGetArrayTypeP(((Const *) array)->constvalue);

		n = ArrayGetNItems(ARR_NDIM(value), ARR_DIMS(value));
	}
	return expr->useOr ? 1 - pow(1 - s, n) : pow(s, n);
}

static double
selectivity(Node *qual)
{
	switch (nodeTag(qual))
	{
		case T_Const:
			return !((Const *) qual)->constisnull && DatumGetBool(((Const *) qual)->constvalue);
		case T_FuncExpr:
			return SEL_FUNCTION;
		case T_OpExpr:
			return operator_selectivity(((OpExpr *) qual)->opno);
		case T_DistinctExpr:
			return 1 - operator_selectivity(((DistinctExpr *) qual)->opno);
		case T_ScalarArrayOpExpr:
			return array_selectivity((ScalarArrayOpExpr *) qual);
		case T_BoolExpr:
			return bool_selectivity((BoolExpr *) qual);
		case T_RelabelType:
			return selectivity((Node *) ((RelabelType *) qual)->arg);
		case T_NullTest:
			return ((NullTest *) qual)->nulltesttype == IS_NULL ? DEFAULT_UNK_SEL
																: DEFAULT_NOT_UNK_SEL;
		default:
			return SEL_OTHER;
	}
}

double
air_selectivity(List *quals)
{
	double all = 1;
	ListCell *lc;

	foreach (lc, quals)
		all *= selectivity(lfirst(lc));
	return all;
}
