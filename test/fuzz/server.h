/*
 * server.h
 *	  Targets that run within a server.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include <stddef.h>

/* CurrentMemoryContext is reset after each input. */
extern void run_document(const char *data, size_t size);
extern void run_hints(const char *data, size_t size);
extern void run_judge(const char *data, size_t size);

#endif
