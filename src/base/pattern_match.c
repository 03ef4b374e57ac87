/*
 * pattern_match.c
 *	  Running a pattern.  See pattern.h.
 *
 * All threads of the program are advanced together, character by character; a
 * thread is an instruction, and none is in a list twice.
 */
#include "base/pg.h"

#include "base/pattern_program.h"

typedef struct Run
{
	const AirPattern *pattern;
	uint32 *starts; /* where threads go on behind the character before */
	uint32 *list;   /* where they wait for the next one */
	int nlist;
	uint32 *mark; /* of each instruction: the round in which it was added to the list */
	uint32 round;
	uint32 *stack; /* of instructions to be added */
	bool at_begin;
	bool at_end;
	bool word_before;
	bool word_after;
	int64 *steps;
} Run;

static bool
is_word(uint32 c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

static bool
in_class(const AirPatternClass *class, uint32 c)
{
	for (int i = 0; i < class->nranges; i++)
	{
		if (c >= class->ranges[i].first && c <= class->ranges[i].last)
			return !class->negated;
	}
	return class->negated;
}

/* Add a thread and all it leads to without a character.  True: the pattern matches. */
static bool
add_thread(Run *run, uint32 start)
{
	int depth = 0;

	/* An instruction is marked when it is pushed: the stack never holds one twice. */
	if (run->mark[start] == run->round)
		return false;
	run->mark[start] = run->round;
	run->stack[depth++] = start;
	while (depth > 0)
	{
		uint32 at = run->stack[--depth];
		const AirPatternInstr *instr = &run->pattern->instrs[at];
		uint32 to[2] = {at + 1, 0};
		int n = 1;

		(*run->steps)--;
		switch (instr->op)
		{
			case AIR_PAT_MATCH:
				return true;
			case AIR_PAT_CHAR:
			case AIR_PAT_CLASS:
				run->list[run->nlist++] = at;
				continue;
			case AIR_PAT_JUMP:
				to[0] = instr->x;
				break;
			case AIR_PAT_SPLIT:
				to[0] = instr->x;
				to[1] = instr->y;
				n = 2;
				break;
			case AIR_PAT_BEGIN:
				n = run->at_begin;
				break;
			case AIR_PAT_END:
				n = run->at_end;
				break;
			case AIR_PAT_WORD:
				n = run->word_before != run->word_after;
				break;
			case AIR_PAT_NOT_WORD:
				n = run->word_before == run->word_after;
				break;
		}
		for (int i = 0; i < n; i++)
		{
			if (run->mark[to[i]] == run->round)
				continue;
			run->mark[to[i]] = run->round;
			run->stack[depth++] = to[i];
		}
	}
	return false;
}

/* Does the instruction, one that waits for a character, take this one? */
static bool
takes(Run *run, const AirPatternInstr *instr, uint32 c)
{
	const AirPatternClass *class;

	if (instr->op == AIR_PAT_CHAR)
		return instr->x == c;
	class = &run->pattern->classes[instr->x];
	*run->steps -= class->nranges;
	return in_class(class, c);
}

/* See pattern.h. */
bool
air_pattern_matches(const AirPattern *pattern, const char *s, size_t len, int64 *steps)
{
	int n = pattern->ninstrs;
	uint32 *memory = palloc0(4 * n * sizeof(uint32));
	Run run = {.pattern = pattern,
			   .starts = memory,
			   .list = memory + n,
			   .mark = memory + 2 * n,
			   .stack = memory + 3 * n,
			   .steps = steps};
	bool anchored = pattern->instrs[0].op == AIR_PAT_BEGIN;
	bool matched = false;
	const char *p = s;
	const char *end = s + len;
	uint32 before = 0;
	int nstarts = 0;

	for (;;)
	{
		int charlen = 0;
		uint32 c = p < end ? air_pattern_char(p, &charlen) : 0;

		run.round++;
		run.nlist = 0;
		run.at_begin = p == s;
		run.at_end = p == end;
		run.word_before = p > s && is_word(before);
		run.word_after = p < end && is_word(c);
		for (int i = 0; i < nstarts && !matched; i++)
			matched = add_thread(&run, run.starts[i]);

		/* A match may also begin here. */
		if (!matched && (p == s || !anchored))
			matched = add_thread(&run, 0);
		if (matched || p == end || *steps <= 0 || (anchored && run.nlist == 0))
			break;

		nstarts = 0;
		for (int i = 0; i < run.nlist; i++)
		{
			if (takes(&run, &pattern->instrs[run.list[i]], c))
				run.starts[nstarts++] = run.list[i] + 1;
		}
		before = c;
		p += charlen;
	}
	pfree(memory);
	return matched;
}
