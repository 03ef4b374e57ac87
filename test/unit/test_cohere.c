/*
 * test_cohere.c
 *	  Cohere: chat, embeddings, reranking.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static const char *const texts[] = {"one", "two", "three"};

static void
test_requests(void)
{
	AirPrompt prompt = kit_chat("command-a", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://api.cohere.com");
	AirCredential cred = kit_key("co-key");
	Built built = kit_build("cohere", &prompt, &endpoint, &cred);

	is_str(built.req.url, "https://api.cohere.com/v2/chat", "URL");
	is_str(kit_header(&built.req, "authorization"), "Bearer co-key", "key");
	is_str(built.req.body, "{\"model\":\"command-a\"," USER ",\"max_tokens\":64}", "minimal body");

	prompt.temperature = 0.1;
	prompt.top_p = 0.5;
	prompt.seed = 1;
	prompt.has_seed = true;
	prompt.stop = texts;
	prompt.nstop = 1;
	prompt.reasoning_effort = "high";
	prompt.schema = "{\"type\":\"object\"}";
	is_str(kit_body("cohere", &prompt),
		   "{\"model\":\"command-a\"," USER ",\"max_tokens\":64,\"temperature\":0.1,\"p\":0.5,"
		   "\"seed\":1,\"stop_sequences\":[\"one\"],\"thinking\":{\"type\":\"enabled\"},"
		   "\"response_format\":{\"type\":\"json_object\","
		   "\"json_schema\":{\"type\":\"object\"}}}",
		   "all parameters");
	prompt = kit_chat("m", "Hi");
	prompt.reasoning_effort = "none";
	has(kit_body("cohere", &prompt), "\"thinking\":{\"type\":\"disabled\"}", "no thinking");
	prompt = kit_chat("m", "see");
	kit_add_image(&prompt, "image/png", "QUJD");
	has(kit_body("cohere", &prompt),
		"{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}}",
		"an image is a data URL");

	prompt = kit_embed("embed-v4.0", 2, texts);
	prompt.dimensions = 1024;
	prompt.params = "{\"input_type\":\"search_query\"}";
	built = kit_build("cohere", &prompt, &endpoint, &cred);
	is_str(built.req.url, "https://api.cohere.com/v2/embed", "embed URL");
	is_str(built.req.body,
		   "{\"model\":\"embed-v4.0\",\"texts\":[\"one\",\"two\"],"
		   "\"embedding_types\":[\"float\"],\"truncate\":\"NONE\",\"output_dimension\":1024,"
		   "\"input_type\":\"search_query\"}",
		   "embed body, its input type from params");

	prompt.task = AIR_RERANK;
	prompt.model = "rerank-v3.5";
	prompt.query = "q";
	prompt.params = NULL;
	built = kit_build("cohere", &prompt, &endpoint, &cred);
	is_str(built.req.url, "https://api.cohere.com/v2/rerank", "rerank URL");
	is_str(built.req.body,
		   "{\"model\":\"rerank-v3.5\",\"query\":\"q\",\"documents\":[\"one\",\"two\"]}",
		   "rerank body");
}

static void
test_chat(void)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	Parsed p = kit_parse(
		"cohere", &prompt,
		"{\"id\":\"c-1\",\"finish_reason\":\"COMPLETE\",\"message\":{\"role\":\"assistant\","
		"\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\","
		"\"text\":\"b\"}]},\"usage\":{\"billed_units\":{\"input_tokens\":11,\"output_tokens\":2},"
		"\"tokens\":{\"input_tokens\":78,\"output_tokens\":3},\"cached_tokens\":0}}");

	is_str(p.answer.text, "b", "text without thinking");
	is_int(p.answer.finish, AIR_FINISH_STOP, "finish");
	is_str(p.answer.request_id, "c-1", "request id");
	is_int(p.answer.usage.input, 11, "billed input");
	is_int(p.answer.usage.output, 2, "billed output");
	is_int(p.answer.usage.cached, 0, "cached");
	p = kit_parse("cohere", &prompt,
				  "{\"finish_reason\":\"MAX_TOKENS\",\"message\":{\"content\":[]},"
				  "\"usage\":{\"tokens\":{\"input_tokens\":78,\"output_tokens\":3}}}");
	is_int(p.answer.usage.input, 78, "what the model saw, if nothing is billed");
	is_int(p.answer.finish, AIR_FINISH_LENGTH, "cut off");
	p = kit_parse("cohere", &prompt, "{\"finish_reason\":\"TOOL_CALL\",\"message\":{}}");
	is_int(p.answer.finish, AIR_FINISH_TOOL_CALLS, "a tool call");
	p = kit_parse("cohere", &prompt, "{\"finish_reason\":\"TIMEOUT\",\"message\":{}}");
	is_int(p.answer.finish, AIR_FINISH_ERROR, "a time-out");
	p = kit_parse("cohere", &prompt, "{\"message\":\"something\"}");
	is_str(p.ok ? "read" : p.err.message, "malformed reply: no message", "a text for a message");
}

static void
test_embed(void)
{
	AirPrompt prompt = kit_embed("m", 2, texts);
	Parsed p = kit_parse("cohere", &prompt,
						 "{\"id\":\"e-1\",\"embeddings\":{\"float\":[[1,2],[3,4]]},\"texts\":[],"
						 "\"meta\":{\"billed_units\":{\"input_tokens\":9}}}");

	ok(p.ok && p.answer.nvectors == 2 && p.answer.dim == 2 && p.answer.vectors[3] == 4, "vectors");
	is_int(p.answer.usage.input, 9, "billed tokens");
	p = kit_parse("cohere", &prompt, "{\"embeddings\":{}}");
	ok(!p.ok, "no vectors");
}

static void
is_malformed(const char *results, const char *message)
{
	AirPrompt prompt = kit_embed("m", 2, texts);
	Parsed p;

	prompt.task = AIR_RERANK;
	p = kit_parse("cohere", &prompt, psprintf("{\"results\":%s}", results));
	is_str(p.ok ? "read" : p.err.message, psprintf("malformed reply: %s", message), "%s", results);
}

static void
test_rerank(void)
{
	AirPrompt prompt = kit_embed("m", 3, texts);
	AirFailure err;
	Parsed p;

	prompt.task = AIR_RERANK;
	p = kit_parse("cohere", &prompt,
				  "{\"results\":[{\"index\":2,\"relevance_score\":0.9},"
				  "{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":1e-9}],"
				  "\"meta\":{\"billed_units\":{\"search_units\":1}}}");
	ok(p.ok, "scores are read");
	is_num(p.answer.scores[0], 0.5, "first document");
	is_num(p.answer.scores[1], 1e-9, "second document");
	is_num(p.answer.scores[2], 0.9, "third document");
	ok(air_answer_check(&prompt, &p.answer, &err), "and usable");

	is_malformed("null", "no results");
	is_malformed("[]", "0 scores for 2 documents");
	is_malformed("[{\"index\":0,\"relevance_score\":1},{\"index\":0,\"relevance_score\":1}]",
				 "a result without a place or a score of its own");
	is_malformed("[{\"index\":0,\"relevance_score\":1},{\"index\":2,\"relevance_score\":1}]",
				 "a result without a place or a score of its own");
	is_malformed("[{\"index\":1.5,\"relevance_score\":1},{\"index\":0.5,\"relevance_score\":2}]",
				 "a result without a place or a score of its own");
	is_malformed("[{\"index\":0,\"relevance_score\":1},{\"relevance_score\":1}]",
				 "a result without a place or a score of its own");
	is_malformed("[{\"index\":0,\"relevance_score\":1},{\"index\":1,\"relevance_score\":\"1\"}]",
				 "a result without a place or a score of its own");
}

int
main(void)
{
	kit_json_watch(0);
	test_requests();
	test_chat();
	test_embed();
	test_rerank();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
