/* Faults that spoil a finished body. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "http.h"

#define DEEP_LEVELS 100000

static void
replace(sbx_reply *rep, const char *ctype, const char *text)
{
	rep->ctype = ctype;
	sbx_buf_clear(&rep->body);
	sbx_buf_puts(&rep->body, text);
}

static void
gzip_body(sbx_reply *rep)
{
	z_stream z = {0};
	sbx_buf out = {0};

	/* 15 + 16: the gzip wrapper instead of zlib's own */
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	sbx_buf_reserve(&out, deflateBound(&z, rep->body.len));
	z.next_in = (Bytef *) rep->body.p;
	z.avail_in = (uInt) rep->body.len;
	z.next_out = (Bytef *) out.p;
	z.avail_out = (uInt) out.cap;
	deflate(&z, Z_FINISH);
	out.len = z.total_out;
	deflateEnd(&z);
	sbx_buf_free(&rep->body);
	rep->body = out;
}

static void
deep_body(sbx_buf *b)
{
	static const char open[] = "{\"choices\":";

	sbx_buf_clear(b);
	sbx_buf_reserve(b, 2 * DEEP_LEVELS + sizeof(open));
	sbx_buf_puts(b, open);
	memset(b->p + b->len, '[', DEEP_LEVELS);
	b->len += DEEP_LEVELS;
	memset(b->p + b->len, ']', DEEP_LEVELS);
	b->len += DEEP_LEVELS;
	sbx_buf_puts(b, "}");
}

/* Applies the body faults of rep->fault; leaves all other faults alone. */
void
sbx_mangle(sbx_reply *rep, const sbx_request *req)
{
	static const char html[] = "<html><head><title>Trouble</title></head>"
							   "<body><h1>Trouble upstream</h1></body></html>\n";
	sbx_buf t = {0};

	switch (rep->fault)
	{
		case FAULT_BADJSON:
			rep->body.len /= 2;
			break;
		case FAULT_NONJSON:
			replace(rep, "application/json", "This is not JSON at all.");
			break;
		case FAULT_HTML503:
			rep->status = 503;
			replace(rep, "text/html", html);
			break;
		case FAULT_HTML200:
			rep->status = 200;
			replace(rep, "text/html", html);
			break;
		case FAULT_CTYPE:
			rep->ctype = "text/plain; charset=utf-8";
			break;
		case FAULT_EMPTY:
			sbx_buf_clear(&rep->body);
			break;
		case FAULT_GZIP:
			gzip_body(rep);
			sbx_buf_puts(&rep->head, "Content-Encoding: gzip\r\n");
			break;
		case FAULT_GZIPBAD:
			gzip_body(rep);
			for (size_t i = 12; i < rep->body.len; i++)
				rep->body.p[i] ^= 0x5A;
			sbx_buf_puts(&rep->head, "Content-Encoding: gzip\r\n");
			break;
		case FAULT_BLANKLINES:
			sbx_buf_puts(&t, "\n\n\r\n \n");
			sbx_buf_add(&t, rep->body.p, rep->body.len);
			sbx_buf_free(&rep->body);
			rep->body = t;
			break;
		case FAULT_DEEP:
			deep_body(&rep->body);
			break;
		case FAULT_REDIRECT:
			rep->status = 302;
			sbx_buf_printf(&rep->head, "Location: /redirected?from=%s\r\n", req->path);
			sbx_buf_clear(&rep->body);
			break;
		default:
			break;
	}
}
