/*
 * group.h
 *	  A group of rows while an aggregate collects them.
 *
 * A pack that is full is asked for at once, while more rows are read; its text goes when the
 * answer is there.
 *
 * Memory: a group lives in the aggregate's context and is small until a pack fills up.  What
 * is asked for has a context of its own below that, with a callback that gives up the call: so
 * a group may go at any moment, by rescan, LIMIT or error.  The calls of all groups of one
 * aggregate belong to one flow, which lives as long as the query.  Where all groups are there
 * at once, in a hash table, packs that are not full go into a file when they exceed work_mem.
 */
#ifndef AIR_GROUP_H
#define AIR_GROUP_H

#include "lib/ilist.h"
#include "lib/stringinfo.h"

#include "sql/aggregate.h"
#include "sql/spill.h"

/* What the groups of one aggregate of a running query share; in fn_mcxt. */
typedef struct AirGroups
{
	MemoryContext cxt;
	const AirAggregate *kind;
	AirFlow *flow;   /* NULL: none yet, or ended by the subtransaction that it belonged to */
	dlist_head live; /* parts that are asked for */
	int nlive;
	size_t bytes; /* of their packs */
	StringInfoData row;
	bool pooled;      /* the next three are about groups in a hash table */
	dlist_head all;   /* of them */
	size_t held;      /* memory of their packs */
	size_t most_held; /* before they are put aside */
	AirSpill *spill;  /* NULL: not needed yet */
} AirGroups;

typedef struct AirGroup AirGroup;

/* A part of a group's rows that is asked for by itself. */
typedef struct AirGroupPart
{
	dlist_node node; /* linked while cxt is there */
	AirGroup *group;
	MemoryContext home; /* of the answers */
	MemoryContext cxt;  /* of pack and call; NULL: there are answers, or the group failed */
	MemoryContextCallback callback;
	size_t bytes; /* of cxt */
	const char *pack;
	int64 room; /* that it was made for */
	AirAsk ask;
	AirCall *call; /* NULL: not submitted */
	List *answers;
} AirGroupPart;

struct AirGroup
{
	AirGroups *groups;
	MemoryContext cxt; /* the aggregate's */
	char *instruction; /* or NULL */
	Jsonb *hints;      /* NULL: none */
	bool pooled;       /* in groups->all */
	dlist_node node;
	AirSpilled aside; /* the beginning of the pack .. */
	StringInfoData pack;
	int64 tokens; /* of both, counted row by row */
	int64 room;   /* that a pack has; 0: not asked yet */
	int64 rows;
	List *parts;
	bool failed; /* its value is NULL */
};

/* --- group.c: rows ------------------------------------------------------------------- */

/* A group without rows, in the context of the aggregate whose transition function calls. */
extern AirGroup *air_group_begin(AirGroups *groups, FunctionCallInfo fcinfo, MemoryContext cxt);

/* Add a row of len bytes.  What is under way goes on; waits where there is too much of it. */
extern void air_group_add_row(AirGroup *group, FunctionCallInfo fcinfo, const char *s, size_t len);

/* The pack as far as it was not asked for; may be a copy in CurrentMemoryContext. */
extern char *air_group_pack(const AirGroup *group);

/* Forget the pack. */
extern void air_group_free_pack(AirGroup *group);

/* --- group_parts.c: parts that are asked for by themselves ------------------------------ */

/* What a group asks, in CurrentMemoryContext.  Raises for bad hints. */
extern AirAsk air_group_ask(const AirGroup *group);

/* Ask for a part of the rows, which is copied; its answers will be in `home`. */
extern AirGroupPart *air_group_begin_part(AirGroup *group, MemoryContext home, const char *pack);

/* Wait until few enough packs of all groups are under way.  May set failed of any group. */
extern void air_group_make_room(AirGroups *groups);

/*
 * Wait for the answers about all parts, rows that are still in the pack included, which stays as
 * it is.  NIL: the group has failed.
 */
extern List *air_group_answers(AirGroup *group);

/* The group has failed: give up what it has under way. */
extern void air_group_give_up(AirGroup *group);

#endif
