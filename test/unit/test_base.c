/*
 * test_base.c
 *	  base/errors.h, base/hash.h and http/message.h.
 */
#include "base/pg.h"

#include "base/errors.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/message.h"
#include "kit.h"
#include "tap.h"

static void
test_errors(void)
{
	AirFailure f;
	char text[700];

	memset(&f, 0x55, sizeof(f));
	ok(!air_fail(&f, AIR_ERR_TIMEOUT, AIR_REMEDY_RETRY, "waited %d ms for %s", 5, "it"),
	   "air_fail returns false");
	is_str(f.message, "waited 5 ms for it", "message");
	is_int(f.kind, AIR_ERR_TIMEOUT, "kind");
	is_int(f.remedy, AIR_REMEDY_RETRY, "remedy");
	is_num(f.retry_after, -1, "retry_after is unsaid");
	ok(f.http_status == 0 && !f.unknown_cost && f.code == NULL && f.request_id == NULL &&
		   f.hint == NULL,
	   "everything else is reset");

	air_fail(&f, AIR_ERR_REJECTED, AIR_REMEDY_NONE, "a\r\nb\tc\x7f");
	is_str(f.message, "a  b c ", "control characters become blanks");
	air_fail(&f, AIR_ERR_REJECTED, AIR_REMEDY_NONE, "x\xffy\xc3\xa4z\xe2\x82");
	is_str(f.message, "x?y\xc3\xa4z??", "bytes that are no UTF-8 become question marks");

	memset(text, 'x', sizeof(text));
	memcpy(text + 499, "\xc3\xa4", 2);
	text[sizeof(text) - 1] = '\0';
	air_fail(&f, AIR_ERR_REJECTED, AIR_REMEDY_NONE, "%s", text);
	is_int(strlen(f.message), 499, "cut at a character boundary");
	memset(text, 'x', sizeof(text) - 1);
	air_fail(&f, AIR_ERR_REJECTED, AIR_REMEDY_NONE, "%s", text);
	is_int(strlen(f.message), 500, "cut to 500 bytes");

	is_str(air_sqlstate(AIR_ERR_NONE), "00000", "no error");
	is_str(air_sqlstate(AIR_ERR_NO_ROUTE), "RT001", "the first kind");
	is_str(air_sqlstate(AIR_ERR_TRUNCATED), "RT008", "one in the middle");
	is_str(air_sqlstate(AIR_ERR_TOO_LONG), "RT011", "the last kind");
}

static void
test_hash(void)
{
	uint8 hash[AIR_SHA256_LEN];
	char hex[AIR_SHA256_LEN * 2 + 1];

	ok(air_sha256("abc", 3, hash), "SHA-256 works");
	air_hex(hash, sizeof(hash), hex);
	is_str(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		   "SHA-256 of abc");
	ok(air_sha256("", 0, hash), "SHA-256 of nothing works");
	air_hex(hash, sizeof(hash), hex);
	is_str(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		   "SHA-256 of nothing");
	ok(air_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hash), "HMAC works");
	air_hex(hash, sizeof(hash), hex);
	is_str(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		   "HMAC of RFC 4231, case 2");
	air_hex((const uint8 *) "\x00\xff\x1a", 3, hex);
	is_str(hex, "00ff1a", "hex is lower case");
}

static void
test_message(void)
{
	AirHeader headers[] = {{"content-type", "text/html"}, {"retry-after", "3"}};
	AirHttpReply reply = {.status = 200, .nheaders = 2, .headers = headers};
	AirHttpRequest req = {.url = "https://h/"};

	is_str(air_reply_header(&reply, "retry-after"), "3", "a header that is there");
	is_str(air_reply_header(&reply, "x-none"), NULL, "a header that is not");

	ok(air_request_header(&req, "a", "b"), "a header is added");
	ok(!air_request_header(&req, "a", "b\r\nx: y"), "a line break is refused");
	ok(!air_request_header(&req, "a", "b\nc"), "a lone LF is refused");
	ok(!air_request_header(&req, "a", NULL), "no value is refused");
	is_int(req.nheaders, 1, "a refused header is not added");
	for (int i = 1; i < AIR_MAX_HEADERS; i++)
		air_request_header(&req, "n", "v");
	ok(!air_request_header(&req, "a", "b"), "a full request is refused");
	is_int(req.nheaders, AIR_MAX_HEADERS, "and stays full");
}

int
main(void)
{
	test_errors();
	test_hash();
	test_message();
	return done_testing();
}
