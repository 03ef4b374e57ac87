/*
 * test_embed.c
 *	  Embeddings in OpenAI's form, and with them all that can be wrong with vectors.
 */
#include "base/pg.h"

#include "kit.h"
#include "tap.h"

static const char *const texts[] = {"first", "second", "third"};

static void
test_requests(void)
{
	AirPrompt prompt = kit_embed("text-embedding-3-small", 2, texts);
	AirEndpoint endpoint = kit_endpoint("https://api.openai.com/v1");
	AirCredential cred = kit_key("k");
	Built built;

	prompt.dimensions = 512;
	built = kit_build("openai", &prompt, &endpoint, &cred);
	is_str(built.req.url, "https://api.openai.com/v1/embeddings", "URL");
	is_str(built.req.body,
		   "{\"model\":\"text-embedding-3-small\",\"input\":[\"first\",\"second\"],"
		   "\"dimensions\":512,\"encoding_format\":\"base64\"}",
		   "OpenAI is asked for base64");

	prompt.dimensions = 0;
	endpoint = kit_endpoint("http://localhost:8000/v1");
	built = kit_build("openai", &prompt, &endpoint, &cred);
	is_str(built.req.body,
		   "{\"model\":\"text-embedding-3-small\",\"input\":[\"first\",\"second\"]}",
		   "other servers are asked for nothing special");

	prompt.dimensions = 256;
	endpoint = kit_endpoint("https://api.mistral.ai/v1");
	built = kit_build("openai", &prompt, &endpoint, &cred);
	has(built.req.body, "\"output_dimension\":256}", "Mistral's name for dimensions");
}

static Parsed
parse(int n, const char *data)
{
	AirPrompt prompt = kit_embed("m", n, texts);

	return kit_parse(
		"openai", &prompt,
		psprintf("{\"model\":\"served\",\"data\":%s,\"usage\":{\"prompt_tokens\":6}}", data));
}

static void
test_good(void)
{
	Parsed p =
		parse(2, "[{\"index\":0,\"embedding\":[1,-0.5]},{\"index\":1,\"embedding\":[0,2e-3]}]");

	ok(p.ok, "vectors of numbers are read");
	is_int(p.answer.nvectors, 2, "number");
	is_int(p.answer.dim, 2, "dimension");
	is_num(p.answer.vectors[0], 1, "first of first");
	is_num(p.answer.vectors[1], -0.5, "second of first");
	is_num(p.answer.vectors[3], (float) 2e-3, "second of second");
	is_int(p.answer.usage.input, 6, "tokens");
	is_str(p.answer.model, "served", "model");

	p = parse(3, "[{\"index\":2,\"embedding\":[3]},{\"index\":0,\"embedding\":[1]},"
				 "{\"index\":1,\"embedding\":[2]}]");
	ok(p.ok && p.answer.vectors[0] == 1 && p.answer.vectors[1] == 2 && p.answer.vectors[2] == 3,
	   "a reply in another order is put right");

	p = parse(2, "[{\"embedding\":[1]},{\"embedding\":[2]}]");
	ok(p.ok && p.answer.vectors[0] == 1 && p.answer.vectors[1] == 2,
	   "without an index the order counts");
	p = parse(1, "[[4,5]]");
	ok(p.ok && p.answer.dim == 2 && p.answer.vectors[1] == 5, "bare arrays are vectors too");

	/* 1.0, -2.0 and 0.5 as little-endian float32. */
	p = parse(1, "[{\"index\":0,\"embedding\":\"AACAPwAAAMAAAAA/\"}]");
	ok(p.ok && p.answer.dim == 3, "base64 is read");
	is_num(p.answer.vectors[0], 1, "first of base64");
	is_num(p.answer.vectors[1], -2, "second of base64");
	is_num(p.answer.vectors[2], 0.5, "third of base64");
	p = parse(2, "[{\"index\":1,\"embedding\":\"AACAPw==\"},{\"index\":0,\"embedding\":[7]}]");
	ok(p.ok && p.answer.vectors[0] == 7 && p.answer.vectors[1] == 1, "both forms in one reply");
}

static void
is_malformed(int n, const char *data, const char *message)
{
	Parsed p = parse(n, data);

	is_str(p.ok ? "read" : p.err.message, psprintf("malformed reply: %s", message), "%.60s", data);
	ok(!p.ok && p.err.kind == AIR_ERR_BAD_ANSWER && p.err.remedy == AIR_REMEDY_RETRY &&
		   p.err.unknown_cost,
	   "kind, remedy and cost");
}

static void
test_malformed(void)
{
	is_malformed(2, "null", "no embeddings");
	is_malformed(2, "{\"embedding\":[1]}", "no embeddings");
	is_malformed(2, "[]", "0 embeddings for 2 inputs");
	is_malformed(2, "[{\"index\":0,\"embedding\":[1]}]", "1 embeddings for 2 inputs");
	is_malformed(1, "[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[1]}]",
				 "2 embeddings for 1 inputs");
	is_malformed(2, "[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[2]}]",
				 "two embeddings with one index");
	is_malformed(2, "[{\"index\":0,\"embedding\":[1]},{\"index\":2,\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"index\":-1,\"embedding\":[1]},{\"index\":1,\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"index\":1e18,\"embedding\":[1]},{\"index\":1,\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"index\":\"1\",\"embedding\":[1]},{\"index\":\"0\",\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"index\":1.5,\"embedding\":[1]},{\"index\":0.5,\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"embedding\":[1]},{\"index\":1,\"embedding\":[2]}]",
				 "the index of an embedding is missing or out of range");
	is_malformed(
		3, "[{\"index\":2,\"embedding\":[1]},{\"embedding\":[2]},{\"index\":0,\"embedding\":[3]}]",
		"the index of an embedding is missing or out of range");
	is_malformed(2, "[{\"index\":0,\"embedding\":[1,2]},{\"index\":1,\"embedding\":[1]}]",
				 "embeddings of different dimensions");
	is_malformed(2, "[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[]}]",
				 "an embedding is no vector");
	is_malformed(1, "[{\"index\":0}]", "an embedding is no vector");
	is_malformed(1, "[null]", "an embedding is no vector");
	is_malformed(1, "[{\"index\":0,\"embedding\":{\"0\":1}}]", "an embedding is no vector");
	is_malformed(1, "[{\"index\":0,\"embedding\":[1,null]}]",
				 "an embedding holds something that is no number");
	is_malformed(1, "[{\"index\":0,\"embedding\":[\"1\"]}]",
				 "an embedding holds something that is no number");
	is_malformed(1, "[{\"index\":0,\"embedding\":\"AACAPw\"}]", "an embedding is no vector");
	is_malformed(1, "[{\"index\":0,\"embedding\":\"AAAA\"}]", "an embedding is no vector");
	is_malformed(1, "[{\"index\":0,\"embedding\":\"\"}]", "an embedding is no vector");
	is_malformed(1, "[{\"index\":0,\"embedding\":\"!!!!\"}]", "an embedding is no vector");
}

static void
test_check(void)
{
	AirPrompt prompt = kit_embed("m", 2, texts);
	Parsed p = kit_parse("openai", &prompt, "{\"data\":[[1,1e999],[2,3]]}");
	AirFailure err;

	ok(p.ok, "an infinite number is well-formed");
	ok(!air_answer_check(&prompt, &p.answer, &err), "and useless");
	is_str(err.message, "an embedding holds a number that is not finite", "message");

	/* A NaN in base64. */
	p = kit_parse("openai", &prompt, "{\"data\":[\"AADAfw==\",\"AACAPw==\"]}");
	ok(p.ok && !air_answer_check(&prompt, &p.answer, &err), "so is a NaN");

	p = kit_parse("openai", &prompt, "{\"data\":[[1,2],[2,3]]}");
	ok(air_answer_check(&prompt, &p.answer, &err), "good vectors are usable");
	prompt.dimensions = 2;
	ok(air_answer_check(&prompt, &p.answer, &err), "also with the dimensions asked for");
	prompt.dimensions = 3;
	ok(!air_answer_check(&prompt, &p.answer, &err), "but not with others");
	is_str(err.message, "the embedding has 2 dimensions instead of 3", "message");
	ok(err.kind == AIR_ERR_BAD_ANSWER && err.remedy == AIR_REMEDY_NEXT, "kind and remedy");
}

int
main(void)
{
	kit_json_watch(0);
	test_requests();
	test_good();
	test_malformed();
	test_check();
	is_int(kit_json_live(), 0, "no cJSON memory is left");
	return done_testing();
}
