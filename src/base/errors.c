/*
 * errors.c
 *	  Building AirFailure values.
 *
 * Messages are built from foreign bytes as often as from our own words, so the
 * one place that formats them also makes them safe to print: one line, bounded,
 * valid UTF-8.  No locks; memory is CurrentMemoryContext's.
 */
#include "base/pg.h"

#include "base/errors.h"
#include "base/text.h"

#define MAX_MESSAGE 500

static void
make_printable(char *s)
{
	while (*s != '\0')
	{
		size_t n = air_utf8_char(s, strlen(s));

		if (n == 0)
		{
			*s++ = '?';
			continue;
		}
		if (n == 1 && ((unsigned char) *s < ' ' || *s == 0x7f))
			*s = ' ';
		s += n;
	}
}

/* See errors.h. */
bool
air_fail(AirFailure *f, AirErrKind kind, AirRemedy remedy, const char *fmt, ...)
{
	/* Room for a cut character behind the limit; the formatter cuts the rest. */
	char text[MAX_MESSAGE + 4 + 1];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	len = strlen(text);
	text[air_utf8_clip(text, len, MAX_MESSAGE)] = '\0';
	make_printable(text);

	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->remedy = remedy;
	f->retry_after = -1;
	f->message = pstrdup(text);
	return false;
}

/* See errors.h. */
const char *
air_sqlstate(AirErrKind kind)
{
	static const char *const states[] = {"00000", "RT001", "RT002", "RT003", "RT004", "RT005",
										 "RT006", "RT007", "RT008", "RT009", "RT010", "RT011"};

	if ((unsigned) kind >= lengthof(states))
		return "XX000";
	return states[kind];
}
