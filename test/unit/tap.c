/*
 * tap.c
 *	  Just enough of the Test Anything Protocol.
 */
#include "base/pg.h"

#include <math.h>

#include "tap.h"

static int tests = 0;
static int failures = 0;

/* All checks end here: one line for the protocol. */
static bool
report(bool passed, const char *fmt, va_list args)
{
	tests++;
	if (!passed)
		failures++;
	printf("%s %d - ", passed ? "ok" : "not ok", tests);
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
	return passed;
}

#define REPORT(passed, fmt)                                                                        \
	do                                                                                             \
	{                                                                                              \
		va_list args;                                                                              \
                                                                                                   \
		va_start(args, fmt);                                                                       \
		report(passed, fmt, args);                                                                 \
		va_end(args);                                                                              \
	} while (0)

static const char *
shown(const char *s)
{
	return s != NULL ? s : "(null)";
}

bool
ok(bool passed, const char *fmt, ...)
{
	REPORT(passed, fmt);
	return passed;
}

bool
is_str(const char *got, const char *want, const char *fmt, ...)
{
	bool passed = got == want || (got != NULL && want != NULL && strcmp(got, want) == 0);

	REPORT(passed, fmt);
	if (!passed)
		printf("#   got:  %s\n#   want: %s\n", shown(got), shown(want));
	return passed;
}

bool
is_int(int64 got, int64 want, const char *fmt, ...)
{
	bool passed = got == want;

	REPORT(passed, fmt);
	if (!passed)
		printf("#   got:  " INT64_FORMAT "\n#   want: " INT64_FORMAT "\n", got, want);
	return passed;
}

bool
is_num(double got, double want, const char *fmt, ...)
{
	bool passed = fabs(got - want) <= 1e-9 * Max(1.0, fabs(want));

	REPORT(passed, fmt);
	if (!passed)
		printf("#   got:  %.12g\n#   want: %.12g\n", got, want);
	return passed;
}

bool
has(const char *text, const char *part, const char *fmt, ...)
{
	bool passed = text != NULL && strstr(text, part) != NULL;

	REPORT(passed, fmt);
	if (!passed)
		printf("#   text: %s\n#   lacks: %s\n", shown(text), part);
	return passed;
}

bool
lacks(const char *text, const char *part, const char *fmt, ...)
{
	bool passed = text != NULL && strstr(text, part) == NULL;

	REPORT(passed, fmt);
	if (!passed)
		printf("#   text: %s\n#   has: %s\n", shown(text), part);
	return passed;
}

int
done_testing(void)
{
	printf("1..%d\n", tests);
	if (failures > 0)
		printf("# %d of %d failed\n", failures, tests);
	return failures > 0 || tests == 0;
}
