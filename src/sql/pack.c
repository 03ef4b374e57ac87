/*
 * pack.c
 *	  Many rows in one text, so that each stays a row whatever it says.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"

#include "sql/pack.h"

#define INDENT "  "

/* A single row shorter than this is not cut in two. */
#define LEAST_BYTES 64

/* Bytes of what somebody may take for a line's end, at s; 0: it is none. */
static size_t
line_end(const char *s, const char *end)
{
	const unsigned char *u = (const unsigned char *) s;

	if (*s == '\r' && end - s > 1 && s[1] == '\n')
		return 2;
	if (*s >= '\n' && *s <= '\r')
		return 1;
	if (GetDatabaseEncoding() != PG_UTF8)
		return 0;
	if (u[0] == 0xc2 && end - s > 1 && u[1] == 0x85)
		return 2;
	if (u[0] == 0xe2 && end - s > 2 && u[1] == 0x80 && (u[2] == 0xa8 || u[2] == 0xa9))
		return 3;
	return 0;
}

void
air_pack_row(StringInfo pack, int64 number, int part, const char *row, size_t len)
{
	const char *end = row + len;
	const char *line = row;

	if (pack->len > 0)
		appendStringInfoChar(pack, '\n');
	if (part > 0)
		appendStringInfo(pack, INT64_FORMAT ", part %d: ", number, part);
	else
		appendStringInfo(pack, INT64_FORMAT ": ", number);
	for (const char *s = row; s < end;)
	{
		size_t n = line_end(s, end);

		if (n == 0)
		{
			s++;
			continue;
		}
		appendBinaryStringInfo(pack, line, s - line);
		appendStringInfoString(pack, "\n" INDENT);
		s += n;
		line = s;
	}
	appendBinaryStringInfo(pack, line, end - line);
}

/* Where a row begins that is not the first one, as near to the middle as there is; NULL: none. */
static const char *
middle_row(const char *pack, size_t len)
{
	const char *middle = pack + len / 2;

	for (const char *s = strchr(middle, '\n'); s != NULL; s = strchr(s + 1, '\n'))
		if (s[1] != INDENT[0])
			return s + 1;
	for (const char *s = middle; s > pack; s--)
		if (s[-1] == '\n' && *s != INDENT[0])
			return s;
	return NULL;
}

/* Where the only row may be cut: a blank, else between characters. */
static const char *
middle_of_row(const char *pack, size_t len)
{
	const char *middle = pack + len / 2;

	for (const char *s = middle; s < middle + len / 8; s++)
		if (*s == ' ' || *s == '\n')
			return s;
	return pack + pg_mbcliplen(pack, len, len / 2);
}

bool
air_pack_halves(const char *pack, char *halves[2])
{
	size_t len = strlen(pack);
	const char *cut = middle_row(pack, len);
	const char *number_end;

	if (cut != NULL)
	{
		halves[0] = pnstrdup(pack, cut - pack - 1);
		halves[1] = pstrdup(cut);
		return true;
	}
	number_end = strchr(pack, ':');
	if (len < LEAST_BYTES || number_end == NULL)
		return false;
	cut = middle_of_row(pack, len);
	halves[0] = pnstrdup(pack, cut - pack);
	halves[1] = psprintf("%.*s, continued: %s", (int) strcspn(pack, ",:"), pack, cut);
	return true;
}
