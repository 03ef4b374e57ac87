/*
 * message.h
 *	  An HTTP request and its reply as bytes: the border between codecs and
 *	  the driver.  No I/O here.
 */
#ifndef AIR_HTTP_MESSAGE_H
#define AIR_HTTP_MESSAGE_H

#include "base/pg.h"

#define AIR_MAX_HEADERS 16

typedef struct AirHeader
{
	const char *name;
	const char *value;
} AirHeader;

/* A POST with a JSON body.  Strings belong to the builder's memory context. */
typedef struct AirHttpRequest
{
	const char *url;
	int nheaders;
	AirHeader headers[AIR_MAX_HEADERS]; /* content-type is among them */
	const char *body;
	size_t body_len;
} AirHttpRequest;

/* What came back.  Owned by the exchange that received it; header names are lower case. */
typedef struct AirHttpReply
{
	int status;
	int nheaders;
	const AirHeader *headers;
	const char *body; /* not terminated */
	size_t body_len;
} AirHttpReply;

/* The value of a header (name in lower case), or NULL. */
extern const char *air_reply_header(const AirHttpReply *reply, const char *name);

/* Append a header; value must be free of CR, LF and NUL (else false: nothing is added). */
extern bool air_request_header(AirHttpRequest *req, const char *name, const char *value);

#endif
