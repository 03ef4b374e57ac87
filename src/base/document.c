/*
 * document.c
 *	  Parsing exact JSON documents.  See document.h.
 *
 * Strings are unescaped in place, in a copy of the text: they never get longer.  Recursion is
 * bounded by AIR_DOC_DEPTH.
 */
#include "base/pg.h"

#include "base/document.h"
#include "base/text.h"

#define MAX_ALLOC ((size_t) 0x3fffffff) /* what one palloc() gives */

typedef struct Parser
{
	AirDoc *doc;
	char *p; /* next byte; the text is terminated, so it can be looked at */
	char *end;
	uint32 room; /* for nodes */
	int depth;
	bool exact;      /* else what is ambiguous or too long to be exact is let through */
	const char *why; /* what is wrong, at `at` */
	const char *at;
} Parser;

static bool parse_value(Parser *ps);

static bool
fail(Parser *ps, const char *at, const char *why)
{
	if (ps->why == NULL)
	{
		ps->why = why;
		ps->at = at;
	}
	return false;
}

static void
skip_space(Parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\n' || *ps->p == '\r')
		ps->p++;
}

/* What stands at the parser's place is not what must be there. */
static bool
unexpected(Parser *ps, const char *why)
{
	return fail(ps, ps->p, ps->p >= ps->end ? "ends before it is complete" : why);
}

/* A new node, NULL if there are too many; the pointer is good until the next one. */
static AirDocNode *
new_node(Parser *ps, AirDocType type)
{
	AirDoc *doc = ps->doc;
	AirDocNode *node;

	if (doc->nnodes == ps->room)
	{
		if (ps->room > MAX_ALLOC / sizeof(AirDocNode) / 2)
		{
			fail(ps, ps->p, "has too many values");
			return NULL;
		}
		ps->room *= 2;
		doc->nodes = repalloc(doc->nodes, ps->room * sizeof(AirDocNode));
	}
	node = &doc->nodes[doc->nnodes++];
	memset(node, 0, sizeof(*node));
	node->type = type;
	node->next = doc->nnodes;
	return node;
}

/* The four hex digits at p, -1 if they are none. */
static int
hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++)
	{
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

static char *
put_utf8(char *to, uint32 c)
{
	if (c < 0x80)
		*to++ = (char) c;
	else if (c < 0x800)
	{
		*to++ = (char) (0xc0 | (c >> 6));
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	else if (c < 0x10000)
	{
		*to++ = (char) (0xe0 | (c >> 12));
		*to++ = (char) (0x80 | ((c >> 6) & 0x3f));
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	else
	{
		*to++ = (char) (0xf0 | (c >> 18));
		*to++ = (char) (0x80 | ((c >> 12) & 0x3f));
		*to++ = (char) (0x80 | ((c >> 6) & 0x3f));
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	return to;
}

/* The escape \uXXXX whose digits begin at p->p, maybe with the second half of a pair. */
static bool
parse_unicode(Parser *ps, char **to)
{
	int code = hex4(ps->p);
	int low;

	if (code < 0)
		return fail(ps, ps->p, "has an incomplete escape in a string");
	if (code == 0)
		return fail(ps, ps->p, "has the character \\u0000 in a string, which cannot be stored");
	ps->p += 4;
	if (code >= 0xd800 && code <= 0xdfff)
	{
		if (code > 0xdbff || ps->p[0] != '\\' || ps->p[1] != 'u' ||
			(low = hex4(ps->p + 2)) < 0xdc00 || low > 0xdfff)
			return fail(ps, ps->p, "has half a surrogate pair in a string");
		ps->p += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, (uint32) code);
	return true;
}

/* Bytes of a string that do not stand for themselves: controls, the quote, the escape. */
static const bool ends_run[256] = {[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true};

/* A string whose quote is at ps->p, unescaped in place. */
static bool
parse_string(Parser *ps, uint32 *at, uint32 *len)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	char *start = ++ps->p;
	char *to = start;

	for (;;)
	{
		char *run = ps->p;
		const char *escape;

		while (!ends_run[(unsigned char) *ps->p])
			ps->p++;
		if (to != run)
			memmove(to, run, ps->p - run);
		to += ps->p - run;
		if (*ps->p == '"')
			break;
		if (*ps->p != '\\')
			return unexpected(ps, "has a control character in a string");
		ps->p++;
		if (*ps->p == 'u')
		{
			ps->p++;
			if (!parse_unicode(ps, &to))
				return false;
			continue;
		}
		escape = *ps->p != '\0' ? strchr(escapes, *ps->p) : NULL;
		if (escape == NULL)
			return unexpected(ps, "has an unknown escape in a string");
		*to++ = meanings[escape - escapes];
		ps->p++;
	}
	ps->p++;
	*at = (uint32) (start - ps->doc->text);
	*len = (uint32) (to - start);
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
parse_number(Parser *ps)
{
	char *start = ps->p;
	AirDecimal ignored;
	AirDocNode *node;

	if (*ps->p == '-')
		ps->p++;
	if (!is_digit(*ps->p))
		return unexpected(ps, "has something that is no JSON value");
	if (*ps->p == '0' && is_digit(ps->p[1]))
		return fail(ps, ps->p, "has a number that begins with 0");
	while (is_digit(*ps->p))
		ps->p++;
	if (*ps->p == '.')
	{
		ps->p++;
		if (!is_digit(*ps->p))
			return unexpected(ps, "has an incomplete number");
		while (is_digit(*ps->p))
			ps->p++;
	}
	if (*ps->p == 'e' || *ps->p == 'E')
	{
		ps->p++;
		if (*ps->p == '+' || *ps->p == '-')
			ps->p++;
		if (!is_digit(*ps->p))
			return unexpected(ps, "has an incomplete number");
		while (is_digit(*ps->p))
			ps->p++;
	}
	if (ps->exact && !air_decimal_read(start, ps->p - start, &ignored))
		return fail(ps, start, "has a number with too many places");
	node = new_node(ps, AIR_DOC_NUMBER);
	if (node == NULL)
		return false;
	node->at = (uint32) (start - ps->doc->text);
	node->len = (uint32) (ps->p - start);
	return true;
}

static bool
parse_word(Parser *ps, const char *word, AirDocType type)
{
	size_t len = strlen(word);

	if (strncmp(ps->p, word, len) != 0)
		return unexpected(ps, "has something that is no JSON value");
	ps->p += len;
	return new_node(ps, type) != NULL;
}

typedef struct MemberName
{
	const char *s;
	uint32 len;
} MemberName;

static int
compare_names(const void *a, const void *b)
{
	const MemberName *x = a;
	const MemberName *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->s, y->s, x->len);
}

/* No two members of an object have the same name. */
static bool
check_names(Parser *ps, uint32 object)
{
	const AirDoc *doc = ps->doc;
	uint32 count = doc->nodes[object].count;
	uint32 child = object + 1;
	MemberName *names;
	bool good = true;

	if (count < 2)
		return true;
	names = palloc(count * sizeof(MemberName));
	for (uint32 i = 0; i < count; i++, child = doc->nodes[child].next)
	{
		names[i].s = doc->text + doc->nodes[child].name;
		names[i].len = doc->nodes[child].name_len;
	}
	qsort(names, count, sizeof(MemberName), compare_names);
	for (uint32 i = 1; good && i < count; i++)
	{
		if (compare_names(&names[i - 1], &names[i]) == 0)
		{
			const char *second = Max(names[i - 1].s, names[i].s);

			good = fail(ps, second, "has two members of the same name in one object");
		}
	}
	pfree(names);
	return good;
}

static bool
parse_container(Parser *ps, AirDocType type)
{
	char close = type == AIR_DOC_OBJECT ? '}' : ']';
	uint32 self = ps->doc->nnodes;
	uint32 count = 0;

	if (ps->depth == AIR_DOC_DEPTH)
		return fail(ps, ps->p, "is nested too deeply");
	ps->depth++;
	if (new_node(ps, type) == NULL)
		return false;
	ps->p++;
	skip_space(ps);
	if (*ps->p != close)
	{
		for (;;)
		{
			uint32 child;
			uint32 name = 0;
			uint32 name_len = 0;

			if (type == AIR_DOC_OBJECT)
			{
				if (*ps->p != '"')
					return unexpected(ps, "has something other than a quoted name in an object");
				if (!parse_string(ps, &name, &name_len))
					return false;
				skip_space(ps);
				if (*ps->p != ':')
					return unexpected(ps, "has no colon behind a name");
				ps->p++;
				skip_space(ps);
			}
			child = ps->doc->nnodes;
			if (!parse_value(ps))
				return false;
			ps->doc->nodes[child].name = name;
			ps->doc->nodes[child].name_len = name_len;
			count++;
			skip_space(ps);
			if (*ps->p == close)
				break;
			if (*ps->p != ',')
				return unexpected(ps, "has no comma between two values");
			ps->p++;
			skip_space(ps);
		}
	}
	ps->p++;
	ps->depth--;
	ps->doc->nodes[self].count = count;
	ps->doc->nodes[self].next = ps->doc->nnodes;
	return !ps->exact || type != AIR_DOC_OBJECT || check_names(ps, self);
}

static bool
parse_value(Parser *ps)
{
	AirDocNode *node;
	uint32 at;
	uint32 len;

	switch (*ps->p)
	{
		case '{':
			return parse_container(ps, AIR_DOC_OBJECT);
		case '[':
			return parse_container(ps, AIR_DOC_ARRAY);
		case '"':
			if (!parse_string(ps, &at, &len))
				return false;
			node = new_node(ps, AIR_DOC_STRING);
			if (node == NULL)
				return false;
			node->at = at;
			node->len = len;
			return true;
		case 't':
			return parse_word(ps, "true", AIR_DOC_TRUE);
		case 'f':
			return parse_word(ps, "false", AIR_DOC_FALSE);
		case 'n':
			return parse_word(ps, "null", AIR_DOC_NULL);
		default:
			return parse_number(ps);
	}
}

static bool
parse(AirDoc *doc, const char *text, size_t len, bool exact, char **why)
{
	Parser ps = {.doc = doc, .exact = exact, .room = 32};
	size_t most = exact ? AIR_DOC_BYTES : MAX_ALLOC - 1;

	memset(doc, 0, sizeof(*doc));
	if (len > most)
	{
		*why = psprintf("is longer than %zu MB", most / (1024 * 1024));
		return false;
	}
	if (!air_utf8_valid(text, len))
	{
		*why = pstrdup("is not valid UTF-8");
		return false;
	}
	doc->text = palloc(len + 1);
	memcpy(doc->text, text, len);
	doc->text[len] = '\0';
	doc->nodes = palloc(ps.room * sizeof(AirDocNode));
	ps.p = doc->text;
	ps.end = doc->text + len;
	skip_space(&ps);
	if (ps.p == ps.end)
	{
		*why = pstrdup("is empty");
		return false;
	}
	if (parse_value(&ps))
	{
		skip_space(&ps);
		if (ps.p == ps.end)
			return true;
		fail(&ps, ps.p, "has text behind the JSON value");
	}

	/* The copy has been unescaped up to here: count in the original. */
	*why = psprintf("%s, at character %zu", ps.why, air_utf8_chars(text, ps.at - doc->text) + 1);
	return false;
}

/* See document.h. */
bool
air_doc_parse(AirDoc *doc, const char *text, size_t len, char **why)
{
	return parse(doc, text, len, true, why);
}

/* See document.h. */
bool
air_doc_parse_foreign(AirDoc *doc, const char *text, size_t len, char **why)
{
	return parse(doc, text, len, false, why);
}
