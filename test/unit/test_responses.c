/*
 * test_responses.c
 *	  OpenAI's Responses API.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static void
test_requests(void)
{
	static const char *const stop[] = {"X"};
	AirPrompt prompt = kit_chat("gpt-5.6-luna", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.openai.com/v1");
	AirCredential cred = kit_key("k");
	Built built = kit_build("openai_responses", &prompt, &endpoint, &cred);

	is_str(built.req.url, "https://api.openai.com/v1/responses", "URL");
	is_str(kit_header(&built.req, "authorization"), "Bearer k", "key");
	is_str(built.req.body,
		   "{\"model\":\"gpt-5.6-luna\",\"input\":\"Hi\",\"max_output_tokens\":64,"
		   "\"store\":false}",
		   "a lone text is a string, and nothing is stored");

	prompt.system = "S";
	prompt.temperature = 0.2;
	prompt.top_p = 1;
	prompt.seed = 1;
	prompt.has_seed = true;
	prompt.reasoning_effort = "low";
	prompt.schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}";
	prompt.schema_name = "ticket";
	prompt.params = "{\"text\":{\"verbosity\":\"low\"}}";
	is_str(kit_body("openai_responses", &prompt),
		   "{\"model\":\"gpt-5.6-luna\",\"instructions\":\"S\",\"input\":\"Hi\","
		   "\"max_output_tokens\":64,\"temperature\":0.2,\"top_p\":1,"
		   "\"reasoning\":{\"effort\":\"low\"},\"text\":{\"format\":{\"type\":\"json_schema\","
		   "\"name\":\"ticket\",\"strict\":true,\"schema\":"
		   "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}},\"verbosity\":"
		   "\"low\"},"
		   "\"store\":false}",
		   "everything but the seed, which it lacks");

	prompt = kit_chat("m", "one");
	kit_add_message(&prompt, AIR_ASSISTANT, "two");
	kit_add_message(&prompt, AIR_USER, "three");
	kit_add_image(&prompt, "image/jpeg", "QUJD");
	is_str(kit_body("openai_responses", &prompt),
		   "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"one\"},"
		   "{\"role\":\"assistant\",\"content\":\"two\"},{\"role\":\"user\",\"content\":["
		   "{\"type\":\"input_text\",\"text\":\"three\"},"
		   "{\"type\":\"input_image\",\"image_url\":\"data:image/jpeg;base64,QUJD\"}]}],"
		   "\"max_output_tokens\":64,\"store\":false}",
		   "turns and an image");

	prompt.stop = stop;
	prompt.nstop = 1;
	is_str(kit_body("openai_responses", &prompt),
		   "failed: api \"openai_responses\" has no stop sequences", "no stop sequences");
	built = kit_build("openai_responses", &prompt, &endpoint, &cred);
	ok(built.err.kind == AIR_ERR_REJECTED && built.err.remedy == AIR_REMEDY_NEXT,
	   "another candidate may have them");
	prompt.nstop = 0;
	prompt.max_tokens = 15;
	is_str(kit_body("openai_responses", &prompt),
		   "failed: api \"openai_responses\" needs max_tokens of 16 or more", "a tiny cap");
	prompt.max_tokens = 16;
	has(kit_body("openai_responses", &prompt), "\"max_output_tokens\":16", "the least cap");
	prompt = kit_embed("m", 1, stop);
	has(kit_body("openai_responses", &prompt), "has no embeddings", "no embeddings");
}

static Parsed
parse(const char *body)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	return kit_parse("openai_responses", &prompt, body);
}

#define MESSAGE(parts) "{\"type\":\"message\",\"content\":[" parts "]}"
#define TEXT(text) "{\"type\":\"output_text\",\"text\":\"" text "\"}"

static void
test_replies(void)
{
	Parsed p = parse(
		"{\"id\":\"resp_1\",\"status\":\"completed\",\"error\":null,"
		"\"incomplete_details\":null,\"model\":\"gpt\",\"output\":["
		"{\"type\":\"reasoning\",\"summary\":[],\"content\":[" TEXT("hm") "]}," MESSAGE(
			TEXT("a") "," TEXT(
				"b")) "," MESSAGE(TEXT("c")) "],"
											 "\"usage\":{\"input_tokens\":41,\"output_tokens\":9,"
											 "\"input_tokens_details\":{\"cached_tokens\":7,"
											 "\"cache_write_tokens\":1},"
											 "\"output_tokens_details\":{\"reasoning_tokens\":5}}"
											 "}");

	is_str(p.answer.text, "abc", "texts of all messages are joined, reasoning is not");
	is_int(p.answer.finish, AIR_FINISH_STOP, "completed is stop");
	is_str(p.answer.finish_raw, "completed", "as spelt");
	is_str(p.answer.request_id, "resp_1", "request id");
	is_str(p.answer.model, "gpt", "model");
	is_int(p.answer.usage.input, 41, "input");
	is_int(p.answer.usage.cached, 7, "cached");
	is_int(p.answer.usage.cache_write, 1, "cache writes");
	is_int(p.answer.usage.output, 9, "output");
	is_int(p.answer.usage.reasoning, 5, "reasoning");

	p = parse("{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
			  "\"max_output_tokens\"},\"output\":[{\"type\":\"reasoning\"}]}");
	ok(p.ok && p.answer.text == NULL, "all tokens spent on reasoning: no text");
	is_int(p.answer.finish, AIR_FINISH_LENGTH, "cut off");
	p = parse("{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
			  "\"content_filter\"},\"output\":[]}");
	is_int(p.answer.finish, AIR_FINISH_CONTENT_FILTER, "filtered");
	p = parse("{\"status\":\"completed\",\"output\":[" MESSAGE(
		"{\"type\":\"refusal\",\"refusal\":\"no\"}") "]}");
	ok(p.ok && p.answer.text == NULL, "a refusal is no text");
	is_str(p.answer.refusal, "no", "refusal");
	p = parse("{\"status\":\"completed\",\"output\":[{\"type\":\"function_call\"}]}");
	is_int(p.answer.finish, AIR_FINISH_TOOL_CALLS, "a function call");
	p = parse("{\"status\":\"queued\",\"output\":[]}");
	is_int(p.answer.finish, AIR_FINISH_PAUSED, "not done yet");
	p = parse("{\"status\":\"cancelled\",\"output\":[]}");
	is_int(p.answer.finish, AIR_FINISH_ERROR, "cancelled");
	p = parse("{\"status\":\"failed\",\"error\":null,\"output\":[]}");
	is_int(p.answer.finish, AIR_FINISH_ERROR, "failed without a reason");
	p = parse("{\"status\":\"novel\",\"output\":[" MESSAGE(TEXT("x")) "]}");
	ok(p.answer.finish == AIR_FINISH_OTHER && strcmp(p.answer.text, "x") == 0,
	   "an unknown status is kept");
	p = parse("{\"status\":\"completed\",\"output\":[7,null,\"x\",{\"type\":3},"
			  "{\"type\":\"message\"},{\"type\":\"message\",\"content\":\"s\"}]}");
	is_str(p.answer.text, "s", "odd items are survived");
}

static void
test_failures(void)
{
	Parsed p = parse("{\"status\":\"failed\",\"error\":{\"code\":\"server_error\","
					 "\"message\":\"We broke.\"},\"output\":[]}");

	ok(!p.ok, "status failed is a failure");
	is_int(p.err.kind, AIR_ERR_UNAVAILABLE, "server_error is unavailable");
	is_int(p.err.remedy, AIR_REMEDY_RETRY, "to be retried");
	ok(p.err.unknown_cost, "at unknown cost");
	is_str(p.err.message, "We broke", "message");
	is_str(p.err.code, "server_error", "code");

	p = parse("{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\","
			  "\"message\":\"slow\"}}");
	ok(p.err.kind == AIR_ERR_RATE_LIMITED && p.err.remedy == AIR_REMEDY_RETRY, "rate limit");
	p = parse("{\"status\":\"failed\",\"error\":{\"code\":\"invalid_prompt\",\"message\":\"x\"}}");
	ok(p.err.kind == AIR_ERR_REJECTED && p.err.remedy == AIR_REMEDY_NONE, "invalid prompt");
	ok(!p.err.unknown_cost, "which costs nothing");
	p = parse("{\"status\":\"completed\"}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no output", "no output");
	p = parse("{\"status\":\"completed\",\"output\":\"x\"}");
	ok(!p.ok, "output of another type");
}

int
main(void)
{
	kit_json_watch(0);
	test_requests();
	test_replies();
	test_failures();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
