/*
 * credentials.h
 *	  Which secret a role uses at a server: its own user mapping, else PUBLIC's.
 */
#ifndef AIR_CREDENTIALS_H
#define AIR_CREDENTIALS_H

#include "base/errors.h"
#include "config/registry.h"
#include "config/secret.h"

/*
 * Fill *out for role at server.  Strings live in CurrentMemoryContext.  An
 * api_key_file is re-read when its mtime, size or inode changed; an api_key_env is read from
 * the server's environment.  *fingerprint (may be NULL) gets a 64-bit hash that
 * identifies the secret without revealing it; it is stable across backends.
 * *mapping (may be NULL) gets the user mapping's oid, InvalidOid if none was needed.
 *
 * False with *err = AIR_ERR_AUTH / AIR_REMEDY_NEXT and a hint (CREATE USER
 * MAPPING ..) if the api needs a credential at this host and there is none, or
 * its file or variable cannot be read.
 */
extern bool air_credential_get(const AirServer *server, Oid role, AirCredential *out,
							   uint64 *fingerprint, Oid *mapping, AirFailure *err);

/*
 * The same without the secret, for whoever only tells credentials apart, and does so
 * often: what a file or a variable holds may be some milliseconds old.
 */
extern bool
air_credential_identity(const AirServer *server, Oid role, uint64 *fingerprint, Oid *mapping);

#endif
