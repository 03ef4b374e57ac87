/*
 * test_openai_request.c
 *	  The requests of api "openai": exact bytes, for OpenAI and for others.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static void
test_minimal(void)
{
	AirPrompt prompt = kit_chat("gpt-5.4-mini", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.openai.com/v1");
	AirCredential cred = kit_key("sk-secret");
	Built built = kit_build("openai", &prompt, &endpoint, &cred);

	ok(built.ok, "a minimal request is built");
	is_str(built.req.url, "https://api.openai.com/v1/chat/completions", "URL");
	is_str(built.req.body, "{\"model\":\"gpt-5.4-mini\"," USER ",\"max_completion_tokens\":64}",
		   "body holds nothing that is unset");
	is_int(built.req.body_len, strlen(built.req.body), "body_len");
	is_int(built.req.nheaders, 2, "two headers");
	is_str(kit_header(&built.req, "content-type"), "application/json", "content type");
	is_str(kit_header(&built.req, "authorization"), "Bearer sk-secret", "bearer key");

	endpoint.organization = "org-1";
	endpoint.project = "proj-2";
	built = kit_build("openai", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "openai-organization"), "org-1", "organization");
	is_str(kit_header(&built.req, "openai-project"), "proj-2", "project");

	cred.kind = AIR_CRED_NONE;
	built = kit_build("openai", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "authorization"), NULL, "no key, no header");
}

static void
test_full(void)
{
	static const char *const stop[] = {"\n\n", "END"};
	AirPrompt prompt = kit_chat("m", "one");

	prompt.system = "Be \"brief\".";
	kit_add_message(&prompt, AIR_ASSISTANT, "two");
	kit_add_message(&prompt, AIR_USER, "\xc3\xa4");
	prompt.temperature = 0;
	prompt.top_p = 0.9;
	prompt.seed = INT64CONST(9223372036854775807);
	prompt.has_seed = true;
	prompt.stop = stop;
	prompt.nstop = 2;
	prompt.reasoning_effort = "low";
	is_str(kit_body("openai", &prompt),
		   "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be \\\"brief\\\".\"},"
		   "{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"assistant\",\"content\":\"two\"},"
		   "{\"role\":\"user\",\"content\":\"\xc3\xa4\"}],\"max_completion_tokens\":64,"
		   "\"temperature\":0,\"top_p\":0.9,\"seed\":9223372036854775807,"
		   "\"stop\":[\"\\n\\n\",\"END\"],\"reasoning_effort\":\"low\"}",
		   "all parameters, the seed exact");
}

static void
test_images(void)
{
	AirPrompt prompt = kit_chat("m", "what is it");

	kit_add_image(&prompt, "image/png", "AAAA");
	is_str(kit_body("openai", &prompt),
		   "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
		   "{\"type\":\"text\",\"text\":\"what is it\"},"
		   "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}],"
		   "\"max_completion_tokens\":64}",
		   "an image is a data URL");
}

static void
is_format(const char *schema, const char *strict, const char *name)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	prompt.schema = schema;
	is_str(kit_body("openai", &prompt),
		   psprintf("{\"model\":\"m\"," USER ",\"max_completion_tokens\":64,"
					"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
					"{\"name\":\"answer\",\"strict\":%s,\"schema\":%s}}}",
					strict, schema),
		   "schema: %s", name);
}

static void
test_schema(void)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	is_format("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
			  "\"required\":[\"a\"],\"additionalProperties\":false}",
			  "true", "closed and complete");
	is_format("{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"a\"]}", "false",
			  "open");
	is_format("{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"a\"],"
			  "\"additionalProperties\":false}",
			  "false", "an optional property");
	is_format("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":"
			  "{\"type\":\"object\"}}},\"required\":[\"a\"],\"additionalProperties\":false}",
			  "false", "an open object inside");
	is_format("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "false", "no object");
	is_format("{\"maximum\":9223372036854775807,  \"type\":\"integer\"}", "false",
			  "text is kept as written");

	prompt.schema = "{}";
	prompt.schema_name = "invoice";
	has(kit_body("openai", &prompt), "\"name\":\"invoice\"", "the schema's name");
}

/* The name of the output cap and of the seed at a base URL. */
static void
is_dialect(const char *base_url, const char *cap, const char *seed)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	AirEndpoint endpoint = kit_endpoint(base_url);
	AirCredential cred = {.kind = AIR_CRED_NONE};
	Built built;

	prompt.has_seed = true;
	prompt.seed = 7;
	built = kit_build("openai", &prompt, &endpoint, &cred);
	is_str(built.req.body, psprintf("{\"model\":\"m\"," USER ",\"%s\":64,\"%s\":7}", cap, seed),
		   "dialect of %s", base_url);
	is_str(built.req.url, psprintf("%s/chat/completions", base_url), "URL of %s", base_url);
}

static void
test_dialects(void)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.openai.com/v1");
	AirCredential cred = {.kind = AIR_CRED_NONE};

	is_dialect("https://api.openai.com/v1", "max_completion_tokens", "seed");
	is_dialect("https://API.OpenAI.com:443/v1", "max_completion_tokens", "seed");
	is_dialect("https://eu.api.openai.com/v1", "max_completion_tokens", "seed");
	is_dialect("https://res.openai.azure.com/openai/v1", "max_completion_tokens", "seed");
	is_dialect("http://127.0.0.1:8080/v1", "max_tokens", "seed");
	is_dialect("https://notapi.openai.com.evil.example/v1", "max_tokens", "seed");
	is_dialect("https://fakeapi.openai.com/v1", "max_tokens", "seed");
	is_dialect("https://api.mistral.ai/v1", "max_tokens", "random_seed");
	is_dialect("https://openrouter.ai/api/v1", "max_tokens", "seed");

	endpoint.max_tokens_field = "max_tokens";
	has(kit_build("openai", &prompt, &endpoint, &cred).req.body, "\"max_tokens\":64",
		"the option max_tokens_field wins");
}

static void
test_params(void)
{
	AirPrompt prompt = kit_chat("m", "Hi");

	prompt.params = "{\"verbosity\":\"low\",\"max_completion_tokens\":null,\"max_tokens\":5,"
					"\"metadata\":{\"job\":\"42\"}}";
	is_str(kit_body("openai", &prompt),
		   "{\"model\":\"m\"," USER ",\"verbosity\":\"low\",\"max_tokens\":5,"
		   "\"metadata\":{\"job\":\"42\"}}",
		   "params add, replace and remove");

	prompt.params = "[1]";
	is_str(kit_body("openai", &prompt), "failed: params of the model are not a JSON object",
		   "params that are no object");
	prompt.params = "{";
	is_str(kit_body("openai", &prompt), "failed: params of the model are not a JSON object",
		   "params that are no JSON");
}

static void
test_failures(void)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.openai.com/v1");
	AirCredential cred = kit_key("sk-secret\r\nx: y");
	Built built = kit_build("openai", &prompt, &endpoint, &cred);

	ok(!built.ok, "a key with a line break is refused");
	is_int(built.err.kind, AIR_ERR_AUTH, "as an authentication failure");
	lacks(built.err.message, "secret", "that does not show the key");

	cred = kit_key("sk-secret");
	endpoint.project = "a\nb";
	built = kit_build("openai", &prompt, &endpoint, &cred);
	ok(!built.ok && built.err.kind == AIR_ERR_REJECTED, "so is an option with a line break");

	endpoint.project = NULL;
	prompt.task = AIR_RERANK;
	built = kit_build("openai", &prompt, &endpoint, &cred);
	ok(!built.ok && built.err.kind == AIR_ERR_REJECTED && built.err.remedy == AIR_REMEDY_NEXT,
	   "reranking cannot be expressed");
	is_str(built.err.message, "api \"openai\" has no reranking", "and says so");
}

int
main(void)
{
	kit_json_watch(0);
	test_minimal();
	test_full();
	test_images();
	test_schema();
	test_dialects();
	test_params();
	test_failures();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
