/*
 * test_anthropic.c
 *	  Anthropic's Messages API.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define HEAD "{\"model\":\"claude\",\"max_tokens\":64,"
#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static void
test_requests(void)
{
	static const char *const stop[] = {"\n\n"};
	AirPrompt prompt = kit_chat("claude", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.anthropic.com");
	AirCredential cred = kit_key("sk-ant-1");
	Built built = kit_build("anthropic", &prompt, &endpoint, &cred);

	is_str(built.req.url, "https://api.anthropic.com/v1/messages", "URL");
	is_str(built.req.body, HEAD USER "}", "minimal body");
	is_int(built.req.nheaders, 3, "three headers");
	is_str(kit_header(&built.req, "x-api-key"), "sk-ant-1", "key");
	is_str(kit_header(&built.req, "anthropic-version"), "2023-06-01", "version");
	endpoint.api_version = "2030-01-01";
	built = kit_build("anthropic", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "anthropic-version"), "2030-01-01", "version by option");

	prompt.system = "S";
	prompt.temperature = 0.5;
	prompt.top_p = 0.25;
	prompt.seed = 3;
	prompt.has_seed = true;
	prompt.stop = stop;
	prompt.nstop = 1;
	prompt.reasoning_effort = "xhigh";
	prompt.schema = "{\"type\":\"object\"}";
	is_str(kit_body("anthropic", &prompt),
		   HEAD "\"system\":\"S\"," USER ",\"temperature\":0.5,\"top_p\":0.25,"
				"\"stop_sequences\":[\"\\n\\n\"],\"thinking\":{\"type\":\"adaptive\"},"
				"\"output_config\":{\"effort\":\"xhigh\",\"format\":{\"type\":\"json_schema\","
				"\"schema\":{\"type\":\"object\"}}}}",
		   "everything but the seed, which it lacks");

	prompt = kit_chat("claude", "Hi");
	prompt.reasoning_effort = "none";
	is_str(kit_body("anthropic", &prompt), HEAD USER ",\"output_config\":{\"effort\":\"low\"}}",
		   "least effort asks for no thinking");
	prompt.reasoning_effort = NULL;
	prompt.schema = "{}";
	is_str(kit_body("anthropic", &prompt),
		   HEAD USER ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}}",
		   "a schema alone");
	prompt.schema = NULL;
	prompt.params = "{\"service_tier\":\"auto\"}";
	is_str(kit_body("anthropic", &prompt), HEAD USER ",\"service_tier\":\"auto\"}", "params");

	prompt = kit_chat("claude", "see");
	kit_add_image(&prompt, "image/webp", "QUJD");
	kit_add_message(&prompt, AIR_ASSISTANT, "yes");
	is_str(kit_body("anthropic", &prompt),
		   HEAD
		   "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},"
		   "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/webp\","
		   "\"data\":\"QUJD\"}}]},{\"role\":\"assistant\",\"content\":\"yes\"}]}",
		   "an image and a turn");

	prompt = kit_embed("m", 1, stop);
	has(kit_body("anthropic", &prompt), "api \"anthropic\" has no embeddings", "no embeddings");
}

static Parsed
parse(const char *body)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	return kit_parse_with("anthropic", &prompt, body, "request-id", "req_1");
}

static void
is_finish(const char *raw, AirFinish want)
{
	Parsed p = parse(psprintf("{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],"
							  "\"stop_reason\":\"%s\"}",
							  raw));

	is_int(p.answer.finish, want, "stop reason %s", raw);
	is_str(p.answer.finish_raw, raw, "stop reason %s as spelt", raw);
}

static void
test_replies(void)
{
	Parsed p = parse("{\"id\":\"msg_01\",\"type\":\"message\",\"model\":\"claude-sonnet-5\","
					 "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},"
					 "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}],"
					 "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":18,"
					 "\"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":2304,"
					 "\"output_tokens\":61,\"output_tokens_details\":{\"thinking_tokens\":44}}}");

	is_str(p.answer.text, "ab", "thinking comes first and is left out");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.request_id, "req_1", "request id");
	is_str(p.answer.model, "claude-sonnet-5", "model");
	is_int(p.answer.usage.input, 2422, "input is the sum with the cache's share");
	is_int(p.answer.usage.cached, 2304, "cached");
	is_int(p.answer.usage.cache_write, 100, "cache writes");
	is_int(p.answer.usage.output, 61, "output");
	is_int(p.answer.usage.reasoning, 44, "reasoning");

	p = parse("{\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":0}}");
	ok(p.ok && p.answer.text == NULL, "no content is no text");
	is_int(p.answer.usage.input, 5, "input without a cache");
	is_int(p.answer.usage.cached, -1, "cached is not reported");
	p = parse("{\"content\":[],\"usage\":{\"cache_read_input_tokens\":7}}");
	is_int(p.answer.usage.input, -1, "the cache's share alone is no input");

	is_finish("stop_sequence", AIR_FINISH_STOP);
	is_finish("max_tokens", AIR_FINISH_LENGTH);
	is_finish("model_context_window_exceeded", AIR_FINISH_LENGTH);
	is_finish("tool_use", AIR_FINISH_TOOL_CALLS);
	is_finish("refusal", AIR_FINISH_CONTENT_FILTER);
	is_finish("pause_turn", AIR_FINISH_PAUSED);
	is_finish("novelty", AIR_FINISH_OTHER);
}

static void
test_failures(void)
{
	Parsed p = parse("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
					 "\"message\":\"Overloaded\"},\"request_id\":\"req_9\"}");

	ok(!p.ok && p.err.kind == AIR_ERR_UNAVAILABLE && p.err.remedy == AIR_REMEDY_RETRY,
	   "an error inside a 200");
	is_str(p.err.code, "overloaded_error", "code");
	is_str(p.err.request_id, "req_1", "request id");
	p = parse("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
			  "\"message\":\"prompt is too long: 208310 tokens > 200000 maximum\"}}");
	ok(p.err.kind == AIR_ERR_TOO_LONG && p.err.remedy == AIR_REMEDY_NEXT, "too long, inside a 200");
	p = parse("{\"content\":\"text\"}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no content", "content of another type");
	p = parse("{\"content\":[{\"type\":\"text\",\"text\":\"x\"}");
	is_str(p.ok ? "read" : p.err.message,
		   "malformed reply: it ends before it is complete, at character 39", "a cut reply");
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
