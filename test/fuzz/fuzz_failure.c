/*
 * fuzz_failure.c
 *	  Classification of refusals, and the waits that providers ask for.
 *
 * The line of numbers of "failure" is the status; "wait" is one header's value.
 */
#include "base/pg.h"

#include "provider/failure.h"

#include "fuzz.h"

/* See fuzz.h. */
void
run_failure(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	Input input = read_input(data, size);
	AirHttpReply reply = {.status = (int) Min(Max(input.numbers[0], 100), 999),
						  .nheaders = input.nheaders,
						  .headers = input.headers,
						  .body = input.body,
						  .body_len = input.body_len};
	AirFailure err;

	memset(&err, 0x55, sizeof(err));
	air_reply_failure(&reply, FUZZ_NOW, &err);
	PROMISE(err.http_status == reply.status);
	check_failure(&err);
}

/* See fuzz.h. */
void
run_wait(const Target *target pg_attribute_unused(), const char *data, size_t size)
{
	double wait = air_parse_wait(pnstrdup(data, size), FUZZ_NOW);

	PROMISE(wait == -1 || (wait >= 0 && wait <= 86400), "%g", wait);
}
