/*
 * exchange.c
 *	  One HTTP exchange: the curl easy handle, its callbacks, its reply.
 *
 * Exchanges are pooled with their handles, because setting two dozen options
 * costs more than a local request.  All memory is malloc'ed (see http.h).
 */
#include "base/pg.h"

#include "http/internal.h"

/* More header bytes than any provider sends; curl's own limit came only in 8.4. */
#define MAX_HEAD_BYTES (256 * 1024)

/* Requests of fewer bytes are sent at once by every curl. */
#define MAYBE_EXPECTED 1000

/* Buffers above this are given back when an exchange goes to the pool. */
#define KEEP_BYTES (256 * 1024)

/* How long name resolution, TCP and TLS may take together; the official SDKs wait 5 s for TCP. */
#define CONNECT_TIMEOUT_MS 10000L

static bool
buffer_append(AirBuffer *buf, const char *data, size_t len)
{
	if (len + 1 > buf->size - buf->len)
	{
		size_t size = buf->size ? buf->size : 4096;
		char *grown;

		while (size - buf->len < len + 1)
			size *= 2;
		grown = realloc(buf->data, size);
		if (grown == NULL)
			return false;
		buf->data = grown;
		buf->size = size;
	}
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

static void
buffer_clear(AirBuffer *buf)
{
	if (buf->size > KEEP_BYTES)
	{
		free(buf->data);
		memset(buf, 0, sizeof(*buf));
	}
	buf->len = 0;
}

/* curl: body bytes arrived.  Returning less than offered makes curl end the transfer. */
static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	AirExchange *ex = arg;
	size_t len = size * n;

	if (len > ex->max_body - ex->body.len)
	{
		ex->too_large = true;
		return 0;
	}
	return buffer_append(&ex->body, data, len) ? len : 0;
}

/* curl: a header line arrived.  A status line begins a new block (after 100 Continue, say). */
static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
	AirExchange *ex = arg;
	size_t len = size * n;

	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		ex->head.len = 0;
	if (ex->head.len + len > MAX_HEAD_BYTES)
	{
		ex->too_large = true;
		return 0;
	}
	return buffer_append(&ex->head, data, len) ? len : 0;
}

/*
 * curl: about to write the request.  When a kept connection ends before the first
 * byte of the reply, curl sends the request again by itself, up to five times.
 * Most often the provider had closed the connection and read nothing, but it may
 * also have processed and billed the request: so once, if the engine agrees.
 */
static int
on_send(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	AirExchange *ex = arg;

	ex->resend_refused = ex->sends > (ex->may_resend ? 1 : 0);
	if (ex->resend_refused)
		return CURL_PREREQFUNC_ABORT;
	ex->sends++;
	/* Should it be sent again, other kept connections may be dead as well. */
	curl_easy_setopt(ex->easy, CURLOPT_FRESH_CONNECT, 1L);
	return CURL_PREREQFUNC_OK;
}

AirExchange *
air_exchange_create(curl_opensocket_callback opensocket, curl_closesocket_callback closesocket)
{
	AirExchange *ex = calloc(1, sizeof(AirExchange));
	CURL *easy = ex ? curl_easy_init() : NULL;

	if (easy == NULL)
	{
		free(ex);
		return NULL;
	}
	ex->easy = easy;

	/* No signals: PostgreSQL owns them.  QUICK_EXIT: do not wait for a resolver thread. */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);

	/* Keys travel in headers that curl does not know to be secret: never to another host. */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* else the environment's no_proxy counts */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);

	/* HTTP/2 in 7.88 has bugs with pooled connections (providers.md 15.3). */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 60L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 60L);
	/* Front ends close idle connections after a minute or so; do not race them. */
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 50L);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);

	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, ex);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, opensocket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, closesocket);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ex->errbuf);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, ex);

	/* Setting CAINFO to NULL later would mean "trust nothing", so remember the built-in places. */
	curl_easy_getinfo(easy, CURLINFO_CAINFO, &ex->system_ca_file);
	curl_easy_getinfo(easy, CURLINFO_CAPATH, &ex->system_ca_path);
	return ex;
}

/* Add "name: value" to the list; false when out of memory. */
static bool
add_header(AirExchange *ex, const char *name, const char *value)
{
	size_t name_len = strlen(name);
	size_t value_len = strlen(value);
	size_t size = name_len + value_len + 3;
	char *line = malloc(size);
	struct curl_slist *grown;

	if (line == NULL)
		return false;
	/* curl writes an empty value only when the line ends in a semicolon; "name:" removes it. */
	memcpy(line, name, name_len);
	memcpy(line + name_len, ": ", 2);
	memcpy(line + name_len + (value_len > 0 ? 2 : 1), value, value_len + 1);
	grown = curl_slist_append(ex->headers, line);
	explicit_bzero(line, size);
	free(line);
	if (grown == NULL)
		return false;
	ex->headers = grown;
	return true;
}

bool
air_exchange_load(AirExchange *ex, const AirHttpRequest *req, const AirHttpOptions *options)
{
	CURL *easy = ex->easy;
	bool ok = buffer_append(&ex->request, req->body, req->body_len);

	/* 7.88 asks "Expect: 100-continue" above 1 MiB (older ones: 1 kB), where some gateways stall.
	 */
	if (req->body_len > MAYBE_EXPECTED)
		ok = ok && add_header(ex, "Expect", "");
	for (int i = 0; ok && i < req->nheaders; i++)
		ok = add_header(ex, req->headers[i].name, req->headers[i].value);

	ex->max_body = options->max_body;
	ex->may_resend = options->may_resend;
	/* A kept connection may turn out dead, and who may not send again would have failed by it. */
	if (!ex->may_resend)
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	ok = ok && curl_easy_setopt(easy, CURLOPT_URL, req->url) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
						  options->plain_http ? "http,https" : "https") == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy ? options->proxy : "") == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_CAINFO,
						  options->ca_file ? options->ca_file : ex->system_ca_file) == CURLE_OK &&
		 /* Beside a file it would keep curl from caching the parsed store: 25 ms a connection. */
		 curl_easy_setopt(easy, CURLOPT_CAPATH,
						  options->ca_file || ex->system_ca_file ? NULL : ex->system_ca_path) ==
			 CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_HTTPHEADER, ex->headers) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) ex->request.len) ==
			 CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ex->request.data) == CURLE_OK;
	if (!ok)
		ex->local_error = "out of memory while preparing the request";
	return ok;
}

void
air_exchange_reset(AirExchange *ex)
{
	for (struct curl_slist *h = ex->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(ex->headers);
	ex->headers = NULL;
	curl_easy_setopt(ex->easy, CURLOPT_HTTPHEADER, NULL);
	buffer_clear(&ex->request);
	buffer_clear(&ex->head);
	buffer_clear(&ex->body);
	free(ex->reply_headers);
	ex->reply_headers = NULL;
	memset(&ex->reply, 0, sizeof(ex->reply));
	ex->errbuf[0] = '\0';
	ex->local_error = NULL;
	ex->too_large = false;
	ex->resend_refused = false;
	ex->sends = 0;
	curl_easy_setopt(ex->easy, CURLOPT_FRESH_CONNECT, 0L);
	ex->result = CURLE_OK;
	ex->owner = NULL;
}

void
air_exchange_destroy(AirExchange *ex)
{
	air_exchange_reset(ex);
	curl_easy_cleanup(ex->easy);
	free(ex->request.data);
	free(ex->head.data);
	free(ex->body.data);
	free(ex);
}

void *
air_exchange_owner(const AirExchange *ex)
{
	return ex->owner;
}

AirTransport
air_exchange_transport(const AirExchange *ex)
{
	if (ex->local_error != NULL)
		return AIR_TRANSPORT_LOCAL;
	if (ex->too_large)
		return AIR_TRANSPORT_TOO_LARGE;
	if (ex->resend_refused)
		return AIR_TRANSPORT_BROKEN;
	switch (ex->result)
	{
		case CURLE_OK:
			return AIR_TRANSPORT_OK;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
			return AIR_TRANSPORT_RESOLVE;
		case CURLE_COULDNT_CONNECT:
		case CURLE_OPERATION_TIMEDOUT: /* only the connect phase has a time-out in curl */
		case CURLE_PROXY:
			return AIR_TRANSPORT_CONNECT;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_INVALIDCERTSTATUS:
			return AIR_TRANSPORT_TLS;
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_OUT_OF_MEMORY:
		case CURLE_FAILED_INIT:
			return AIR_TRANSPORT_LOCAL;
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_PARTIAL_FILE:
			return AIR_TRANSPORT_BROKEN;
		default:
			return AIR_TRANSPORT_PROTOCOL;
	}
}

const char *
air_exchange_error(const AirExchange *ex)
{
	if (ex->local_error != NULL)
		return ex->local_error;
	if (ex->too_large)
		return "the reply is larger than ai_router.max_response_size";
	if (ex->resend_refused)
		return "the connection ended before the first byte of the reply";

	/* curl's own text may hold host names, never headers; its generic one when it said nothing. */
	return ex->errbuf[0] != '\0' ? ex->errbuf : curl_easy_strerror(ex->result);
}

int
air_exchange_resends(const AirExchange *ex)
{
	return ex->sends > 1 ? ex->sends - 1 : 0;
}

bool
air_exchange_sent(const AirExchange *ex)
{
	long request_size = 0;

	if (ex->resend_refused)
		return true;
	/* REQUEST_SIZE counts the bytes of the request that were written, header first. */
	if (ex->local_error == NULL)
		curl_easy_getinfo(ex->easy, CURLINFO_REQUEST_SIZE, &request_size);
	return request_size > 0;
}

/*
 * Cut the raw header block into lower-case names and trimmed values, in place.
 * A line ends where curl ends one, at LF: a bare CR inside a line is a foreign
 * byte like any other, or a reply could hold more lines than were counted.
 */
static void
split_headers(AirExchange *ex)
{
	char *line = ex->head.data;
	char *end;
	int max = 0;

	for (size_t i = 0; i < ex->head.len; i++)
		max += line[i] == '\n';
	ex->reply_headers = calloc(max + 1, sizeof(AirHeader));
	if (ex->reply_headers == NULL)
		return;
	ex->reply.headers = ex->reply_headers;
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
	{
		char *colon = memchr(line, ':', end - line);
		char *value;
		char *tail = end;
		AirHeader *header;

		if (colon == NULL)
			continue;
		value = colon + 1;
		while (*value == ' ' || *value == '\t')
			value++;
		while (tail > value && (tail[-1] == ' ' || tail[-1] == '\t' || tail[-1] == '\r'))
			tail--;
		*colon = *tail = '\0';
		for (char *c = line; *c; c++)
			*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
		header = &ex->reply_headers[ex->reply.nheaders++];
		header->name = line;
		header->value = value;
	}
}

const AirHttpReply *
air_exchange_reply(AirExchange *ex)
{
	if (ex->reply.status == 0)
	{
		long status = 0;

		curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &status);
		ex->reply.status = (int) status;
		ex->reply.body = ex->body.data ? ex->body.data : "";
		ex->reply.body_len = ex->body.len;
		if (ex->head.data != NULL)
			split_headers(ex);
	}
	return &ex->reply;
}
