/*
 * test_logprobs.c
 *	  Log probabilities: asked for in each family's words, read with suspicion.
 */
#include "base/pg.h"

#include <math.h>

#include "kit.h"
#include "tap.h"

static AirPrompt prompt;

static AirPrompt
asking(void)
{
	AirPrompt p = kit_chat("m", "Hi");

	p.logprobs = true;
	return p;
}

static void
test_requests(void)
{
	static const struct
	{
		const char *api;
		const char *member;
	} families[] = {
		{"openai", ",\"logprobs\":true"},
		{"openai_responses", ",\"include\":[\"message.output_text.logprobs\"]"},
		{"gemini", ",\"responseLogprobs\":true"},
		{"cohere", ",\"logprobs\":true"},
	};
	static const char *const silent[] = {"anthropic", "ollama"};

	for (size_t i = 0; i < lengthof(families); i++)
	{
		AirPrompt p = asking();

		has(kit_body(families[i].api, &p), families[i].member, "%s asks", families[i].api);
		p.logprobs = false;
		lacks(kit_body(families[i].api, &p), "ogprobs", "%s does not when not told to",
			  families[i].api);
	}
	for (size_t i = 0; i < lengthof(silent); i++)
	{
		AirPrompt p = asking();

		lacks(kit_body(silent[i], &p), "ogprobs", "%s has none to ask for", silent[i]);
	}
}

/* Confidence of a chat completion "billing" with these tokens. */
static double
of(const char *tokens)
{
	Parsed p = kit_parse("openai", &prompt,
						 psprintf("{\"choices\":[{\"finish_reason\":\"stop\",\"logprobs\":{"
								  "\"content\":%s},\"message\":{\"content\":\" billing\\n\"}}]}",
								  tokens));

	if (!p.ok || strcmp(p.answer.text, " billing\n") != 0)
		return -1;
	return p.answer.confidence;
}

static void
unknown(const char *tokens, const char *what)
{
	ok(isnan(of(tokens)), "%s: unknown", what);
}

static void
near(double got, double want, const char *what)
{
	ok(fabs(got - want) < 1e-12, "%s: %g is %g", what, got, want);
}

static void
test_tokens(void)
{
	near(of("[{\"token\":\"billing\",\"logprob\":-0.5}]"), exp(-0.5), "one token");
	near(of("[{\"token\":\" bill\",\"logprob\":-0.5},{\"token\":\"ing\",\"logprob\":-0.25}]"),
		 exp(-0.75), "a product of two");
	near(of("[{\"token\":\"billing\",\"logprob\":-9999.0}]"), 0, "as good as impossible");
	near(of("[{\"token\":\"billing\",\"logprob\":0}]"), 1, "certain");
	near(of("[{\"token\":\"billing\",\"logprob\":1e-6}]"), 1, "certain and rounded");
	near(of("[{\"token\":\"hm billing\",\"logprob\":-7},{\"token\":\" bill\",\"logprob\":-0.5},"
			"{\"token\":\"ing\",\"logprob\":0},{\"token\":\"<|end|>\",\"logprob\":-3}]"),
		 exp(-0.5), "reasoning before and a mark behind do not count");
	near(of("[{\"token\":\"x\",\"logprob\":null},{\"token\":\"billing\",\"logprob\":-1}]"), exp(-1),
		 "nor do broken tokens outside the answer");
	near(of("[{\"token\":\"?\",\"bytes\":[98,105],\"logprob\":-1},{\"token\":\"?\","
			"\"bytes\":[108,108,105,110,103],\"logprob\":-1}]"),
		 exp(-2), "bytes are believed before text");
}

static void
test_hostile_tokens(void)
{
	unknown("null", "null instead of tokens");
	unknown("[]", "no token");
	unknown("{\"token\":\"billing\",\"logprob\":-1}", "an object instead of an array");
	unknown("\"billing\"", "a string instead of an array");
	unknown("[null]", "a null token");
	unknown("[[]]", "an array as token");
	unknown("[{\"token\":\"billing\"}]", "no number");
	unknown("[{\"token\":\"billing\",\"logprob\":null}]", "null");
	unknown("[{\"token\":\"billing\",\"logprob\":\"-0.5\"}]", "a string");
	unknown("[{\"token\":\"billing\",\"logprob\":true}]", "a boolean");
	unknown("[{\"token\":\"billing\",\"logprob\":1.5}]", "a positive number");
	unknown("[{\"token\":\"billing\",\"logprob\":1e999}]", "more than a double holds");
	unknown("[{\"token\":\"billing\",\"logprob\":-1e999}]", "less than a double holds");
	unknown("[{\"token\":\"billing\",\"logprob\":[]}]", "no numbers");
	unknown("[{\"token\":\"billing\",\"logprob\":[-1,\"x\"]}]", "a string among numbers");
	unknown("[{\"logprob\":-0.5}]", "no text");
	unknown("[{\"token\":7,\"logprob\":-0.5}]", "a number as text");
	unknown("[{\"token\":\"login\",\"logprob\":-0.5}]", "tokens of another text");
	unknown("[{\"token\":\"bill\",\"logprob\":-0.5}]", "half of the tokens");
	unknown("[{\"token\":\"bill\",\"logprob\":-0.5},{\"token\":\"ing\"}]",
			"a number for half of the tokens");
	unknown("[{\"token\":\"b\",\"bytes\":[300],\"logprob\":-0.5}]", "a byte beyond bytes");
	unknown("[{\"token\":\"b\",\"bytes\":[\"x\"],\"logprob\":-0.5}]", "a byte that is text");
	is_num(of("[{\"token\":\"billing\",\"logprob\":-1e308},{\"token\":\"\",\"logprob\":-1e308}]"),
		   0, "an absurd number is a probability of 0");
}

/* Many tokens, long tokens, a long answer: bounded work and no crash. */
static void
test_large(void)
{
	size_t n = 200 * 1000;
	char *many = palloc(n * 32);
	char *text = palloc(n + 1);
	char *at = many;
	Parsed p;

	*at++ = '[';
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "%s{\"token\":\"b\",\"logprob\":-1}", i == 0 ? "" : ",");
	strcpy(at, "]");
	unknown(many, "more tokens than a small answer has");

	memset(text, 'b', n);
	text[n] = '\0';
	unknown(psprintf("[{\"token\":\"%s\",\"logprob\":-1}]", text), "a token of 200 kB");
	p = kit_parse("openai", &prompt,
				  psprintf("{\"choices\":[{\"logprobs\":{\"content\":[{\"token\":\"%s\","
						   "\"logprob\":-1}]},\"message\":{\"content\":\"%s\"}}]}",
						   text, text));
	ok(p.ok && isnan(p.answer.confidence), "an answer of 200 kB");
}

static void
test_families(void)
{
	Parsed p;

	p = kit_parse("openai", &prompt, "{\"choices\":[{\"message\":{\"content\":\"yes\"}}]}");
	ok(p.ok && isnan(p.answer.confidence), "no log probabilities in the reply: unknown");
	p = kit_parse("openai", &prompt,
				  "{\"choices\":[{\"logprobs\":null,\"message\":{\"content\":\"yes\"}}]}");
	ok(p.ok && isnan(p.answer.confidence), "null for them: unknown");

	p = kit_parse("openai_responses", &prompt,
				  "{\"status\":\"completed\",\"output\":[{\"type\":\"reasoning\"},{\"type\":"
				  "\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"yes\","
				  "\"logprobs\":[{\"token\":\"yes\",\"bytes\":[121,101,115],\"logprob\":-0.1,"
				  "\"top_logprobs\":[]}]}]}]}");
	ok(p.ok, "a response is read");
	near(p.answer.confidence, exp(-0.1), "responses");
	p = kit_parse("openai_responses", &prompt,
				  "{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":["
				  "{\"type\":\"output_text\",\"text\":\"y\",\"logprobs\":[{\"token\":\"y\","
				  "\"logprob\":-0.1}]},{\"type\":\"output_text\",\"text\":\"es\"}]}]}");
	ok(p.ok && isnan(p.answer.confidence), "responses in two texts: unknown");

	p = kit_parse("gemini", &prompt,
				  "{\"candidates\":[{\"content\":{\"parts\":[{\"thought\":true,\"text\":\"hm\"},"
				  "{\"text\":\"yes\"}]},\"finishReason\":\"STOP\",\"avgLogprobs\":-0.1,"
				  "\"logprobsResult\":{\"topCandidates\":[],\"chosenCandidates\":["
				  "{\"token\":\"y\",\"tokenId\":1,\"logProbability\":-0.2},"
				  "{\"token\":\"es\",\"tokenId\":2,\"logProbability\":-0.1}]}}]}");
	ok(p.ok, "a candidate is read");
	near(p.answer.confidence, exp(-0.3), "gemini");

	p = kit_parse("cohere", &prompt,
				  "{\"finish_reason\":\"COMPLETE\",\"message\":{\"content\":[{\"type\":\"text\","
				  "\"text\":\"yes\"}]},\"logprobs\":[{\"text\":\"yes\",\"token_ids\":[1,2],"
				  "\"logprobs\":[-0.2,-0.3]}]}");
	ok(p.ok, "a message is read");
	near(p.answer.confidence, exp(-0.5), "cohere has several numbers for a piece");

	prompt.logprobs = false;
	p = kit_parse("openai", &prompt,
				  "{\"choices\":[{\"logprobs\":{\"content\":[{\"token\":\"yes\",\"logprob\":0}]},"
				  "\"message\":{\"content\":\"yes\"}}]}");
	ok(p.ok && isnan(p.answer.confidence), "what was not asked for is not read");
	p = kit_parse("anthropic", &prompt,
				  "{\"content\":[{\"type\":\"text\",\"text\":\"yes\"}],"
				  "\"stop_reason\":\"end_turn\"}");
	ok(p.ok && isnan(p.answer.confidence), "a family without them: unknown");
}

int
main(void)
{
	prompt = asking();
	test_requests();
	test_tokens();
	test_hostile_tokens();
	test_large();
	test_families();
	return done_testing();
}
