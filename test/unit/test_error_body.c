/*
 * test_error_body.c
 *	  Error bodies in every provider's form, and in no form at all.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

/* A failure's kind, code, message and request id in one line. */
static void
is_failure(const AirFailure *err, const char *want, const char *name)
{
	is_str(psprintf("%s %s [%s] %s", air_sqlstate(err->kind), err->code ? err->code : "-",
					err->message, err->request_id ? err->request_id : "-"),
		   want, "%s", name);
}

static void
test_forms(void)
{
	AirFailure err;

	err = kit_failure(400,
					  "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens'.\","
					  "\"type\":\"invalid_request_error\",\"param\":\"max_tokens\","
					  "\"code\":\"unsupported_parameter\"}}",
					  "x-request-id", "req_1", NULL);
	is_failure(&err, "RT009 unsupported_parameter [Unsupported parameter: 'max_tokens'] req_1",
			   "OpenAI");
	is_str(err.hint, "Set the server option max_tokens_field to the name that the provider wants.",
		   "the other name of the token limit is hinted at");
	err = kit_failure(400, "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\"}}",
					  NULL);
	is_failure(&err, "RT009 invalid_request_error [m] -", "OpenAI without a code");
	err = kit_failure(529,
					  "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
					  "\"message\":\"Overloaded\"},\"request_id\":\"req_2\"}",
					  NULL);
	is_failure(&err, "RT002 overloaded_error [Overloaded] req_2", "Anthropic");
	err = kit_failure(429, "{\"message\":\"Too many tokens, please wait before trying again.\"}",
					  "x-amzn-errortype",
					  "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
					  "x-amzn-requestid", "amz-1", NULL);
	is_failure(&err,
			   "RT003 ThrottlingException [Too many tokens, please wait before trying again] amz-1",
			   "Bedrock");
	err = kit_failure(400, "{\"Message\":\"m\",\"__type\":\"com.amazon.x#ValidationException\"}",
					  NULL);
	is_failure(&err, "RT009 ValidationException [m] -", "Amazon's older form");
	err = kit_failure(400, "{\"message\":\"quota\"}", "x-amzn-errortype",
					  "ServiceQuotaExceededException", NULL);
	is_failure(&err, "RT003 ServiceQuotaExceededException [quota] -", "Bedrock's quota");
	err = kit_failure(429, "{\"message\":\"Too many tokens per day\"}", "x-amzn-errortype",
					  "ThrottlingException", NULL);
	is_failure(&err, "RT010 ThrottlingException [Too many tokens per day] -", "Bedrock's day");
	err = kit_failure(
		503, "{\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}", NULL);
	is_failure(&err, "RT002 UNAVAILABLE [busy] -", "Gemini");
	err = kit_failure(404, "{\"error\":\"model \\\"x\\\" not found, try pulling it first\"}", NULL);
	is_failure(&err, "RT009 - [model \"x\" not found, try pulling it first] -", "Ollama");
	ok(err.remedy == AIR_REMEDY_NEXT, "another candidate may have the model");
	err = kit_failure(401,
					  "{\"object\":\"error\",\"message\":\"Unauthorized\",\"type\":\"auth\","
					  "\"param\":null,\"code\":\"1000\"}",
					  NULL);
	is_failure(&err, "RT010 1000 [Unauthorized] -", "Mistral");
	err = kit_failure(
		422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"bad field\",\"type\":\"t\"}]}", NULL);
	is_failure(&err, "RT009 - [bad field] -", "Mistral's validation");
	err = kit_failure(404, "{\"detail\":\"Not Found\"}", NULL);
	is_failure(&err, "RT009 - [Not Found] -", "a detail as text");
	err = kit_failure(429, "{\"message\":\"trial key\",\"id\":\"co-1\"}", NULL);
	is_failure(&err, "RT003 - [trial key] co-1", "Cohere");
	err = kit_failure(402, "{\"error\":{\"code\":402,\"message\":\"no credits\"}}", NULL);
	is_failure(&err, "RT010 402 [no credits] -", "OpenRouter");
	err = kit_failure(500, "{\"error\":{\"code\":500,\"message\":\"m\",\"type\":\"server_error\"}}",
					  NULL);
	is_failure(&err, "RT002 server_error [m] -", "llama.cpp");
	err = kit_failure(400,
					  "{\"error\":{\"code\":400,\"message\":\"m\","
					  "\"type\":\"exceed_context_size_error\"}}",
					  NULL);
	is_failure(&err, "RT011 exceed_context_size_error [m] -", "llama.cpp, too long");
}

static void
test_google(void)
{
	AirFailure err;

	err = kit_failure(400,
					  "[{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"status\":"
					  "\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
					  "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
					  "\"API_KEY_INVALID\"}]}}]",
					  NULL);
	is_failure(&err, "RT010 API_KEY_INVALID [API key not valid] -", "a wrong key is a 400");
	err = kit_failure(429,
					  "{\"error\":{\"code\":429,\"message\":\"m\",\"status\":"
					  "\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
					  "\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":"
					  "\"12.771204034s\"}]}}",
					  NULL);
	is_failure(&err, "RT003 RESOURCE_EXHAUSTED [m] -", "a rate limit");
	is_num(err.retry_after, 12.771204034, "with its delay");
	err = kit_failure(429,
					  "{\"error\":{\"code\":429,\"message\":\"m\",\"status\":"
					  "\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{\"quotaId\":"
					  "\"GenerateRequestsPerDayPerProject\"}]},{\"retryDelay\":\"5s\"}]}}",
					  NULL);
	is_failure(&err, "RT010 RESOURCE_EXHAUSTED [m] -", "a quota of the day");
	ok(err.remedy == AIR_REMEDY_NEXT, "is not waited for");
	err = kit_failure(429,
					  "{\"error\":{\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":"
					  "[{\"violations\":[{\"quotaId\":\"GenerateRequestsPerMinute\"}]}]}}",
					  NULL);
	is_failure(&err, "RT003 RESOURCE_EXHAUSTED [m] -", "a quota of the minute");
}

static void
test_498(void)
{
	AirFailure err = kit_failure(498, "{\"message\":\"invalid api token\"}", NULL);

	is_failure(&err, "RT010 - [invalid api token] -", "Cohere's 498");
	err = kit_failure(498, "{\"error\":{\"message\":\"flex tier capacity exceeded\"}}", NULL);
	is_failure(&err, "RT002 - [flex tier capacity exceeded] -", "Groq's 498");
}

static void
test_no_form(void)
{
	AirFailure err;

	err = kit_failure(503,
					  "\r\n<html>\n<head><title>503</title></head><body>Service  <b>is</b>\n down."
					  "</body></html>",
					  NULL);
	is_failure(&err, "RT002 - [503 Service is down] -", "HTML is stripped");
	err = kit_failure(502, "<html", NULL);
	is_failure(&err, "RT002 - [the provider is unavailable] -", "a cut tag leaves nothing");
	err = kit_failure(500, "upstream\r\n\tfailed\x01!", NULL);
	is_failure(&err, "RT002 - [upstream failed !] -", "plain text on one line");
	err = kit_failure(400, "bad \xff\xfe bytes", NULL);
	is_failure(&err, "RT009 - [bad ?? bytes] -", "no UTF-8");
	err = kit_failure(400, "{\"error\":{\"message\":7,\"code\":[],\"type\":null}}", NULL);
	is_failure(&err, "RT009 - [the request was rejected] -", "wrong types");
	err = kit_failure(400, "{}", NULL);
	is_failure(&err, "RT009 - [the request was rejected] -", "an empty object");
	err = kit_failure(400, "[]", NULL);
	is_failure(&err, "RT009 - [[]] -", "an empty list");
	err = kit_failure(400, "\"just text\"", NULL);
	is_failure(&err, "RT009 - [\"just text\"] -", "a JSON string");
	err = kit_failure(400, "{\"error\":{\"message\":\"cut", NULL);
	is_failure(&err, "RT009 - [{\"error\":{\"message\":\"cut] -", "cut JSON is shown as it is");
	err = kit_failure(400, "{\"error\":{\"code\":99999999999,\"message\":\"m\"}}", NULL);
	is_failure(&err, "RT009 - [m] -", "an absurd number");
	err = kit_failure(400, "x", "x-amzn-errortype", "", "x-request-id", "", NULL);
	is_failure(&err, "RT009 - [x] -", "empty headers");
	err = kit_failure(400, "x", "x-amzn-errortype", "\xff\xff", "x-request-id", "\xff", NULL);
	is_failure(&err, "RT009 - [x] -", "headers that are no text");
}

static void
test_secrets(void)
{
	char *body = palloc(70001);
	AirFailure err;

	err = kit_failure(401,
					  "{\"error\":{\"message\":\"Incorrect API key provided: sk-proj-ab12****wxyz. "
					  "You can find it at https://x.\",\"code\":\"invalid_api_key\"}}",
					  NULL);
	is_failure(&err,
			   "RT010 invalid_api_key [Incorrect API key provided: ***. You can find it at "
			   "https://x] -",
			   "the echo of a key is masked");
	err = kit_failure(400, "{\"error\":{\"message\":\"m\",\"code\":\"sk-abcdef\"}}", NULL);
	is_failure(&err, "RT009 *** [m] -", "even in a code");

	memset(body, 'x', 70000);
	body[70000] = '\0';
	memcpy(body + 480, " sk-0123456789abcdef ", 21);
	err = kit_failure(500, body, NULL);
	is_int(strlen(err.message), 500, "a long body is cut");
	lacks(err.message, "sk-", "after its keys are masked");
}

/* What a terminal or a reader of a log would obey. */
static void
test_controls(void)
{
	AirFailure err;

	err = kit_failure(
		400,
		"{\"error\":{\"message\":\"a\\u001b[31mb\\u009b31mc\\u007fd\\u202ee\\u2028f\\r\\n"
		"LOG: g \\u2066\\u200f\\u2013 \\u00e9\"}}",
		"x-request-id", "r\x1b[0m\xc2\x9b\xe2\x80\xaez", NULL);
	is_failure(&err, "RT009 - [a [31mb 31mc d e f LOG: g \xe2\x80\x93 \xc3\xa9] r [0m     z",
			   "controls, separators and marks of direction are blanked");
}

int
main(void)
{
	kit_json_watch(0);
	test_forms();
	test_google();
	test_498();
	test_no_form();
	test_secrets();
	test_controls();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
