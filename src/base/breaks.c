/*
 * breaks.c
 *	  Where a text may be cut: paragraphs, sentences, lines, words, characters.
 *
 * One pass, one character at a time, no tables of Unicode: the marks that end sentences in the
 * scripts that are written most, and a few abbreviations after which none ends.  A wrong guess
 * makes a cut less pretty, never wrong.
 */
#include "base/pg.h"

#include "base/breaks.h"

typedef enum Kind
{
	OTHER,
	WHITE,
	NEWLINE,
	NEW_PARAGRAPH,
	LETTER,
	DIGIT,
	PERIOD,     /* ends a sentence or an abbreviation */
	STOP,       /* ends a sentence if white space follows */
	CLOSER,     /* quotes and brackets that may follow the end */
	LOW_QUOTE,  /* U+201C: closes in German, opens in English and Chinese */
	IDEOGRAPH,  /* and kana: any two may be parted */
	CJK_STOP,   /* ends a sentence, needs no white space */
	CJK_CLOSER, /* no line begins with it */
	CJK_OPENER, /* no line ends with it */
	EXTENDER    /* belongs to the character before */
} Kind;

/* AirBreaks.ended */
enum
{
	NOT_ENDED,
	ENDED_IF_WHITE, /* follows */
	ENDED
};

static const uint8 ascii[128] = {
	['\t'] = WHITE,         [' '] = WHITE,          ['\r'] = WHITE,        ['\v'] = WHITE,
	['\n'] = NEWLINE,       ['\f'] = NEW_PARAGRAPH, ['0' ... '9'] = DIGIT, ['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER, ['.'] = PERIOD,         ['!'] = STOP,          ['?'] = STOP,
	['"'] = CLOSER,         ['\''] = CLOSER,        [')'] = CLOSER,        [']'] = CLOSER,
	['}'] = CLOSER,         ['*'] = CLOSER,         ['_'] = CLOSER,
};

/* Words before a period that rarely end a sentence, as AirBreaks.word has them. */
static const char *const abbreviations[] = {
	"mr",  "mrs", "ms", "dr",     "prof", "st",  "jr",   "sr",  "vs",   "cf",  "nr",   "fig", "eq",
	"vol", "pp",  "al", "approx", "ca",   "bzw", "evtl", "ggf", "inkl", "mme", "mlle", "sra",
};

/* The character of n bytes; what is cut off or invalid gives some number. */
static uint32
decode(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *) s;

	switch (n)
	{
		case 2:
			return (u[0] & 0x1f) << 6 | (u[1] & 0x3f);
		case 3:
			return (u[0] & 0x0f) << 12 | (u[1] & 0x3f) << 6 | (u[2] & 0x3f);
		case 4:
			return (uint32) (u[0] & 0x07) << 18 | (u[1] & 0x3f) << 12 | (u[2] & 0x3f) << 6 |
				   (u[3] & 0x3f);
		default:
			return u[0];
	}
}

static bool
within(uint32 c, uint32 from, uint32 to)
{
	return c >= from && c <= to;
}

/* U+2000 to U+206F. */
static Kind
general_punctuation(uint32 c)
{
	if (within(c, 0x2000, 0x200a) && c != 0x2007)
		return WHITE;
	switch (c)
	{
		case 0x205f:
			return WHITE;
		case 0x2028:
			return NEWLINE;
		case 0x2029:
			return NEW_PARAGRAPH;
		case 0x200d: /* joins what is around it */
			return EXTENDER;
		case 0x2018:
		case 0x2019:
		case 0x201d:
		case 0x203a:
			return CLOSER;
		case 0x201c:
			return LOW_QUOTE;
		case 0x2026:
		case 0x203c:
		case 0x2047:
		case 0x2048:
		case 0x2049:
			return STOP;
		default:
			return OTHER;
	}
}

/* U+3000 to U+303F and U+FF00 to U+FFEF. */
static Kind
cjk_punctuation(uint32 c)
{
	switch (c)
	{
		case 0x3000:
			return WHITE;
		case 0x3002:
		case 0xff01:
		case 0xff0e:
		case 0xff1f:
		case 0xff61:
			return CJK_STOP;
		case 0x3001:
		case 0xff0c:
		case 0xff1a:
		case 0xff1b:
		case 0xff64:
		case 0x3005: /* repeats the ideograph before */
		case 0x301e:
		case 0x301f:
		case 0xff09:
		case 0xff3d:
		case 0xff5d:
		case 0xff60:
		case 0xff63:
			return CJK_CLOSER;
		case 0x301d:
		case 0xff08:
		case 0xff3b:
		case 0xff5b:
		case 0xff5f:
		case 0xff62:
			return CJK_OPENER;
		default:
			break;
	}
	/* Pairs of brackets, an opening and a closing one in turn. */
	if (within(c, 0x3008, 0x3011) || within(c, 0x3014, 0x301b))
		return c % 2 == 0 ? CJK_OPENER : CJK_CLOSER;
	return OTHER;
}

static Kind
kind_of(const char *s, size_t n)
{
	uint32 c = decode(s, n);

	if (c < 0x80)
		return ascii[c];
	if (within(c, 0x2000, 0x206f))
		return general_punctuation(c);
	if (within(c, 0x3000, 0x303f) || within(c, 0xff00, 0xffef))
		return cjk_punctuation(c);
	if (within(c, 0x3041, 0x30ff) || within(c, 0x3400, 0x4dbf) || within(c, 0x4e00, 0x9fff) ||
		within(c, 0xf900, 0xfaff) || within(c, 0x20000, 0x3ffff))
	{
		/* Small kana and the mark of a long vowel stay with what is before them. */
		return c == 0x30fc || within(c, 0x3099, 0x309e) ? CJK_CLOSER : IDEOGRAPH;
	}
	if (within(c, 0x300, 0x36f) || within(c, 0x1ab0, 0x1aff) || within(c, 0x20d0, 0x20ff) ||
		within(c, 0xfe00, 0xfe0f) || within(c, 0x1f3fb, 0x1f3ff) || within(c, 0xe0100, 0xe01ef))
		return EXTENDER;
	switch (c)
	{
		case 0x85:
			return NEWLINE;
		case 0x1680:
			return WHITE;
		case 0xbb:
			return CLOSER;
		case 0x589: /* Armenian */
		case 0x61f: /* Arabic */
		case 0x6d4: /* Urdu */
		case 0x964: /* Devanagari and its relatives */
		case 0x965:
		case 0x104a: /* Burmese */
		case 0x104b:
		case 0x1362: /* Ethiopic */
		case 0x17d4: /* Khmer */
			return STOP;
		default:
			return LETTER;
	}
}

/* Does the present word, before a period, speak against the end of a sentence? */
static bool
abbreviates(const AirBreaks *b)
{
	/* 1. at the start of a line, and initials. */
	if ((b->digits && !b->inside_line) || b->letters == 1)
		return true;
	if (b->letters < 2 || b->letters > 8)
		return false;
	for (int i = 0; i < (int) lengthof(abbreviations); i++)
	{
		uint64 word = 0;

		for (const char *s = abbreviations[i]; *s != '\0'; s++)
			word = word << 8 | (uint8) *s;
		if (word == b->word)
			return true;
	}
	return false;
}

/* A word ends, or begins. */
static void
reset_word(AirBreaks *b)
{
	b->letters = 0;
	b->digits = false;
	b->word = 0;
}

/* Take a character into the word that it belongs to. */
static void
add_to_word(AirBreaks *b, Kind kind, char c)
{
	if (kind == DIGIT)
	{
		b->digits = b->letters == 0;
		return;
	}
	b->digits = false;
	if (kind == EXTENDER)
		return;
	if (kind != LETTER)
	{
		reset_word(b);
		return;
	}
	/* A single letter of another script abbreviates as well. */
	if (b->letters >= 0)
		b->letters = IS_HIGHBIT_SET(c) && b->letters > 0 ? -1 : b->letters + 1;
	b->word = b->word << 8 | (uint8) pg_tolower((unsigned char) c);
}

/* Where the sentence is after a character that is not white space. */
static uint8
end_after(const AirBreaks *b, Kind kind)
{
	switch (kind)
	{
		case PERIOD:
			/* Another period: as the first was. */
			if (b->kind == PERIOD && !b->white)
				return b->ended;
			return b->ended == ENDED || !abbreviates(b) ? Max(b->ended, ENDED_IF_WHITE) : NOT_ENDED;
		case STOP:
			return Max(b->ended, ENDED_IF_WHITE);
		case CJK_STOP:
			return ENDED;
		case CLOSER:
		case CJK_CLOSER:
		case EXTENDER:
			return b->ended;
		case LOW_QUOTE:
			return b->ended == ENDED_IF_WHITE ? b->ended : NOT_ENDED;
		default:
			return NOT_ENDED;
	}
}

/* The break between two characters with nothing between them. */
static AirBreak
within_word(const AirBreaks *b, Kind kind)
{
	if (kind == EXTENDER)
		return AIR_BREAK_CHARACTER;
	if (kind == CJK_CLOSER || kind == CJK_STOP || b->kind == CJK_OPENER)
		return AIR_BREAK_CLUSTER;
	if (b->ended == ENDED)
		return kind == CLOSER || kind == STOP || kind == PERIOD ? AIR_BREAK_CLUSTER
																: AIR_BREAK_SENTENCE;
	if (kind == CLOSER || kind == STOP || kind == PERIOD)
		return AIR_BREAK_CLUSTER;
	if (kind == IDEOGRAPH || kind == CJK_OPENER || b->kind == IDEOGRAPH || b->kind == CJK_CLOSER)
		return AIR_BREAK_WORD;
	return AIR_BREAK_CLUSTER;
}

/* The break behind white space. */
static AirBreak
after_white(const AirBreaks *b)
{
	if (b->newlines > 1)
		return AIR_BREAK_PARAGRAPH;
	if (b->ended != NOT_ENDED)
		return AIR_BREAK_SENTENCE;
	return b->newlines > 0 ? AIR_BREAK_LINE : AIR_BREAK_WORD;
}

/* See breaks.h. */
AirBreak
air_break_before(AirBreaks *b, const char *s, size_t n, bool *white)
{
	Kind kind = kind_of(s, n);
	AirBreak level;

	*white = kind == WHITE || kind == NEWLINE || kind == NEW_PARAGRAPH;
	if (*white)
	{
		if (kind != WHITE)
			b->newlines = kind == NEWLINE ? Min(b->newlines + 1, 2) : 2;
		b->white = true;
		return AIR_BREAK_NONE;
	}
	if (b->white)
	{
		level = after_white(b);
		b->inside_line = b->newlines == 0;
		b->ended = NOT_ENDED;
		reset_word(b);
	}
	else
		level = within_word(b, kind);
	b->ended = end_after(b, kind);
	b->white = false;
	b->newlines = 0;
	add_to_word(b, kind, *s);
	/* A letter and its accents are one. */
	if (kind != EXTENDER)
		b->kind = kind;
	return level;
}

/* See breaks.h. */
bool
air_is_white(const char *s, size_t n)
{
	Kind kind = kind_of(s, n);

	return kind == WHITE || kind == NEWLINE || kind == NEW_PARAGRAPH;
}
