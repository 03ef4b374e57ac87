/*
 * hash.c
 *	  SHA-256 and HMAC on the crypto library that PostgreSQL was built with.
 *
 * Each cache look-up makes a digest, and PostgreSQL's own wrapper would create a
 * context and look the algorithm up by name each time, which costs as much as the
 * digest of a short prompt.  So with OpenSSL one context is kept, outside of memory
 * contexts, for the life of the process.  Elsewhere a context is created, used and
 * freed without a call that could raise an error in between, so none can leak.
 */
#include "base/pg.h"

#ifdef USE_OPENSSL
#include <openssl/err.h>
#include <openssl/evp.h>
#endif

#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"

#include "base/hash.h"

#ifdef USE_OPENSSL

/* See hash.h. */
bool
air_sha256(const void *data, size_t len, uint8 out[AIR_SHA256_LEN])
{
	static const EVP_MD *algorithm = NULL;
	static EVP_MD_CTX *ctx = NULL;

	if (algorithm == NULL)
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
		algorithm = EVP_sha256();
#endif
	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	if (algorithm != NULL && ctx != NULL && EVP_DigestInit_ex(ctx, algorithm, NULL) > 0 &&
		EVP_DigestUpdate(ctx, data, len) > 0 && EVP_DigestFinal_ex(ctx, out, NULL) > 0)
		return true;
	/* Whoever uses the library next must not find our errors. */
	ERR_clear_error();
	return false;
}

#else

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

#endif

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
