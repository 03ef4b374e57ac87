/*
 * check_function.c
 *	  The check function of a cascade's rule: (prompt text, answer text) returns boolean.
 *
 * It runs in a subtransaction, at a point where the engine is in no middle of anything: it
 * may read, write and call AI.  Whatever it raises means "not accepted", and is told once
 * per statement; what ends a statement (cancel, time-out, shutdown) goes on.
 *
 * It runs with the rights of the role whose call it is, which needs EXECUTE on it.  But who
 * may write rules could make a superuser run anything that way: a function that is no
 * superuser's runs with its owner's rights then, as it does when VACUUM calls it.
 */
#include "base/pg.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/raise.h"
#include "call/cascade.h"
#include "call/check_function.h"

Oid
air_check_function(const char *name)
{
	Oid types[2] = {TEXTOID, TEXTOID};
	List *names = air_qualified_name_compat(name);
	Oid function;
	HeapTuple tuple;
	Form_pg_proc form;
	bool fits;

	if (!OidIsValid(LookupNamespaceNoError(strVal(linitial(names)))))
		return InvalidOid;
	function = LookupFuncName(names, 2, types, true);
	if (!OidIsValid(function))
		return InvalidOid;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	fits = form->prokind == PROKIND_FUNCTION && form->prorettype == BOOLOID && !form->proretset;
	ReleaseSysCache(tuple);
	return fits ? function : InvalidOid;
}

static Oid
owner_of(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Find the function as the role does; raises if it may not be called. */
static Oid
find(const char *name, Oid role)
{
	Oid function = air_check_function(name);

	if (!OidIsValid(function))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("there is no function %s(text, text) that returns boolean", name)));
	if (air_function_execute_compat(function, role) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("role \"%s\" may not execute function %s(text, text)",
							   GetUserNameFromId(role, false), name)));
	return function;
}

/* What there is to know of the call: it may be gone when the function returns. */
typedef struct Check
{
	char *function;
	char *rule;
	Oid role;
	Datum question;
	Datum answer;
	AirStatement *statement; /* with a reference */
} Check;

static void
prepare(Check *check, AirCall *call)
{
	check->function = pstrdup(call->route.rule->option.check);
	check->rule = pstrdup(call->route.rule->name);
	check->role = call->role;
	check->question = CStringGetTextDatum(call->question);
	check->answer = CStringGetTextDatum(air_answer_plain(call, call->cascade->text));
	check->statement = call->statement;
	check->statement->refs++;
}

/* Call it as its caller, or as its owner where that is safer; raises what it raises. */
static bool
call_function(const Check *check)
{
	LOCAL_FCINFO(fcinfo, 2);
	FmgrInfo flinfo;
	Oid outer, function;
	int security;
	int settings = 0;
	Datum holds;

	GetUserIdAndSecContext(&outer, &security);
	SetUserIdAndSecContext(check->role, security | SECURITY_LOCAL_USERID_CHANGE);
	function = find(check->function, check->role);
	if (superuser_arg(check->role) && !superuser_arg(owner_of(function)))
	{
		SetUserIdAndSecContext(owner_of(function), security | SECURITY_LOCAL_USERID_CHANGE |
													   SECURITY_RESTRICTED_OPERATION);
		settings = NewGUCNestLevel();
	}
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 2, DEFAULT_COLLATION_OID, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){check->question, false};
	fcinfo->args[1] = (NullableDatum){check->answer, false};
	holds = FunctionCallInvoke(fcinfo);
	if (settings > 0)
		AtEOXact_GUC(false, settings);
	SetUserIdAndSecContext(outer, security);
	return !fcinfo->isnull && DatumGetBool(holds);
}

/* Tell what it raised, once per statement. */
static void
warn(const Check *check, const ErrorData *error)
{
	if (check->statement->check_warned)
		return;
	check->statement->check_warned = true;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("check function of rule \"%s\" failed: %s", check->rule, error->message),
			 errdetail("An answer that it cannot check is not accepted: the next model is asked. "
					   "Further failures in this statement are not shown."),
			 errhint("Correct function %s(text, text), or the option \"check\" of the rule.",
					 check->function)));
}

/* Call it in a subtransaction. */
static bool
call_safely(const Check *check)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool ok = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		ok = call_function(check);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (air_is_cancel(error))
			ReThrowError(error);
		ok = false;
		warn(check, error);
	}
	PG_END_TRY();
	return ok;
}

bool
air_check_function_holds(AirCall *call)
{
	MemoryContext work =
		AllocSetContextCreate(air_engine_context(), "ai_router check", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	Check check = {0};
	volatile bool ok = false;

	PG_TRY();
	{
		check_stack_depth();
		prepare(&check, call);
		if (IsInParallelMode()) /* no subtransaction there: what it raises ends the statement */
		{
			PushActiveSnapshot(GetActiveSnapshot());
			ok = call_function(&check);
			PopActiveSnapshot();
		}
		else
			ok = call_safely(&check);
	}
	PG_FINALLY();
	{
		MemoryContextSwitchTo(caller);
		air_statement_leave(check.statement);
		MemoryContextDelete(work);
	}
	PG_END_TRY();
	return ok;
}
