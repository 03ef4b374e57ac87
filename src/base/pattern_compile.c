/*
 * pattern_compile.c
 *	  From a regular expression to a program.  See pattern.h.
 *
 * A parser that goes down writes instructions as it reads.  A piece that is
 * repeated is copied: pieces only jump within themselves, so a copy needs its
 * targets moved and nothing else.
 */
#include "base/pg.h"

#include "base/pattern_program.h"

#define MAX_INSTRS 10000
#define MAX_REPEAT 1000
#define MAX_GROUPS 50 /* one in the other */

typedef struct Compiler
{
	AirPattern *out;
	const char *p;
	const char *end;
	int room;
	int class_room;
	int depth;
	const char *why;
} Compiler;

static bool parse_alternatives(Compiler *c);

static bool
fail(Compiler *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
	return false;
}

/* Append n instructions, all of them op; false when there are too many. */
static bool
emit(Compiler *c, AirPatternOp op, uint32 x, uint32 y)
{
	AirPattern *out = c->out;

	if (out->ninstrs >= MAX_INSTRS)
		return fail(c, "is too large");
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
shift(Compiler *c, int from, int to, int n)
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
insert(Compiler *c, int at, AirPatternOp op, uint32 x, uint32 y)
{
	AirPatternInstr *instrs;

	if (!emit(c, op, 0, 0))
		return false;
	instrs = c->out->instrs;
	memmove(&instrs[at + 1], &instrs[at], (c->out->ninstrs - at - 1) * sizeof(AirPatternInstr));
	shift(c, at + 1, c->out->ninstrs, 1);
	instrs[at] = (AirPatternInstr){op, x, y};
	return true;
}

/* Append a copy of the piece that was at [from, from + len) before it changed. */
static bool
append_copy(Compiler *c, const AirPatternInstr *piece, int from, int len)
{
	int at = c->out->ninstrs;

	for (int i = 0; i < len; i++)
	{
		if (!emit(c, piece[i].op, piece[i].x, piece[i].y))
			return false;
	}
	shift(c, at, c->out->ninstrs, at - from);
	return true;
}

/* --- classes --- */

static uint32
new_class(Compiler *c)
{
	AirPattern *out = c->out;

	if (out->nclasses == c->class_room)
	{
		c->class_room *= 2;
		out->classes = repalloc(out->classes, c->class_room * sizeof(AirPatternClass));
	}
	memset(&out->classes[out->nclasses], 0, sizeof(AirPatternClass));
	return out->nclasses++;
}

static void
add_range(Compiler *c, uint32 class, uint32 first, uint32 last)
{
	AirPatternClass *cl = &c->out->classes[class];

	/* Room grows at powers of two. */
	if (cl->ranges == NULL)
		cl->ranges = palloc(sizeof(AirPatternRange));
	else if ((cl->nranges & (cl->nranges - 1)) == 0)
		cl->ranges = repalloc(cl->ranges, 2 * cl->nranges * sizeof(AirPatternRange));
	cl->ranges[cl->nranges++] = (AirPatternRange){first, last};
}

static const AirPatternRange digits[] = {{'0', '9'}};
static const AirPatternRange words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const AirPatternRange spaces[] = {
	{0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
static const AirPatternRange line_ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

/* Add sorted ranges to a class, or what lies between them. */
static void
add_ranges(Compiler *c, uint32 class, const AirPatternRange *ranges, int n, bool negated)
{
	uint32 from = 0;

	for (int i = 0; i < n; i++)
	{
		if (!negated)
			add_range(c, class, ranges[i].first, ranges[i].last);
		else if (ranges[i].first > from)
			add_range(c, class, from, ranges[i].first - 1);
		from = ranges[i].last + 1;
	}
	if (negated)
		add_range(c, class, from, 0x10ffff);
}

/* Is c one of d D w W s S?  Adds it to the class if so. */
static bool
add_shorthand(Compiler *c, uint32 class, char letter)
{
	switch (letter)
	{
		case 'd':
		case 'D':
			add_ranges(c, class, digits, lengthof(digits), letter == 'D');
			return true;
		case 'w':
		case 'W':
			add_ranges(c, class, words, lengthof(words), letter == 'W');
			return true;
		case 's':
		case 'S':
			add_ranges(c, class, spaces, lengthof(spaces), letter == 'S');
			return true;
	}
	return false;
}

/* --- characters --- */

/* n hex digits at c->p as a number, which are passed; -1 if they are none. */
static int64
take_hex(Compiler *c, int n)
{
	int64 value = 0;

	if (c->end - c->p < n)
		return -1;
	for (int i = 0; i < n; i++)
	{
		char d = c->p[i];

		if (d >= '0' && d <= '9')
			value = value * 16 + (d - '0');
		else if ((d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F'))
			value = value * 16 + ((d | 0x20) - 'a' + 10);
		else
			return -1;
	}
	c->p += n;
	return value;
}

/* The digits of \uXXXX, of a pair of them, or of \u{X..}. */
static bool
take_unicode(Compiler *c, uint32 *ch)
{
	int64 value;

	if (c->p < c->end && *c->p == '{')
	{
		const char *close = memchr(c->p, '}', c->end - c->p);

		c->p++;
		if (close == NULL || close == c->p || close - c->p > 6 ||
			(value = take_hex(c, (int) (close - c->p))) < 0 || value > 0x10ffff)
			return fail(c, "has an incomplete escape");
		c->p++;
		*ch = (uint32) value;
		return true;
	}
	if ((value = take_hex(c, 4)) < 0)
		return fail(c, "has an incomplete escape");
	if (value >= 0xd800 && value <= 0xdbff && c->end - c->p >= 6 && c->p[0] == '\\' &&
		c->p[1] == 'u')
	{
		int64 low;

		c->p += 2;
		low = take_hex(c, 4);
		if (low < 0xdc00 || low > 0xdfff)
			return fail(c, "has half a surrogate pair");
		value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
	}
	*ch = (uint32) value;
	return true;
}

/* The escape behind a backslash that stands for one character. */
static bool
take_escape(Compiler *c, uint32 *ch)
{
	static const char letters[] = "tnvfr";
	static const char meanings[] = "\t\n\v\f\r";
	char e = *c->p++;
	const char *letter = e != '\0' ? strchr(letters, e) : NULL;
	int64 value;

	if (letter != NULL)
		*ch = (uint32) meanings[letter - letters];
	else if (e == 'u')
		return take_unicode(c, ch);
	else if (e == 'x')
	{
		if ((value = take_hex(c, 2)) < 0)
			return fail(c, "has an incomplete escape");
		*ch = (uint32) value;
	}
	else if (e == 'c')
	{
		if (c->p == c->end || !((*c->p | 0x20) >= 'a' && (*c->p | 0x20) <= 'z'))
			return fail(c, "has an incomplete escape");
		*ch = (uint32) (*c->p++ & 0x1f);
	}
	else if (e == '0' && (c->p == c->end || *c->p < '0' || *c->p > '9'))
		*ch = 0;
	else if ((e >= '0' && e <= '9') || e == 'k')
		return fail(c, "has a back-reference, which is not supported");
	else if (e == 'p' || e == 'P')
		return fail(c, "has a \\p{..}, which is not supported");
	else if ((e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z') || (e & 0x80) != 0 || e == '_')
		return fail(c, "has an unknown escape");
	else
		*ch = (uint32) (unsigned char) e;
	return true;
}

/* One character as it stands. */
static uint32
take_char(Compiler *c)
{
	int len;
	uint32 ch = air_pattern_char(c->p, &len);

	c->p += len;
	return ch;
}

/* One end of a range in brackets.  *single is false for \d and its like, which are added. */
static bool
take_class_atom(Compiler *c, uint32 class, uint32 *ch, bool *single)
{
	*single = true;
	if (*c->p != '\\')
	{
		*ch = take_char(c);
		return true;
	}
	c->p++;
	if (c->p == c->end)
		return fail(c, "ends with a backslash");
	if (*c->p == 'b')
	{
		c->p++;
		*ch = '\b';
		return true;
	}
	if (add_shorthand(c, class, *c->p))
	{
		c->p++;
		*single = false;
		return true;
	}
	return take_escape(c, ch);
}

/* What stands in brackets; the first of them has been passed. */
static bool
parse_class(Compiler *c)
{
	uint32 class = new_class(c);

	if (c->p < c->end && *c->p == '^')
	{
		c->out->classes[class].negated = true;
		c->p++;
	}
	for (;;)
	{
		uint32 first;
		uint32 last;
		bool single;
		bool single_last;

		if (c->p == c->end)
			return fail(c, "has a [ without its ]");
		if (*c->p == ']')
			break;
		if (!take_class_atom(c, class, &first, &single))
			return false;
		if (c->end - c->p < 2 || c->p[0] != '-' || c->p[1] == ']')
		{
			if (single)
				add_range(c, class, first, first);
			continue;
		}
		c->p++;
		if (!take_class_atom(c, class, &last, &single_last))
			return false;
		if (!single || !single_last || first > last)
			return fail(c, "has a range in brackets whose ends are in the wrong order");
		add_range(c, class, first, last);
	}
	c->p++;
	return emit(c, AIR_PAT_CLASS, class, 0);
}

/* --- structure --- */

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
take_counts(Compiler *c, int *min, int *max)
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
repeat(Compiler *c, int from, int min, int max)
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
			!emit(c, AIR_PAT_JUMP, at, 0))
			return false;
		c->out->instrs[at].y = c->out->ninstrs;
		return true;
	}
	for (int i = 0; i < optional; i++)
	{
		/* Each may be the last: all of them leave to the same place, set below. */
		if (!emit(c, AIR_PAT_SPLIT, c->out->ninstrs + 1, 0) || !append_copy(c, piece, from, len))
			return false;
	}
	for (int i = 0; i < optional; i++)
		c->out->instrs[at + i * (len + 1)].y = c->out->ninstrs;
	return true;
}

static bool
parse_group(Compiler *c)
{
	if (c->p + 1 < c->end && c->p[0] == '?')
	{
		if (c->p[1] == ':')
			c->p += 2;
		else if (c->p[1] == '<' && c->p + 2 < c->end && c->p[2] != '=' && c->p[2] != '!')
		{
			const char *close = memchr(c->p, '>', c->end - c->p);

			if (close == NULL)
				return fail(c, "has a group whose name does not end");
			c->p = close + 1;
		}
		else if (c->p[1] == '=' || c->p[1] == '!' || c->p[1] == '<')
			return fail(c, "looks ahead or behind, which is not supported");
		else
			return fail(c, "has an unknown kind of group");
	}
	if (c->depth == MAX_GROUPS)
		return fail(c, "is nested too deeply");
	c->depth++;
	if (!parse_alternatives(c))
		return false;
	c->depth--;
	if (c->p == c->end)
		return fail(c, "has a ( without its )");
	c->p++;
	return true;
}

/* An atom; *repeats is false for what cannot be repeated. */
static bool
parse_atom(Compiler *c, bool *repeats)
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
			return parse_class(c);
		case '.':
			c->p++;
			class = new_class(c);
			add_ranges(c, class, line_ends, lengthof(line_ends), true);
			return emit(c, AIR_PAT_CLASS, class, 0);
		case '^':
		case '$':
			*repeats = false;
			return emit(c, *c->p++ == '^' ? AIR_PAT_BEGIN : AIR_PAT_END, 0, 0);
		case '*':
		case '+':
		case '?':
			return fail(c, "repeats nothing");
		case '\\':
			c->p++;
			if (c->p == c->end)
				return fail(c, "ends with a backslash");
			if (*c->p == 'b' || *c->p == 'B')
			{
				*repeats = false;
				return emit(c, *c->p++ == 'b' ? AIR_PAT_WORD : AIR_PAT_NOT_WORD, 0, 0);
			}
			if (strchr("dDwWsS", *c->p) != NULL && *c->p != '\0')
			{
				class = new_class(c);
				add_shorthand(c, class, *c->p++);
				return emit(c, AIR_PAT_CLASS, class, 0);
			}
			return take_escape(c, &ch) && emit(c, AIR_PAT_CHAR, ch, 0);
		default:
			return emit(c, AIR_PAT_CHAR, take_char(c), 0);
	}
}

/* What stands between two | : atoms, each maybe repeated. */
static bool
parse_sequence(Compiler *c)
{
	while (c->p < c->end && *c->p != '|' && *c->p != ')')
	{
		int from = c->out->ninstrs;
		int min;
		int max;
		bool repeats;

		/* A brace that begins no count stands for itself, one that does has nothing to repeat. */
		if (*c->p == '{' && take_counts(c, &min, &max))
			return fail(c, "repeats nothing");
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
			return fail(c, "repeats nothing");
		if (min > MAX_REPEAT || max > MAX_REPEAT)
			return fail(c, "repeats something more than 1000 times");
		if (max >= 0 && max < min)
			return fail(c, "has a repetition whose counts are in the wrong order");
		if (c->p < c->end && *c->p == '?') /* lazy: what matches is the same */
			c->p++;
		if (!repeat(c, from, min, max))
			return false;
	}
	return true;
}

static bool
parse_alternatives(Compiler *c)
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
		if (!insert(c, from, AIR_PAT_SPLIT, from + 1, 0) || !emit(c, AIR_PAT_JUMP, 0, 0))
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
	Compiler c = {.p = s, .end = s + len, .room = 32, .class_room = 4};

	c.out = palloc0(sizeof(AirPattern));
	c.out->instrs = palloc(c.room * sizeof(AirPatternInstr));
	c.out->classes = palloc(c.class_room * sizeof(AirPatternClass));
	if (parse_alternatives(&c))
	{
		if (c.p < c.end)
			fail(&c, "has a ) too many");
		else
			emit(&c, AIR_PAT_MATCH, 0, 0);
	}
	*why = c.why;
	return c.why == NULL ? c.out : NULL;
}
