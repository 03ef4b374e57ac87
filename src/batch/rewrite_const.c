/*
 * rewrite_const.c
 *	  A call that does not depend on a row is made once for all rows.
 *
 *	  SELECT id FROM docs ORDER BY emb <=> ai_embed('query')::vector LIMIT 10
 *
 * would call for every row and sort all of them, as the planner takes no volatile function
 * for a constant.  So a call whose arguments are constants or parameters becomes a CTE of the
 * whole statement, and each place where it stood a scalar subselect of that CTE:
 *
 *	  WITH ai_embed_1 AS MATERIALIZED (SELECT ai_embed('query') AS value)
 *	  SELECT id FROM docs ORDER BY emb <=> (SELECT value FROM ai_embed_1)::vector LIMIT 10
 *
 * The planner makes an InitPlan of the subselect.  It is evaluated when its value is first
 * needed: never, if a CASE decides against it.  A plain (SELECT ai_embed('query')) would do as
 * much, but is volatile, too, and keeps subqueries, views and the user's own CTEs from being
 * pulled up, and so from the index.  Equal calls share one CTE.
 *
 * What is evaluated once anyway is left alone, above all a SELECT without FROM, which PL/pgSQL
 * may evaluate as a simple expression; and so are calls that ask not to be cached, as
 * '{"cache": "off"}' is how one asks the same ten times.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"

#include "batch/functions.h"
#include "batch/rewrite.h"

/* More calls than this are written by programs; planning them all takes its time. */
#define MAX_CALLS 100

typedef struct Statement
{
	Query *top;
	List *calls; /* FuncExprs .. */
	List *ctes;  /* .. and the CTE of each; it may read earlier ones */
	int names;
} Statement;

/* The query that the expressions at hand belong to. */
typedef struct Level
{
	Statement *statement;
	Query *query;
	int depth;    /* 0: the whole statement */
	bool repeats; /* its expressions may be evaluated more than once */
} Level;

static void call_once(Statement *statement, Query *query, int depth, bool repeats);

/* --- What becomes of it ----------------------------------------------------------- */

/* SELECT expr: without FROM, or with the one relation given. */
static Query *
make_select(RangeTblEntry *rte, Expr *expr)
{
	Query *query = makeNode(Query);
	List *from = NIL;

	if (rte != NULL)
	{
		RangeTblRef *ref = makeNode(RangeTblRef);

		ref->rtindex = 1;
		from = list_make1(ref);
		query->rtable = list_make1(rte);
	}
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->jointree = makeFromExpr(from, NULL);
	query->targetList = list_make1(makeTargetEntry(expr, 1, pstrdup("value"), false));
	query->hasSubLinks = checkExprHasSubLink((Node *) expr);
	query->stmt_location = -1;
	return query;
}

static Node *
make_sublink(Level *level, Query *select)
{
	SubLink *sublink = makeNode(SubLink);

	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) select;
	sublink->location = -1;
	level->query->hasSubLinks = true;
	return (Node *) sublink;
}

static char *
make_name(Statement *statement, const char *function)
{
	char *name = psprintf("%s_%d", function, ++statement->names);
	ListCell *lc;

	foreach (lc, statement->top->cteList)
	{
		if (strcmp(lfirst_node(CommonTableExpr, lc)->ctename, name) == 0)
			return make_name(statement, function);
	}
	return name;
}

/* The CTE that makes the call; NULL if there are too many. */
static CommonTableExpr *
cte_of(Statement *statement, FuncExpr *call)
{
	CommonTableExpr *cte;
	ListCell *lc;

	foreach (lc, statement->calls)
	{
		if (equal(lfirst(lc), call))
			return list_nth(statement->ctes, foreach_current_index(lc));
	}
	if (statement->names >= MAX_CALLS)
		return NULL;

	cte = makeNode(CommonTableExpr);
	cte->ctename = make_name(statement, air_door_of(call->funcid)->name);
	cte->ctematerialized = CTEMaterializeAlways;
	cte->ctequery = (Node *) make_select(NULL, copyObject((Expr *) call));
	cte->location = -1;
	cte->ctecolnames = list_make1(makeString(pstrdup("value")));
	cte->ctecoltypes = list_make1_oid(exprType((Node *) call));
	cte->ctecoltypmods = list_make1_int(exprTypmod((Node *) call));
	cte->ctecolcollations = list_make1_oid(exprCollation((Node *) call));
	/* A subselect among the arguments may hold calls of its own; their CTEs come first. */
	call_once(statement, castNode(Query, cte->ctequery), 1, false);
	statement->calls = lappend(statement->calls, copyObject(call));
	statement->ctes = lappend(statement->ctes, cte);
	return cte;
}

/* (SELECT value FROM cte) */
static Node *
read_cte(Level *level, CommonTableExpr *cte)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	Oid type = linitial_oid(cte->ctecoltypes);
	int32 typmod = linitial_int(cte->ctecoltypmods);
	Oid collation = linitial_oid(cte->ctecolcollations);

	rte->rtekind = RTE_CTE;
	rte->ctename = pstrdup(cte->ctename);
	rte->ctelevelsup = level->depth + 1;
	rte->coltypes = list_copy(cte->ctecoltypes);
	rte->coltypmods = list_copy(cte->ctecoltypmods);
	rte->colcollations = list_copy(cte->ctecolcollations);
	rte->eref = makeAlias(cte->ctename, list_make1(makeString(pstrdup("value"))));
	rte->inFromCl = true;
	cte->cterefcount++;
	return make_sublink(level,
						make_select(rte, (Expr *) makeVar(1, 1, type, typmod, collation, 0)));
}

/* The call made once, or NULL if it must stay where it is. */
static Node *
replacement(Level *level, FuncExpr *call)
{
	CommonTableExpr *cte;
	bool ctes;

	if (!air_is_constant((Node *) call, &ctes))
		return NULL;
	if (ctes)
	{
		/* It reads a CTE of the user's, which ours would have to come after: make it in place. */
		Query *select = make_select(NULL, copyObject((Expr *) call));

		IncrementVarSublevelsUp((Node *) select->targetList, 1, 0);
		call_once(level->statement, select, level->depth + 1, false);
		return make_sublink(level, select);
	}
	cte = cte_of(level->statement, call);
	return cte == NULL ? NULL : read_cte(level, cte);
}

/* --- Where ------------------------------------------------------------------------ */

static Node *
replace_calls(Node *node, void *arg)
{
	Level *level = arg;

	if (node == NULL)
		return NULL;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			if (level->repeats && air_door_of(((FuncExpr *) node)->funcid) != NULL)
			{
				Node *once = replacement(level, (FuncExpr *) node);

				if (once != NULL)
					return once;
			}
			break;
		case T_SubLink:
		{
			SubLink *sublink = (SubLink *) node;
			bool once;

			sublink->testexpr = replace_calls(sublink->testexpr, level);
			/* The planner evaluates one that does not depend on rows once; not so x IN (..). */
			once = !air_look_outside(sublink->subselect).rows &&
				   sublink->subLinkType != ANY_SUBLINK && sublink->subLinkType != ALL_SUBLINK;
			call_once(level->statement, castNode(Query, sublink->subselect), level->depth + 1,
					  level->repeats && !once);
			return (Node *) sublink;
		}
		case T_Aggref:
			/* What belongs to a query further up is moved there when planned. */
			if (((Aggref *) node)->agglevelsup > 0)
				return copyObject(node);
			break;
		case T_GroupingFunc:
			return copyObject(node);
		default:
			break;
	}
	return expression_tree_mutator(node, replace_calls, arg);
}

/* With grouping sets, a grouped value is NULL in some rows; a subselect's would not be. */
static bool
groups_by_call(Query *query)
{
	ListCell *lc;

	if (query->groupingSets == NIL)
		return false;
	foreach (lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->ressortgroupref != 0 && air_holds_call((Node *) tle->expr))
			return true;
	}
#if PG_VERSION_NUM >= 180000
	foreach (lc, query->rtable)
	{
		if (air_holds_call((Node *) lfirst_node(RangeTblEntry, lc)->groupexprs))
			return true;
	}
#endif
	return false;
}

#define REPLACE(field, level) ((field) = (void *) replace_calls((Node *) (field), (level)))

static void
replace_in_relation(Level *level, RangeTblEntry *rte, bool joined)
{
	REPLACE(rte->securityQuals, level);
	switch (rte->rtekind)
	{
		case RTE_SUBQUERY:
			call_once(level->statement, rte->subquery, level->depth + 1, joined || rte->lateral);
			break;
		case RTE_FUNCTION:
			/* Otherwise evaluated once, and what it returned is kept. */
			if (rte->lateral)
				REPLACE(rte->functions, level);
			break;
		case RTE_TABLEFUNC:
			if (rte->lateral)
				REPLACE(rte->tablefunc, level);
			break;
		case RTE_VALUES:
			if (joined || rte->lateral)
				REPLACE(rte->values_lists, level);
			break;
		default:
			break;
	}
}

/* repeats: the query itself may be evaluated more than once in the statement. */
static void
call_once(Statement *statement, Query *query, int depth, bool repeats)
{
	Level level = {statement, query, depth, repeats};
	List *from = query->jointree ? query->jointree->fromlist : NIL;
	/* Rows of one relation may meet, or be read again for, those of another. */
	bool joined = repeats || list_length(from) > 1 || query->commandType == CMD_MERGE ||
				  (from != NIL && !IsA(linitial(from), RangeTblRef));
	ListCell *lc;

	check_stack_depth();
	if (!air_holds_call((Node *) query))
		return;
	level.repeats = repeats || from != NIL || query->hasTargetSRFs;

	if (!groups_by_call(query))
	{
		REPLACE(query->targetList, &level);
		REPLACE(query->havingQual, &level);
#if PG_VERSION_NUM >= 180000
		foreach (lc, query->rtable)
			REPLACE(lfirst_node(RangeTblEntry, lc)->groupexprs, &level);
#endif
	}
	REPLACE(query->jointree, &level);
	REPLACE(query->limitOffset, &level);
	REPLACE(query->limitCount, &level);
	REPLACE(query->withCheckOptions, &level);
	REPLACE(query->onConflict, &level);
	REPLACE(query->mergeActionList, &level);
#if PG_VERSION_NUM >= 170000
	REPLACE(query->mergeJoinCondition, &level);
#endif
	REPLACE(query->returningList, &level);
	foreach (lc, query->rtable)
		replace_in_relation(&level, lfirst_node(RangeTblEntry, lc), joined);
	foreach (lc, query->cteList)
		call_once(statement, castNode(Query, lfirst_node(CommonTableExpr, lc)->ctequery), depth + 1,
				  level.repeats);
}

void
air_call_once(Query *query)
{
	Statement statement = {.top = query};

	call_once(&statement, query, 0, false);
	/* Before those that may read them. */
	query->cteList = list_concat(statement.ctes, query->cteList);
}
