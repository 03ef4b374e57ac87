/* The connection: its life, its timer, and the writing of replies. */
#include "http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct event_base *sbx_base;

/* Value of a header by its lower-case name, NULL if it did not come. */
const char *
sbx_header_get(const sbx_request *req, const char *name)
{
	for (int i = 0; i < req->nheaders; i++)
		if (strcmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	return NULL;
}

static void
conn_free(sbx_conn *c)
{
	event_free(c->timer);
	bufferevent_free(c->bev); /* closes the socket and frees the SSL object */
	sbx_buf_free(&c->head);
	sbx_buf_free(&c->req.body);
	sbx_buf_free(&c->rep.head);
	sbx_buf_free(&c->rep.body);
	sbx_buf_free(&c->wire);
	free(c->seen);
	free(c);
}

static void
conn_leave(sbx_conn *c)
{
	if (--c->depth == 0 && c->state == CONN_DEAD)
		conn_free(c);
}

/* Ends the connection in order; a request still in work counts as abandoned by the client. */
void
sbx_conn_close(sbx_conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->depth++;
	sbx_control_forget(c);
	sbx_reply_abandoned(c);
	if (c->counted)
		sbx_stats_connection(0, -1);
	c->state = CONN_DEAD;
	event_del(c->timer);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	conn_leave(c);
}

/* Ends the connection with a TCP reset. */
void
sbx_conn_reset(sbx_conn *c)
{
	struct linger now = {1, 0};

	/* A close_notify before the reset would make it look like an orderly end. */
	if (c->ssl != NULL)
		SSL_set_quiet_shutdown(c->ssl, 1);
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	sbx_conn_close(c);
}

/* Runs fn after so many ms, at once if the time is over. Replaces an earlier timer. */
void
sbx_conn_after(sbx_conn *c, double ms, void (*fn)(sbx_conn *))
{
	struct timeval tv;

	c->on_timer = fn;
	if (ms <= 0)
	{
		fn(c);
		return;
	}
	tv.tv_sec = (time_t) (ms / 1000.0);
	tv.tv_usec = (suseconds_t) ((ms - (double) tv.tv_sec * 1000.0) * 1000.0);
	event_add(c->timer, &tv);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	sbx_conn *c = arg;

	(void) fd;
	(void) what;
	c->depth++;
	if (c->state != CONN_DEAD)
		c->on_timer(c);
	sbx_conn_process(c);
	conn_leave(c);
}

/*
 * Sends a then b (either may be NULL). When all of it is on the wire the reply is complete and
 * the next request may be read. A plain socket is written directly: that saves a round through
 * the event loop for nearly every answer.
 */
void
sbx_conn_write(sbx_conn *c, const sbx_buf *a, const sbx_buf *b)
{
	size_t alen = a ? a->len : 0;
	size_t blen = b ? b->len : 0;
	size_t done = 0;

	c->state = CONN_SENDING;
	if (c->ssl == NULL && evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
	{
		struct iovec iov[2];
		struct msghdr msg = {0};
		ssize_t n;

		iov[0].iov_base = a ? a->p : NULL;
		iov[0].iov_len = alen;
		iov[1].iov_base = b ? b->p : NULL;
		iov[1].iov_len = blen;
		msg.msg_iov = iov;
		msg.msg_iovlen = 2;
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
		{
			sbx_conn_close(c);
			return;
		}
		done = n > 0 ? (size_t) n : 0;
		if (done == alen + blen)
		{
			sbx_reply_sent(c);
			return;
		}
	}
	if (done < alen)
		bufferevent_write(c->bev, a->p + done, alen - done);
	done = done > alen ? done - alen : 0;
	if (done < blen)
		bufferevent_write(c->bev, b->p + done, blen - done);
}

static void
write_cb(struct bufferevent *bev, void *arg)
{
	sbx_conn *c = arg;

	c->depth++;
	if (c->state == CONN_SENDING && evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		sbx_reply_sent(c);
	sbx_conn_process(c);
	conn_leave(c);
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void) bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		sbx_conn_close(arg);
}

static void
read_cb(struct bufferevent *bev, void *arg)
{
	sbx_conn *c = arg;

	(void) bev;
	c->depth++;
	sbx_conn_process(c);
	conn_leave(c);
}

/* The reply is on the wire and the connection stays: the next request may come. */
void
sbx_conn_served(sbx_conn *c)
{
	if (c->state != CONN_DEAD)
		c->state = CONN_HEAD;
}

/* Notes that this connection carries a request of model m. */
void
sbx_conn_count(sbx_conn *c, sbx_model *m)
{
	bool fresh = true;

	if (c->seen_generation != sbx_stats_generation())
	{
		c->nseen = 0;
		c->seen_generation = sbx_stats_generation();
	}
	for (size_t i = 0; i < c->nseen && fresh; i++)
		fresh = c->seen[i] != m;
	if (fresh)
	{
		if (c->nseen == c->seen_cap)
		{
			c->seen_cap = c->seen_cap ? c->seen_cap * 2 : 4;
			c->seen = realloc(c->seen, c->seen_cap * sizeof(*c->seen));
		}
		c->seen[c->nseen++] = m;
	}
	c->model = m;
	c->begin_generation = sbx_stats_generation();
	sbx_stats_begin(m, &c->req, fresh);
}

/* Takes over an accepted socket; tls NULL = plain HTTP. */
void
sbx_conn_new(int fd, SSL_CTX *tls)
{
	sbx_conn *c = calloc(1, sizeof(*c));
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	evutil_make_socket_nonblocking(fd);
	c->fd = fd;
	c->state = CONN_HEAD;
	if (tls != NULL)
	{
		c->ssl = SSL_new(tls);
		c->bev = bufferevent_openssl_socket_new(sbx_base, fd, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
												BEV_OPT_CLOSE_ON_FREE);
	}
	else
		c->bev = bufferevent_socket_new(sbx_base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(sbx_base, timer_cb, c);
	c->counted = true;
	sbx_stats_connection(1, 1);
	bufferevent_setcb(c->bev, read_cb, write_cb, event_cb, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}
