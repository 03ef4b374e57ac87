/* Embeddings: hashed words. The same text gives the same vector, shared words bring two closer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Fills a vector of unit length. */
void
sbx_vector(const char *text, long dim, float *out)
{
	char word[64];
	const char *p = text;
	size_t n;
	double sum = 0;
	bool any = false;

	memset(out, 0, (size_t) dim * sizeof(*out));
	while ((n = sbx_word_next(&p, word, sizeof(word))) > 0 || !any)
	{
		uint64_t state = sbx_hash(word, n);
		uint64_t bits = 0;

		/* each word is a direction of random signs: two words are nearly orthogonal */
		for (long i = 0; i < dim; i++)
		{
			if (i % 64 == 0)
				bits = state = sbx_mix(state);
			out[i] += bits >> (i % 64) & 1 ? 1.0f : -1.0f;
		}
		any = true;
	}
	for (long i = 0; i < dim; i++)
		sum += (double) out[i] * out[i];
	if (sum == 0) /* words cancelled out */
	{
		out[0] = 1;
		sum = 1;
	}
	for (long i = 0; i < dim; i++)
		out[i] = (float) (out[i] / sqrt(sum));
}

/* Appends the vector as a JSON array. */
void
sbx_vector_json(sbx_buf *b, const float *v, long dim)
{
	sbx_buf_reserve(b, (size_t) dim * 12 + 2);
	sbx_buf_puts(b, "[");
	for (long i = 0; i < dim; i++)
	{
		/* printf is too slow for this: eight decimals by hand, all values are in [-1, 1] */
		char text[16] = "-0.00000000";
		long units = lround(fabs((double) v[i]) * 1e8);
		char *first = v[i] < 0 ? text : text + 1;

		text[1] = (char) ('0' + units / 100000000);
		units %= 100000000;
		for (int d = 10; d > 2; d--, units /= 10)
			text[d] = (char) ('0' + units % 10);
		if (i > 0)
			sbx_buf_add(b, ",", 1);
		sbx_buf_add(b, first, (size_t) (text + 11 - first));
	}
	sbx_buf_puts(b, "]");
}

/* Appends the vector as a JSON string: base64 of little-endian float32. */
void
sbx_vector_base64(sbx_buf *b, const float *v, long dim)
{
	size_t n = (size_t) dim * 4;
	unsigned char *raw = malloc(n);
	char *text = malloc(n / 3 * 4 + 8);

	for (long i = 0; i < dim; i++)
	{
		uint32_t u;

		memcpy(&u, &v[i], 4);
		for (int k = 0; k < 4; k++)
			raw[i * 4 + k] = (unsigned char) (u >> (8 * k));
	}
	EVP_EncodeBlock((unsigned char *) text, raw, (int) n);
	sbx_buf_jsons(b, text);
	free(raw);
	free(text);
}
