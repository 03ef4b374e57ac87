/*
 * promise.c
 *	  What targets inside and outside the server share.
 */
#include "base/pg.h"

#include "fuzz.h"

void
broken(const char *file, int line, const char *promise, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: broken promise: %s: ", file, line, promise);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

size_t
body_offset(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		if (data[i] == '\n' && (i == 0 || data[i - 1] == '\n'))
			return i + 1;
	}
	return size;
}
