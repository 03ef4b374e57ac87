/*
 * pattern_compile.c
 *	  From a regular expression to a program.  See pattern.h.
 *
 * A parser that goes down writes instructions as it reads.  A piece that is
 * repeated is copied: pieces only jump within themselves, so a copy needs its
 * targets moved and nothing else.
 */
#include "base/pg.h"

#include "base/pattern_compile.h"

#define MAX_INSTRS 10000
#define MAX_REPEAT 1000
#define MAX_GROUPS 50 /* one in the other */

static bool parse_alternatives(AirPatternCompiler *c);

/* See pattern_compile.h. */
bool
air_pattern_fail(AirPatternCompiler *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
	return false;
}

/* See pattern_compile.h. */
bool
air_pattern_emit(AirPatternCompiler *c, AirPatternOp op, uint32 x, uint32 y)
{
	AirPattern *out = c->out;

	if (out->ninstrs >= MAX_INSTRS)
		return air_pattern_fail(c, "is too large");
	if (out->ninstrs == c->room)
	{
		c->room *= 2;
		out->instrs = repalloc(out->instrs, c->room * sizeof(AirPatternInstr));
	}
	out->instrs[out->ninstrs++] = (AirPatternInstr){op, x, y};
	return true;
}

/* Move the targets of instructions [from, to) by n. */
static void
shift(AirPatternCompiler *c, int from, int to, int n)
{
	for (int i = from; i < to; i++)
	{
		AirPatternInstr *instr = &c->out->instrs[i];

		if (instr->op == AIR_PAT_JUMP || instr->op == AIR_PAT_SPLIT)
			instr->x += n;
		if (instr->op == AIR_PAT_SPLIT)
			instr->y += n;
	}
}

/* Make room for one instruction at `at`, before a piece that reaches to the end. */
static bool
insert(AirPatternCompiler *c, int at, AirPatternOp op, uint32 x, uint32 y)
{
	AirPatternInstr *instrs;

	if (!air_pattern_emit(c, op, 0, 0))
		return false;
	instrs = c->out->instrs;
	memmove(&instrs[at + 1], &instrs[at], (c->out->ninstrs - at - 1) * sizeof(AirPatternInstr));
	shift(c, at + 1, c->out->ninstrs, 1);
	instrs[at] = (AirPatternInstr){op, x, y};
	return true;
}

/* Append a copy of the piece that was at [from, from + len) before it changed. */
static bool
append_copy(AirPatternCompiler *c, const AirPatternInstr *piece, int from, int len)
{
	int at = c->out->ninstrs;

	for (int i = 0; i < len; i++)
	{
		if (!air_pattern_emit(c, piece[i].op, piece[i].x, piece[i].y))
			return false;
	}
	shift(c, at, c->out->ninstrs, at - from);
	return true;
}

/* The digits of a number; false if there are none. */
static bool
take_count(const char **p, const char *end, int *n)
{
	const char *start = *p;

	*n = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		*n = Min(*n * 10 + (**p - '0'), MAX_REPEAT + 1);
	return *p > start;
}

/* {n}, {n,} or {n,m} at c->p: passed, *max -1 for no end.  False: something else. */
static bool
take_counts(AirPatternCompiler *c, int *min, int *max)
{
	const char *p = c->p + 1;

	if (!take_count(&p, c->end, min))
		return false;
	*max = *min;
	if (p < c->end && *p == ',')
	{
		p++;
		if (!take_count(&p, c->end, max))
			*max = -1;
	}
	if (p == c->end || *p != '}')
		return false;
	c->p = p + 1;
	return true;
}

/* Repeat the piece from instruction `from` to the end. */
static bool
repeat(AirPatternCompiler *c, int from, int min, int max)
{
	int len = c->out->ninstrs - from;
	AirPatternInstr *piece = palloc(Max(len, 1) * sizeof(AirPatternInstr));
	int optional = max < 0 ? 0 : max - min;
	int at;

	memcpy(piece, &c->out->instrs[from], len * sizeof(AirPatternInstr));
	c->out->ninstrs = from;
	for (int i = 0; i < min; i++)
	{
		if (!append_copy(c, piece, from, len))
			return false;
	}
	at = c->out->ninstrs;
	if (max < 0)
	{
		/* at: split at+1, behind; piece; jump at */
		if (!append_copy(c, piece, from, len) || !insert(c, at, AIR_PAT_SPLIT, at + 1, 0) ||
			!air_pattern_emit(c, AIR_PAT_JUMP, at, 0))
			return false;
		c->out->instrs[at].y = c->out->ninstrs;
		return true;
	}
	for (int i = 0; i < optional; i++)
	{
		/* Each may be the last: all of them leave to the same place, set below. */
		if (!air_pattern_emit(c, AIR_PAT_SPLIT, c->out->ninstrs + 1, 0) ||
			!append_copy(c, piece, from, len))
			return false;
	}
	for (int i = 0; i < optional; i++)
		c->out->instrs[at + i * (len + 1)].y = c->out->ninstrs;
	return true;
}

static bool
parse_group(AirPatternCompiler *c)
{
	if (c->p + 1 < c->end && c->p[0] == '?')
	{
		if (c->p[1] == ':')
			c->p += 2;
		else if (c->p[1] == '<' && c->p + 2 < c->end && c->p[2] != '=' && c->p[2] != '!')
		{
			const char *close = memchr(c->p, '>', c->end - c->p);

			if (close == NULL)
				return air_pattern_fail(c, "has a group whose name does not end");
			c->p = close + 1;
		}
		else if (c->p[1] == '=' || c->p[1] == '!' || c->p[1] == '<')
			return air_pattern_fail(c, "looks ahead or behind, which is not supported");
		else
			return air_pattern_fail(c, "has an unknown kind of group");
	}
	if (c->depth == MAX_GROUPS)
		return air_pattern_fail(c, "is nested too deeply");
	c->depth++;
	if (!parse_alternatives(c))
		return false;
	c->depth--;
	if (c->p == c->end)
		return air_pattern_fail(c, "has a ( without its )");
	c->p++;
	return true;
}

/* An atom; *repeats is false for what cannot be repeated. */
static bool
parse_atom(AirPatternCompiler *c, bool *repeats)
{
	uint32 ch;
	uint32 class;

	*repeats = true;
	switch (*c->p)
	{
		case '(':
			c->p++;
			return parse_group(c);
		case '[':
			c->p++;
			return air_pattern_parse_class(c);
		case '.':
			c->p++;
			return air_pattern_emit(c, AIR_PAT_CLASS, air_pattern_any(c), 0);
		case '^':
		case '$':
			*repeats = false;
			return air_pattern_emit(c, *c->p++ == '^' ? AIR_PAT_BEGIN : AIR_PAT_END, 0, 0);
		case '*':
		case '+':
		case '?':
			return air_pattern_fail(c, "repeats nothing");
		case '\\':
			c->p++;
			if (c->p == c->end)
				return air_pattern_fail(c, "ends with a backslash");
			if (*c->p == 'b' || *c->p == 'B')
			{
				*repeats = false;
				return air_pattern_emit(c, *c->p++ == 'b' ? AIR_PAT_WORD : AIR_PAT_NOT_WORD, 0, 0);
			}
			if (strchr("dDwWsS", *c->p) != NULL && *c->p != '\0')
			{
				class = air_pattern_new_class(c);
				air_pattern_add_shorthand(c, class, *c->p++);
				return air_pattern_emit(c, AIR_PAT_CLASS, class, 0);
			}
			return air_pattern_take_escape(c, &ch) && air_pattern_emit(c, AIR_PAT_CHAR, ch, 0);
		default:
			return air_pattern_emit(c, AIR_PAT_CHAR, air_pattern_take_char(c), 0);
	}
}

/* What stands between two | : atoms, each maybe repeated. */
static bool
parse_sequence(AirPatternCompiler *c)
{
	while (c->p < c->end && *c->p != '|' && *c->p != ')')
	{
		int from = c->out->ninstrs;
		int min;
		int max;
		bool repeats;

		/* A brace that begins no count stands for itself, one that does has nothing to repeat. */
		if (*c->p == '{' && take_counts(c, &min, &max))
			return air_pattern_fail(c, "repeats nothing");
		if (!parse_atom(c, &repeats))
			return false;
		if (c->p == c->end)
			break;
		if (*c->p == '*' || *c->p == '+' || *c->p == '?')
		{
			min = *c->p == '+';
			max = *c->p == '?' ? 1 : -1;
			c->p++;
		}
		else if (*c->p != '{' || !take_counts(c, &min, &max))
			continue;
		if (!repeats)
			return air_pattern_fail(c, "repeats nothing");
		if (min > MAX_REPEAT || max > MAX_REPEAT)
			return air_pattern_fail(c, "repeats something more than 1000 times");
		if (max >= 0 && max < min)
			return air_pattern_fail(c, "has a repetition whose counts are in the wrong order");
		if (c->p < c->end && *c->p == '?') /* lazy: what matches is the same */
			c->p++;
		if (!repeat(c, from, min, max))
			return false;
	}
	return true;
}

static bool
parse_alternatives(AirPatternCompiler *c)
{
	int from = c->out->ninstrs;
	int jump = -1; /* jumps to the end, each holding the one before */

	for (;;)
	{
		if (!parse_sequence(c))
			return false;
		if (c->p == c->end || *c->p != '|')
			break;
		c->p++;

		/* split to this alternative and the next one; jump behind them all */
		if (!insert(c, from, AIR_PAT_SPLIT, from + 1, 0) ||
			!air_pattern_emit(c, AIR_PAT_JUMP, 0, 0))
			return false;
		c->out->instrs[c->out->ninstrs - 1].y = (uint32) jump;
		jump = c->out->ninstrs - 1;
		from = c->out->instrs[from].y = c->out->ninstrs;
	}
	while (jump >= 0)
	{
		int before = (int) c->out->instrs[jump].y;

		c->out->instrs[jump].x = c->out->ninstrs;
		c->out->instrs[jump].y = 0;
		jump = before;
	}
	return true;
}

/* See pattern.h. */
AirPattern *
air_pattern_compile(const char *s, size_t len, const char **why)
{
	AirPatternCompiler c = {.p = s, .end = s + len, .room = 32, .class_room = 4};

	c.out = palloc0(sizeof(AirPattern));
	c.out->instrs = palloc(c.room * sizeof(AirPatternInstr));
	c.out->classes = palloc(c.class_room * sizeof(AirPatternClass));
	if (parse_alternatives(&c))
	{
		if (c.p < c.end)
			air_pattern_fail(&c, "has a ) too many");
		else
			air_pattern_emit(&c, AIR_PAT_MATCH, 0, 0);
	}
	*why = c.why;
	return c.why == NULL ? c.out : NULL;
}
