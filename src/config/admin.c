/*
 * admin.c
 *	  C functions behind the tables' triggers and ai_router.check().
 *
 * No state, no locks beyond those of the catalogs that are read.
 */
#include "base/pg.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "config/credentials.h"
#include "config/registry.h"

PG_FUNCTION_INFO_V1(air_invalidate);
PG_FUNCTION_INFO_V1(air_credential_problem);
PG_FUNCTION_INFO_V1(air_skipped);

/*
 * ai_router.invalidate(): trigger function.  Announces a change of its table to
 * all sessions: to this one at the end of the command, to others at commit.
 */
Datum
air_invalidate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("ai_router.invalidate() can be called as a trigger only")));
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}

/* The roles with a user mapping at the server; InvalidOid stands for PUBLIC. */
static List *
mapped_roles(Oid server)
{
	Relation rel = table_open(UserMappingRelationId, AccessShareLock);
	List *roles = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_user_mapping_umserver, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(server));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		roles = lappend_oid(roles, ((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return roles;
}

/* Why a call of this role at this server would have no usable credential, or NULL. */
static char *
problem_of(const AirServer *server, Oid role)
{
	AirCredential credential;
	AirFailure failure;

	if (air_credential_get(server, role, &credential, NULL, NULL, &failure))
		return NULL;
	return psprintf("user mapping of %s: %s",
					OidIsValid(role) ? quote_identifier(GetUserNameFromId(role, true)) : "PUBLIC",
					failure.message);
}

/*
 * ai_router.credential_problem(server name): what is wrong with the user
 * mappings of a server, or NULL.  Secrets are tried out, not shown.
 */
Datum
air_credential_problem(PG_FUNCTION_ARGS)
{
	char *name = NameStr(*PG_GETARG_NAME(0));
	const AirConfig *config = air_config_acquire();
	char *problem = NULL;

	PG_TRY();
	{
		const AirServer *server = air_config_server(config, name);
		AirCredential credential;
		AirFailure failure;

		if (server == NULL)
			problem = psprintf("there is no usable server \"%s\"", name);
		else
		{
			List *roles = mapped_roles(server->oid);
			ListCell *lc;

			if (server->api->offline && roles != NIL)
				problem = "a user mapping has no effect here";
			else if (roles == NIL &&
					 !air_credential_get(server, InvalidOid, &credential, NULL, NULL, &failure))
				problem = "there is no user mapping with a key";
			foreach (lc, roles)
			{
				if (problem == NULL)
					problem = problem_of(server, lfirst_oid(lc));
			}
		}
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();

	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* ai_router.skipped(): objects that the current configuration leaves out, and why. */
Datum
air_skipped(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const AirConfig *config;

	InitMaterializedSRF(fcinfo, 0);
	config = air_config_acquire();
	PG_TRY();
	{
		for (int i = 0; i < config->nskipped; i++)
		{
			Datum values[2] = {CStringGetTextDatum(config->skipped[i].object),
							   CStringGetTextDatum(config->skipped[i].problem)};
			bool nulls[2] = {false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();
	return (Datum) 0;
}
