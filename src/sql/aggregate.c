/*
 * aggregate.c
 *	  ai_agg(), ai_summarize_agg(): the rows of each group, packed as they come.
 *
 * A pack that is full is asked for at once, while more rows are read; its text goes when the
 * answer is there.  What is then left of a group is either one pack, if all its rows fit, or
 * answers about parts; the final function asks the rest and waits.
 *
 * Memory: a group's state lives in the aggregate's context and is small until a pack fills up.
 * What is asked for has a context of its own below that, with a callback that gives up the call:
 * so a group may go at any moment, by rescan, LIMIT or error.  The calls of all groups of one
 * aggregate belong to one flow, which lives as long as the query.
 *
 * The final functions leave the state as it is but for answers that have come meanwhile, so
 * that they may be called after each row of a window.
 */
#include "base/pg.h"

#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/chunk.h"
#include "base/settings.h"
#include "base/text.h"
#include "sql/aggregate.h"
#include "sql/pack.h"

PG_FUNCTION_INFO_V1(air_agg_step);
PG_FUNCTION_INFO_V1(air_summarize_agg_step);
PG_FUNCTION_INFO_V1(air_agg_final);
PG_FUNCTION_INFO_V1(air_agg_collect);

/* So many tokens fit anywhere: what a pack may have is asked for beyond. */
#define SURELY_FITS 200

/* Tokens that a piece of a long row leaves for its number. */
#define NUMBER_TOKENS 12

/* A longer row is measured before it is packed. */
#define LONG_BYTES 16384

/* A group begins with so much. */
#define FIRST_BYTES 64

/* Packs under way may take so much memory together, or work_mem if that is more. */
#define PACKS_BYTES ((size_t) 64 * 1024 * 1024)

/* Calls under way for each that may be in flight: the next is ready when one ends. */
#define LIVE_PER_SLOT 2

/* What the groups of one aggregate of a running query share; in fn_mcxt. */
typedef struct Shared
{
	MemoryContext cxt;
	const AirAggregate *kind;
	AirFlow *flow;   /* NULL: none yet, or ended by the subtransaction that it belonged to */
	dlist_head live; /* Parts that are asked for */
	int nlive;
	size_t bytes; /* of their packs */
	StringInfoData row;
} Shared;

typedef struct Group Group;

/* A part of a group's rows that is asked for by itself. */
typedef struct Part
{
	dlist_node node; /* linked while cxt is there */
	Group *group;
	MemoryContext home; /* of the answers */
	MemoryContext cxt;  /* of pack and call; NULL: there are answers, or the group failed */
	MemoryContextCallback callback;
	size_t bytes; /* of cxt */
	const char *pack;
	AirAsk ask;
	AirCall *call; /* NULL: not submitted */
	List *answers;
} Part;

struct Group
{
	Shared *shared;
	MemoryContext cxt; /* the aggregate's */
	char *instruction; /* or NULL */
	Jsonb *hints;      /* NULL: none */
	StringInfoData pack;
	int64 tokens; /* of the pack, counted row by row */
	int64 room;   /* that a pack has; 0: not asked yet */
	int64 rows;
	List *parts;
	bool failed; /* its value is NULL */
};

static const AirAggregate agg = {"ai_agg", "agg", true};
static const AirAggregate summarize_agg = {"ai_summarize_agg", "summarize_agg", false};

/* --- Parts that are asked for -------------------------------------------------------- */

/* A part's context goes: the call ends with it. */
static void
on_part_gone(void *arg)
{
	Part *part = arg;
	Shared *shared = part->group->shared;

	part->cxt = NULL;
	dlist_delete(&part->node);
	shared->nlive--;
	shared->bytes -= part->bytes;
	if (part->call != NULL && shared->flow != NULL)
		air_call_free(part->call);
	part->call = NULL;
}

static void
submit(Part *part)
{
	MemoryContext caller = MemoryContextSwitchTo(part->cxt);
	AirCallSpec spec;

	air_ask_spec(&part->ask, AIR_ASK_PART, part->pack, &spec);
	part->call = air_call_submit(part->group->shared->flow, &spec);
	MemoryContextSwitchTo(caller);
}

/*
 * Make sure that there is a flow.  If a savepoint has taken the last one, its calls are submitted
 * once more: what was answered is in the cache.
 */
static void
need_flow(Shared *shared)
{
	MemoryContext caller;
	dlist_iter iter;

	if (shared->flow != NULL)
		return;
	dlist_foreach (iter, &shared->live)
		dlist_container(Part, node, iter.cur)->call = NULL;
	caller = MemoryContextSwitchTo(shared->cxt);
	shared->flow = air_flow_begin();
	air_flow_watch(shared->flow, &shared->flow);
	MemoryContextSwitchTo(caller);
	dlist_foreach (iter, &shared->live)
		submit(dlist_container(Part, node, iter.cur));
}

/* What a group asks, in CurrentMemoryContext. */
static AirAsk
ask_of(const Group *group)
{
	const AirAggregate *kind = group->shared->kind;
	AirHints *hints = palloc0(sizeof(AirHints));

	if (group->hints != NULL)
		air_hints_parse(group->hints, "hints", hints);
	return (AirAsk){kind->function, kind->prompt, group->instruction, hints};
}

/* Ask for a part of the rows; its answers will be in `home`. */
static Part *
begin_part(Group *group, MemoryContext home, const char *pack)
{
	Shared *shared = group->shared;
	Part *part = MemoryContextAllocZero(home, sizeof(Part));
	MemoryContext caller;

	need_flow(shared);
	part->group = group;
	part->home = home;
	part->cxt = AllocSetContextCreate(home, "ai_router pack", ALLOCSET_SMALL_SIZES);
	part->callback.func = on_part_gone;
	part->callback.arg = part;
	dlist_push_tail(&shared->live, &part->node);
	shared->nlive++;
	MemoryContextRegisterResetCallback(part->cxt, &part->callback);
	caller = MemoryContextSwitchTo(part->cxt);
	part->pack = pstrdup(pack);
	part->ask = ask_of(group);
	MemoryContextSwitchTo(caller);
	submit(part);
	part->bytes = MemoryContextMemAllocated(part->cxt, false);
	shared->bytes += part->bytes;
	return part;
}

/* A part's call has ended: keep what it says, forget all else. */
static void
end_part(Part *part)
{
	Group *group = part->group;
	MemoryContext caller = MemoryContextSwitchTo(part->home);

	part->answers =
		air_ask_take(group->shared->flow, &part->ask, AIR_ASK_PART, part->pack, part->call);
	group->failed |= part->answers == NIL;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(part->cxt);
}

static void
end_what_has_ended(Shared *shared)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify (iter, &shared->live)
	{
		Part *part = dlist_container(Part, node, iter.cur);

		if (air_call_ended(part->call))
			end_part(part);
	}
}

/* Wait until few enough packs are under way. */
static void
make_room(Shared *shared)
{
	size_t most = Max((size_t) work_mem * 1024, PACKS_BYTES);

	air_engine_poll();
	for (;;)
	{
		need_flow(shared);
		end_what_has_ended(shared);
		if (shared->nlive < LIVE_PER_SLOT * air_max_concurrency &&
			(shared->nlive <= 1 || shared->bytes + air_flow_bytes(shared->flow) < most))
			break;
		air_flow_wait(shared->flow);
	}
}

/* A group's value is NULL: what it has under way is not needed. */
static void
give_up(Group *group)
{
	ListCell *lc;

	foreach (lc, group->parts)
	{
		Part *part = lfirst(lc);

		if (part->cxt != NULL)
			MemoryContextDelete(part->cxt);
	}
	group->parts = NIL;
	if (group->pack.data != NULL)
		pfree(group->pack.data);
	group->pack.data = NULL;
}

/* --- Rows ---------------------------------------------------------------------------- */

/* Ask for the rows of the pack, and begin an empty one. */
static void
flush(Group *group)
{
	MemoryContext caller;
	Part *part = begin_part(group, group->cxt, group->pack.data);

	caller = MemoryContextSwitchTo(group->cxt);
	group->parts = lappend(group->parts, part);
	MemoryContextSwitchTo(caller);
	resetStringInfo(&group->pack);
	group->tokens = 0;
	make_room(group->shared);
}

/* Append what is in shared->row to the pack, of which there may be too much for one. */
static void
append(Group *group, int64 tokens)
{
	const StringInfoData *row = &group->shared->row;

	if (group->tokens > 0 && group->room > 0 && group->tokens + tokens > group->room)
		flush(group);
	if (group->pack.data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(group->cxt);

		group->pack.maxlen = Max(row->len + 1, FIRST_BYTES);
		group->pack.data = palloc(group->pack.maxlen);
		resetStringInfo(&group->pack);
		MemoryContextSwitchTo(caller);
	}
	if (group->pack.len > 0)
		appendStringInfoChar(&group->pack, '\n');
	appendBinaryStringInfo(&group->pack, row->data, row->len);
	group->tokens += tokens;
}

/* Put a row, or a piece of it, into shared->row; returns its tokens. */
static int64
format(Group *group, int part, const char *s, size_t len)
{
	StringInfo row = &group->shared->row;

	if (row->data != NULL && row->maxlen > LONG_BYTES * 2)
	{
		pfree(row->data);
		row->data = NULL;
	}
	if (row->data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(group->shared->cxt);

		initStringInfo(row);
		MemoryContextSwitchTo(caller);
	}
	resetStringInfo(row);
	air_pack_row(row, group->rows, part, s, len);
	return air_estimate_tokens(row->data, row->len);
}

static void
ask_for_room(Group *group, const char *s, size_t len)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router room", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	AirAsk ask = ask_of(group);
	const char *sample = group->tokens > 0 ? group->pack.data : pnstrdup(s, Min(len, LONG_BYTES));

	group->room = air_ask_room(&ask, AIR_ASK_PART, sample);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

/* A row that no call can hold comes in pieces. */
static void
add_pieces(Group *group, const char *s, size_t len)
{
	char *utf8 = pg_server_to_any(s, (int) len, PG_UTF8);
	AirChunker chunker;
	size_t start, end;
	int part = 0;

	air_chunker_init(&chunker, utf8, utf8 == s ? len : strlen(utf8),
					 (int) Max(group->room - NUMBER_TOKENS, 1), 0);

	while (!group->failed && air_chunk_next(&chunker, &start, &end))
	{
		char *piece = pg_any_to_server(utf8 + start, (int) (end - start), PG_UTF8);
		size_t piece_len = piece == utf8 + start ? end - start : strlen(piece);

		append(group, format(group, ++part, piece, piece_len));
		if (piece != utf8 + start)
			pfree(piece);
	}
	if (part == 0) /* nothing but white space, after all */
		append(group, format(group, 0, "", 0));
	if (utf8 != s)
		pfree(utf8);
}

static void
add_row(Group *group, const char *s, size_t len)
{
	int64 tokens = len > LONG_BYTES ? air_estimate_tokens(s, len) : 0;

	group->rows++;
	if (len <= LONG_BYTES)
		tokens = format(group, 0, s, len);
	if (group->room == 0 && group->tokens + tokens > SURELY_FITS)
		ask_for_room(group, s, len);
	if (group->room > 0 && tokens > group->room)
		add_pieces(group, s, len);
	else if (len > LONG_BYTES)
		append(group, format(group, 0, s, len));
	else
		append(group, tokens);
}

/* --- Transition functions ------------------------------------------------------------ */

static Shared *
shared_of(FunctionCallInfo fcinfo, const AirAggregate *kind)
{
	Shared *shared = fcinfo->flinfo->fn_extra;

	if (shared == NULL)
	{
		shared = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Shared));
		shared->cxt = fcinfo->flinfo->fn_mcxt;
		shared->kind = kind;
		dlist_init(&shared->live);
		fcinfo->flinfo->fn_extra = shared;
	}
	return shared;
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
static Group *
begin_group(FunctionCallInfo fcinfo, const AirAggregate *kind, MemoryContext cxt, text *instruction,
			Jsonb *hints)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	Group *group = palloc0(sizeof(Group));

	group->shared = shared_of(fcinfo, kind);
	group->cxt = cxt;
	if (instruction != NULL)
		group->instruction = text_to_cstring(instruction);
	if (hints != NULL)
		group->hints = memcpy(palloc(VARSIZE(hints)), hints, VARSIZE(hints));
	MemoryContextSwitchTo(caller);
	/* Bad ones are told of at once. */
	(void) ask_of(group);
	return group;
}

/* The rows of a group must agree on what is asked. */
static void
check_same(const Group *group, text *instruction, Jsonb *hints)
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
	Group *group = PG_ARGISNULL(0) ? NULL : (Group *) PG_GETARG_POINTER(0);
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
	if (group->shared->nlive > 0)
		air_engine_poll();
	if (!group->failed)
	{
		row = PG_GETARG_TEXT_PP(1);
		add_row(group, VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row));
		if ((Pointer) row != PG_GETARG_POINTER(1))
			pfree(row);
	}
	if (group->failed)
		give_up(group);
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

/* Wait for the answers about all parts, rows that are still in the pack included; NIL: failed. */
static List *
answers_of(Group *group)
{
	List *parts = list_copy(group->parts);
	List *answers = NIL;
	ListCell *lc;

	if (group->tokens > 0 && !group->failed)
		parts = lappend(parts, begin_part(group, CurrentMemoryContext, group->pack.data));
	foreach (lc, parts)
	{
		Part *part = lfirst(lc);

		if (part->cxt != NULL)
		{
			need_flow(group->shared);
			air_call_wait(part->call);
			end_part(part);
		}
		if (group->failed)
		{
			/* The last one is not among the group's. */
			part = llast(parts);
			if (part->cxt != NULL)
				MemoryContextDelete(part->cxt);
			return NIL;
		}
		answers = list_concat_copy(answers, part->answers);
	}
	return answers;
}

/* What is left to be asked about a group; false: its value is NULL. */
static bool
make_parcel(Group *group, AirParcel *parcel)
{
	List *answers;
	ListCell *lc;

	memset(parcel, 0, sizeof(*parcel));
	if (group->failed)
		return false;
	parcel->ask = ask_of(group);
	parcel->hints = group->hints;
	if (group->parts == NIL)
	{
		parcel->texts = palloc(sizeof(char *));
		parcel->texts[parcel->n++] = group->pack.data;
		return true;
	}
	answers = answers_of(group);
	parcel->merge = true;
	parcel->texts = palloc(sizeof(char *) * Max(list_length(answers), 1));
	foreach (lc, answers)
		parcel->texts[parcel->n++] = lfirst(lc);
	if (group->failed)
		give_up(group);
	return !group->failed;
}

/* The state, with a pack; NULL: there were no rows. */
static Group *
group_of(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "final function called outside of an aggregate");
	return PG_ARGISNULL(0) ? NULL : (Group *) PG_GETARG_POINTER(0);
}

/* final(internal) returns text: asks what is left and waits */
Datum
air_agg_final(PG_FUNCTION_ARGS)
{
	Group *group = group_of(fcinfo);
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
	Group *group = group_of(fcinfo);
	AirParcel parcel;

	if (group == NULL || !make_parcel(group, &parcel))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(air_parcel_write(&parcel));
}
