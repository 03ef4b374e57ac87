/* The parser of requests, fed by the connection. */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

#define MAX_HEAD 65536

/* Answers a request that cannot be understood and ends the connection. */
static void
bad_request(sbx_conn *c, int status, const char *why)
{
	c->close_after = true;
	c->rep.status = status;
	c->rep.ctype = "text/plain";
	c->rep.refused = true;
	sbx_buf_puts(&c->rep.body, why);
	c->state = CONN_BUSY;
	sbx_reply_start(c);
}

/* Cuts the head in place into method, path, query and headers; false if it is malformed. */
static bool
parse_head(sbx_conn *c)
{
	sbx_request *req = &c->req;
	char *line = c->head.p;
	char *end = strstr(line, "\r\n");
	char *sp1 = strchr(line, ' ');
	char *sp2 = sp1 ? strchr(sp1 + 1, ' ') : NULL;
	const char *conn;

	if (end == NULL || sp2 == NULL || sp2 > end || strncmp(sp2 + 1, "HTTP/1.", 7) != 0)
		return false;
	*end = *sp1 = *sp2 = '\0';
	req->method = line;
	req->path = sp1 + 1;
	req->query = "";
	req->keep_alive = sp2[8] != '0';
	line = strchr(req->path, '?');
	if (line != NULL)
	{
		*line = '\0';
		req->query = line + 1;
	}
	req->nheaders = 0;
	for (line = end + 2; *line != '\0' && *line != '\r'; line = end + 2)
	{
		char *colon = strchr(line, ':');
		char *v, *e;

		end = strstr(line, "\r\n");
		if (end == NULL || colon == NULL || colon > end || req->nheaders == SBX_MAX_HEADERS)
			return false;
		*end = *colon = '\0';
		for (char *p = line; p < colon; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
		for (v = colon + 1; *v == ' ' || *v == '\t'; v++)
			;
		for (e = end; e > v && (e[-1] == ' ' || e[-1] == '\t'); e--)
			e[-1] = '\0';
		req->headers[req->nheaders].name = line;
		req->headers[req->nheaders++].value = v;
	}
	conn = sbx_header_get(req, "connection");
	if (conn != NULL && strcasecmp(conn, "close") == 0)
		req->keep_alive = false;
	if (conn != NULL && strcasecmp(conn, "keep-alive") == 0)
		req->keep_alive = true;
	return true;
}

/* The request is complete. */
static void
dispatch(sbx_conn *c)
{
	c->req.arrival = sbx_now_ms();
	c->close_after = !c->req.keep_alive;
	c->state = CONN_BUSY;
	sbx_route(c);
}

/* Head is parsed: decides how the body comes. */
static void
begin_body(sbx_conn *c)
{
	const char *te = sbx_header_get(&c->req, "transfer-encoding");
	const char *cl = sbx_header_get(&c->req, "content-length");
	const char *expect = sbx_header_get(&c->req, "expect");

	c->need = cl ? strtoul(cl, NULL, 10) : 0;
	if (c->need > SBX_MAX_BODY)
	{
		bad_request(c, 413, "body too large\n");
		return;
	}
	if (expect != NULL && strcasecmp(expect, "100-continue") == 0 &&
		evbuffer_get_length(bufferevent_get_input(c->bev)) == 0)
		bufferevent_write(c->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	if (te != NULL && strcasecmp(te, "chunked") == 0)
		c->state = CONN_CHUNK_SIZE;
	else if (c->need > 0)
		c->state = CONN_BODY;
	else
		dispatch(c);
}

/* Moves up to c->need bytes of body from the input; true when the piece is whole. */
static bool
take(sbx_conn *c, struct evbuffer *in)
{
	size_t have = evbuffer_get_length(in);
	size_t n = have < c->need ? have : c->need;

	sbx_buf_reserve(&c->req.body, n);
	evbuffer_remove(in, c->req.body.p + c->req.body.len, n);
	c->req.body.len += n;
	c->req.body.p[c->req.body.len] = '\0';
	c->need -= n;
	return c->need == 0;
}

static bool
step_head(sbx_conn *c, struct evbuffer *in)
{
	struct evbuffer_ptr at = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	size_t n;

	if (at.pos < 0)
	{
		if (evbuffer_get_length(in) > MAX_HEAD)
			bad_request(c, 431, "head too large\n");
		return false;
	}
	n = (size_t) at.pos + 4;
	sbx_buf_trim(&c->req.body, 1 << 20);
	sbx_buf_clear(&c->rep.head);
	sbx_buf_trim(&c->rep.body, 1 << 20);
	c->rep = (sbx_reply){.head = c->rep.head, .body = c->rep.body, .ctype = "application/json"};
	sbx_buf_clear(&c->head);
	sbx_buf_reserve(&c->head, n);
	evbuffer_remove(in, c->head.p, n);
	c->head.len = n;
	c->head.p[n] = '\0';
	if (strlen(c->head.p) != n || !parse_head(c))
		bad_request(c, 400, "malformed request head\n");
	else
		begin_body(c);
	return true;
}

/* Takes one step of the parser; false when more input is needed. */
static bool
step(sbx_conn *c, struct evbuffer *in)
{
	char *line;

	switch (c->state)
	{
		case CONN_HEAD:
			return step_head(c, in);
		case CONN_BODY:
			if (!take(c, in))
				return false;
			dispatch(c);
			return true;
		case CONN_CHUNK_SIZE:
			line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);
			if (line == NULL)
				return false;
			c->need = strtoul(line, NULL, 16);
			free(line);
			if (c->need + c->req.body.len > SBX_MAX_BODY)
				bad_request(c, 413, "body too large\n");
			else
				c->state = c->need ? CONN_CHUNK_DATA : CONN_TRAILER;
			return true;
		case CONN_CHUNK_DATA:
			if (!take(c, in))
				return false;
			c->state = CONN_CHUNK_END;
			return true;
		case CONN_CHUNK_END:
		case CONN_TRAILER:
			line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);
			if (line == NULL)
				return false;
			if (c->state == CONN_CHUNK_END)
				c->state = CONN_CHUNK_SIZE;
			else if (*line == '\0')
				dispatch(c);
			free(line);
			return true;
		default:
			return false; /* one request at a time: pipelined ones wait in the input */
	}
}

/* Reads as much of the input as there is work for: requests are served one after the other. */
void
sbx_conn_process(sbx_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);

	while (c->state < CONN_BUSY && evbuffer_get_length(in) > 0 && step(c, in))
		;
}
