/*
 * secret.h
 *	  What authenticates a request.  Plain data; see credentials.h for where it
 *	  comes from.  Nothing of it may enter a message, a log line or a view.
 */
#ifndef AIR_SECRET_H
#define AIR_SECRET_H

typedef enum AirCredKind
{
	AIR_CRED_NONE,
	AIR_CRED_KEY,
	AIR_CRED_SIGV4
} AirCredKind;

typedef struct AirCredential
{
	AirCredKind kind;
	const char *key;
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token; /* or NULL */
} AirCredential;

#endif
