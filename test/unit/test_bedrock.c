/*
 * test_bedrock.c
 *	  Bedrock: Converse, and how requests are authorized.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define HOST "https://bedrock-runtime.us-east-1.amazonaws.com"
#define USER "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]"

static void
test_bodies(void)
{
	static const char *const stop[] = {"END"};
	AirPrompt prompt = kit_chat("amazon.nova-lite-v1:0", "Hi");

	is_str(kit_body("bedrock", &prompt), "{" USER ",\"inferenceConfig\":{\"maxTokens\":64}}",
		   "minimal body");
	prompt.system = "S";
	prompt.temperature = 0;
	prompt.top_p = 0.9;
	prompt.seed = 3;
	prompt.has_seed = true;
	prompt.stop = stop;
	prompt.nstop = 1;
	prompt.reasoning_effort = "minimal";
	prompt.schema = "{\"type\":\"object\"}";
	prompt.schema_name = "ticket";
	prompt.params = "{\"inferenceConfig\":{\"topP\":0.5},"
					"\"additionalModelRequestFields\":{\"top_k\":40}}";
	is_str(kit_body("bedrock", &prompt),
		   "{" USER ",\"system\":[{\"text\":\"S\"}],\"inferenceConfig\":{\"maxTokens\":64,"
		   "\"temperature\":0,\"stopSequences\":[\"END\"],\"topP\":0.5},"
		   "\"outputConfig\":{\"effort\":\"low\",\"textFormat\":{\"type\":\"json_schema\","
		   "\"structure\":{\"jsonSchema\":{\"name\":\"ticket\","
		   "\"schema\":\"{\\\"type\\\":\\\"object\\\"}\"}}}},"
		   "\"additionalModelRequestFields\":{\"top_k\":40}}",
		   "everything but the seed; the schema is a string; params are merged deeply");

	prompt = kit_chat("m", "see");
	kit_add_image(&prompt, "image/jpeg", "QUJD");
	kit_add_message(&prompt, AIR_ASSISTANT, "yes");
	is_str(kit_body("bedrock", &prompt),
		   "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"see\"},"
		   "{\"image\":{\"format\":\"jpeg\",\"source\":{\"bytes\":\"QUJD\"}}}]},"
		   "{\"role\":\"assistant\",\"content\":[{\"text\":\"yes\"}]}],"
		   "\"inferenceConfig\":{\"maxTokens\":64}}",
		   "an image and a turn");
	prompt = kit_chat("m", "see");
	kit_add_image(&prompt, "image/tiff", "QUJD");
	is_str(kit_body("bedrock", &prompt), "failed: api \"bedrock\" has no images of type image/tiff",
		   "a format it lacks");
}

static void
test_bearer(void)
{
	AirPrompt prompt = kit_chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", "Hi");
	AirEndpoint endpoint = kit_endpoint(HOST);
	AirCredential cred = kit_key("ABSKkey");
	Built built = kit_build("bedrock", &prompt, &endpoint, &cred);

	is_str(built.req.url, HOST "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
		   "the model id is encoded");
	is_str(kit_header(&built.req, "authorization"), "Bearer ABSKkey", "bearer key");
	is_str(kit_header(&built.req, "x-amz-date"), NULL, "which needs no date");
	is_str(kit_header(&built.req, "accept"), "application/json", "accept");
	prompt.model = "arn:aws:bedrock:us-east-1:123:application-inference-profile/abc";
	built = kit_build("bedrock", &prompt, &endpoint, &cred);
	is_str(built.req.url,
		   HOST "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3A"
				"application-inference-profile%2Fabc/converse",
		   "so is an ARN");
}

/* The credential scope that a base URL and a region option lead to, or the failure. */
static void
is_scope(const char *base_url, const char *region, const char *want)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	AirEndpoint endpoint = kit_endpoint(base_url);
	AirCredential cred = kit_aws(NULL);
	Built built;

	endpoint.region = region;
	built = kit_build("bedrock", &prompt, &endpoint, &cred);
	has(built.ok ? kit_header(&built.req, "authorization") : built.err.message, want,
		"region %s at %s", region != NULL ? region : "unset", base_url);
}

static void
test_signing(void)
{
	/* The worked example A, from prompt to signature. */
	AirPrompt prompt = kit_chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", "Hi");
	AirEndpoint endpoint = kit_endpoint(HOST);
	AirCredential cred = kit_aws(NULL);
	Built built;

	prompt.max_tokens = 16;
	built = kit_build("bedrock", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "authorization"),
		   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260822/us-east-1/bedrock/aws4_request, "
		   "SignedHeaders=content-type;host;x-amz-date, "
		   "Signature=be06ed1ddee7a412f6a7bb258a7aad5f9130616998d01d4d2112e09a8a3b7dae",
		   "the whole request is signed as it is sent");
	cred = kit_aws("token");
	built = kit_build("bedrock", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "x-amz-security-token"), "token", "session token");

	is_scope(HOST, NULL, "/us-east-1/bedrock/");
	is_scope(HOST, "eu-west-1", "/eu-west-1/bedrock/");
	is_scope("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", NULL, "/us-gov-west-1/");
	is_scope("https://bedrock-runtime.eu-central-1.api.aws", NULL, "/eu-central-1/");
	is_scope("http://localhost:9000", "us-west-2", "/us-west-2/bedrock/");
	is_scope("http://localhost:9000", NULL, "signing needs a region");
	is_scope("http://bedrock-runtime.localhost", NULL, "signing needs a region");

	endpoint = kit_endpoint("http://localhost:9000");
	built = kit_build("bedrock", &prompt, &endpoint, &cred);
	ok(!built.ok && built.err.kind == AIR_ERR_REJECTED && built.err.remedy == AIR_REMEDY_NEXT,
	   "kind and remedy without a region");
	has(built.err.hint, "region", "and a hint");
}

static Parsed
parse(const char *body)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	return kit_parse_with("bedrock", &prompt, body, "x-amzn-requestid", "amz-1");
}

static void
is_finish(const char *raw, AirFinish want)
{
	Parsed p = parse(psprintf("{\"output\":{\"message\":{\"content\":[{\"text\":\"x\"}]}},"
							  "\"stopReason\":\"%s\"}",
							  raw));

	is_int(p.answer.finish, want, "stop reason %s", raw);
}

static void
test_replies(void)
{
	Parsed p = parse("{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":["
					 "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"hm\"}}},"
					 "{\"text\":\"a\"},{\"toolUse\":{}},{\"text\":\"b\"}]}},"
					 "\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":21,\"outputTokens\":4,"
					 "\"totalTokens\":25,\"cacheReadInputTokens\":10,"
					 "\"cacheWriteInputTokens\":2}}");

	is_str(p.answer.text, "ab", "text, without reasoning and tool use");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.request_id, "amz-1", "request id");
	is_int(p.answer.usage.input, 33, "input with the cache's share");
	is_int(p.answer.usage.cached, 10, "cached");
	is_int(p.answer.usage.cache_write, 2, "cache writes");
	is_int(p.answer.usage.output, 4, "output");
	is_int(p.answer.usage.reasoning, -1, "reasoning is not reported");

	is_finish("stop_sequence", AIR_FINISH_STOP);
	is_finish("max_tokens", AIR_FINISH_LENGTH);
	is_finish("model_context_window_exceeded", AIR_FINISH_LENGTH);
	is_finish("tool_use", AIR_FINISH_TOOL_CALLS);
	is_finish("content_filtered", AIR_FINISH_CONTENT_FILTER);
	is_finish("guardrail_intervened", AIR_FINISH_CONTENT_FILTER);
	is_finish("malformed_model_output", AIR_FINISH_ERROR);
	is_finish("malformed_tool_use", AIR_FINISH_ERROR);
	is_finish("novelty", AIR_FINISH_OTHER);

	p = parse("{\"output\":{}}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no output.message.content",
		   "no content");
	is_str(p.err.request_id, "amz-1", "request id of a failure");
	p = parse("{\"output\":{\"message\":{\"content\":[]}}}");
	ok(p.ok && p.answer.text == NULL, "empty content is no text");
}

int
main(void)
{
	kit_json_watch(0);
	test_bodies();
	test_bearer();
	test_signing();
	test_replies();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
