/*
 * test_azure.c
 *	  Azure's addresses and keys; its bodies and replies are OpenAI's.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static AirCredential cred;

static void
is_request(const char *base_url, const char *version, const char *url, const char *body)
{
	AirPrompt prompt = kit_chat("my dep", "Hi");
	AirEndpoint endpoint = kit_endpoint(base_url);
	Built built;

	endpoint.api_version = version;
	built = kit_build("azure", &prompt, &endpoint, &cred);
	is_str(built.req.url, url, "URL for %s, version %s", base_url,
		   version != NULL ? version : "unset");
	is_str(built.req.body, body, "its body");
}

#define REST "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_completion_tokens\":64}"
#define NAMED "{\"model\":\"my dep\"," REST
#define V1 "https://r.openai.azure.com/openai/v1/chat/completions"
#define DATED                                                                                      \
	"https://r.openai.azure.com/openai/deployments/my%20dep/chat/completions"                      \
	"?api-version=2024-10-21"

static void
test_urls(void)
{
	is_request("https://r.openai.azure.com", NULL, V1, NAMED);
	is_request("https://r.openai.azure.com/openai", NULL, V1, NAMED);
	is_request("https://r.openai.azure.com/openai/v1", NULL, V1, NAMED);
	is_request("https://r.openai.azure.com/openai/v1", "preview", V1 "?api-version=preview", NAMED);
	is_request("https://r.openai.azure.com", "2024-10-21", DATED, "{" REST);
	is_request("https://r.openai.azure.com/openai/v1", "2024-10-21", DATED, "{" REST);
	is_request("http://127.0.0.1:99", NULL, "http://127.0.0.1:99/openai/v1/chat/completions",
			   NAMED);
}

static void
test_rest(void)
{
	static const char *const texts[] = {"one"};
	AirPrompt prompt = kit_embed("dep", 1, texts);
	AirEndpoint endpoint = kit_endpoint("https://r.openai.azure.com");
	Built built = kit_build("azure", &prompt, &endpoint, &cred);
	Parsed p;

	is_str(built.req.url, "https://r.openai.azure.com/openai/v1/embeddings", "embeddings URL");
	is_str(built.req.body, "{\"model\":\"dep\",\"input\":[\"one\"],\"encoding_format\":\"base64\"}",
		   "embeddings body");
	is_str(kit_header(&built.req, "api-key"), "azkey", "key");
	is_str(kit_header(&built.req, "authorization"), NULL, "is no bearer");

	cred = kit_key("eyJhbGciOi.x.y");
	built = kit_build("azure", &prompt, &endpoint, &cred);
	is_str(kit_header(&built.req, "authorization"), "Bearer eyJhbGciOi.x.y", "an Entra token is");
	is_str(kit_header(&built.req, "api-key"), NULL, "and no key");

	prompt = kit_chat("dep", "Hi");
	endpoint.max_tokens_field = "max_tokens";
	has(kit_build("azure", &prompt, &endpoint, &cred).req.body, "\"max_tokens\":64",
		"max_tokens_field wins");
	prompt.task = AIR_RERANK;
	ok(!kit_build("azure", &prompt, &endpoint, &cred).ok, "no reranking");

	prompt = kit_chat("dep", "Hi");
	p = kit_parse_with("azure", &prompt,
					   "{\"choices\":[{\"finish_reason\":\"content_filter\",\"message\":"
					   "{\"role\":\"assistant\"},\"content_filter_results\":{\"hate\":"
					   "{\"filtered\":true,\"severity\":\"high\"}}}],\"prompt_filter_results\":[]}",
					   "apim-request-id", "apim-1");
	ok(p.ok && p.answer.text == NULL, "a blocked completion is well-formed");
	is_int(p.answer.finish, AIR_FINISH_CONTENT_FILTER, "and filtered");
	is_str(p.answer.request_id, "apim-1", "request id");
}

int
main(void)
{
	kit_json_watch(0);
	cred = kit_key("azkey");
	test_urls();
	test_rest();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
