/*
 * chunk.c
 *	  Cutting a long text into pieces of at most so many tokens.
 *
 * A chunk is found by one scan from its start to the first character that does not fit, which
 * remembers the last place of each kind where it could end.  What lies between that place and
 * the end of the scan is scanned again for the next chunk, but not often: there is no better
 * place in it, so the next chunk ends behind it, or at a place of a worse kind.
 */
#include "base/pg.h"

#ifndef FRONTEND
#include "miscadmin.h"
#endif

#include "base/breaks.h"
#include "base/chunk.h"
#include "base/text.h"

/* Characters between two looks at whether the user wants to cancel. */
#define LOOK_EVERY 0x10000

/* A walk over the characters of a text that counts its tokens. */
typedef struct Walk
{
	const char *text;
	size_t len;
	size_t at;      /* the next character */
	size_t solid;   /* behind the last one that is not white space */
	int64 tokens;   /* up to there */
	int64 white;    /* of the white space behind it: U+3000 counts */
	unsigned state; /* of the estimate */
	AirBreaks breaks;
	uint32 steps;
} Walk;

/* A place where a chunk could end, and the next one begin. */
typedef struct Place
{
	size_t end;
	size_t next;
	int64 tokens; /* before it; -1: there is no such place */
} Place;

/* The places that a scan found, by what they are. */
typedef struct Scan
{
	Place first[AIR_NBREAKS];
	Place last[AIR_NBREAKS];
} Scan;

/* What is looked for in turn; a paragraph ends a sentence. */
static const AirBreak kinds[] = {AIR_BREAK_SENTENCE, AIR_BREAK_LINE, AIR_BREAK_WORD,
								 AIR_BREAK_CLUSTER, AIR_BREAK_CHARACTER};

static size_t
char_len(const char *s, size_t left)
{
	unsigned char c = (unsigned char) *s;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return Min(n, left);
}

/* Has the line that `at` is in anything but blanks before it? */
static bool
inside_line(const char *text, size_t at)
{
	for (int i = 0; i < 32 && at > 0; i++, at--)
		if (text[at - 1] != ' ' && text[at - 1] != '\t')
			return text[at - 1] != '\n';
	return at > 0;
}

static void
begin_walk(Walk *w, const AirChunker *c, size_t at)
{
	memset(w, 0, sizeof(*w));
	w->text = c->text;
	w->len = c->len;
	w->at = w->solid = at;
	w->breaks.inside_line = inside_line(c->text, at);
}

static void
look_for_interrupts(Walk *w pg_attribute_unused())
{
#ifndef FRONTEND
	if (++w->steps % LOOK_EVERY == 0)
		CHECK_FOR_INTERRUPTS();
#endif
}

/*
 * Go to the next character that is not white space; false at the end of the text.  *before: what
 * break is before it.  Its tokens are not counted yet.
 */
static bool
look(Walk *w, AirBreak *before)
{
	bool white;

	for (; w->at < w->len; w->at++)
	{
		size_t n = char_len(w->text + w->at, w->len - w->at);

		look_for_interrupts(w);
		*before = air_break_before(&w->breaks, w->text + w->at, n, &white);
		if (!white)
			return true;
		w->white += air_token_opens((unsigned char) w->text[w->at], &w->state);
		w->at += n - 1;
	}
	return false;
}

/* Count the character that look() found, and the white space before it. */
static void
take(Walk *w)
{
	size_t n = char_len(w->text + w->at, w->len - w->at);

	w->tokens += w->white + air_token_opens((unsigned char) w->text[w->at], &w->state);
	w->white = 0;
	w->at += n;
	w->solid = w->at;
}

static void
note(Scan *scan, AirBreak kind, const Place *place)
{
	if (scan->first[kind].tokens < 0)
		scan->first[kind] = *place;
	scan->last[kind] = *place;
}

/* Find the places behind `floor` where a chunk could end that begins at `start`. */
static void
scan_from(Scan *scan, const AirChunker *c, size_t start, size_t floor)
{
	Walk w;
	AirBreak before;

	for (int i = 0; i < AIR_NBREAKS; i++)
		scan->first[i].tokens = scan->last[i].tokens = -1;
	begin_walk(&w, c, start);
	while (w.tokens <= c->tokens)
	{
		bool more = look(&w, &before);
		Place place = {.end = w.solid, .next = w.at, .tokens = w.tokens};

		if (!more)
			before = AIR_BREAK_PARAGRAPH;
		if (w.at > floor)
		{
			note(scan, before, &place);
			if (before == AIR_BREAK_PARAGRAPH)
				note(scan, AIR_BREAK_SENTENCE, &place);
		}
		if (!more)
			return;
		take(&w);
	}
}

/* The best place to end: the last of its kind. */
static const Place *
best(const Scan *scan, const AirChunker *c)
{
	const Place *paragraph = &scan->last[AIR_BREAK_PARAGRAPH];

	if (paragraph->tokens >= 0 && (paragraph->next == c->len || paragraph->tokens >= c->tokens / 2))
		return paragraph;
	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (scan->last[kinds[i]].tokens >= 0)
			return &scan->last[kinds[i]];
	return NULL;
}

/* Tokens of what the next chunk must hold at least: its first sentence, or what part fits. */
static int64
least(const Scan *scan)
{
	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (scan->first[kinds[i]].tokens >= 0)
			return scan->first[kinds[i]].tokens;
	return 0;
}

/*
 * Where in the last chunk an overlap of at most `most` tokens begins: at the first sentence from
 * which on they are no more, else at the first line or word, and at any character only where the
 * chunk ends amid a word.  The chunk's end: there is none.
 */
static size_t
overlap_from(const AirChunker *c, int64 most, bool amid_word)
{
	size_t found[AIR_NBREAKS] = {0};
	Walk w;
	AirBreak before;

	if (most <= 0)
		return c->end;
	begin_walk(&w, c, c->start);
	while (look(&w, &before) && w.at < c->end)
	{
		/* The rest counted alone has one more where this cuts a token in two. */
		int64 rest = c->has - w.tokens - w.white + (w.state != 0);

		if (before == AIR_BREAK_PARAGRAPH)
			before = AIR_BREAK_SENTENCE;
		if (w.at > c->start && rest <= most && found[before] == 0)
		{
			found[before] = w.at;
			if (before == AIR_BREAK_SENTENCE)
				break;
		}
		take(&w);
	}
	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (found[kinds[i]] > 0 && (kinds[i] >= AIR_BREAK_WORD || amid_word))
			return found[kinds[i]];
	return c->end;
}

void
air_chunker_init(AirChunker *c, const char *text, size_t len, int tokens, int overlap)
{
	memset(c, 0, sizeof(*c));
	c->text = text;
	c->len = len;
	c->tokens = tokens;
	c->overlap = overlap;
}

bool
air_chunk_next(AirChunker *c, size_t *start, size_t *end)
{
	Scan scan;
	Walk w;
	AirBreak ignored;
	const Place *place;

	/* Step over the white space between the chunks. */
	begin_walk(&w, c, c->end);
	if (!look(&w, &ignored))
		return false;
	scan_from(&scan, c, w.at, w.at);
	*start = w.at;
	if (c->overlap > 0 && c->end > 0)
	{
		int64 room = c->tokens - least(&scan) - w.white;
		size_t from = overlap_from(c, Min(c->overlap, room), w.at == c->end);

		if (from < c->end)
		{
			Scan longer;

			scan_from(&longer, c, from, w.at);
			if (best(&longer, c) != NULL)
			{
				scan = longer;
				*start = from;
			}
		}
	}
	place = best(&scan, c);
	c->start = *start;
	c->end = *end = place->end;
	c->has = place->tokens;
	return true;
}
