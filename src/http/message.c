/*
 * message.c
 *	  Reading and adding HTTP headers.
 */
#include "base/pg.h"

#include "http/message.h"

/* See message.h. */
const char *
air_reply_header(const AirHttpReply *reply, const char *name)
{
	for (int i = 0; i < reply->nheaders; i++)
	{
		if (strcmp(reply->headers[i].name, name) == 0)
			return reply->headers[i].value;
	}
	return NULL;
}

/* See message.h. */
bool
air_request_header(AirHttpRequest *req, const char *name, const char *value)
{
	/* A line break in a key would let it add headers of its own. */
	if (value == NULL || strpbrk(value, "\r\n") != NULL || req->nheaders >= AIR_MAX_HEADERS)
		return false;

	req->headers[req->nheaders].name = name;
	req->headers[req->nheaders].value = value;
	req->nheaders++;
	return true;
}
