/*
 * internal.h
 *	  What driver.c and exchange.c share.  Only these two files know curl.
 */
#ifndef AIR_HTTP_INTERNAL_H
#define AIR_HTTP_INTERNAL_H

#include "http/http.h"

#include <curl/curl.h>
#include "lib/ilist.h"

/* A growing malloc'ed buffer.  Append fails (false) instead of raising. */
typedef struct AirBuffer
{
	char *data;
	size_t len;
	size_t size;
} AirBuffer;

typedef enum AirExchangeState
{
	AIR_EX_IDLE,   /* in the pool */
	AIR_EX_ACTIVE, /* in the multi handle */
	AIR_EX_DONE    /* in the done list, or taken from it */
} AirExchangeState;

struct AirExchange
{
	dlist_node node; /* in the pool, the active list or the done list */
	AirExchangeState state;
	bool listed; /* node is linked */
	CURL *easy;
	char *system_ca_file; /* curl's built-in trust, static; NULL: none */
	char *system_ca_path;
	struct curl_slist *headers;
	AirBuffer request;
	AirBuffer head; /* raw header block of the last response */
	AirBuffer body;
	size_t max_body;
	bool too_large;
	bool may_resend;
	bool resend_refused;
	int sends; /* times curl wrote the request, or began to */
	CURLcode result;
	char errbuf[CURL_ERROR_SIZE];
	void *owner;
	AirHttpReply reply;
	AirHeader *reply_headers;
	char *local_error; /* static string when it never reached curl */
};

/* Set up an easy handle with everything that no request changes.  NULL when out of memory. */
extern AirExchange *
air_exchange_create(curl_opensocket_callback opensocket, curl_closesocket_callback closesocket);

/* Load a request into an idle exchange; false (local_error set) when curl refuses an option. */
extern bool
air_exchange_load(AirExchange *ex, const AirHttpRequest *req, const AirHttpOptions *options);

/* Forget request and reply, keep handle and buffers of modest size. */
extern void air_exchange_reset(AirExchange *ex);

/* Free everything.  The handle must not be in a multi handle. */
extern void air_exchange_destroy(AirExchange *ex);

#endif
