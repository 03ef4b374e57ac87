/*
 * encoding.c
 *	  Between the server encoding and the UTF-8 that providers speak.
 */
#include "base/pg.h"

#include "catalog/namespace.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "call/internal.h"

/* A string of the server encoding in UTF-8: itself if that is the same, else palloc'ed. */
const char *
air_to_utf8(const char *s)
{
	return pg_server_to_any(s, strlen(s), PG_UTF8);
}

/* Can valid UTF-8 stand in the server encoding as it is? */
static bool
fits_as_it_is(int encoding)
{
	return encoding == PG_UTF8 || encoding == PG_SQL_ASCII;
}

/*
 * Valid UTF-8 in the server encoding, palloc'ed unless it is the same.  False
 * with *err if it holds characters that the encoding lacks: a foreign character
 * in one answer is that call's failure, not an ERROR amid everybody's calls.
 */
bool
air_from_utf8(const char *s, char **out, AirFailure *err)
{
	int encoding = GetDatabaseEncoding();
	int len = strlen(s);
	size_t size;
	Oid proc;

	if (fits_as_it_is(encoding))
	{
		*out = unconstify(char *, s);
		return true;
	}
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	size = (size_t) len * MAX_CONVERSION_GROWTH + 1;
	if (OidIsValid(proc) && size <= MaxAllocHugeSize && size <= PG_INT32_MAX)
	{
		*out = MemoryContextAllocHuge(CurrentMemoryContext, size);
		if (pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
										  unconstify(unsigned char *, (const unsigned char *) s),
										  len, (unsigned char *) *out, (int) size, true) == len)
			return true;
	}
	return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NONE,
					"the answer has characters that encoding %s lacks",
					pg_encoding_to_char(encoding));
}

/* A foreign word for a message, or NULL.  Where the encoding lacks a character: ASCII and '?'. */
static const char *
word_from_utf8(const char *word)
{
	char *out;
	char *to;
	AirFailure ignored;

	if (word == NULL || pg_is_ascii(word))
		return word;
	if (air_from_utf8(word, &out, &ignored))
		return out;
	out = to = pstrdup(word);
	for (const char *from = word; *from != '\0'; from++)
	{
		if (!IS_HIGHBIT_SET(*from))
			*to++ = *from;
		else if ((*from & 0xc0) == 0xc0) /* the first byte of a character */
			*to++ = '?';
	}
	*to = '\0';
	return out;
}

/* Bring the words of a failure, which are UTF-8 as the provider's are, into the server encoding. */
void
air_failure_from_utf8(AirFailure *failure)
{
	if (fits_as_it_is(GetDatabaseEncoding()))
		return;
	failure->message = word_from_utf8(failure->message);
	failure->code = word_from_utf8(failure->code);
	failure->request_id = word_from_utf8(failure->request_id);
}
