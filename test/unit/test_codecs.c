/*
 * test_codecs.c
 *	  What every codec owes: memory that runs out, replies that are noise, no
 *	  secret in a failure.
 */
#include "base/pg.h"

#include "base/json.h"
#include "kit.h"
#include "tap.h"

static const char *const texts[] = {"one"};

static void
test_table(void)
{
	static const char *const want[] = {"openai", "openai_responses", "anthropic", "bedrock",
									   "azure",  "gemini",           "ollama",    "cohere"};
	const char *const *names;
	int n;

	names = air_codec_names(&n);
	is_int(n, lengthof(want), "number of codecs");
	for (int i = 0; i < n; i++)
	{
		const AirCodec *codec = air_codec(names[i]);

		is_str(names[i], want[i], "name %d", i);
		ok(codec != NULL && strcmp(codec->api, names[i]) == 0, "%s is found", names[i]);
		ok(codec->build != NULL && codec->parse != NULL && codec->own_hosts != NULL,
		   "%s is complete", names[i]);
		ok((codec->tasks & (1 << AIR_CHAT)) != 0, "%s can chat", names[i]);
		ok(((codec->tasks & (1 << AIR_EMBED)) != 0) == (codec->max_embed_inputs > 0),
		   "%s embeds if it says so", names[i]);
	}
	ok(air_codec("fixture") == NULL, "fixture has no codec");
	ok(air_codec("") == NULL && air_codec("OpenAI") == NULL, "nor have others");
}

/* What goes into one embedding request, and what comes back. */
static void
test_embed_limits(void)
{
	static const struct
	{
		const char *api, *base_url, *model;
		AirEmbedLimits want;
	} cases[] = {
		{"openai", "https://api.openai.com/v1", "text-embedding-3-small", {2048, 1536, true}},
		{"openai", "https://eu.api.openai.com/v1", "text-embedding-ada-002", {2048, 1536, true}},
		{"openai", "https://api.openai.com/v1", "text-embedding-3-large", {2048, 0, true}},
		{"openai", "https://r.openai.azure.com/openai/v1", "mine", {2048, 0, true}},
		{"openai",
		 "https://api.openai.com.example.org/v1",
		 "text-embedding-3-small",
		 {256, 0, false}},
		{"openai", "http://127.0.0.1:8000/v1", "text-embedding-3-small", {256, 0, false}},
		{"azure", "https://r.openai.azure.com", "text-embedding-3-small", {2048, 1536, true}},
		{"azure", "http://127.0.0.1:99", "mine", {2048, 0, true}},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		AirEmbedLimits got =
			air_codec(cases[i].api)->embed_limits(cases[i].base_url, cases[i].model);

		ok(got.inputs == cases[i].want.inputs && got.dim == cases[i].want.dim &&
			   got.base64 == cases[i].want.base64,
		   "%s at %s, %s", cases[i].api, cases[i].base_url, cases[i].model);
	}
	ok(air_codec("gemini")->embed_limits == NULL, "others have one limit everywhere");
}

static AirPrompt
prompt_for(const char *api, AirTask task)
{
	AirPrompt prompt = task == AIR_CHAT ? kit_chat("amazon.titan-embed-text-v2:0", "Hi")
										: kit_embed("amazon.titan-embed-text-v2:0", 1, texts);

	prompt.task = task;
	prompt.query = "q";
	if (task == AIR_CHAT)
	{
		kit_add_image(&prompt, "image/png", "QUJD");
		prompt.system = "S";
		prompt.schema = "{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"a\"]}";
		prompt.reasoning_effort = "low";
		if (strcmp(api, "openai_responses") != 0)
		{
			prompt.stop = texts;
			prompt.nstop = 1;
		}
	}
	prompt.params = "{\"x\":{\"y\":[1]}}";
	return prompt;
}

/* Let each allocation of cJSON fail in turn: an error, never a body with a hole. */
static void
test_build_memory(const AirCodec *codec, AirTask task)
{
	AirPrompt prompt = prompt_for(codec->api, task);
	AirEndpoint endpoint = kit_endpoint("https://h.example");
	AirCredential cred = kit_key("k");
	const char *whole = kit_build(codec->api, &prompt, &endpoint, &cred).req.body;
	int wrong = 0;
	int left = 0;
	int n = 0;

	for (;;)
	{
		Built built;

		kit_json_watch(++n);
		built = kit_build(codec->api, &prompt, &endpoint, &cred);
		left += kit_json_live();
		if (!kit_json_failed())
			break;
		/* The look at a schema may fail without harm: then it is called lax. */
		if (built.ok && strcmp(built.req.body, whole) != 0 &&
			strstr(built.req.body, "\"strict\":false") == NULL)
			wrong++;
		if (!built.ok && built.err.kind != AIR_ERR_UNAVAILABLE &&
			built.err.kind != AIR_ERR_REJECTED)
			wrong++;
	}
	kit_json_watch(0);
	ok(n > 10 && wrong == 0, "%s, task %d: %d ways to run out of memory", codec->api, task, n - 1);
	is_int(left, 0, "%s, task %d: nothing leaks", codec->api, task);
}

/* A reply that uses much of each family's form; each codec finds its own part. */
static const char everything[] =
	"{\"id\":\"i\",\"model\":\"m\",\"choices\":[{\"finish_reason\":\"stop\",\"message\":"
	"{\"content\":[{\"type\":\"text\",\"text\":\"a\\u00e4\\ud83d\\ude00\"}],\"refusal\":null}}],"
	"\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\","
	"\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\"}]}],"
	"\"candidates\":[{\"finishReason\":\"STOP\",\"content\":{\"parts\":[{\"text\":\"a\"}]}}],"
	"\"message\":{\"content\":\"a\"},\"done_reason\":\"stop\",\"usage\":{\"prompt_tokens\":1,"
	"\"input_tokens\":1e400,\"output_tokens\":-0.0},\"data\":[{\"index\":0,\"embedding\":[1]}],"
	"\"embeddings\":[[1.5]],\"results\":[{\"index\":0,\"relevance_score\":0.5}]}";

/* Cut the reply at every byte, and flip bytes of it: any verdict will do, but no crash. */
static void
test_noise(const AirCodec *codec, AirTask task)
{
	AirPrompt prompt = prompt_for(codec->api, task);
	size_t len = strlen(everything);
	uint64 random = 42;
	int cut_accepted = 0;
	int silent = 0;

	kit_json_watch(0);
	for (size_t i = 0; i < len; i++)
		cut_accepted += kit_parse(codec->api, &prompt, pnstrdup(everything, i)).ok;
	for (int i = 0; i < 3000; i++)
	{
		char *body = pstrdup(everything);
		Parsed parsed;
		AirFailure err;

		for (int j = 0; j < 1 + i % 4; j++)
		{
			random = random * UINT64CONST(6364136223846793005) + 1;
			body[(random >> 33) % len] = "\x01\xff\\\"{}[]:,0u"[(random >> 20) % 12];
		}
		parsed = kit_parse(codec->api, &prompt, body);
		silent += !parsed.ok && (parsed.err.message == NULL || *parsed.err.message == '\0');
		if (parsed.ok)
			air_answer_check(&prompt, &parsed.answer, &err);
		err = kit_failure(400 + i % 130, body, NULL);
		silent += err.kind == AIR_ERR_NONE || err.message == NULL || *err.message == '\0';
	}
	is_int(cut_accepted, 0, "%s, task %d: a cut reply is never an answer", codec->api, task);
	is_int(silent, 0, "%s, task %d: every failure says something", codec->api, task);
	is_int(kit_json_live(), 0, "%s, task %d: nothing leaks", codec->api, task);
}

static void
test_secrets(const AirCodec *codec)
{
	AirPrompt prompt = kit_chat("m", "Hi");
	AirEndpoint endpoint = kit_endpoint("https://h.example");
	AirCredential cred = kit_key("TOPSECRET\r\nx: y");
	Built built = kit_build(codec->api, &prompt, &endpoint, &cred);

	ok(!built.ok && built.err.kind == AIR_ERR_AUTH &&
		   strstr(built.err.message, "TOPSECRET") == NULL,
	   "%s: a key with a line break is refused without showing it", codec->api);
	cred = kit_key("TOPSECRET");
	built = kit_build(codec->api, &prompt, &endpoint, &cred);
	ok(built.ok && strstr(built.req.url, "TOPSECRET") == NULL &&
		   strstr(built.req.body, "TOPSECRET") == NULL,
	   "%s: the key is in a header only", codec->api);
}

int
main(void)
{
	const char *const *names;
	int n;

	test_table();
	test_embed_limits();
	names = air_codec_names(&n);
	for (int i = 0; i < n; i++)
	{
		const AirCodec *codec = air_codec(names[i]);

		test_secrets(codec);
		for (int task = AIR_CHAT; task <= AIR_RERANK; task++)
		{
			if ((codec->tasks & (1 << task)) == 0)
				continue;
			test_build_memory(codec, task);
			test_noise(codec, task);
		}
	}
	return done_testing();
}
