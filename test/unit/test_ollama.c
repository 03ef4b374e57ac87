/*
 * test_ollama.c
 *	  Ollama's own API.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define HEAD "{\"model\":\"qwen3:8b\",\"stream\":false,\"truncate\":false,"
#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define CAP "\"options\":{\"num_predict\":64"

static void
is_think(const char *effort, const char *want)
{
	AirPrompt prompt = kit_chat("qwen3:8b", "Hi");

	prompt.reasoning_effort = effort;
	is_str(kit_body("ollama", &prompt), psprintf(HEAD USER ",\"think\":%s," CAP "}}", want),
		   "effort %s", effort);
}

static void
test_requests(void)
{
	static const char *const stop[] = {"END"};
	static const char *const texts[] = {"one", "two"};
	AirPrompt prompt = kit_chat("qwen3:8b", "Hi");
	AirEndpoint endpoint = kit_endpoint("http://localhost:11434");
	AirCredential cred = {.kind = AIR_CRED_NONE};
	Built built = kit_build("ollama", &prompt, &endpoint, &cred);

	is_str(built.req.url, "http://localhost:11434/api/chat", "URL");
	is_int(built.req.nheaders, 1, "no key, no header");
	is_str(built.req.body, HEAD USER "," CAP "}}", "neither streamed nor cut");

	prompt.system = "S";
	prompt.temperature = 0;
	prompt.top_p = 0.9;
	prompt.seed = -7;
	prompt.has_seed = true;
	prompt.stop = stop;
	prompt.nstop = 1;
	prompt.schema = "{\"type\":\"object\"}";
	prompt.params = "{\"keep_alive\":\"10m\",\"options\":{\"num_ctx\":8192}}";
	is_str(kit_body("ollama", &prompt),
		   HEAD "\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\","
				"\"content\":\"Hi\"}],\"format\":{\"type\":\"object\"}," CAP
				",\"temperature\":0,\"top_p\":0.9,\"seed\":-7,\"stop\":[\"END\"],"
				"\"num_ctx\":8192},\"keep_alive\":\"10m\"}",
		   "all parameters");

	is_think("none", "false");
	is_think("minimal", "\"low\"");
	is_think("medium", "\"medium\"");
	is_think("xhigh", "\"max\"");

	prompt = kit_chat("qwen3:8b", "see");
	kit_add_image(&prompt, "image/png", "QUJD");
	kit_add_image(&prompt, "image/png", "REVG");
	is_str(kit_body("ollama", &prompt),
		   HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"see\","
				"\"images\":[\"QUJD\",\"REVG\"]}]," CAP "}}",
		   "images stand beside the text");

	prompt = kit_embed("nomic-embed-text", 2, texts);
	prompt.dimensions = 256;
	built = kit_build("ollama", &prompt, &endpoint, &cred);
	is_str(built.req.url, "http://localhost:11434/api/embed", "embeddings URL");
	is_str(built.req.body,
		   "{\"model\":\"nomic-embed-text\",\"input\":[\"one\",\"two\"],\"truncate\":false,"
		   "\"dimensions\":256}",
		   "embeddings body");
}

static Parsed
parse(const char *body)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	return kit_parse("ollama", &prompt, body);
}

static void
test_replies(void)
{
	static const char *const texts[] = {"one", "two"};
	AirPrompt prompt = kit_embed("m", 2, texts);
	Parsed p =
		parse("{\"model\":\"qwen3:8b\",\"message\":{\"role\":\"assistant\",\"content\":\"b\","
			  "\"thinking\":\"hm\"},\"done\":true,\"done_reason\":\"stop\","
			  "\"prompt_eval_count\":29,\"eval_count\":7}");

	is_str(p.answer.text, "b", "text without thinking");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.model, "qwen3:8b", "model");
	is_int(p.answer.usage.input, 29, "input");
	is_int(p.answer.usage.output, 7, "output");
	p = parse("{\"message\":{\"content\":\"b\"},\"done\":true,\"done_reason\":\"length\"}");
	is_int(p.answer.finish, AIR_FINISH_LENGTH, "cut off");
	is_int(p.answer.usage.input, -1, "no count after a hit in its cache");
	p = parse("{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"load\"}");
	is_int(p.answer.finish, AIR_FINISH_OTHER, "only loaded");
	p = parse("{\"message\":{\"content\":\"b\"},\"done\":false}");
	is_int(p.answer.finish, AIR_FINISH_PAUSED, "a piece of a stream");
	p = parse("{\"message\":{\"content\":\"\",\"tool_calls\":[{}]},\"done_reason\":\"stop\"}");
	is_int(p.answer.finish, AIR_FINISH_TOOL_CALLS, "a tool call");
	p = parse("{\"message\":{\"content\":\"a\"}}\n{\"message\":{\"content\":\"b\"}}");
	is_str(p.ok ? "read" : p.err.message,
		   "malformed reply: it has text behind the JSON value, at character 29", "a whole stream");
	p = parse("{\"error\":\"model runner has unexpectedly stopped\"}");
	ok(!p.ok && p.err.kind == AIR_ERR_UNAVAILABLE, "an error text inside a 200");
	is_str(p.err.message, "model runner has unexpectedly stopped", "its message");
	p = parse("{\"response\":\"x\"}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no message", "no message");

	p = kit_parse("ollama", &prompt,
				  "{\"model\":\"n\",\"embeddings\":[[1,2],[3,4]],\"prompt_eval_count\":8}");
	ok(p.ok && p.answer.nvectors == 2 && p.answer.dim == 2 && p.answer.vectors[2] == 3, "vectors");
	is_int(p.answer.usage.input, 8, "their tokens");
	p = kit_parse("ollama", &prompt, "{\"embeddings\":[[1,2]]}");
	ok(!p.ok, "a vector too few");
	p = kit_parse("ollama", &prompt, "{\"embedding\":[1,2]}");
	ok(!p.ok, "the old form");
}

int
main(void)
{
	kit_json_watch(0);
	test_requests();
	test_replies();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
