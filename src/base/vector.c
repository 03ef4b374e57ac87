/*
 * vector.c
 *	  Vectors as bytes: little-endian float4, on any machine.
 */
#include "base/pg.h"

#include <math.h>

#include "common/base64.h"
#include "port/pg_bswap.h"

#include "base/text.h"
#include "base/vector.h"

#ifdef WORDS_BIGENDIAN
#define LITTLE_ENDIAN_32(bits) pg_bswap32(bits)
#else
#define LITTLE_ENDIAN_32(bits) (bits)
#endif

/* See vector.h. */
void
air_vector_get(const char *raw, size_t n, float *to)
{
	for (size_t i = 0; i < n; i++)
	{
		uint32 bits;

		memcpy(&bits, raw + i * sizeof(bits), sizeof(bits));
		bits = LITTLE_ENDIAN_32(bits);
		memcpy(&to[i], &bits, sizeof(bits));
	}
}

/* See vector.h. */
char *
air_vector_text(const float *vector, int dim)
{
	size_t size = (size_t) dim * sizeof(uint32);
	uint32 *raw;
	char *text;
	int len;

	if (dim <= 0 || size > PG_INT32_MAX / 4)
		return NULL;
	raw = palloc(size);
	for (int i = 0; i < dim; i++)
	{
		uint32 bits;

		memcpy(&bits, &vector[i], sizeof(bits));
		raw[i] = LITTLE_ENDIAN_32(bits);
	}
	len = pg_b64_enc_len((int) size);
	text = palloc(len + 1);
	/* The source is char * up to version 17 and uint8 * from 18 on. */
	len = pg_b64_encode((const void *) raw, (int) size, text, len);
	pfree(raw);
	text[Max(len, 0)] = '\0';
	return text;
}

/* See vector.h. */
int
air_vector_text_dim(const char *text)
{
	size_t len = strlen(text);
	size_t padding = len - strcspn(text, "=");

	return (int) ((len / 4 * 3 - Min(padding, 2)) / sizeof(uint32));
}

/* See vector.h. */
float *
air_vector_of_text(const char *text, int *dim)
{
	size_t len;
	char *raw = air_base64_decode(text, &len);
	float *vector;

	if (raw == NULL)
		return NULL;
	if (len == 0 || len % sizeof(uint32) != 0)
	{
		pfree(raw);
		return NULL;
	}
	*dim = (int) (len / sizeof(uint32));
	vector = palloc(*dim * sizeof(float));
	air_vector_get(raw, *dim, vector);
	pfree(raw);
	for (int i = 0; i < *dim; i++)
		if (!isfinite(vector[i]))
			return NULL;
	return vector;
}
