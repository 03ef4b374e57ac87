/*
 * group.c
 *	  A group of rows while an aggregate collects them.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "base/chunk.h"
#include "base/text.h"
#include "sql/group.h"
#include "sql/pack.h"

/* So many tokens fit anywhere: what a pack may have is asked for beyond. */
#define SURELY_FITS 200

/* Tokens that a piece of a long row leaves for its number. */
#define NUMBER_TOKENS 12

/* A longer row is measured before it is packed. */
#define LONG_BYTES 16384

/* A shorter beginning of a pack is not worth a place in a file. */
#define LEAST_SPILLED 128

/* A pack begins with so much memory. */
#define FIRST_BYTES 64

/* The groups of the hash table go. */
static void
on_groups_gone(Datum arg)
{
	AirGroups *groups = (AirGroups *) DatumGetPointer(arg);

	groups->pooled = false;
}

/* Are the groups of this context in a hash table, many at once? */
static bool
in_hash_table(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	const AggState *node = (const AggState *) fcinfo->context;

	return IsA(node, AggState) && node->hashcontext != NULL &&
		   node->hashcontext->ecxt_per_tuple_memory == cxt;
}

static void
pool(AirGroup *group, FunctionCallInfo fcinfo)
{
	AirGroups *groups = group->groups;

	if (!groups->pooled)
	{
		AggRegisterCallback(fcinfo, on_groups_gone, PointerGetDatum(groups));
		dlist_init(&groups->all);
		groups->held = 0;
		groups->most_held = (size_t) work_mem * 1024;
		groups->pooled = true;
	}
	dlist_push_tail(&groups->all, &group->node);
	group->pooled = true;
}

AirGroup *
air_group_begin(AirGroups *groups, FunctionCallInfo fcinfo, MemoryContext cxt)
{
	AirGroup *group = MemoryContextAllocZero(cxt, sizeof(AirGroup));

	group->groups = groups;
	group->cxt = cxt;
	if (in_hash_table(fcinfo, cxt))
		pool(group, fcinfo);
	return group;
}

void
air_group_free_pack(AirGroup *group)
{
	if (group->pack.data == NULL)
		return;
	if (group->pooled)
		group->groups->held -= group->pack.maxlen;
	pfree(group->pack.data);
	memset(&group->pack, 0, sizeof(group->pack));
}

/* Packs have become large together: into the file with all that are worth it. */
static void
put_aside(AirGroups *groups, FunctionCallInfo fcinfo, MemoryContext cxt)
{
	dlist_iter iter;

	if (groups->spill == NULL)
		air_spill_begin(&groups->spill, fcinfo, cxt);
	dlist_foreach (iter, &groups->all)
	{
		AirGroup *group = dlist_container(AirGroup, node, iter.cur);

		if (group->pack.len < LEAST_SPILLED)
			continue;
		air_spill_put(groups->spill, &group->aside, group->pack.data, group->pack.len);
		air_group_free_pack(group);
	}
	/* With very many groups that are very small the table itself is what grows. */
	groups->most_held = Max((size_t) work_mem * 1024, 2 * groups->held);
}

char *
air_group_pack(const AirGroup *group)
{
	size_t aside = group->aside.len;
	char *pack;

	if (aside == 0)
		return group->pack.data;
	pack = palloc(aside + group->pack.len + 1);
	air_spill_get(group->groups->spill, &group->aside, pack);
	if (group->pack.len > 0)
		memcpy(pack + aside, group->pack.data, group->pack.len);
	pack[aside + group->pack.len] = '\0';
	return pack;
}

/* Ask for the rows of the pack, and begin an empty one. */
static void
flush(AirGroup *group)
{
	MemoryContext caller;
	char *pack = air_group_pack(group);
	AirGroupPart *part = air_group_begin_part(group, group->cxt, pack);

	caller = MemoryContextSwitchTo(group->cxt);
	group->parts = lappend(group->parts, part);
	MemoryContextSwitchTo(caller);
	if (pack != group->pack.data)
		pfree(pack);
	memset(&group->aside, 0, sizeof(group->aside));
	if (group->pack.data != NULL)
		resetStringInfo(&group->pack);
	group->tokens = 0;
	air_group_make_room(group->groups);
}

/* Append what is in groups->row to the pack, of which there may be too much for one. */
static void
append(AirGroup *group, int64 tokens)
{
	const StringInfoData *row = &group->groups->row;
	int before;

	if (group->tokens > 0 && group->room > 0 && group->tokens + tokens > group->room)
		flush(group);
	before = group->pack.maxlen;
	if (group->pack.data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(group->cxt);

		group->pack.maxlen = Max(row->len + 1, FIRST_BYTES);
		group->pack.data = palloc(group->pack.maxlen);
		resetStringInfo(&group->pack);
		MemoryContextSwitchTo(caller);
	}
	if (group->tokens > 0)
		appendStringInfoChar(&group->pack, '\n');
	appendBinaryStringInfo(&group->pack, row->data, row->len);
	group->tokens += tokens;
	if (group->pooled)
		group->groups->held += group->pack.maxlen - before;
}

/* Put a row, or a piece of it, into groups->row; returns its tokens. */
static int64
format(AirGroup *group, int part, const char *s, size_t len)
{
	StringInfo row = &group->groups->row;

	if (row->data != NULL && row->maxlen > LONG_BYTES * 2)
	{
		pfree(row->data);
		row->data = NULL;
	}
	if (row->data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(group->groups->cxt);

		initStringInfo(row);
		MemoryContextSwitchTo(caller);
	}
	resetStringInfo(row);
	air_pack_row(row, group->rows, part, s, len);
	return air_estimate_tokens(row->data, row->len);
}

static void
ask_for_room(AirGroup *group, const char *s, size_t len)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router room", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	AirAsk ask = air_group_ask(group);
	const char *sample = group->pack.len > 0 ? group->pack.data : pnstrdup(s, Min(len, LONG_BYTES));

	group->room = air_ask_room(&ask, AIR_ASK_PART, sample);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

/* A row that no call can hold comes in pieces. */
static void
add_pieces(AirGroup *group, const char *s, size_t len)
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

void
air_group_add_row(AirGroup *group, FunctionCallInfo fcinfo, const char *s, size_t len)
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
	if (group->pooled && group->groups->held > group->groups->most_held)
		put_aside(group->groups, fcinfo, group->cxt);
}
