/*
 * rewrite_unread.c
 *	  Calls whose answers nothing reads are not made.
 *
 * SELECT count(*) FROM a_view needs none of the view's columns.  The planner drops what it
 * may, but keeps volatile functions, in case somebody wants their side effects.  Nobody wants
 * to pay for an answer that is not read.  So an output of a subquery, view or CTE that holds a
 * call, or passes on a column of another subquery, becomes NULL if nothing above reads it.
 *
 * From the top down: each query is told which of its outputs are read; what it reads itself
 * is then found in what is left of it.  CTEs come last, after all that may refer to them.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"

#include "batch/rewrite.h"

/* Columns of a relation that are read; with member 0, all of them. */
typedef Bitmapset Columns;

/* A query and those around it. */
typedef struct Level
{
	struct Level *up;
	Query *query;
	Columns **ctes; /* what is read of each CTE, in the order of cteList */
} Level;

/* What the expressions of one query read of its relations. */
typedef struct Reads
{
	Query *query;
	int level;      /* of the query from where we are */
	Columns **rels; /* by range table index */
} Reads;

static bool
is_read(const Columns *columns, int attno)
{
	return bms_is_member(0, columns) || bms_is_member(attno, columns);
}

static Columns *
everything(void)
{
	return bms_make_singleton(0);
}

static bool
collect_reads(Node *node, void *arg)
{
	Reads *reads = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var *var = (Var *) node;
		RangeTblEntry *rte;
		int level = reads->level;
		int k = 0;
		ListCell *lc;

		/* Neither a system column nor one that is known already. */
		if (var->varlevelsup != level || var->varattno < 0 ||
			bms_is_member(var->varattno, reads->rels[var->varno]))
			return false;
		reads->rels[var->varno] = bms_add_member(reads->rels[var->varno], var->varattno);

		/* A column of a join is one of a relation in it. */
		rte = rt_fetch(var->varno, reads->query->rtable);
		if (rte->rtekind == RTE_JOIN)
		{
			reads->level = 0;
			foreach (lc, rte->joinaliasvars)
			{
				k++;
				if (var->varattno == 0 || var->varattno == k)
					(void) collect_reads(lfirst(lc), reads);
			}
			reads->level = level;
		}
		return false;
	}
	if (IsA(node, Query))
	{
		/* All that a query inside reads of us counts, even if that turns out to be unread. */
		reads->level++;
		(void) query_tree_walker((Query *) node, collect_reads, reads, 0);
		reads->level--;
		return false;
	}
	return expression_tree_walker(node, collect_reads, arg);
}

/* Does the expression pass on a column of a subquery of this query? */
static bool
find_subquery_column(Node *node, void *arg)
{
	Query *query = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
	{
		RTEKind kind = rt_fetch(((Var *) node)->varno, query->rtable)->rtekind;

		return kind == RTE_SUBQUERY || kind == RTE_CTE || kind == RTE_JOIN;
	}
	return expression_tree_walker(node, find_subquery_column, arg);
}

/* May an output that nothing reads be dropped, and is it worth it? */
static bool
can_drop(Query *query, TargetEntry *tle)
{
	Node *expr = (Node *) tle->expr;

	/* Sorting, grouping and sets make or order rows. */
	if (tle->resjunk || tle->ressortgroupref != 0 || expression_returns_set(expr) ||
		air_holds_other_volatile(expr))
		return false;
	return air_holds_call(expr) || find_subquery_column(expr, query);
}

/* Drop outputs of a SELECT that are not read; returns the others. */
static List *
drop_outputs(Query *query, const Columns *read)
{
	List *left = NIL;
	ListCell *lc;

	foreach (lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Node *expr = (Node *) tle->expr;

		if (is_read(read, tle->resno) || !can_drop(query, tle))
			left = lappend(left, tle);
		else
			tle->expr =
				(Expr *) makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
	}
	return left;
}

/* Is it UNION ALL and nothing else?  Only then does an unread column not decide on rows. */
static bool
is_union_all(Node *node)
{
	SetOperationStmt *op = (SetOperationStmt *) node;

	if (IsA(node, RangeTblRef))
		return true;
	return IsA(node, SetOperationStmt) && op->op == SETOP_UNION && op->all &&
		   is_union_all(op->larg) && is_union_all(op->rarg);
}

/* What a set operation reads of each of its members. */
static Columns *
set_operation_reads(Query *query, const Columns *read)
{
	Columns *reads = bms_copy(read);
	ListCell *lc;

	if (!is_union_all(query->setOperations))
		return everything();
	foreach (lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk || tle->ressortgroupref != 0)
			reads = bms_add_member(reads, tle->resno);
	}
	return reads;
}

/* Tell a CTE what one reference to it reads. */
static void
note_cte(Level *level, RangeTblEntry *rte, const Columns *read)
{
	ListCell *lc;

	for (Index i = 0; i < rte->ctelevelsup && level != NULL; i++)
		level = level->up;
	if (level == NULL)
		elog(ERROR, "no query for CTE \"%s\"", rte->ctename);
	foreach (lc, level->query->cteList)
	{
		Columns **columns = &level->ctes[foreach_current_index(lc)];

		if (strcmp(lfirst_node(CommonTableExpr, lc)->ctename, rte->ctename) == 0)
			*columns = bms_add_members(*columns, read);
	}
}

static void drop_unread(Query *query, const Columns *read, Level *up);

static bool
drop_in_sublinks(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		SubLink *sublink = (SubLink *) node;

		drop_unread(castNode(Query, sublink->subselect),
					sublink->subLinkType == EXISTS_SUBLINK ? NULL : everything(), arg);
		return drop_in_sublinks(sublink->testexpr, arg);
	}
	return expression_tree_walker(node, drop_in_sublinks, arg);
}

static void
drop_unread(Query *query, const Columns *read, Level *up)
{
	Level level = {.up = up, .query = query};
	Reads reads = {.query = query};
	int ncte = list_length(query->cteList);
	Columns *of_members = NULL;
	ListCell *lc;

	check_stack_depth();
	level.ctes = palloc0(sizeof(Columns *) * (ncte + 1));
	reads.rels = palloc0(sizeof(Columns *) * (list_length(query->rtable) + 1));

	if (query->setOperations != NULL)
		of_members = set_operation_reads(query, read);
	else
	{
		List *outputs = query->targetList;

		if (query->commandType == CMD_SELECT)
			query->targetList = drop_outputs(query, read);
		(void) query_tree_walker(query, collect_reads, &reads, QTW_IGNORE_JOINALIASES);
		query->targetList = outputs;
	}

	foreach (lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		Columns *columns = of_members ? of_members : reads.rels[foreach_current_index(lc) + 1];

		if (rte->rtekind == RTE_SUBQUERY)
			drop_unread(rte->subquery, columns, &level);
		else if (rte->rtekind == RTE_CTE)
			note_cte(&level, rte, columns);
	}
	(void) query_tree_walker(query, drop_in_sublinks, &level,
							 QTW_IGNORE_RC_SUBQUERIES | QTW_IGNORE_JOINALIASES);

	/* A CTE refers to earlier ones only. */
	for (int i = ncte - 1; i >= 0; i--)
	{
		CommonTableExpr *cte = list_nth_node(CommonTableExpr, query->cteList, i);

		drop_unread(castNode(Query, cte->ctequery),
					cte->cterecursive ? everything() : level.ctes[i], &level);
	}
}

void
air_drop_unread(Query *query)
{
	drop_unread(query, everything(), NULL);
}
