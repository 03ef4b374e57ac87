/*
 * fuzz.h
 *	  What the fuzz targets share.
 *
 * A target is a function that gets bytes and must not crash, leak or break what
 * its contract promises; broken promises abort, so that libFuzzer keeps the
 * input.  All targets are one program (main.c); see README.md.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "provider/provider.h"

typedef struct Target
{
	const char *name;
	void (*run)(const struct Target *target, const char *data, size_t size);
	const char *api; /* of targets that read replies */
	AirTask task;
} Target;

extern void run_reply(const Target *target, const char *data, size_t size);
extern void run_failure(const Target *target, const char *data, size_t size);
extern void run_request(const Target *target, const char *data, size_t size);
extern void run_json(const Target *target, const char *data, size_t size);
extern void run_chunk(const Target *target, const char *data, size_t size);
extern void run_schema(const Target *target, const char *data, size_t size);
extern void run_shorthand(const Target *target, const char *data, size_t size);
extern void run_pattern(const Target *target, const char *data, size_t size);
extern void run_decimal(const Target *target, const char *data, size_t size);
extern void run_wait(const Target *target, const char *data, size_t size);

/* --- kit.c --- */

/* Abort with a message unless a promise holds. */
#define PROMISE(holds, ...)                                                                        \
	do                                                                                             \
	{                                                                                              \
		if (!(holds))                                                                              \
			broken(__FILE__, __LINE__, #holds, "" __VA_ARGS__);                                    \
	} while (0)
extern void broken(const char *file, int line, const char *promise, const char *fmt, ...)
	pg_attribute_noreturn() pg_attribute_printf(4, 5);

/* Free all that was palloc'ed: what a memory context does in the server. */
extern void free_all(void);

/* A copy of exactly size bytes: the sanitizer sees a read behind the end. */
extern char *exact(const char *data, size_t size);

/*
 * An input is a line of numbers, lines "name: value" of headers, an empty line
 * and a body.  All of it is optional: what is missing is 0 or empty.
 */
#define MAX_NUMBERS 4
#define MAX_FIELDS 16

typedef struct Input
{
	long numbers[MAX_NUMBERS];
	int nheaders;
	AirHeader headers[MAX_FIELDS];
	char *body; /* exactly body_len bytes */
	size_t body_len;
} Input;

extern Input read_input(const char *data, size_t size);

/* Where the body begins in an input. */
extern size_t body_offset(const char *data, size_t size);

/* Noon of 2026-08-22, UTC. */
#define FUZZ_NOW INT64CONST(1787400000)

/* What errors.h, and air_reply_failure(), promise of a failure. */
extern void check_failure(const AirFailure *err);

/* Text for people: valid UTF-8 and, on one line, no controls. */
extern void check_text(const char *text, const char *what);
extern void check_line(const char *text, const char *what);

#endif
