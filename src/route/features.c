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

#define VERSION 1

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
	OTHER
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

static inline int
class_of(uint8 c)
{
	if ((uint8) ((c | 0x20) - 'a') < 26 || c >= 0x80)
		return LETTER;
	if ((uint8) (c - '0') < 10)
		return DIGIT;
	/* A line break says something about a text, other blanks do not. */
	return c <= ' ' && c != '\n' ? BLANK : OTHER;
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

/* What reading a part of a text gathers. */
typedef struct Reading
{
	uint64 seen[AIR_BUCKETS / 64];      /* a bit per feature */
	uint64 some[AIR_BUCKETS / 64 / 64]; /* a bit per word of them that is not zero */
	int distinct;
	uint64 last; /* hash of the word before */
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
	uint64 bit = UINT64CONST(1) << (id % 64);

	r->distinct += (r->seen[id / 64] & bit) == 0;
	r->seen[id / 64] |= bit;
	r->some[id / 64 / 64] |= UINT64CONST(1) << (id / 64 % 64);
}

static void
read_words(Reading *r, const uint8 *s, const uint8 *end)
{
	while (s < end)
	{
		int kind = class_of(*s);
		uint64 h = FNV_BASIS;
		const uint8 *start = s;

		if (kind == BLANK)
		{
			s++;
			continue;
		}
		if (kind == LETTER)
		{
			const uint8 *stop = end - s > MAX_WORD ? s + MAX_WORD : end;
			int lone = *s >= 0x80 ? lone_character(s, end) : 0;

			if (lone > 0)
				stop = s + lone;
			do
			{
				uint8 c = *s;

				if (c >= 0x80)
				{
					if (lone == 0 && s > start && lone_character(s, end) > 0)
						break;
					r->high++;
				}
				else if (c < 'a')
				{
					r->upper++;
					c |= 0x20;
				}
				h = (h ^ c) * FNV_PRIME;
				s++;
			} while (s < stop && class_of(*s) == LETTER);
		}
		else if (kind == DIGIT)
		{
			do
			{
				if (s - start < MAX_WORD)
					h = (h ^ '0') * FNV_PRIME;
				s++;
			} while (s < end && class_of(*s) == DIGIT);
			r->digits += s - start;
		}
		else
		{
			h = (h ^ *s) * FNV_PRIME;
			if (*s == '\n')
				r->lines++;
			else
				r->other++;
			s++;
		}
		mark(r, h);
		mark(r, h * 31 + r->last * UINT64CONST(0x9e3779b97f4a7c15));
		r->last = h;
		r->words++;
		r->chars += s - start;
	}
}

/* The hashes that tell texts and passages apart. */
static void
identify(const uint8 *s, size_t len, AirFeatures *out)
{
	static const size_t at[AIR_PREFIXES] = {128, 256, 512};
	uint64 h = FNV_BASIS;
	size_t n = 0;
	int next = 0;
	bool blank = false;

	for (size_t i = 0; i < len; i++)
	{
		uint8 c = s[i];

		if (c <= ' ')
		{
			blank = n > 0;
			continue;
		}
		if (blank)
		{
			h = (h ^ ' ') * FNV_PRIME;
			n++;
			blank = false;
		}
		if ((uint8) (c - 'A') < 26)
			c |= 0x20;
		h = (h ^ c) * FNV_PRIME;
		n++;
		while (next < AIR_PREFIXES && n >= at[next])
			out->prefix[next++] = (uint32) finish(h);
	}
	out->whole = finish(h);
	while (next < AIR_PREFIXES)
		out->prefix[next++] = (uint32) out->whole;
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

/* See features.h. */
void
air_features(const char *text, size_t len, AirFeatures *out)
{
	const uint8 *s = (const uint8 *) text;
	size_t read = len;
	int n = 0;
	uint32 keep = AIR_BUCKETS;
	Reading r;

	memset(&r, 0, sizeof(r));
	if (len > HEAD_BYTES + TAIL_BYTES)
	{
		read = HEAD_BYTES + TAIL_BYTES;
		read_words(&r, s, s + HEAD_BYTES);
		read_words(&r, s + len - TAIL_BYTES, s + len);
	}
	else if (len > 0)
		read_words(&r, s, s + len);
	identify(s, len, out);
	shape_of(&r, len, read, out->shape);

	/* Too many: those whose scrambled number is low, the same ones in every text. */
	if (r.distinct > AIR_MAX_FEATURES)
		keep = (uint32) ((double) AIR_MAX_FEATURES / r.distinct * AIR_BUCKETS);
	for (int i = 0; i < (int) lengthof(r.some); i++)
	{
		for (uint64 words = r.some[i]; words != 0; words &= words - 1)
		{
			int word = i * 64 + pg_rightmost_one_pos64(words);

			for (uint64 bits = r.seen[word]; bits != 0; bits &= bits - 1)
			{
				uint16 id = word * 64 + pg_rightmost_one_pos64(bits);

				if ((uint16) (id * 40503u) < keep && n < AIR_MAX_FEATURES)
					out->ids[n++] = id;
			}
		}
	}
	out->n = n;
}

static inline uint8 *
put(uint8 *p, uint64 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*p++ = (uint8) (value >> (8 * i));
	return p;
}

static inline uint64
get(const uint8 *p, int bytes)
{
	uint64 value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64) p[i] << (8 * i);
	return value;
}

/*
 * Packed: version, 0, number of ids (2), whole (8), prefixes (4 each), shape (12),
 * ids (2 each).  What can be taken from the length is checked against it.
 */
#define HEADER (4 + 8 + 4 * AIR_PREFIXES + AIR_SHAPES)

StaticAssertDecl(HEADER + 2 * AIR_MAX_FEATURES == AIR_FEATURES_BYTES, "size of packed features");

/* See features.h. */
size_t
air_features_pack(const AirFeatures *features, uint8 *dst)
{
	uint8 *p = dst;

	*p++ = VERSION;
	*p++ = 0;
	p = put(p, features->n, 2);
	p = put(p, features->whole, 8);
	for (int i = 0; i < AIR_PREFIXES; i++)
		p = put(p, features->prefix[i], 4);
	memcpy(p, features->shape, AIR_SHAPES);
	p += AIR_SHAPES;
	for (int i = 0; i < features->n; i++)
		p = put(p, features->ids[i], 2);
	return p - dst;
}

/* See features.h. */
bool
air_features_view(const uint8 *src, size_t len, AirFeaturesView *out)
{
	int n;

	if (len < HEADER || src[0] != VERSION || src[1] != 0)
		return false;
	n = (int) get(src + 2, 2);
	if (n > AIR_MAX_FEATURES || len != HEADER + 2 * (size_t) n)
		return false;
	out->whole = get(src + 4, 8);
	for (int i = 0; i < AIR_PREFIXES; i++)
		out->prefix[i] = (uint32) get(src + 12 + 4 * i, 4);
	out->shape = src + HEADER - AIR_SHAPES;
	out->n = n;
	out->ids = src + HEADER;
	for (int i = 1; i < n; i++)
	{
		if (get(out->ids + 2 * i, 2) <= get(out->ids + 2 * i - 2, 2))
			return false;
	}
	return true;
}

/* See features.h. */
bool
air_features_unpack(const uint8 *src, size_t len, AirFeatures *out)
{
	AirFeaturesView view;

	if (!air_features_view(src, len, &view))
		return false;
	out->whole = view.whole;
	memcpy(out->prefix, view.prefix, sizeof(out->prefix));
	memcpy(out->shape, view.shape, AIR_SHAPES);
	out->n = view.n;
	for (int i = 0; i < view.n; i++)
		out->ids[i] = (uint16) get(view.ids + 2 * i, 2);
	return true;
}
