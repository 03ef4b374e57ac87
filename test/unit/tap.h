/*
 * tap.h
 *	  Just enough of the Test Anything Protocol.
 *
 * Every check prints a line; done_testing() prints the plan and gives the exit
 * status, so a program that dies half way is a failure too.
 */
#ifndef TAP_H
#define TAP_H

#include "base/pg.h"

/* Report a check; all return whether it passed. */
extern bool ok(bool passed, const char *fmt, ...) pg_attribute_printf(2, 3);

/* Compare and say both values on failure.  NULL strings are allowed. */
extern bool
is_str(const char *got, const char *want, const char *fmt, ...) pg_attribute_printf(3, 4);
extern bool is_int(int64 got, int64 want, const char *fmt, ...) pg_attribute_printf(3, 4);
extern bool is_num(double got, double want, const char *fmt, ...) pg_attribute_printf(3, 4);

/* A part of a text must, or must not, be there. */
extern bool has(const char *text, const char *part, const char *fmt, ...) pg_attribute_printf(3, 4);
extern bool
lacks(const char *text, const char *part, const char *fmt, ...) pg_attribute_printf(3, 4);

/* Print the plan; returns the status that main() returns. */
extern int done_testing(void);

#endif
