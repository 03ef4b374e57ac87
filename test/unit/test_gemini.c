/*
 * test_gemini.c
 *	  Google's Gemini API.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define BASE "https://generativelanguage.googleapis.com/v1beta"
#define USER "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]"

static void
is_thinking(const char *model, const char *effort, const char *want)
{
	AirPrompt prompt = kit_chat(model, "Hi");

	prompt.reasoning_effort = effort;
	is_str(kit_body("gemini", &prompt),
		   psprintf("{" USER ",\"generationConfig\":{\"maxOutputTokens\":64,"
					"\"thinkingConfig\":{%s}}}",
					want),
		   "%s with effort %s", model, effort);
}

static void
test_requests(void)
{
	static const char *const stop[] = {"END"};
	AirPrompt prompt = kit_chat("gemini-3.5-flash", "Hi");
	AirEndpoint endpoint = kit_endpoint(BASE);
	AirCredential cred = kit_key("AIzakey");
	Built built = kit_build("gemini", &prompt, &endpoint, &cred);

	is_str(built.req.url, BASE "/models/gemini-3.5-flash:generateContent", "URL");
	is_str(kit_header(&built.req, "x-goog-api-key"), "AIzakey", "key");
	is_str(built.req.body, "{" USER ",\"generationConfig\":{\"maxOutputTokens\":64}}",
		   "minimal body");
	prompt.model = "models/a/b";
	built = kit_build("gemini", &prompt, &endpoint, &cred);
	is_str(built.req.url, BASE "/models/a%2Fb:generateContent",
		   "a model id cannot leave its place");

	prompt = kit_chat("gemini-3.5-flash", "Hi");
	prompt.system = "S";
	prompt.temperature = 0;
	prompt.top_p = 0.9;
	prompt.seed = 7;
	prompt.has_seed = true;
	prompt.stop = stop;
	prompt.nstop = 1;
	prompt.schema = "{\"type\":\"object\"}";
	prompt.params = "{\"generationConfig\":{\"topK\":40}}";
	is_str(kit_body("gemini", &prompt),
		   "{\"systemInstruction\":{\"parts\":[{\"text\":\"S\"}]}," USER
		   ",\"generationConfig\":{\"maxOutputTokens\":64,\"temperature\":0,\"topP\":0.9,"
		   "\"seed\":7,\"stopSequences\":[\"END\"],\"responseMimeType\":\"application/json\","
		   "\"responseJsonSchema\":{\"type\":\"object\"},\"topK\":40}}",
		   "all parameters");

	is_thinking("gemini-3.5-flash", "none", "\"thinkingLevel\":\"MINIMAL\"");
	is_thinking("gemini-3.5-flash", "low", "\"thinkingLevel\":\"LOW\"");
	is_thinking("gemini-3.5-flash", "medium", "\"thinkingLevel\":\"MEDIUM\"");
	is_thinking("gemini-3.5-flash", "xhigh", "\"thinkingLevel\":\"HIGH\"");
	is_thinking("gemini-2.5-flash", "none", "\"thinkingBudget\":0");
	is_thinking("gemini-2.5-pro", "max", "\"thinkingBudget\":24576");

	prompt = kit_chat("m", "see");
	kit_add_image(&prompt, "image/png", "QUJD");
	kit_add_message(&prompt, AIR_ASSISTANT, "yes");
	is_str(kit_body("gemini", &prompt),
		   "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"see\"},{\"inlineData\":"
		   "{\"mimeType\":\"image/png\",\"data\":\"QUJD\"}}]},{\"role\":\"model\",\"parts\":"
		   "[{\"text\":\"yes\"}]}],\"generationConfig\":{\"maxOutputTokens\":64}}",
		   "an image and a turn");
}

static void
test_embeddings(void)
{
	static const char *const texts[] = {"one", "two"};
	AirPrompt prompt = kit_embed("gemini-embedding-001", 2, texts);
	AirEndpoint endpoint = kit_endpoint(BASE);
	AirCredential cred = kit_key("k");
	Built built;
	Parsed p;

	prompt.dimensions = 768;
	prompt.params = "{\"taskType\":\"CLUSTERING\"}";
	built = kit_build("gemini", &prompt, &endpoint, &cred);
	is_str(built.req.url, BASE "/models/gemini-embedding-001:batchEmbedContents", "URL");
	is_str(built.req.body,
		   "{\"requests\":[{\"model\":\"models/gemini-embedding-001\",\"content\":{\"parts\":"
		   "[{\"text\":\"one\"}]},\"outputDimensionality\":768,\"taskType\":\"CLUSTERING\"},"
		   "{\"model\":\"models/gemini-embedding-001\",\"content\":{\"parts\":"
		   "[{\"text\":\"two\"}]},\"outputDimensionality\":768,\"taskType\":\"CLUSTERING\"}]}",
		   "params go into every request of the batch");
	prompt.params = "7";
	built = kit_build("gemini", &prompt, &endpoint, &cred);
	is_str(built.ok ? "built" : built.err.message, "params of the model are not a JSON object",
		   "bad params");

	p = kit_parse("gemini", &prompt, "{\"embeddings\":[{\"values\":[1,2]},{\"values\":[3,4]}]}");
	ok(p.ok && p.answer.nvectors == 2 && p.answer.dim == 2 && p.answer.vectors[3] == 4, "vectors");
	is_int(p.answer.usage.input, -1, "no tokens are reported");
	p = kit_parse("gemini", &prompt, "{\"embeddings\":[{\"values\":[1,2]},{}]}");
	ok(!p.ok, "a missing vector");
}

static Parsed
parse(const char *body)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	return kit_parse("gemini", &prompt, body);
}

static void
is_finish(const char *raw, AirFinish want)
{
	Parsed p = parse(psprintf("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]},"
							  "\"finishReason\":\"%s\"}]}",
							  raw));

	is_int(p.answer.finish, want, "finish reason %s", raw);
}

static void
test_replies(void)
{
	Parsed p = parse("{\"candidates\":[{\"index\":0,\"finishReason\":\"STOP\",\"content\":"
					 "{\"role\":\"model\",\"parts\":[{\"text\":\"hm\",\"thought\":true},"
					 "{\"text\":\"a\"},{\"text\":\"b\",\"thought\":false}]}}],\"usageMetadata\":"
					 "{\"promptTokenCount\":14,\"toolUsePromptTokenCount\":2,"
					 "\"candidatesTokenCount\":6,\"thoughtsTokenCount\":33,"
					 "\"cachedContentTokenCount\":4,\"totalTokenCount\":55},"
					 "\"modelVersion\":\"gemini-3.5-flash\",\"responseId\":\"r-1\"}");

	is_str(p.answer.text, "ab", "thoughts are left out");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.request_id, "r-1", "request id from the body");
	is_str(p.answer.model, "gemini-3.5-flash", "model");
	is_int(p.answer.usage.input, 16, "input is prompt and tool use");
	is_int(p.answer.usage.output, 39, "output is candidates and thoughts");
	is_int(p.answer.usage.reasoning, 33, "reasoning");
	is_int(p.answer.usage.cached, 4, "cached");

	p = parse("{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\",\"content\":{}}],"
			  "\"usageMetadata\":{\"promptTokenCount\":14,\"thoughtsTokenCount\":60}}");
	ok(p.ok && p.answer.text == NULL, "all tokens thought away: no text");
	is_int(p.answer.finish, AIR_FINISH_LENGTH, "cut off");
	is_int(p.answer.usage.output, 60, "the thoughts are billed");
	p = parse("{\"candidates\":[{\"finishReason\":\"STOP\"}]}");
	ok(p.ok && p.answer.text == NULL && p.answer.finish == AIR_FINISH_STOP, "STOP without parts");
	p = parse("{\"candidates\":[{\"finishReason\":\"STOP\",\"content\":{\"parts\":"
			  "[{\"functionCall\":{\"name\":\"f\"}}]}}]}");
	is_int(p.answer.finish, AIR_FINISH_TOOL_CALLS, "a function call");
	p = parse("{\"promptFeedback\":{\"blockReason\":\"JAILBREAK\"},\"usageMetadata\":"
			  "{\"promptTokenCount\":8,\"totalTokenCount\":8}}");
	ok(p.ok && p.answer.text == NULL, "a blocked prompt is well-formed");
	is_int(p.answer.finish, AIR_FINISH_CONTENT_FILTER, "filtered");
	is_str(p.answer.finish_raw, "JAILBREAK", "with its reason");
	is_int(p.answer.usage.output, 0, "and no output");
	p = parse("{\"candidates\":[]}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no candidate", "no candidate");
	p = parse("[{\"error\":{\"code\":503,\"message\":\"x\",\"status\":\"UNAVAILABLE\"}}]");
	ok(!p.ok && p.err.kind == AIR_ERR_BAD_ANSWER, "a list is no reply");

	is_finish("SAFETY", AIR_FINISH_CONTENT_FILTER);
	is_finish("RECITATION", AIR_FINISH_CONTENT_FILTER);
	is_finish("BLOCKLIST", AIR_FINISH_CONTENT_FILTER);
	is_finish("PROHIBITED_CONTENT", AIR_FINISH_CONTENT_FILTER);
	is_finish("SPII", AIR_FINISH_CONTENT_FILTER);
	is_finish("LANGUAGE", AIR_FINISH_CONTENT_FILTER);
	is_finish("IMAGE_SAFETY", AIR_FINISH_CONTENT_FILTER);
	is_finish("IMAGE_NOVELTY", AIR_FINISH_CONTENT_FILTER);
	is_finish("MALFORMED_FUNCTION_CALL", AIR_FINISH_ERROR);
	is_finish("OTHER", AIR_FINISH_ERROR);
	is_finish("NOVELTY", AIR_FINISH_OTHER);
}

int
main(void)
{
	kit_json_watch(0);
	test_requests();
	test_embeddings();
	test_replies();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
