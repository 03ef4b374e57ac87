/*
 * test_bedrock_embed.c
 *	  Bedrock: embeddings, a form for each vendor.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static const char *const texts[] = {"one", "two"};

static void
is_request(const char *model, int n, int dimensions, const char *want)
{
	AirPrompt prompt = kit_embed(model, n, texts);

	prompt.dimensions = dimensions;
	is_str(kit_body("bedrock", &prompt), want, "%s, %d inputs, %d dimensions", model, n,
		   dimensions);
}

static void
test_requests(void)
{
	AirPrompt prompt = kit_embed("amazon.titan-embed-text-v2:0", 1, texts);
	AirEndpoint endpoint = kit_endpoint("https://bedrock-runtime.eu-west-1.amazonaws.com");
	AirCredential cred = kit_aws(NULL);
	Built built = kit_build("bedrock", &prompt, &endpoint, &cred);

	is_str(built.req.url,
		   "https://bedrock-runtime.eu-west-1.amazonaws.com/model/"
		   "amazon.titan-embed-text-v2%3A0/invoke",
		   "URL");
	has(kit_header(&built.req, "authorization"), "/eu-west-1/bedrock/", "signed");

	is_request("amazon.titan-embed-text-v2:0", 1, 0, "{\"inputText\":\"one\"}");
	is_request("amazon.titan-embed-text-v2:0", 1, 512,
			   "{\"inputText\":\"one\",\"dimensions\":512}");
	is_request("amazon.titan-embed-text-v2:0", 2, 0,
			   "failed: api \"bedrock\" has no embeddings of several inputs at once for this "
			   "model");
	is_request("amazon.titan-embed-text-v1", 1, 0, "{\"inputText\":\"one\"}");
	is_request("amazon.titan-embed-text-v1", 1, 512,
			   "failed: api \"bedrock\" has no choice of dimensions for this model");
	is_request("amazon.nova-2-multimodal-embeddings-v1:0", 1, 1024,
			   "{\"schemaVersion\":\"nova-multimodal-embed-v1\",\"taskType\":\"SINGLE_EMBEDDING\","
			   "\"singleEmbeddingParams\":{\"embeddingPurpose\":\"GENERIC_INDEX\","
			   "\"embeddingDimension\":1024,\"text\":{\"truncationMode\":\"NONE\","
			   "\"value\":\"one\"}}}");
	is_request("cohere.embed-english-v3", 2, 0,
			   "{\"texts\":[\"one\",\"two\"],\"input_type\":\"search_document\","
			   "\"embedding_types\":[\"float\"],\"truncate\":\"NONE\"}");
	is_request("cohere.embed-english-v3", 2, 512,
			   "failed: api \"bedrock\" has no choice of dimensions for this model");
	is_request("us.cohere.embed-v4:0", 1, 512,
			   "{\"texts\":[\"one\"],\"input_type\":\"search_document\","
			   "\"embedding_types\":[\"float\"],\"truncate\":\"NONE\",\"output_dimension\":512}");
	is_request("meta.llama4", 1, 0, "failed: api \"bedrock\" has no embeddings for this model id");

	prompt.params = "{\"normalize\":false}";
	is_str(kit_body("bedrock", &prompt), "{\"inputText\":\"one\",\"normalize\":false}", "params");
}

static void
test_replies(void)
{
	AirPrompt prompt = kit_embed("m", 1, texts);
	Parsed p = kit_parse("bedrock", &prompt,
						 "{\"embedding\":[1,2,3],\"inputTextTokenCount\":5,"
						 "\"embeddingsByType\":{\"float\":[1,2,3]}}");

	ok(p.ok && p.answer.nvectors == 1 && p.answer.dim == 3 && p.answer.vectors[2] == 3, "Titan");
	is_int(p.answer.usage.input, 5, "Titan's tokens");
	p = kit_parse("bedrock", &prompt,
				  "{\"embeddings\":[{\"embeddingType\":\"TEXT\",\"embedding\":[4,5]}]}");
	ok(p.ok && p.answer.dim == 2 && p.answer.vectors[1] == 5, "Nova");
	is_int(p.answer.usage.input, -1, "which reports no tokens");

	p = kit_parse_with("bedrock", &prompt, "{\"embeddings\":[[4,5]]}",
					   "x-amzn-bedrock-input-token-count", "17");
	ok(p.ok && p.answer.dim == 2, "Cohere's older form");
	is_int(p.answer.usage.input, 17, "tokens from the header");
	p = kit_parse_with("bedrock", &prompt, "{\"embeddings\":[[4,5]]}",
					   "x-amzn-bedrock-input-token-count", "17x");
	is_int(p.answer.usage.input, -1, "a header that is no number");
	p = kit_parse_with("bedrock", &prompt, "{\"embeddings\":[[4,5]]}",
					   "x-amzn-bedrock-input-token-count", "99999999999999999999999");
	is_int(p.answer.usage.input, -1, "a header that is absurd");

	prompt = kit_embed("m", 2, texts);
	p = kit_parse("bedrock", &prompt,
				  "{\"embeddings\":{\"float\":[[1,2],[3,4]]},\"id\":\"x\",\"texts\":[]}");
	ok(p.ok && p.answer.nvectors == 2 && p.answer.vectors[2] == 3, "Cohere");
	p = kit_parse("bedrock", &prompt, "{\"embedding\":[1,2,3]}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: 1 embedding for 2 inputs",
		   "one vector for two inputs");
	p = kit_parse("bedrock", &prompt, "{}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no embeddings", "no vector");
	p = kit_parse("bedrock", &prompt, "{\"embeddings\":{\"int8\":[[1],[2]]}}");
	ok(!p.ok, "vectors of another type");
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
