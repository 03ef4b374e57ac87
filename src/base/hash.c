/*
 * hash.c
 *	  SHA-256 and HMAC on PostgreSQL's common library.
 *
 * A context is created, used and freed without a call that could raise an error
 * in between, so none can leak.
 */
#include "base/pg.h"

#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"

#include "base/hash.h"

/* See hash.h. */
bool
air_sha256(const void *data, size_t len, uint8 out[AIR_SHA256_LEN])
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);
	bool done;

	if (ctx == NULL)
		return false;
	done = pg_cryptohash_init(ctx) >= 0 && pg_cryptohash_update(ctx, data, len) >= 0 &&
		   pg_cryptohash_final(ctx, out, AIR_SHA256_LEN) >= 0;
	pg_cryptohash_free(ctx);
	return done;
}

/* See hash.h. */
bool
air_hmac_sha256(const void *key, size_t keylen, const void *data, size_t len,
				uint8 out[AIR_SHA256_LEN])
{
	pg_hmac_ctx *ctx = pg_hmac_create(PG_SHA256);
	bool done;

	if (ctx == NULL)
		return false;
	done = pg_hmac_init(ctx, key, keylen) >= 0 && pg_hmac_update(ctx, data, len) >= 0 &&
		   pg_hmac_final(ctx, out, AIR_SHA256_LEN) >= 0;
	pg_hmac_free(ctx);
	return done;
}

/* See hash.h. */
void
air_hex(const uint8 *src, size_t n, char *dst)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++)
	{
		*dst++ = digits[src[i] >> 4];
		*dst++ = digits[src[i] & 0x0f];
	}
	*dst = '\0';
}
