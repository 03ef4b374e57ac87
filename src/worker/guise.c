/*
 * guise.c
 *	  The writer acts as the owner of a table that is not a superuser's.
 *
 * Whoever was made the owner of one of our tables can put triggers on it.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "worker/guise.h"

AirGuise
air_guise_on(Oid relid)
{
	AirGuise guise = {0};
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (superuser_arg(owner))
		return guise;
	GetUserIdAndSecContext(&guise.user, &guise.security);
	SetUserIdAndSecContext(owner, guise.security | SECURITY_RESTRICTED_OPERATION);
	guise.settings = NewGUCNestLevel();
	return guise;
}

void
air_guise_off(AirGuise guise)
{
	if (guise.settings == 0)
		return;
	AtEOXact_GUC(false, guise.settings);
	SetUserIdAndSecContext(guise.user, guise.security);
}
