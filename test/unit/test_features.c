/*
 * test_features.c
 *	  route/features.h: words to numbers, packed and back, any bytes.
 */
#include "base/pg.h"

#include "route/features.h"
#include "kit.h"
#include "tap.h"

static AirFeatures
read_text(const char *text)
{
	AirFeatures f;

	memset(&f, 0x55, sizeof(f));
	air_features(text, strlen(text), &f);
	return f;
}

static int
common(const AirFeatures *a, const AirFeatures *b)
{
	int n = 0;

	for (int i = 0, j = 0; i < a->n && j < b->n;)
	{
		n += a->ids[i] == b->ids[j];
		if (a->ids[i] <= b->ids[j])
			i++;
		else
			j++;
	}
	return n;
}

static void
test_words(void)
{
	AirFeatures a = read_text("The cat sat");
	AirFeatures b = read_text("  the CAT\tsat ");
	AirFeatures c = read_text("sat cat the");

	is_int(a.n, 6, "three words and three pairs, the first with the start");
	ok(a.n == b.n && memcmp(a.ids, b.ids, sizeof(uint16) * a.n) == 0,
	   "letter case and blanks do not count");
	ok(a.whole == b.whole, "nor for the identity of a text");
	is_int(common(&a, &c), 3, "in another order the words are the same, the pairs are not");
	ok(a.whole != c.whole, "another text");

	a = read_text("in 1815 and");
	b = read_text("in 1914 and");
	is_int(common(&a, &b), a.n, "numbers of the same length are alike");
	ok(a.whole != b.whole, "though the texts are not");

	a = read_text("one two\nthree");
	b = read_text("one two three");
	is_int(a.n - common(&a, &b), 3, "a line break is a word and makes two pairs");

	a = read_text("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	is_int(a.n, 6, "characters of Chinese are words");
	a = read_text("gr\xc3\xb6\xc3\x9f"
				  "er na\xc3\xafve");
	is_int(a.n, 4, "letters outside of ASCII are letters");
	a = read_text("\xe4pfel \xfc"
				  "ber");
	is_int(a.n, 4, "in any encoding");
}

static void
test_empty(void)
{
	AirFeatures f;
	uint8 bytes[AIR_FEATURES_BYTES];
	AirFeatures back;

	air_features(NULL, 0, &f);
	is_int(f.n, 0, "an empty prompt has no words");
	ok(air_features_unpack(bytes, air_features_pack(&f, bytes), &back), "but packs");
	is_int(back.n, 0, "and unpacks");
	f = read_text(" \t\r ");
	is_int(f.n, 0, "blanks are no words either");
	is_int(f.whole, back.whole, "and are the same as nothing");
}

static void
test_passages(void)
{
	char a[600];
	char b[600];
	AirFeatures x;
	AirFeatures y;

	memset(a, 'x', sizeof(a) - 1);
	a[sizeof(a) - 1] = '\0';
	strcpy(b, a);
	b[300] = 'y';
	x = read_text(a);
	y = read_text(b);
	ok(x.prefix[0] == y.prefix[0] && x.prefix[1] == y.prefix[1], "they begin alike");
	ok(x.prefix[2] != y.prefix[2] && x.whole != y.whole, "and differ from byte 300 on");
	x = read_text("short");
	ok(x.prefix[0] == (uint32) x.whole && x.prefix[2] == x.prefix[0],
	   "of a short text all prefixes are the whole");
}

static void
test_long(void)
{
	static char text[200001];
	uint64 random = 7;
	uint8 bytes[AIR_FEATURES_BYTES];
	AirFeatures f;
	AirFeatures g;
	AirFeatures back;

	for (int i = 0; i < 200000; i++)
	{
		random = random * UINT64CONST(6364136223846793005) + 1442695040888963407;
		text[i] = (random >> 33) % 6 == 0 ? ' ' : 'a' + (random >> 40) % 26;
	}
	air_features(text, 200000, &f);
	ok(f.n <= AIR_MAX_FEATURES && f.n > AIR_MAX_FEATURES * 3 / 4, "a long text is sampled: %d",
	   f.n);
	ok(air_features_pack(&f, bytes) <= 2000, "and packs into 2 kB");
	ok(air_features_unpack(bytes, air_features_pack(&f, bytes), &back) && back.n == f.n &&
		   memcmp(back.ids, f.ids, sizeof(uint16) * f.n) == 0 && back.whole == f.whole &&
		   memcmp(back.prefix, f.prefix, sizeof(f.prefix)) == 0 &&
		   memcmp(back.shape, f.shape, AIR_SHAPES) == 0,
	   "packing loses nothing");
	air_features(text, 10000, &f);
	air_features(text, 11000, &g);
	ok(common(&f, &g) > f.n * 3 / 4, "of texts that share most words the samples do too: %d of %d",
	   common(&f, &g), f.n);

	memset(text, 'x', 200000);
	air_features(text, 200000, &f);
	ok(f.n < 10, "one long word is few features: %d", f.n);
	memset(text, '1', 200000);
	air_features(text, 200000, &f);
	is_int(f.n, 3, "and so is one long number");
}

static void
test_any_bytes(void)
{
	uint64 random = 3;
	int bad = 0;

	for (int i = 0; i < 5000; i++)
	{
		size_t len = i % 97;
		char *text = malloc(len > 0 ? len : 1); /* exact: the sanitizer sees more being read */
		uint8 bytes[AIR_FEATURES_BYTES];
		AirFeatures f;
		AirFeatures again;
		size_t packed;
		uint8 *exact;

		for (size_t j = 0; j < len; j++)
		{
			random = random * UINT64CONST(6364136223846793005) + 1442695040888963407;
			text[j] = (char) (random >> 33 | (i % 3 == 0 ? 0xe0 : 0));
		}
		air_features(text, len, &f);
		packed = air_features_pack(&f, bytes);
		exact = malloc(packed);
		memcpy(exact, bytes, packed);
		bad += !air_features_unpack(exact, packed, &again) || again.n != f.n;
		/* Damage must be refused or harmless. */
		exact[random % packed] ^= 1 << i % 8;
		if (air_features_unpack(exact, packed, &again))
			bad += again.n > AIR_MAX_FEATURES;
		bad += air_features_unpack(exact, packed - 1, &again);
		free(exact);
		free(text);
	}
	is_int(bad, 0, "any bytes are read, packed and unpacked");
}

static void
test_refused(void)
{
	AirFeatures f = read_text("some words");
	uint8 bytes[AIR_FEATURES_BYTES];
	size_t len = air_features_pack(&f, bytes);

	ok(!air_features_unpack(NULL, 0, &f), "nothing is no features");
	ok(!air_features_unpack(bytes, len + 2, &f), "too long");
	bytes[0]++;
	ok(!air_features_unpack(bytes, len, &f), "another version");
	bytes[0]--;
	memcpy(bytes + len - 2, bytes + len - 4, 2);
	ok(!air_features_unpack(bytes, len, &f), "an id twice");
	bytes[2] = bytes[3] = 0xff;
	ok(!air_features_unpack(bytes, len, &f), "more ids than there can be");
}

/*
 * Features are stored and compared for years: these are what version 1 has always made of
 * some thousand texts, of words, capitals, numbers, signs, blanks and other scripts.
 */
static void
test_unchanged(void)
{
	static const char *const parts[] = {" ",
										"  ",
										"\n",
										"\t",
										"a",
										"The",
										"of",
										"QUESTION",
										"x1",
										"1815",
										".",
										", ",
										"[",
										"@",
										"\x7f",
										"\x01",
										"\xff",
										"\xe6\x97",
										"\xe6\x97\xa5",
										"\xf0\x9f\x98\x80",
										"\xe1\x80\x80",
										"gr\xc3\xb6\xc3\x9f"
										"er",
										"12345678901234567890123456789012345678",
										"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"};
	static char text[50000];
	uint64 random = 11;
	uint64 hash = UINT64CONST(0xcbf29ce484222325);

	for (int i = 0; i < 4000; i++)
	{
		size_t most = i % 100 == 99 ? sizeof(text) - 50 : (size_t) (20 + i % 1000);
		size_t len = 0;
		uint8 bytes[AIR_FEATURES_BYTES];
		AirFeatures f;
		size_t packed;

		while (len < most)
		{
			const char *part;

			random = random * UINT64CONST(6364136223846793005) + 1442695040888963407;
			part = parts[(random >> 33) % lengthof(parts)];
			memcpy(text + len, part, strlen(part));
			len += strlen(part);
			if (i % 3 == 0)
				text[len++] = (char) ('a' + (random >> 50) % 26);
		}
		air_features(text, len, &f);
		packed = air_features_pack(&f, bytes);
		for (size_t j = 0; j < packed; j++)
			hash = (hash ^ bytes[j]) * UINT64CONST(0x100000001b3);
	}
	ok(hash == UINT64CONST(0xf328d5785a027de4), "features are what they were: %016llx",
	   (unsigned long long) hash);
}

int
main(void)
{
	test_words();
	test_empty();
	test_passages();
	test_long();
	test_any_bytes();
	test_refused();
	test_unchanged();
	return done_testing();
}
