/*
 * hash.h
 *	  SHA-256 and HMAC on PostgreSQL's common library.
 *
 * In the server pg_hmac_create() needs a CurrentResourceOwner: sign inside a
 * transaction only.  Usable outside the server.
 */
#ifndef AIR_HASH_H
#define AIR_HASH_H

#include "base/pg.h"

#define AIR_SHA256_LEN 32

/* All three return false when the crypto library fails (out of memory, FIPS refusal). */
extern bool air_sha256(const void *data, size_t len, uint8 out[AIR_SHA256_LEN]);
extern bool air_hmac_sha256(const void *key, size_t keylen, const void *data, size_t len,
							uint8 out[AIR_SHA256_LEN]);

/* Lower-case hex of n bytes into dst, which needs 2n+1 bytes. */
extern void air_hex(const uint8 *src, size_t n, char *dst);

#endif
