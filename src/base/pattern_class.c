/*
 * pattern_class.c
 *	  Characters of a regular expression, and classes of them.  See pattern.h.
 */
#include "base/pg.h"

#include "base/pattern_compile.h"

/* See pattern_compile.h. */
uint32
air_pattern_new_class(AirPatternCompiler *c)
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
add_range(AirPatternCompiler *c, uint32 class, uint32 first, uint32 last)
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
add_ranges(AirPatternCompiler *c, uint32 class, const AirPatternRange *ranges, int n, bool negated)
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

/* See pattern_compile.h. */
bool
air_pattern_add_shorthand(AirPatternCompiler *c, uint32 class, char letter)
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

/* n hex digits at c->p as a number, which are passed; -1 if they are none. */
static int64
take_hex(AirPatternCompiler *c, int n)
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
take_unicode(AirPatternCompiler *c, uint32 *ch)
{
	int64 value;

	if (c->p < c->end && *c->p == '{')
	{
		const char *close = memchr(c->p, '}', c->end - c->p);

		c->p++;
		if (close == NULL || close == c->p || close - c->p > 6 ||
			(value = take_hex(c, (int) (close - c->p))) < 0 || value > 0x10ffff)
			return air_pattern_fail(c, "has an incomplete escape");
		c->p++;
		*ch = (uint32) value;
		return true;
	}
	if ((value = take_hex(c, 4)) < 0)
		return air_pattern_fail(c, "has an incomplete escape");
	if (value >= 0xd800 && value <= 0xdbff && c->end - c->p >= 6 && c->p[0] == '\\' &&
		c->p[1] == 'u')
	{
		int64 low;

		c->p += 2;
		low = take_hex(c, 4);
		if (low < 0xdc00 || low > 0xdfff)
			return air_pattern_fail(c, "has half a surrogate pair");
		value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
	}
	*ch = (uint32) value;
	return true;
}

/* See pattern_compile.h. */
bool
air_pattern_take_escape(AirPatternCompiler *c, uint32 *ch)
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
			return air_pattern_fail(c, "has an incomplete escape");
		*ch = (uint32) value;
	}
	else if (e == 'c')
	{
		if (c->p == c->end || !((*c->p | 0x20) >= 'a' && (*c->p | 0x20) <= 'z'))
			return air_pattern_fail(c, "has an incomplete escape");
		*ch = (uint32) (*c->p++ & 0x1f);
	}
	else if (e == '0' && (c->p == c->end || *c->p < '0' || *c->p > '9'))
		*ch = 0;
	else if ((e >= '0' && e <= '9') || e == 'k')
		return air_pattern_fail(c, "has a back-reference, which is not supported");
	else if (e == 'p' || e == 'P')
		return air_pattern_fail(c, "has a \\p{..}, which is not supported");
	else if ((e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z') || (e & 0x80) != 0 || e == '_')
		return air_pattern_fail(c, "has an unknown escape");
	else
		*ch = (uint32) (unsigned char) e;
	return true;
}

/* See pattern_compile.h. */
uint32
air_pattern_take_char(AirPatternCompiler *c)
{
	int len;
	uint32 ch = air_pattern_char(c->p, &len);

	c->p += len;
	return ch;
}

/* One end of a range in brackets.  *single is false for \d and its like, which are added. */
static bool
take_class_atom(AirPatternCompiler *c, uint32 class, uint32 *ch, bool *single)
{
	*single = true;
	if (*c->p != '\\')
	{
		*ch = air_pattern_take_char(c);
		return true;
	}
	c->p++;
	if (c->p == c->end)
		return air_pattern_fail(c, "ends with a backslash");
	if (*c->p == 'b')
	{
		c->p++;
		*ch = '\b';
		return true;
	}
	if (air_pattern_add_shorthand(c, class, *c->p))
	{
		c->p++;
		*single = false;
		return true;
	}
	return air_pattern_take_escape(c, ch);
}

/* See pattern_compile.h. */
bool
air_pattern_parse_class(AirPatternCompiler *c)
{
	uint32 class = air_pattern_new_class(c);

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
			return air_pattern_fail(c, "has a [ without its ]");
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
			return air_pattern_fail(c, "has a range in brackets whose ends are in the wrong order");
		add_range(c, class, first, last);
	}
	c->p++;
	return air_pattern_emit(c, AIR_PAT_CLASS, class, 0);
}

/* See pattern_compile.h. */
uint32
air_pattern_any(AirPatternCompiler *c)
{
	uint32 class = air_pattern_new_class(c);

	add_ranges(c, class, line_ends, lengthof(line_ends), true);
	return class;
}
