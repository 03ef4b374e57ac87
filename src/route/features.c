/*
 * features.c
 *	  Words of a prompt to numbers.
 *
 * A word is a run of letters (ASCII in lower case; any byte from 0x80 counts as a
 * letter), a run of digits (all digits alike: numbers as such do not come again),
 * or one other character.  Of scripts that put no blanks between words, each
 * character of UTF-8 is one.  Features are the words and the pairs of neighbours.
 *
 * The hashes are stored and compared for years: changing anything here needs a new
 * version byte, and a new version in predict.c.
 */
#include "base/pg.h"

#include <math.h>

#include "port/pg_bitutils.h"

#include "route/features.h"

#define FNV_BASIS UINT64CONST(0xcbf29ce484222325)
#define FNV_PRIME UINT64CONST(0x100000001b3)

/* Longer words are cut here, so that no script makes one word of a whole text. */
#define MAX_WORD 32

/* Words are taken from so many bytes at the start and at the end of a long text. */
#define HEAD_BYTES 24576
#define TAIL_BYTES 8192

/* The classes of bytes. */
enum
{
	BLANK,
	LETTER,
	DIGIT,
	LINE, /* says something about a text, other blanks do not */
	OTHER
};

static const uint8 kinds[256] = {
	[0 ... '\n' - 1] = BLANK,   ['\n'] = LINE,
	['\n' + 1 ... ' '] = BLANK, [' ' + 1 ... '0' - 1] = OTHER,
	['0' ... '9'] = DIGIT,      ['9' + 1 ... 'A' - 1] = OTHER,
	['A' ... 'Z'] = LETTER,     ['Z' + 1 ... 'a' - 1] = OTHER,
	['a' ... 'z'] = LETTER,     ['z' + 1 ... 0x7f] = OTHER,
	[0x80 ... 0xff] = LETTER,
};

/* Letters of ASCII in lower case, 0 for all other bytes. */
static const uint8 letters[256] = {
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n',         'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n',         'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
};

/* Last step of a hash: FNV alone leaves its low bits too regular. */
static inline uint64
finish(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/* Length of the character at s if its script puts no blanks between words, else 0. */
static inline int
lone_character(const uint8 *s, const uint8 *end)
{
	int len;

	if (s[0] < 0xe0 || s[0] > 0xf4 || end - s < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
		return 0;
	if (s[0] == 0xe1 || (s[0] == 0xe0 && (s[1] < 0xb8 || s[1] > 0xbb)))
		return 0;
	len = s[0] >= 0xf0 ? 4 : 3;
	return end - s >= len && (len == 3 || (s[3] & 0xc0) == 0x80) ? len : 0;
}

/* What reading a text gathers. */
typedef struct Reading
{
	uint64 seen[AIR_BUCKETS / 64];      /* a bit per feature */
	uint64 some[AIR_BUCKETS / 64 / 64]; /* a bit per word of them that is not zero */
	uint64 last;                        /* hash of the word before */
	int words;
	int chars;  /* of words */
	int digits; /* bytes of each kind */
	int upper;
	int other;
	int high;
	int lines;
} Reading;

static inline void
mark(Reading *r, uint64 hash)
{
	uint32 id = finish(hash) & (AIR_BUCKETS - 1);

	r->seen[id / 64] |= UINT64CONST(1) << (id % 64);
	r->some[id / 64 / 64] |= UINT64CONST(1) << (id / 64 % 64);
}

static const size_t prefix_at[AIR_PREFIXES + 1] = {128, 256, 512, SIZE_MAX};

/* What tells texts and passages apart: a hash of all but letter case and how many blanks. */
typedef struct Identity
{
	uint64 hash;
	uint64 before; /* the blanks that came last, if open is false */
	size_t n;      /* bytes that went in */
	size_t next;   /* n of the next prefix */
	int prefixes;
	bool open; /* a blank would count now */
} Identity;

static inline void
identify_blank(Identity *id)
{
	if (!id->open)
		return;
	id->open = false;
	id->before = id->hash;
	id->hash = (id->hash ^ ' ') * FNV_PRIME;
	id->n++;
}

static inline void
identify(Identity *id, uint8 c, AirFeatures *out)
{
	id->open = true;
	id->hash = (id->hash ^ (letters[c] != 0 ? letters[c] : c)) * FNV_PRIME;
	if (++id->n >= id->next)
	{
		out->prefix[id->prefixes++] = (uint32) finish(id->hash);
		id->next = prefix_at[id->prefixes];
	}
}

/* A part that only goes into the identity. */
static void
identify_part(Identity *id, const uint8 *s, const uint8 *end, AirFeatures *out)
{
	for (; s < end; s++)
	{
		if (*s <= ' ')
			identify_blank(id);
		else
			identify(id, *s, out);
	}
}

/* A word, with which the hash becomes that.  Only few words end a prefix. */
static inline void
identify_word(Identity *id, uint64 hash, const uint8 *s, const uint8 *end, AirFeatures *out)
{
	if (id->n + (end - s) < id->next)
	{
		id->hash = hash;
		id->n += end - s;
		id->open = true;
	}
	else
		identify_part(id, s, end, out);
}

/* A word that was read. */
typedef struct Word
{
	const uint8 *end;
	uint64 hash;
	uint64 identity;
	int upper;
	int high;
} Word;

/* A word with letters outside of ASCII. */
static pg_noinline Word
read_foreign(const uint8 *s, const uint8 *end, uint64 identity)
{
	Word word = {.hash = FNV_BASIS, .identity = identity};
	const uint8 *start = s;
	int lone = lone_character(s, end);
	const uint8 *stop = lone > 0 ? s + lone : end - s > MAX_WORD ? s + MAX_WORD : end;

	do
	{
		uint8 c = letters[*s];

		if (c == 0)
		{
			if (lone == 0 && s > start && lone_character(s, end) > 0)
				break;
			c = *s;
			word.high++;
		}
		else
			word.upper += c != *s;
		word.hash = (word.hash ^ c) * FNV_PRIME;
		word.identity = (word.identity ^ c) * FNV_PRIME;
		s++;
	} while (s < stop && kinds[*s] == LETTER);
	word.end = s;
	return word;
}

/*
 * Most words: letters of ASCII.  Each byte goes into the hash of the word and into the
 * identity: two chains of multiplications that do not wait for each other.
 */
static inline Word
read_letters(const uint8 *s, const uint8 *end, uint64 identity)
{
	Word word = {.hash = FNV_BASIS, .identity = identity};
	const uint8 *stop = end - s > MAX_WORD ? s + MAX_WORD : end;
	const uint8 *start = s;
	int cases = 0;
	uint8 c;

	for (; s < stop && (c = letters[*s]) != 0; s++)
	{
		cases += c ^ *s;
		word.hash = (word.hash ^ c) * FNV_PRIME;
		word.identity = (word.identity ^ c) * FNV_PRIME;
	}
	if (s < stop && *s >= 0x80)
		return read_foreign(start, end, identity);
	word.end = s;
	word.upper = cases / ('a' - 'A');
	return word;
}

static Word
read_digits(const uint8 *s, const uint8 *end, uint64 identity)
{
	Word word = {.hash = FNV_BASIS, .identity = identity};
	const uint8 *start = s;

	for (; s < end && kinds[*s] == DIGIT; s++)
	{
		if (s - start < MAX_WORD)
			word.hash = (word.hash ^ '0') * FNV_PRIME;
		word.identity = (word.identity ^ *s) * FNV_PRIME;
	}
	word.end = s;
	return word;
}

static void
read_part(Reading *r, Identity *id, const uint8 *s, const uint8 *end, AirFeatures *out)
{
	while (s < end)
	{
		uint8 kind = kinds[*s];
		Word word;

		if (kind == BLANK)
		{
			identify_blank(id);
			s++;
			continue;
		}
		if (kind == LETTER)
		{
			word = read_letters(s, end, id->hash);
			r->upper += word.upper;
			r->high += word.high;
		}
		else if (kind == DIGIT)
		{
			word = read_digits(s, end, id->hash);
			r->digits += word.end - s;
		}
		else
		{
			word.end = s + 1;
			word.hash = (FNV_BASIS ^ *s) * FNV_PRIME;
			word.identity = (id->hash ^ *s) * FNV_PRIME;
			r->other += kind == OTHER;
			r->lines += kind == LINE;
		}
		if (kind == LINE)
			identify_blank(id);
		else
			identify_word(id, word.identity, s, word.end, out);
		mark(r, word.hash);
		mark(r, word.hash * 31 + r->last * UINT64CONST(0x9e3779b97f4a7c15));
		r->last = word.hash;
		r->words++;
		r->chars += word.end - s;
		s = word.end;
	}
}

static inline uint8
level(double x)
{
	return x >= 1.0 ? 255 : x <= 0.0 ? 0 : (uint8) (x * 255 + 0.5);
}

static void
shape_of(const Reading *r, size_t len, size_t read, uint8 *shape)
{
	double n = read > 0 ? read : 1;
	double length = log1p(len) / 14;

	shape[0] = level(length);
	shape[1] = level(length * length);
	shape[2] = level(log1p(r->words) / 12);
	shape[3] = level(r->digits / n * 4);
	shape[4] = level(r->upper / n * 4);
	shape[5] = level(r->other / n * 4);
	shape[6] = level(log1p(r->lines) / 5);
	shape[7] = level(r->high / n * 2);
	shape[8] = level(r->words > 0 ? (double) r->chars / r->words / 10 : 0);
	shape[9] = r->digits > 0 ? 255 : 0;
	shape[10] = level(log1p(r->digits) / 6);
	shape[11] = r->lines > 0 ? 255 : 0;
}

/* How many distinct features were seen. */
static int
distinct(const Reading *r)
{
	int n = 0;

	for (int i = 0; i < (int) lengthof(r->seen); i++)
		for (uint64 bits = r->seen[i]; bits != 0; bits &= bits - 1)
			n++;
	return n;
}

/* The features seen, ascending; scrambled numbers from keep on are left out. */
static int
list(const Reading *r, uint32 keep, uint16 *ids)
{
	int n = 0;

	for (int i = 0; i < (int) lengthof(r->some); i++)
	{
		for (uint64 words = r->some[i]; words != 0; words &= words - 1)
		{
			int word = i * 64 + pg_rightmost_one_pos64(words);

			for (uint64 bits = r->seen[word]; bits != 0; bits &= bits - 1)
			{
				uint16 id = word * 64 + pg_rightmost_one_pos64(bits);

				if ((uint16) (id * 40503u) < keep && n < AIR_MAX_FEATURES)
					ids[n++] = id;
			}
		}
	}
	return n;
}

/* See features.h. */
void
air_features(const char *text, size_t len, AirFeatures *out)
{
	const uint8 *s = (const uint8 *) text;
	size_t read = len;
	uint32 keep = AIR_BUCKETS;
	Identity id = {.hash = FNV_BASIS, .before = FNV_BASIS, .next = prefix_at[0]};
	Reading r;

	memset(&r, 0, sizeof(r));
	if (len > HEAD_BYTES + TAIL_BYTES)
	{
		read = HEAD_BYTES + TAIL_BYTES;
		read_part(&r, &id, s, s + HEAD_BYTES, out);
		identify_part(&id, s + HEAD_BYTES, s + len - TAIL_BYTES, out);
		read_part(&r, &id, s + len - TAIL_BYTES, s + len, out);
	}
	else if (len > 0)
		read_part(&r, &id, s, s + len, out);
	out->whole = finish(id.open ? id.hash : id.before);
	while (id.prefixes < AIR_PREFIXES)
		out->prefix[id.prefixes++] = (uint32) out->whole;
	shape_of(&r, len, read, out->shape);

	/* Too many: those whose scrambled number is low, the same ones in every text. */
	if (2 * r.words > AIR_MAX_FEATURES)
	{
		int n = distinct(&r);

		if (n > AIR_MAX_FEATURES)
			keep = (uint32) ((double) AIR_MAX_FEATURES / n * AIR_BUCKETS);
	}
	out->n = list(&r, keep, out->ids);
}
