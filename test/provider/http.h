/* One HTTP/1.1 connection: the request as it came, the reply as it will go. */
#ifndef SBX_HTTP_H
#define SBX_HTTP_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include "buf.h"
#include "model.h"

#define SBX_MAX_HEADERS 64
#define SBX_MAX_BODY ((size_t) 256 << 20)

typedef struct sbx_header
{
	char *name; /* lower-cased */
	char *value;
} sbx_header;

typedef struct sbx_request
{
	char *method;
	char *path;  /* as sent, still percent-encoded, without the query */
	char *query; /* as sent, "" if none */
	sbx_header headers[SBX_MAX_HEADERS];
	int nheaders;
	sbx_buf body;
	double arrival; /* sbx_now_ms() when the last byte was there */
	bool keep_alive;
} sbx_request;

typedef struct sbx_reply
{
	int status;
	const char *ctype;
	sbx_buf head; /* further header lines, each with CR LF */
	sbx_buf body;
	bool refused;      /* the request itself was wrong */
	sbx_fault fault;   /* how to spoil the delivery */
	sbx_behaviour beh; /* details of the fault */
	double delay;      /* ms from the arrival to the first byte */
} sbx_reply;

typedef enum sbx_state
{
	CONN_HEAD,
	CONN_BODY,
	CONN_CHUNK_SIZE,
	CONN_CHUNK_DATA,
	CONN_CHUNK_END,
	CONN_TRAILER,
	CONN_BUSY,    /* request complete, answer pending */
	CONN_SENDING, /* answer handed over, not yet on the wire */
	CONN_DEAD
} sbx_state;

typedef struct sbx_conn
{
	struct bufferevent *bev;
	struct event *timer;
	SSL *ssl;
	int fd;
	sbx_state state;
	int depth; /* calls on the stack that still use the connection */
	bool close_after;
	bool counted; /* is part of connections_open */
	sbx_buf head; /* text of the request head, cut into pieces in place */
	size_t need;  /* bytes the current state still wants */
	sbx_request req;
	sbx_reply rep;
	sbx_model *model;          /* of the request in work */
	unsigned begin_generation; /* of the counters when it began */
	sbx_model **seen;          /* models this connection has served */
	size_t nseen, seen_cap;
	unsigned seen_generation;
	size_t drip_at;
	sbx_buf wire; /* head (and body) being dripped */
	void (*on_timer)(struct sbx_conn *);
	void *waiter; /* a pending /control/wait */
} sbx_conn;

extern struct event_base *sbx_base;

/* http.c */
void sbx_conn_new(int fd, SSL_CTX *tls);
const char *sbx_header_get(const sbx_request *req, const char *name);
void sbx_conn_close(sbx_conn *c);
void sbx_conn_reset(sbx_conn *c);
void sbx_conn_served(sbx_conn *c);
void sbx_conn_after(sbx_conn *c, double ms, void (*fn)(sbx_conn *));
void sbx_conn_write(sbx_conn *c, const sbx_buf *a, const sbx_buf *b);
void sbx_conn_count(sbx_conn *c, sbx_model *m);

/* request.c */
void sbx_conn_process(sbx_conn *c);

/* deliver.c */
void sbx_reply_start(sbx_conn *c);
void sbx_reply_abandoned(sbx_conn *c);
void sbx_reply_sent(sbx_conn *c);

/* mangle.c */
void sbx_mangle(sbx_reply *rep, const sbx_request *req);

/* route.c */
void sbx_route(sbx_conn *c);

/* control.c */
void sbx_control(sbx_conn *c);
void sbx_control_forget(sbx_conn *c);

/* tls.c */
SSL_CTX *sbx_tls_context(const char *dir);

#endif
