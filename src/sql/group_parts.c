/*
 * group_parts.c
 *	  Parts of a group's rows that are asked for by themselves, while more are read.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "sql/group.h"

/* Packs under way may take so much memory together, or work_mem if that is more. */
#define PACKS_BYTES ((size_t) 64 * 1024 * 1024)

/* Calls under way for each that may be in flight: the next is ready when one ends. */
#define LIVE_PER_SLOT 2

/* A part's context goes: the call ends with it. */
static void
on_part_gone(void *arg)
{
	AirGroupPart *part = arg;
	AirGroups *groups = part->group->groups;

	part->cxt = NULL;
	dlist_delete(&part->node);
	groups->nlive--;
	groups->bytes -= part->bytes;
	if (part->call != NULL && groups->flow != NULL)
		air_call_free(part->call);
	part->call = NULL;
}

static void
submit(AirGroupPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(part->cxt);
	AirCallSpec spec;

	air_ask_spec(&part->ask, AIR_ASK_PART, part->pack, &spec);
	part->call = air_call_submit(part->group->groups->flow, &spec);
	MemoryContextSwitchTo(caller);
}

/*
 * Make sure that there is a flow.  If a savepoint has taken the last one, its calls are submitted
 * once more: what was answered is in the cache.
 */
static void
need_flow(AirGroups *groups)
{
	MemoryContext caller;
	dlist_iter iter;

	if (groups->flow != NULL)
		return;
	dlist_foreach (iter, &groups->live)
		dlist_container(AirGroupPart, node, iter.cur)->call = NULL;
	caller = MemoryContextSwitchTo(groups->cxt);
	groups->flow = air_flow_begin();
	air_flow_watch(groups->flow, &groups->flow);
	MemoryContextSwitchTo(caller);
	dlist_foreach (iter, &groups->live)
		submit(dlist_container(AirGroupPart, node, iter.cur));
}

AirAsk
air_group_ask(const AirGroup *group)
{
	const AirAggregate *kind = group->groups->kind;
	AirHints *hints = palloc0(sizeof(AirHints));

	if (group->hints != NULL)
		air_hints_parse(group->hints, "hints", hints);
	return (AirAsk){kind->function, kind->prompt, group->instruction, hints};
}

AirGroupPart *
air_group_begin_part(AirGroup *group, MemoryContext home, const char *pack)
{
	AirGroups *groups = group->groups;
	AirGroupPart *part = MemoryContextAllocZero(home, sizeof(AirGroupPart));
	MemoryContext caller;

	need_flow(groups);
	part->group = group;
	part->home = home;
	part->cxt = AllocSetContextCreate(home, "ai_router pack", ALLOCSET_SMALL_SIZES);
	part->callback.func = on_part_gone;
	part->callback.arg = part;
	dlist_push_tail(&groups->live, &part->node);
	groups->nlive++;
	MemoryContextRegisterResetCallback(part->cxt, &part->callback);
	caller = MemoryContextSwitchTo(part->cxt);
	part->pack = pstrdup(pack);
	part->room = group->room;
	part->ask = air_group_ask(group);
	MemoryContextSwitchTo(caller);
	submit(part);
	part->bytes = MemoryContextMemAllocated(part->cxt, false);
	groups->bytes += part->bytes;
	return part;
}

/* A part's call has ended: keep what it says, forget all else. */
static void
end_part(AirGroupPart *part)
{
	AirGroup *group = part->group;
	MemoryContext caller = MemoryContextSwitchTo(part->home);

	part->answers =
		air_ask_take(group->groups->flow, &part->ask, AIR_ASK_PART, part->pack, part->call);
	group->failed |= part->answers == NIL;
	/* It was too long: make the next ones shorter. */
	if (list_length(part->answers) > 1)
		group->room = Max(Min(group->room, part->room / 2), 1);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(part->cxt);
}

static void
end_what_has_ended(AirGroups *groups)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify (iter, &groups->live)
	{
		AirGroupPart *part = dlist_container(AirGroupPart, node, iter.cur);

		if (air_call_ended(part->call))
			end_part(part);
	}
}

void
air_group_make_room(AirGroups *groups)
{
	size_t most = Max((size_t) work_mem * 1024, PACKS_BYTES);

	air_engine_poll();
	for (;;)
	{
		need_flow(groups);
		end_what_has_ended(groups);
		if (groups->nlive < LIVE_PER_SLOT * air_max_concurrency &&
			(groups->nlive <= 1 || groups->bytes + air_flow_bytes(groups->flow) < most))
			break;
		air_flow_wait(groups->flow);
	}
}

void
air_group_give_up(AirGroup *group)
{
	ListCell *lc;

	foreach (lc, group->parts)
	{
		AirGroupPart *part = lfirst(lc);

		if (part->cxt != NULL)
			MemoryContextDelete(part->cxt);
	}
	group->parts = NIL;
	air_group_free_pack(group);
}

List *
air_group_answers(AirGroup *group)
{
	List *parts = list_copy(group->parts);
	List *answers = NIL;
	ListCell *lc;

	if (group->tokens > 0 && !group->failed)
		parts = lappend(parts,
						air_group_begin_part(group, CurrentMemoryContext, air_group_pack(group)));
	foreach (lc, parts)
	{
		AirGroupPart *part = lfirst(lc);

		if (part->cxt != NULL)
		{
			need_flow(group->groups);
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
