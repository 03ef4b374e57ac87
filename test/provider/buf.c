/* Growing byte buffers, JSON output and small text helpers. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Makes room for `more` bytes and a NUL; ends the program when memory is out. */
void
sbx_buf_reserve(sbx_buf *b, size_t more)
{
	size_t want = b->len + more + 1;

	if (want <= b->cap)
		return;
	if (want < b->cap * 2)
		want = b->cap * 2;
	if (want < 256)
		want = 256;
	b->p = realloc(b->p, want);
	if (b->p == NULL)
	{
		fprintf(stderr, "ai_sandbox: out of memory\n");
		exit(1);
	}
	b->cap = want;
}

/* Appends n bytes. */
void
sbx_buf_add(sbx_buf *b, const void *p, size_t n)
{
	sbx_buf_reserve(b, n);
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

/* Appends a C string. */
void
sbx_buf_puts(sbx_buf *b, const char *s)
{
	sbx_buf_add(b, s, strlen(s));
}

/* Appends formatted text. */
void
sbx_buf_printf(sbx_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	for (;;)
	{
		size_t room = b->cap - b->len;

		va_start(ap, fmt);
		n = vsnprintf(room ? b->p + b->len : NULL, room, fmt, ap);
		va_end(ap);
		if (n < 0)
			return;
		if ((size_t) n < room)
			break;
		sbx_buf_reserve(b, (size_t) n);
	}
	b->len += (size_t) n;
}

/* Appends n bytes as a quoted JSON string; a NUL becomes \u0000, bytes above 127 pass as they are.
 */
void
sbx_buf_json(sbx_buf *b, const char *p, size_t n)
{
	size_t start = 0;

	sbx_buf_reserve(b, n + 2);
	sbx_buf_add(b, "\"", 1);
	for (size_t i = 0; i < n; i++)
	{
		unsigned char c = (unsigned char) p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		sbx_buf_add(b, p + start, i - start);
		start = i + 1;
		if (c == '"')
			sbx_buf_add(b, "\\\"", 2);
		else if (c == '\\')
			sbx_buf_add(b, "\\\\", 2);
		else if (c == '\n')
			sbx_buf_add(b, "\\n", 2);
		else
			sbx_buf_printf(b, "\\u%04x", c);
	}
	sbx_buf_add(b, p + start, n - start);
	sbx_buf_add(b, "\"", 1);
}

/* Appends a C string as a quoted JSON string, NULL as null. */
void
sbx_buf_jsons(sbx_buf *b, const char *s)
{
	if (s == NULL)
		sbx_buf_puts(b, "null");
	else
		sbx_buf_json(b, s, strlen(s));
}

/* Empties the buffer and keeps its memory. */
void
sbx_buf_clear(sbx_buf *b)
{
	b->len = 0;
	if (b->p != NULL)
		b->p[0] = '\0';
}

/* Empties the buffer and gives memory back if it holds more than `keep` bytes. */
void
sbx_buf_trim(sbx_buf *b, size_t keep)
{
	if (b->cap > keep)
		sbx_buf_free(b);
	else
		sbx_buf_clear(b);
}

/* Frees the memory. */
void
sbx_buf_free(sbx_buf *b)
{
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}

static double
clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double) ts.tv_sec * 1000.0 + (double) ts.tv_nsec / 1e6;
}

/* Milliseconds of the monotonic clock. */
double
sbx_now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* Milliseconds since 1970. */
double
sbx_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

/* A 64-bit hash of n bytes; the same on every run. */
uint64_t
sbx_hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 1469598103934665603ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 1099511628211ULL;
	return sbx_mix(h);
}

/* Spreads the bits of x; a good enough step of a pseudo-random sequence. */
uint64_t
sbx_mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15ULL;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
	return x ^ (x >> 31);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes %XX in place and returns the new length; a stray % stays. */
size_t
sbx_url_decode(char *s)
{
	char *to = s;

	for (const char *from = s; *from != '\0'; from++)
	{
		if (from[0] == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0)
		{
			*to++ = (char) (hex_digit(from[1]) * 16 + hex_digit(from[2]));
			from += 2;
		}
		else
			*to++ = *from;
	}
	*to = '\0';
	return (size_t) (to - s);
}

/* Copies the decoded value of `key` from a query string; false (and "") if it is not there. */
bool
sbx_query_get(const char *query, const char *key, char *out, size_t cap)
{
	size_t klen = strlen(key);

	out[0] = '\0';
	while (query != NULL && *query != '\0')
	{
		size_t n = strcspn(query, "&");

		if (n >= klen && strncmp(query, key, klen) == 0 && (n == klen || query[klen] == '='))
		{
			const char *v = query + klen + (n > klen);
			size_t vlen = (size_t) (query + n - v);

			if (vlen >= cap)
				vlen = cap - 1;
			memcpy(out, v, vlen);
			out[vlen] = '\0';
			sbx_url_decode(out);
			return true;
		}
		query += n + (query[n] == '&');
	}
	return false;
}

/* Finds needle in hay, ignoring ASCII case; NULL if it is not there. */
const char *
sbx_find_ci(const char *hay, const char *needle)
{
	size_t n = strlen(needle);

	for (; *hay != '\0'; hay++)
		if (strncasecmp(hay, needle, n) == 0)
			return hay;
	return NULL;
}
