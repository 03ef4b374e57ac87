/*
 * compat.h
 *	  Differences between PostgreSQL 15 and 18, each in one inline function.
 */
#ifndef AIR_COMPAT_H
#define AIR_COMPAT_H

#include "base/pg.h"

#include "access/genam.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_proc.h"
#include "commands/explain.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "storage/waiteventset.h"
#endif

/* A WaitEventSet that lives as long as the backend. */
static inline WaitEventSet *
air_create_wait_event_set_compat(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/* The wait event of a backend that waits for a provider; PostgreSQL 17 lets it have a name. */
static inline uint32
air_wait_event_compat(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("AiRouterProvider");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* The wait event of a writer that waits for rows. */
static inline uint32
air_writer_wait_event_compat(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("AiRouterWriter");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* The wait event of a backend that waits for a lock on ai_router.cache. */
static inline uint32
air_cache_wait_event_compat(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("AiRouterCacheTable");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* Begin an index scan with so many keys. */
static inline IndexScanDesc
air_index_beginscan_compat(Relation rel, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(rel, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(rel, index, snapshot, nkeys, 0);
#endif
}

/* USAGE on a foreign server. */
static inline AclResult
air_server_usage_compat(Oid server, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ForeignServerRelationId, server, role, ACL_USAGE);
#else
	return pg_foreign_server_aclcheck(server, role, ACL_USAGE);
#endif
}

/* Plan and explain a query as without an ExplainOneQuery hook. */
static inline void
air_explain_one_query_compat(Query *query, int cursor_options, IntoClause *into, ExplainState *es,
							 const char *source, ParamListInfo params, QueryEnvironment *env)
{
#if PG_VERSION_NUM >= 170000
	standard_ExplainOneQuery(query, cursor_options, into, es, source, params, env);
#else
	BufferUsage before = pgBufferUsage;
	BufferUsage used = {0};
	instr_time start, duration;
	PlannedStmt *plan;

	INSTR_TIME_SET_CURRENT(start);
	plan = pg_plan_query(query, source, cursor_options, params);
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, start);
	if (es->buffers)
		BufferUsageAccumDiff(&used, &pgBufferUsage, &before);
	ExplainOnePlan(plan, into, es, source, params, env, &duration, es->buffers ? &used : NULL);
#endif
}

/* Relations that columns are told apart by; PostgreSQL 18 lists one for GROUP BY, too. */
static inline int
air_explain_relations_compat(const ExplainState *es)
{
#if PG_VERSION_NUM >= 180000
	return es->rtable_size;
#else
	return list_length(es->rtable);
#endif
}

/*
 * May a hash join of this type read an outer row before it fills its table?  As nodeHashjoin.c:
 * one that gives unmatched inner rows never does, one that gives unmatched outer rows always.
 */
static inline bool
air_may_fetch_outer_first_compat(JoinType jointype)
{
#if PG_VERSION_NUM >= 180000
	if (jointype == JOIN_RIGHT_SEMI)
		return true;
#endif
	return jointype == JOIN_INNER || jointype == JOIN_SEMI;
}

/* On what rows of MERGE's two sides meet, as far as the node itself has to know. */
static inline Node *
air_merge_conditions_compat(const ModifyTable *plan)
{
#if PG_VERSION_NUM >= 170000
	return (Node *) plan->mergeJoinConditions;
#else
	return NULL;
#endif
}

/*
 * A node of ours stands where the other stood, above or in place of it: what the planner was
 * told not to use and used is counted for both alike.  EXPLAIN takes for "Disabled" a node with
 * more than its children, and looks for those of a CustomScan in custom_plans only: an
 * empty node there, which nothing runs, accounts for all that was counted.
 */
static inline void
air_disabled_nodes_compat(CustomScan *ours, const Plan *other)
{
#if PG_VERSION_NUM >= 180000
	Result *counted;

	ours->scan.plan.disabled_nodes = other->disabled_nodes;
	ours->custom_plans = NIL;
	if (other->disabled_nodes == 0)
		return;
	counted = makeNode(Result);
	counted->plan.disabled_nodes = other->disabled_nodes;
	ours->custom_plans = list_make1(counted);
#endif
}

/* EXECUTE on a function. */
static inline AclResult
air_function_execute_compat(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE);
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE);
#endif
}

/*
 * Is a role a member of another, itself included, that a superuser was made one of too?  From
 * PostgreSQL 16 on who creates a role is a member of it WITH ADMIN OPTION: that is for
 * granting it, and counts for nothing where it neither passes on rights nor may be acted as.
 */
static inline bool
air_is_member_compat(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	if (!superuser_arg(member))
		return has_privs_of_role(member, role) || member_can_set_role(member, role);
#endif
	return is_member_of_role_nosuper(member, role);
}

/* A name such as schema.function as a list. */
static inline List *
air_qualified_name_compat(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return stringToQualifiedNameList(name, NULL);
#else
	return stringToQualifiedNameList(name);
#endif
}

/* Parameters of an ExecutorRun hook, and the same to pass on. */
#if PG_VERSION_NUM >= 180000
#define AIR_EXECUTOR_RUN_ARGS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define AIR_EXECUTOR_RUN_PASS queryDesc, direction, count
#else
#define AIR_EXECUTOR_RUN_ARGS                                                                      \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define AIR_EXECUTOR_RUN_PASS queryDesc, direction, count, execute_once
#endif

#endif
