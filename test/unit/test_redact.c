/*
 * test_redact.c
 *	  What looks like a key is masked, and what does not is left alone.
 */
#include "base/pg.h"

#include "kit.h"
#include "provider/failure.h"
#include "tap.h"

static void
is_masked(const char *text, const char *want)
{
	is_str(air_redact(text), want, "%s", text);
}

int
main(void)
{
	is_masked("key sk-abc is wrong", "key *** is wrong");
	is_masked("sk-ant-api03-AbC_d-9.", "***.");
	is_masked("(sk-proj-ab****yz)", "(***)");
	is_masked("\"sk-or-v1-0123\"", "\"***\"");
	is_masked("gsk_abcdef", "***");
	is_masked("AKIAIOSFODNN7EXAMPLE is unknown", "*** is unknown");
	is_masked("ASIAIOSFODNN7EXAMPLE", "***");
	is_masked("AIzaSyA-1234567_x", "***");
	is_masked("ya29.a0AfH6", "***");
	is_masked("token eyJhbGciOiJI.eyJz.sig ok", "token *** ok");
	is_masked("Bearer xyz", "Bearer ***");
	is_masked("authorization: bearer abc.def, next", "authorization: bearer ***, next");
	is_masked("https://h/?key=abc&x=1", "https://h/?key=***&x=1");
	is_masked("api_key=abc API-KEY=def", "api_key=*** API-KEY=***");
	is_masked("token=t1 secret=s1 Signature=s2 Credential=AKID/x", "token=*** secret=*** "
																   "Signature=*** Credential=***");
	is_masked("Incorrect API key provided: custom9.", "Incorrect API key provided: ***.");
	is_masked("sk-one sk-two", "*** ***");

	is_masked("", "");
	is_masked("task-1, risk-free and disk-full", "task-1, risk-free and disk-full");
	is_masked("sk- alone", "sk- alone");
	is_masked("AKIA short", "AKIA short");
	is_masked("max_tokens is too large", "max_tokens is too large");
	is_masked("key= and token=", "key= and token=");
	is_masked("na\xc3\xafve \xe6\x97\xa5", "na\xc3\xafve \xe6\x97\xa5");
	return done_testing();
}
