/*
 * test_openai_reply.c
 *	  Replies of chat completions, the good and the odd ones.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static AirPrompt prompt;

static Parsed
parse(const char *body)
{
	return kit_parse("openai", &prompt, body);
}

/* Parse a reply with this message and finish reason. */
static Parsed
parse_message(const char *message, const char *finish)
{
	return parse(psprintf("{\"choices\":[{\"index\":0,\"message\":%s,\"finish_reason\":%s}]}",
						  message, finish));
}

static void
test_good(void)
{
	Parsed p = kit_parse_with(
		"openai", &prompt,
		"\n\n {\"id\":\"chatcmpl-x1\",\"object\":\"chat.completion\",\"model\":\"gpt-5.4-mini-1\","
		"\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"logprobs\":null,\"message\":"
		"{\"role\":\"assistant\",\"content\":\"b\xc3\xa4\\n\\u20ac\",\"refusal\":null}}],"
		"\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":9,\"total_tokens\":50,"
		"\"prompt_tokens_details\":{\"cached_tokens\":30,\"cache_write_tokens\":5},"
		"\"completion_tokens_details\":{\"reasoning_tokens\":4}}}\r\n",
		"x-request-id", "req_7");

	ok(p.ok, "a good reply is read, blank lines before it or not");
	is_str(p.answer.text, "b\xc3\xa4\n\xe2\x82\xac", "text");
	is_str(p.answer.refusal, NULL, "no refusal");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.finish_raw, "stop", "finish as spelt");
	is_str(p.answer.model, "gpt-5.4-mini-1", "model that served");
	is_str(p.answer.request_id, "req_7", "request id from the header");
	is_int(p.answer.usage.input, 41, "input includes cached");
	is_int(p.answer.usage.cached, 30, "cached");
	is_int(p.answer.usage.cache_write, 5, "cache writes");
	is_int(p.answer.usage.output, 9, "output includes reasoning");
	is_int(p.answer.usage.reasoning, 4, "reasoning");

	p = parse("{\"id\":\"gen-1\",\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
	ok(p.ok, "a bare reply is read");
	is_str(p.answer.request_id, "gen-1", "request id from the body");
	is_int(p.answer.finish, AIR_FINISH_OTHER, "no finish reason is OTHER");
	is_str(p.answer.finish_raw, NULL, "and has no spelling");
	is_int(p.answer.usage.input, -1, "no usage is -1");
	is_int(p.answer.usage.output, -1, "no usage is -1");
}

static void
test_content(void)
{
	Parsed p = parse_message("{\"content\":null,\"tool_calls\":[{\"id\":\"c\"}]}", "\"stop\"");

	ok(p.ok && p.answer.text == NULL, "null content is no text");
	is_int(p.answer.finish, AIR_FINISH_TOOL_CALLS, "a tool call is seen behind \"stop\"");
	p = parse_message("{\"content\":\"\",\"tool_calls\":[]}", "\"stop\"");
	is_int(p.answer.finish, AIR_FINISH_STOP, "no tool calls are none");
	is_str(p.answer.text, "", "empty content is an empty text");

	p = parse_message("{\"content\":[{\"type\":\"thinking\",\"text\":\"hm\"},"
					  "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"},"
					  "{\"type\":\"text\"},{\"type\":\"text\",\"text\":3},null,7]}",
					  "\"stop\"");
	is_str(p.answer.text, "ab", "text parts of an array are joined, others left out");
	p = parse_message("{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"}]}", "\"stop\"");
	ok(p.ok && p.answer.text == NULL, "an array without text is no text");
	p = parse_message("{\"content\":7}", "\"stop\"");
	ok(p.ok && p.answer.text == NULL, "a number is no text");
	p = parse_message("{\"content\":null,\"refusal\":\"I cannot\"}", "\"stop\"");
	is_str(p.answer.refusal, "I cannot", "refusal");
	p = parse_message("{\"content\":\"x\",\"refusal\":\"\"}", "\"stop\"");
	is_str(p.answer.refusal, NULL, "an empty refusal is none");
	p = parse_message("{\"content\":\"x\",\"reasoning_content\":\"hm\"}", "\"stop\"");
	is_str(p.answer.text, "x", "reasoning beside the content is left out");
}

static void
is_finish(const char *raw, AirFinish want)
{
	Parsed p = parse_message("{\"content\":\"x\"}", psprintf("\"%s\"", raw));

	is_int(p.answer.finish, want, "finish reason %s", raw);
	is_str(p.answer.finish_raw, raw, "finish reason %s as spelt", raw);
}

static void
test_finish(void)
{
	is_finish("stop", AIR_FINISH_STOP);
	is_finish("length", AIR_FINISH_LENGTH);
	is_finish("model_length", AIR_FINISH_LENGTH);
	is_finish("tool_calls", AIR_FINISH_TOOL_CALLS);
	is_finish("function_call", AIR_FINISH_TOOL_CALLS);
	is_finish("content_filter", AIR_FINISH_CONTENT_FILTER);
	is_finish("insufficient_system_resource", AIR_FINISH_ERROR);
	is_finish("error", AIR_FINISH_ERROR);
	is_finish("something_new", AIR_FINISH_OTHER);
	is_finish("STOP", AIR_FINISH_OTHER);
	is_int(parse_message("{\"content\":\"x\"}", "7").answer.finish, AIR_FINISH_OTHER,
		   "a finish reason of another type");
}

static void
test_usage(void)
{
	const char *head = "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":";
	Parsed p = parse(psprintf("%s{\"prompt_tokens\":100,\"completion_tokens\":10,"
							  "\"prompt_cache_hit_tokens\":60}}",
							  head));

	is_int(p.answer.usage.cached, 60, "DeepSeek's name of cached tokens");
	p = parse(psprintf("%s{\"prompt_tokens\":100,\"completion_tokens\":10,"
					   "\"num_cached_tokens\":50}}",
					   head));
	is_int(p.answer.usage.cached, 50, "Mistral's older name");
	p = parse(psprintf("%s{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":45,"
					   "\"completion_tokens_details\":{\"reasoning_tokens\":30}}}",
					   head));
	is_int(p.answer.usage.output, 35, "a total that holds more reasoning counts");
	p = parse(psprintf("%s{\"prompt_tokens\":-1,\"completion_tokens\":1e15}}", head));
	is_int(p.answer.usage.input, -1, "a negative count is none");
	is_int(p.answer.usage.output, -1, "an absurd count is none");
	p = parse(psprintf("%s{\"prompt_tokens\":\"12\",\"completion_tokens\":null}}", head));
	is_int(p.answer.usage.input, -1, "a count of another type is none");
	p = parse(psprintf("%s{\"prompt_tokens\":10,\"completion_tokens\":2,"
					   "\"prompt_tokens_details\":{\"cached_tokens\":99,\"cache_write_tokens\":9},"
					   "\"completion_tokens_details\":{\"reasoning_tokens\":9}}}",
					   head));
	is_int(p.answer.usage.cached, 10, "cached is at most the input");
	is_int(p.answer.usage.cache_write, 0, "and leaves no room for writes");
	is_int(p.answer.usage.reasoning, 2, "reasoning is at most the output");
	ok(parse(psprintf("%s[1,2]}", head)).ok, "usage of another type is survived");
}

/* A reply that is no answer: kind, remedy and what the message says. */
static void
is_failure(const char *body, AirErrKind kind, AirRemedy remedy, const char *message)
{
	Parsed p = parse(body);

	ok(!p.ok, "refused: %.60s", body);
	is_str(p.err.message, message, "message");
	ok(p.err.kind == kind && p.err.remedy == remedy, "kind %d and remedy %d", p.err.kind,
	   p.err.remedy);
	is_int(p.err.http_status, 200, "status");
	ok(p.err.unknown_cost == (remedy == AIR_REMEDY_RETRY), "cost");
}

static void
test_malformed(void)
{
	static const char *const bodies[][2] = {
		{"", "malformed reply: it is empty"},
		{"{\"choices\":[{\"message\":{\"content\":\"x",
		 "malformed reply: it ends before it is complete, at character 37"},
		{"<html>hello</html>",
		 "malformed reply: it has something that is no JSON value, at character 1"},
		{"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
		 "malformed reply: it is not valid UTF-8"},
		{"{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}",
		 "malformed reply: it has the character \\u0000 in a string, which cannot be stored, at "
		 "character 39"},
		{"{}", "malformed reply: no choices[0].message"},
		{"[]", "malformed reply: no choices[0].message"},
		{"7", "malformed reply: no choices[0].message"},
		{"{\"choices\":[]}", "malformed reply: no choices[0].message"},
		{"{\"choices\":{\"0\":1}}", "malformed reply: no choices[0].message"},
		{"{\"choices\":[{\"message\":\"x\"}]}", "malformed reply: no choices[0].message"},
		{"{\"choices\":[{\"text\":\"x\"}]}", "malformed reply: no choices[0].message"},
	};

	for (size_t i = 0; i < lengthof(bodies); i++)
		is_failure(bodies[i][0], AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY, bodies[i][1]);
}

static void
test_error_inside(void)
{
	Parsed p;

	is_failure("{\"error\":{\"code\":502,\"message\":\"Upstream died.\"}}", AIR_ERR_UNAVAILABLE,
			   AIR_REMEDY_RETRY, "Upstream died");
	is_failure("{\"choices\":[{\"error\":{\"code\":429,\"message\":\"slow\"},"
			   "\"message\":{\"content\":\"par\"}}]}",
			   AIR_ERR_RATE_LIMITED, AIR_REMEDY_RETRY, "slow");
	is_failure("{\"error\":{\"code\":402,\"message\":\"no credits\"}}", AIR_ERR_AUTH,
			   AIR_REMEDY_NEXT, "no credits");
	is_failure("{\"error\":{\"code\":\"content_filter\",\"message\":\"no\"}}",
			   AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE, "no");
	is_failure("{\"error\":{\"code\":403,\"message\":\"flagged\",\"metadata\":"
			   "{\"reasons\":[\"violence\"]}}}",
			   AIR_ERR_CONTENT_FILTER, AIR_REMEDY_NONE, "flagged");
	is_failure("{\"error\":{\"code\":400,\"message\":\"This model's maximum context length is "
			   "8192 tokens\"}}",
			   AIR_ERR_TOO_LONG, AIR_REMEDY_NEXT,
			   "This model's maximum context length is 8192 tokens");
	is_failure("{\"error\":\"model is on fire\"}", AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY,
			   "model is on fire");
	is_failure("{\"error\":{\"type\":\"weird\"}}", AIR_ERR_UNAVAILABLE, AIR_REMEDY_RETRY,
			   "unexpected reply");

	p = parse("{\"error\":null,\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
	is_str(p.answer.text, "x", "a null error is none");
	p = parse("{\"error\":{},\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
	is_str(p.answer.text, "x", "an empty error is none");
	p = parse("{\"error\":\"\",\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
	is_str(p.answer.text, "x", "an empty error text is none");

	p = parse("{\"id\":\"gen-9\",\"error\":{\"code\":502,\"message\":\"x\"}}");
	is_str(p.err.request_id, "gen-9", "the request id of a failure");
	is_str(p.err.code, "502", "the numeric code of a failure");
}

int
main(void)
{
	kit_json_watch(0);
	prompt = kit_chat("m", "Hi");
	test_good();
	test_content();
	test_finish();
	test_usage();
	test_malformed();
	test_error_inside();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
