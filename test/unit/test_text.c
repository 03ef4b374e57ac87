/*
 * test_text.c
 *	  base/text.h: UTF-8, encodings, near names, the token estimate.
 */
#include "base/pg.h"

#include "base/text.h"
#include "kit.h"
#include "tap.h"

static void
test_utf8(void)
{
	ok(air_utf8_valid("", 0), "empty text is valid");
	ok(air_utf8_valid("plain", 5), "ASCII is valid");
	ok(air_utf8_valid("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9), "2, 3 and 4 bytes are valid");
	ok(!air_utf8_valid("a\0b", 3), "NUL is not");
	ok(!air_utf8_valid("\xc3", 1), "a cut character is not");
	ok(!air_utf8_valid("\xff\xfe", 2), "bytes of no character are not");
	ok(!air_utf8_valid("\xc0\xaf", 2), "an overlong form is not");
	ok(!air_utf8_valid("\xed\xa0\x80", 3), "a surrogate is not");
	ok(!air_utf8_valid("\xf4\x90\x80\x80", 4), "beyond U+10FFFF is not");

	is_int(air_utf8_char("a", 1), 1, "one byte");
	is_int(air_utf8_char("\xe2\x82\xac", 3), 3, "three bytes");
	is_int(air_utf8_char("\xe2\x82", 2), 0, "cut off");
	is_int(air_utf8_char("", 0), 0, "nothing");

	is_int(air_utf8_chars("", 0), 0, "no characters");
	is_int(air_utf8_chars("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", 11), 5,
		   "characters of 1 to 4 bytes");
	is_int(air_utf8_chars("0123456\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 17), 12,
		   "across words of eight bytes");

	is_int(air_utf8_clip("abc", 3, 5), 3, "shorter than the limit");
	is_int(air_utf8_clip("abcdef", 6, 4), 4, "cut between letters");
	is_int(air_utf8_clip("a\xe2\x82\xac", 4, 3), 1, "never inside a character");
	is_int(air_utf8_clip("a\xe2\x82\xac", 4, 4), 4, "the whole fits");
	is_int(air_utf8_clip("\xe2\x82\xac", 3, 2), 0, "nothing fits");
}

static void
test_encodings(void)
{
	size_t len = 99;
	char *decoded;

	is_str(air_url_encode("AZaz09-._~"), "AZaz09-._~", "unreserved characters stay");
	is_str(air_url_encode("a:b/c d%"), "a%3Ab%2Fc%20d%25", "all others are encoded");
	is_str(air_url_encode("\xc3\xa4"), "%C3%A4", "bytes of UTF-8 too");
	is_str(air_url_encode(""), "", "empty stays empty");

	decoded = air_base64_decode("AAECAw==", &len);
	ok(decoded != NULL && len == 4 && memcmp(decoded, "\0\1\2\3", 4) == 0, "base64 decodes");
	decoded = air_base64_decode("", &len);
	ok(decoded != NULL && len == 0, "empty base64 is empty");
	ok(air_base64_decode("AA*=", &len) == NULL, "a foreign character is refused");
	ok(air_base64_decode("AAE", &len) == NULL, "missing padding is refused");
	ok(air_base64_decode("key=AACAPwAAAEA=", &len) == NULL, "padding in the middle is refused");
}

static void
test_nearest(void)
{
	static const char *const names[] = {"model", "max_tokens", "temperature", "top_p", "seed"};
	int n = lengthof(names);

	is_str(air_nearest("modle", names, n), "model", "swapped letters");
	is_str(air_nearest("temprature", names, n), "temperature", "a letter too few");
	is_str(air_nearest("MAX_TOKEN", names, n), "max_tokens", "case does not count");
	is_str(air_nearest("seeed", names, n), "seed", "a letter too many");
	is_str(air_nearest("seed", names, n), "seed", "the word itself");
	is_str(air_nearest("banana", names, n), NULL, "nothing near");
	is_str(air_nearest("", names, n), NULL, "an empty word");
	is_str(air_nearest("x", names, 0), NULL, "an empty list");
	is_str(air_nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					   names, n),
		   NULL, "a word that is no name");
}

static void
is_tokens(const char *text, int want)
{
	is_int(air_estimate_tokens(text, strlen(text)), want, "tokens of \"%s\"", text);
}

static void
test_tokens(void)
{
	is_tokens("", 0);
	is_tokens("  \t ", 0);
	is_tokens("a", 1);
	is_tokens("word", 1);
	is_tokens("words", 2);
	is_tokens("the cat sat", 3);
	is_tokens("internationalization", 5);
	is_tokens("123", 1);
	is_tokens("1234", 2);
	is_tokens("abc123", 2);
	is_tokens("Hello, world!", 6);
	is_tokens("...", 3);
	is_tokens("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 3); /* three CJK characters */
	is_tokens("\xd0\xbc\xd0\xb8\xd1\x80", 2);             /* three Cyrillic letters */
	is_tokens("\xf0\x9f\x98\x80", 1);                     /* an emoji */
	is_tokens("na\xc3\xafve", 3);                         /* a run that changes kind */
	is_int(air_estimate_tokens("a\xff\xfe\0b", 5), 4, "any bytes are survived");
}

/* Bytes are taken in pairs: which of them meet must not matter. */
static void
test_token_pairs(void)
{
	static const char bytes[] = "ab1 2.\xc3\xa4\xe6\x97\xa5z9-";
	uint64 random = 42;
	int differ = 0;

	for (int i = 0; i < 5000; i++)
	{
		char text[32] = " ";
		int len = i % 31;
		int tokens;

		for (int j = 1; j <= len; j++)
		{
			random = random * UINT64CONST(6364136223846793005) + 1442695040888963407;
			text[j] = bytes[(random >> 33) % (sizeof(bytes) - 1)];
		}
		/* The blank in front moves all pairs by one, and of a text cut short the last byte is
		 * single. */
		tokens = air_estimate_tokens(text + 1, len);
		differ += tokens != air_estimate_tokens(text, len + 1);
		differ += len > 0 && (tokens < air_estimate_tokens(text, len) ||
							  tokens > air_estimate_tokens(text, len) + 1);
	}
	is_int(differ, 0, "the estimate does not depend on which bytes make a pair");
}

int
main(void)
{
	test_utf8();
	test_encodings();
	test_nearest();
	test_tokens();
	test_token_pairs();
	return done_testing();
}
