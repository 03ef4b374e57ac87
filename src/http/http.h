/*
 * http.h
 *	  The HTTP driver: many exchanges side by side in one backend.
 *
 * One curl multi handle per backend, created at the first request and kept, so
 * that connections stay warm across statements.  Its sockets live in one private
 * epoll descriptor, which sits in one WaitEventSet together with the latch:
 * whoever waits here wakes for interrupts at once.
 *
 * No locks.  All memory of the driver is malloc'ed: curl's callbacks run here,
 * and they must neither palloc nor raise errors.
 */
#ifndef AIR_HTTP_H
#define AIR_HTTP_H

#include "base/pg.h"
#include "http/message.h"

typedef struct AirExchange AirExchange;

/* How an exchange ended below HTTP. */
typedef enum AirTransport
{
	AIR_TRANSPORT_OK,        /* a complete reply, whatever its status */
	AIR_TRANSPORT_RESOLVE,   /* the name did not resolve */
	AIR_TRANSPORT_CONNECT,   /* refused, unreachable, connect timed out */
	AIR_TRANSPORT_TLS,       /* handshake or certificate */
	AIR_TRANSPORT_BROKEN,    /* the connection broke before the reply was complete */
	AIR_TRANSPORT_TOO_LARGE, /* the reply passed the size limit */
	AIR_TRANSPORT_PROTOCOL,  /* not HTTP, bad encoding */
	AIR_TRANSPORT_LOCAL      /* could not be started: bad URL, unreadable ca_file, no memory */
} AirTransport;

typedef struct AirHttpOptions
{
	const char *ca_file; /* NULL: the system's */
	const char *proxy;   /* NULL: none; the environment's proxies are never used */
	bool plain_http;     /* allow http: for this exchange */
	size_t max_body;     /* bytes, after decompression */
	bool may_resend;     /* once, if a kept connection ends before the first byte of the reply */
} AirHttpOptions;

/*
 * Start an exchange: the next air_http_wait() or air_http_look() sends it.  Copies the request.
 * owner is handed back by air_exchange_owner().  ereports only when the driver
 * itself cannot be set up (no memory, no descriptors); all else is told by the exchange.
 */
extern AirExchange *
air_http_start(const AirHttpRequest *req, const AirHttpOptions *options, void *owner);

/*
 * Wait until something happened on a socket, a timer of curl came due, the latch
 * was set, or timeout_ms passed (-1: no limit; 0: only look).  CHECK_FOR_INTERRUPTS
 * inside, so it may raise; exchanges then stay as they are until somebody frees them.
 */
extern void air_http_wait(long timeout_ms);

/*
 * Take what is ready on sockets and curl's timers, without waiting; false: nothing was.
 * CHECK_FOR_INTERRUPTS inside, as in air_http_wait().
 */
extern bool air_http_look(void);

/* The next exchange that ended, or NULL.  It belongs to the caller, who frees it. */
extern AirExchange *air_http_next_done(void);

/* End an exchange in any state and give its connection back or close it.  Never fails. */
extern void air_exchange_free(AirExchange *ex);

extern void *air_exchange_owner(const AirExchange *ex);
extern AirTransport air_exchange_transport(const AirExchange *ex);

/* Reason in words when transport is not OK; no URL, no header, no secret. */
extern const char *air_exchange_error(const AirExchange *ex);

/* True if any byte of the request may have reached the provider. */
extern bool air_exchange_sent(const AirExchange *ex);

/* How often the request was sent again because a kept connection had ended. */
extern int air_exchange_resends(const AirExchange *ex);

/*
 * The reply, valid until the exchange is freed.  Complete if transport is OK; else its status (0:
 * there was none) and headers are what had arrived.
 */
extern const AirHttpReply *air_exchange_reply(AirExchange *ex);

#endif
