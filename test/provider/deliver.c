/* Puts a finished reply on the wire, on time, whole or spoiled as the fault wants it. */
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http.h"

/* A client must have time to read the first half before the reset overtakes it. */
#define RESETMID_PAUSE_MS 30

static const char *
reason(int status)
{
	switch (status)
	{
		case 200:
			return "OK";
		case 302:
			return "Found";
		case 400:
			return "Bad Request";
		case 401:
			return "Unauthorized";
		case 403:
			return "Forbidden";
		case 404:
			return "Not Found";
		case 405:
			return "Method Not Allowed";
		case 429:
			return "Too Many Requests";
		case 500:
			return "Internal Server Error";
		case 503:
			return "Service Unavailable";
		case 504:
			return "Gateway Timeout";
		default:
			return "Status";
	}
}

static const char *
http_date(void)
{
	static char text[64];
	static time_t last;
	time_t now = time(NULL);

	if (now != last)
	{
		struct tm tm;

		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		last = now;
	}
	return text;
}

/* Bytes of a body that surely leave in one write. */
#define ONE_WRITE 16384

static void
build_head(sbx_conn *c, sbx_buf *out, size_t length)
{
	sbx_reply *rep = &c->rep;
	char line[256];
	int n;

	sbx_buf_clear(out);
	n = snprintf(line, sizeof(line),
				 "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
				 rep->status, reason(rep->status), http_date(), rep->ctype, length);
	sbx_buf_add(out, line, (size_t) n);
	if (rep->head.len > 0)
		sbx_buf_add(out, rep->head.p, rep->head.len);
	if (c->close_after)
		sbx_buf_puts(out, "Connection: close\r\n\r\n");
	else
		sbx_buf_puts(out, "Connection: keep-alive\r\n\r\n");
}

static void
end_stats(sbx_conn *c, sbx_outcome outcome)
{
	sbx_model *m = c->model;

	c->model = NULL;
	if (m != NULL)
		sbx_stats_end(m, outcome, c->begin_generation);
}

/* The connection ends before the reply did: by a fault (already counted) or by the client. */
void
sbx_reply_abandoned(sbx_conn *c)
{
	end_stats(c, OUTCOME_ABORTED);
}

/* Counts a reply that went its whole way; once. */
static void
end_whole(sbx_conn *c)
{
	if (c->rep.fault == FAULT_TRUNCATE)
		end_stats(c, OUTCOME_ERROR);
	else if (c->rep.refused)
		end_stats(c, OUTCOME_REFUSED);
	else
		end_stats(c, c->rep.status / 100 == 2 ? OUTCOME_OK : OUTCOME_ERROR);
}

/* All bytes of the reply are written. */
void
sbx_reply_sent(sbx_conn *c)
{
	end_whole(c);
	if (c->rep.fault == FAULT_CLOSEIDLE && c->rep.beh.drip > 0)
		/* what the client sends meanwhile is lost: the race every keep-alive client must survive */
		sbx_conn_after(c, (double) c->rep.beh.drip, sbx_conn_close);
	else if (c->close_after || c->rep.fault == FAULT_CLOSEIDLE || c->rep.fault == FAULT_TRUNCATE)
		sbx_conn_close(c);
	else
		sbx_conn_served(c);
}

static void
fail_close(sbx_conn *c)
{
	end_stats(c, OUTCOME_ERROR);
	sbx_conn_close(c);
}

static void
fail_reset(sbx_conn *c)
{
	end_stats(c, OUTCOME_ERROR);
	sbx_conn_reset(c);
}

/* Sends the next byte of c->wire; the last one ends the reply. */
static void
drip(sbx_conn *c)
{
	long pause = c->rep.beh.drip > 0 ? c->rep.beh.drip : 100;
	sbx_buf one = {c->wire.p + c->drip_at, 1, 1};

	if (c->drip_at + 1 >= c->wire.len)
	{
		sbx_conn_write(c, &one, c->rep.fault == FAULT_SLOWHDR ? &c->rep.body : NULL);
		return;
	}
	c->drip_at++;
	bufferevent_write(c->bev, one.p, 1);
	sbx_conn_after(c, (double) pause, drip);
}

static void
deliver(sbx_conn *c)
{
	sbx_reply *rep = &c->rep;
	sbx_buf *out = &c->wire;

	switch (rep->fault)
	{
		case FAULT_HANG:
			return; /* the request stays in flight until the client leaves */
		case FAULT_CLOSE:
			fail_close(c);
			return;
		case FAULT_RESET:
			fail_reset(c);
			return;
		case FAULT_RESETMID:
			build_head(c, out, rep->body.len);
			bufferevent_write(c->bev, out->p, out->len);
			bufferevent_write(c->bev, rep->body.p, rep->body.len / 2);
			sbx_conn_after(c, RESETMID_PAUSE_MS, fail_reset);
			return;
		case FAULT_TRUNCATE:
			build_head(c, out, rep->body.len + 100);
			sbx_conn_write(c, out, &rep->body);
			return;
		case FAULT_SLOWHDR:
			build_head(c, out, rep->body.len);
			c->drip_at = 0;
			drip(c);
			return;
		case FAULT_SLOWBODY:
			build_head(c, out, rep->body.len);
			bufferevent_write(c->bev, out->p, out->len);
			sbx_buf_clear(out);
			sbx_buf_add(out, rep->body.p, rep->body.len);
			c->drip_at = 0;
			drip(c);
			return;
		case FAULT_KEEPCLOSE:
			c->close_after = true;
			break;
		default:
			break;
	}
	build_head(c, out, rep->body.len);
	/*
	 * Count the end before the client can know of it: else its next request, on another
	 * connection, would make the peak one too high.
	 */
	if (rep->body.len <= ONE_WRITE)
		end_whole(c);
	sbx_conn_write(c, out, &rep->body);
}

/* Starts the way of a finished reply: spoils the body if asked, waits, delivers. */
void
sbx_reply_start(sbx_conn *c)
{
	if (c->rep.fault != FAULT_NONE)
		sbx_mangle(&c->rep, &c->req);
	if (c->rep.delay > 0)
		sbx_conn_after(c, c->rep.delay - (sbx_now_ms() - c->req.arrival), deliver);
	else
		deliver(c);
}
