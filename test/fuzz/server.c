/*
 * server.c
 *	  libFuzzer inside a server backend.
 *
 * Some parsers work on jsonb, numeric or arrays, which exist in the server only.
 * So this library is loaded into a backend of its own (postgres --single),
 * together with copies of the parsers that tell libFuzzer where they went, and
 * SELECT fuzz_server('--target=hints', '-runs=1000', ..) runs the loop there.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "server.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(fuzz_server);

extern int
LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

static const struct
{
	const char *option;
	void (*run)(const char *data, size_t size);
} targets[] = {{"--target=hints", run_hints},
			   {"--target=judge", run_judge},
			   {"--target=document", run_document}};

static void (*target)(const char *data, size_t size) = NULL;
static MemoryContext scratch;

static int
run_target(const uint8_t *data, size_t size)
{
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	CHECK_FOR_INTERRUPTS();
	target((const char *) data, size);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
	return 0;
}

/* fuzz_server(VARIADIC options text[]) returns void: ends the process. */
Datum
fuzz_server(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum *options;
	int n;
	char **argv;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &options, NULL, &n);
	argv = palloc0(sizeof(char *) * (n + 2));
	argv[0] = pstrdup("fuzz_server");
	for (int i = 0; i < n; i++)
	{
		argv[i + 1] = TextDatumGetCString(options[i]);
		for (int j = 0; j < lengthof(targets); j++)
		{
			if (strcmp(targets[j].option, argv[i + 1]) == 0)
				target = targets[j].run;
		}
	}
	n++;
	if (target == NULL)
		elog(ERROR, "no such target");
	scratch = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	exit(LLVMFuzzerRunDriver(&n, &argv, run_target));
}
