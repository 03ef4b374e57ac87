/*
 * extract.c
 *	  ai_extract(text, jsonb): what a text says, as a document that satisfies a schema.
 */
#include "base/pg.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "sql/document.h"
#include "sql/doors.h"

PG_FUNCTION_INFO_V1(ai_extract);

/* What the call site's last schema came to. */
typedef struct Kept
{
	MemoryContext cxt; /* of all below; child of fn_mcxt */
	Jsonb *key;
	AirDemand demand;
} Kept;

/* The demand of the schema in argument `arg`, made once per call site and datum. */
static const AirDemand *
demand_of(FunctionCallInfo fcinfo, int arg)
{
	void **own = air_front_own(fcinfo);
	Kept *kept = *own;
	Jsonb *schema = PG_GETARG_JSONB_P(arg);
	MemoryContext caller;
	int flags;

	if (kept != NULL && kept->key != NULL && VARSIZE(kept->key) == VARSIZE(schema) &&
		memcmp(kept->key, schema, VARSIZE(schema)) == 0)
		return &kept->demand;
	if (kept == NULL)
	{
		kept = *own = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Kept));
		kept->cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "ai_router schema",
										  ALLOCSET_SMALL_SIZES);
	}
	kept->key = NULL;
	MemoryContextReset(kept->cxt);
	caller = MemoryContextSwitchTo(kept->cxt);
	air_demand_make(&kept->demand, air_demand_schema(schema, &flags, "ai_extract"), flags,
					"ai_extract");
	kept->key = memcpy(palloc(VARSIZE(schema)), schema, VARSIZE(schema));
	MemoryContextSwitchTo(caller);
	return &kept->demand;
}

/* The judge has let through nothing that a jsonb cannot hold. */
static void
take_document(int i, AirCall *call, void *arg)
{
	AirFrontWork *w = arg;
	const AirResult *result = air_call_result(call);

	w->isnull = !result->ok;
	if (result->ok)
		w->value = DirectFunctionCall1(jsonb_in, CStringGetDatum(result->answer));
	else
		air_call_null_or_raise(call);
}

static AirWork *
extract_begin(AirFlow *flow, FunctionCallInfo fcinfo)
{
	AirCallSpec spec;

	if (PG_ARGISNULL(0))
		return NULL;
	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the schema of ai_extract must not be null"),
						errhint("Write {\"vendor\": \"text\", \"total\": \"numeric\"}, or a JSON "
								"Schema.")));
	air_demand_spec(&spec, "ai_extract", "extract", text_to_cstring(PG_GETARG_TEXT_PP(0)),
					demand_of(fcinfo, 1), air_front_hints(fcinfo, 2));
	return air_front_begin(flow, &spec, take_document);
}

const AirDoor air_door_extract = {
	.symbol = "ai_extract",
	.name = "ai_extract",
	.begin = extract_begin,
	.finish = air_front_finish,
};

/* ai_extract(input text, schema jsonb, hints jsonb) returns jsonb */
Datum
ai_extract(PG_FUNCTION_ARGS)
{
	return air_door_call(&air_door_extract, fcinfo);
}
