/* Growing byte buffers, JSON output and small text helpers. */
#ifndef SBX_BUF_H
#define SBX_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes with a length; always followed by a NUL that is not counted once it was written to. */
typedef struct sbx_buf
{
	char *p;
	size_t len;
	size_t cap;
} sbx_buf;

void sbx_buf_reserve(sbx_buf *b, size_t more);
void sbx_buf_add(sbx_buf *b, const void *p, size_t n);
void sbx_buf_puts(sbx_buf *b, const char *s);
void sbx_buf_printf(sbx_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sbx_buf_json(sbx_buf *b, const char *p, size_t n);
void sbx_buf_jsons(sbx_buf *b, const char *s);
void sbx_buf_clear(sbx_buf *b);
void sbx_buf_trim(sbx_buf *b, size_t keep);
void sbx_buf_free(sbx_buf *b);

double sbx_now_ms(void);
double sbx_wall_ms(void);
uint64_t sbx_hash(const void *p, size_t n);
uint64_t sbx_mix(uint64_t x);
size_t sbx_url_decode(char *s);
bool sbx_query_get(const char *query, const char *key, char *out, size_t cap);
const char *sbx_find_ci(const char *hay, const char *needle);

#endif
