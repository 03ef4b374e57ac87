/*
 * main.c
 *	  The table of targets and libFuzzer's entry points.
 *
 *	air_fuzz --target=NAME [libFuzzer's options and directories]
 */
#include "base/pg.h"

#include "fuzz.h"
#include "mutate.h"

static const Target targets[] = {
	{"openai_chat", run_reply, "openai", AIR_CHAT},
	{"openai_embed", run_reply, "openai", AIR_EMBED},
	{"openai_responses", run_reply, "openai_responses", AIR_CHAT},
	{"azure_chat", run_reply, "azure", AIR_CHAT},
	{"azure_embed", run_reply, "azure", AIR_EMBED},
	{"anthropic", run_reply, "anthropic", AIR_CHAT},
	{"bedrock_chat", run_reply, "bedrock", AIR_CHAT},
	{"bedrock_embed", run_reply, "bedrock", AIR_EMBED},
	{"gemini_chat", run_reply, "gemini", AIR_CHAT},
	{"gemini_embed", run_reply, "gemini", AIR_EMBED},
	{"ollama_chat", run_reply, "ollama", AIR_CHAT},
	{"ollama_embed", run_reply, "ollama", AIR_EMBED},
	{"cohere_chat", run_reply, "cohere", AIR_CHAT},
	{"cohere_embed", run_reply, "cohere", AIR_EMBED},
	{"cohere_rerank", run_reply, "cohere", AIR_RERANK},
	{"failure", run_failure},
	{"request", run_request},
	{"json", run_json},
	{"wait", run_wait},
	{"schema", run_schema},
	{"shorthand", run_shorthand},
	{"pattern", run_pattern},
	{"decimal", run_decimal},
	{"chunk", run_chunk},
};

static const Target *target = NULL;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer leaves options with two dashes to us. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char option[] = "--target=";
	const char *name = "";

	for (int i = 1; i < *argc; i++)
	{
		if (strncmp((*argv)[i], option, strlen(option)) == 0)
			name = (*argv)[i] + strlen(option);
	}
	for (size_t i = 0; i < lengthof(targets); i++)
	{
		if (strcmp(targets[i].name, name) == 0)
			target = &targets[i];
		else if (strcmp(name, "list") == 0)
			printf("%s\n", targets[i].name);
	}
	if (target != NULL)
		return 0;
	if (strcmp(name, "list") != 0)
		fprintf(stderr, "usage: air_fuzz --target=NAME (or list) [options of libFuzzer]\n");
	exit(strcmp(name, "list") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run(target, (const char *) data, size);
	free_all();
	return 0;
}
