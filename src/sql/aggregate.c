/*
 * aggregate.c
 *	  ai_agg(), ai_summarize_agg(): SQL's side of them.
 *
 * What is left of a group when all its rows have come is either one pack, if they all fit into
 * a call, or answers about parts.  The final function asks the rest and waits.
 *
 * The final functions leave the state as it is but for answers that have come meanwhile, so
 * that they may be called after each row of a window.
 */
#include "base/pg.h"

#include "utils/builtins.h"

#include "sql/group.h"

PG_FUNCTION_INFO_V1(air_agg_step);
PG_FUNCTION_INFO_V1(air_summarize_agg_step);
PG_FUNCTION_INFO_V1(air_agg_final);
PG_FUNCTION_INFO_V1(air_agg_collect);

static const AirAggregate agg = {"ai_agg", "agg", true};
static const AirAggregate summarize_agg = {"ai_summarize_agg", "summarize_agg", false};

static AirGroups *
groups_of(FunctionCallInfo fcinfo, const AirAggregate *kind)
{
	AirGroups *groups = fcinfo->flinfo->fn_extra;

	if (groups == NULL)
	{
		groups = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(AirGroups));
		groups->cxt = fcinfo->flinfo->fn_mcxt;
		groups->kind = kind;
		dlist_init(&groups->live);
		fcinfo->flinfo->fn_extra = groups;
	}
	return groups;
}

static void
refuse_change(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be the same for all rows of a group", what),
			 errhint("Put what differs between rows into the first argument, or GROUP BY it.")));
}

/* The first row of a group: keep what all of them have in common. */
static AirGroup *
begin_group(FunctionCallInfo fcinfo, const AirAggregate *kind, MemoryContext cxt, text *instruction,
			Jsonb *hints)
{
	AirGroup *group = air_group_begin(groups_of(fcinfo, kind), fcinfo, cxt);
	MemoryContext caller = MemoryContextSwitchTo(cxt);

	if (instruction != NULL)
		group->instruction = text_to_cstring(instruction);
	if (hints != NULL)
		group->hints = memcpy(palloc(VARSIZE(hints)), hints, VARSIZE(hints));
	MemoryContextSwitchTo(caller);
	/* Bad ones are told of at once. */
	(void) air_group_ask(group);
	return group;
}

/* The rows of a group must agree on what is asked. */
static void
check_same(const AirGroup *group, text *instruction, Jsonb *hints)
{
	if (instruction != NULL &&
		(strlen(group->instruction) != VARSIZE_ANY_EXHDR(instruction) ||
		 memcmp(group->instruction, VARDATA_ANY(instruction), VARSIZE_ANY_EXHDR(instruction)) != 0))
		refuse_change("instruction");
	if ((hints == NULL) != (group->hints == NULL) ||
		(hints != NULL && (VARSIZE(hints) != VARSIZE(group->hints) ||
						   memcmp(hints, group->hints, VARSIZE(hints)) != 0)))
		refuse_change("hints");
}

static Datum
step(FunctionCallInfo fcinfo, const AirAggregate *kind)
{
	AirGroup *group = PG_ARGISNULL(0) ? NULL : (AirGroup *) PG_GETARG_POINTER(0);
	int arg = kind->instructed ? 3 : 2;
	text *instruction = NULL;
	Jsonb *hints = NULL;
	MemoryContext cxt;
	text *row;

	if (!AggCheckCallContext(fcinfo, &cxt))
		elog(ERROR, "%s called outside of an aggregate", kind->function);
	if (PG_ARGISNULL(1))
	{
		if (group == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(group);
	}
	if (kind->instructed)
	{
		if (PG_ARGISNULL(2))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("instruction must not be NULL")));
		instruction = PG_GETARG_TEXT_PP(2);
	}
	if (PG_NARGS() > arg && !PG_ARGISNULL(arg))
		hints = PG_GETARG_JSONB_P(arg);
	if (hints != NULL && JB_ROOT_IS_OBJECT(hints) && JB_ROOT_COUNT(hints) == 0)
		hints = NULL;

	if (group == NULL)
		group = begin_group(fcinfo, kind, cxt, instruction, hints);
	else
		check_same(group, instruction, hints);
	if (group->groups->nlive > 0)
		air_engine_poll();
	if (!group->failed)
	{
		row = PG_GETARG_TEXT_PP(1);
		air_group_add_row(group, fcinfo, VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row));
		if ((Pointer) row != PG_GETARG_POINTER(1))
			pfree(row);
	}
	if (group->failed)
		air_group_give_up(group);
	PG_RETURN_POINTER(group);
}

/* ai_agg's: (internal, input text, instruction text [, hints jsonb]) returns internal */
Datum
air_agg_step(PG_FUNCTION_ARGS)
{
	return step(fcinfo, &agg);
}

/* ai_summarize_agg's: (internal, input text [, hints jsonb]) returns internal */
Datum
air_summarize_agg_step(PG_FUNCTION_ARGS)
{
	return step(fcinfo, &summarize_agg);
}

/* --- Final functions ----------------------------------------------------------------- */

/* What is left to be asked about a group; false: its value is NULL. */
static bool
make_parcel(AirGroup *group, AirParcel *parcel)
{
	List *answers;
	ListCell *lc;

	memset(parcel, 0, sizeof(*parcel));
	if (group->failed)
		return false;
	parcel->ask = air_group_ask(group);
	parcel->hints = group->hints;
	if (group->parts == NIL)
	{
		parcel->texts = palloc(sizeof(char *));
		parcel->texts[parcel->n++] = air_group_pack(group);
		return true;
	}
	answers = air_group_answers(group);
	parcel->merge = true;
	parcel->texts = palloc(sizeof(char *) * Max(list_length(answers), 1));
	foreach (lc, answers)
		parcel->texts[parcel->n++] = lfirst(lc);
	if (group->failed)
		air_group_give_up(group);
	return !group->failed;
}

/* The state, with a pack; NULL: there were no rows. */
static AirGroup *
group_of(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "final function called outside of an aggregate");
	return PG_ARGISNULL(0) ? NULL : (AirGroup *) PG_GETARG_POINTER(0);
}

/* final(internal) returns text: asks what is left and waits */
Datum
air_agg_final(PG_FUNCTION_ARGS)
{
	AirGroup *group = group_of(fcinfo);
	AirParcel parcel;
	AirFlow *flow;
	char *answer;

	if (group == NULL || !make_parcel(group, &parcel))
		PG_RETURN_NULL();
	flow = air_flow_begin();
	answer = air_ask_finish(air_ask_begin(flow, &parcel.ask, parcel.merge, parcel.texts, parcel.n));
	air_flow_end(flow);
	if (answer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(answer));
}

/* collect(internal) returns jsonb: a parcel, for the other half in parcel.c */
Datum
air_agg_collect(PG_FUNCTION_ARGS)
{
	AirGroup *group = group_of(fcinfo);
	AirParcel parcel;

	if (group == NULL || !make_parcel(group, &parcel))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(air_parcel_write(&parcel));
}
