/*
 * sigv4.h
 *	  AWS Signature Version 4 for a request that is ready to be sent.
 *	  Private to src/provider.
 */
#ifndef AIR_SIGV4_H
#define AIR_SIGV4_H

#include "provider/provider.h"

/* What a signature is for; now is Unix time. */
typedef struct AirSigV4Scope
{
	const char *region;
	const char *service;
	int64 now;
} AirSigV4Scope;

/*
 * Add x-amz-date, x-amz-security-token (with a session token) and authorization
 * to a request whose URL, content type and body are final.  The URL must have
 * no query.  Fails when the credential does not fit into headers or the crypto
 * library fails.  In the server see base/hash.h for what hashing needs.
 */
extern bool air_sigv4_sign(AirHttpRequest *req, const AirCredential *cred,
						   const AirSigV4Scope *scope, AirFailure *err);

/* The canonical request of a request that has its x-amz-date, NULL if hashing fails. */
extern char *air_sigv4_canonical(const AirHttpRequest *req);

#endif
