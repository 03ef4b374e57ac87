/* Checks an AWS Signature Version 4 from the rules of the signature, knowing no signer. */
#define _GNU_SOURCE /* strptime, timegm */
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire.h"

#define MAX_KEYS 8
#define MAX_SIGNED 32
#define MAX_SKEW_S 300

typedef struct sigkey
{
	char id[128];
	char secret[128];
	char token[1024]; /* the only session token accepted with it */
} sigkey;

static sigkey keys[MAX_KEYS] = {{"AKIDSANDBOX", "sandbox-secret", "sandbox-token"}};
static int nkeys = 1;

/* Whether a signature far from the present is refused. */
bool sbx_check_skew;

/* Accepts a further credential `ID:SECRET[:TOKEN]`. */
void
sbx_sigv4_add_key(const char *spec)
{
	sigkey *k = &keys[nkeys];

	if (nkeys < MAX_KEYS &&
		sscanf(spec, "%127[^:]:%127[^:]:%1023s", k->id, k->secret, k->token) >= 2)
		nkeys++;
}

static void
hex(const unsigned char *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
sha256_hex(const void *p, size_t n, char out[65])
{
	unsigned char md[32];

	SHA256(p ? p : "", n, md);
	hex(md, sizeof(md), out);
}

static void
hmac(const void *key, size_t klen, const char *text, unsigned char out[32])
{
	unsigned int n = 32;

	HMAC(EVP_sha256(), key, (int) klen, (const unsigned char *) text, strlen(text), out, &n);
}

static void
encode(sbx_buf *b, const char *s, size_t n, const char *also)
{
	for (size_t i = 0; i < n; i++)
	{
		char c = s[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr(also, c) != NULL))
			sbx_buf_add(b, &c, 1);
		else
			sbx_buf_printf(b, "%%%02X", (unsigned char) c);
	}
}

/* The path as sent, without dot segments and doubled slashes, encoded once more. */
static void
canonical_path(sbx_buf *b, const char *path)
{
	sbx_buf t = {0};
	size_t n;

	for (const char *p = path; *p != '\0'; p += n)
	{
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.'))
			continue;
		if (n == 2 && p[0] == '.' && p[1] == '.')
		{
			while (t.len > 0 && t.p[--t.len] != '/')
				;
			continue;
		}
		sbx_buf_puts(&t, "/");
		sbx_buf_add(&t, p, n);
	}
	if (t.len == 0 || path[strlen(path) - 1] == '/')
		sbx_buf_puts(&t, "/");
	encode(b, t.p, t.len, "-._~/");
	sbx_buf_free(&t);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Pairs `key=value`, decoded, encoded anew and sorted by key, then value. */
static void
canonical_query(sbx_buf *b, const char *query)
{
	char *pairs[64];
	int n = 0;

	while (*query != '\0' && n < 64)
	{
		size_t len = strcspn(query, "&");
		char *pair = strndup(query, len);
		char *eq = strchr(pair, '=');
		char *value = eq ? eq + 1 : pair + strlen(pair);
		sbx_buf t = {0};

		if (eq != NULL)
			*eq = '\0';
		sbx_url_decode(pair);
		sbx_url_decode(value);
		encode(&t, pair, strlen(pair), "-._~");
		/* 0x01 sorts before every character a key can have, `=` does not */
		sbx_buf_add(&t, "\001", 1);
		encode(&t, value, strlen(value), "-._~");
		free(pair);
		if (len > 0)
			pairs[n++] = t.p;
		query += len + (query[len] == '&');
	}
	qsort(pairs, (size_t) n, sizeof(*pairs), compare);
	for (int i = 0; i < n; i++)
	{
		*strchr(pairs[i], '\001') = '=';
		sbx_buf_printf(b, "%s%s", i ? "&" : "", pairs[i]);
		free(pairs[i]);
	}
}

/* `name:value` with inner blanks collapsed, repeated headers joined by commas. */
static bool
canonical_header(sbx_buf *b, const sbx_request *req, const char *name)
{
	int found = 0;

	sbx_buf_printf(b, "%s:", name);
	for (int i = 0; i < req->nheaders; i++)
	{
		bool blank = false;

		if (strcmp(req->headers[i].name, name) != 0)
			continue;
		if (found++ > 0)
			sbx_buf_puts(b, ",");
		for (const char *p = req->headers[i].value; *p != '\0'; p++)
		{
			bool is_blank = *p == ' ' || *p == '\t';

			if (!is_blank)
				sbx_buf_add(b, p, 1);
			else if (!blank)
				sbx_buf_puts(b, " ");
			blank = is_blank;
		}
	}
	sbx_buf_puts(b, "\n");
	return found > 0;
}

static bool
in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (; list != NULL; list = strchr(list, ';'), list = list ? list + 1 : NULL)
		if (strncmp(list, name, n) == 0 && (list[n] == ';' || list[n] == '\0'))
			return true;
	return false;
}

/* SignedHeaders must be lower-case and in order; a list that is not cannot have been signed so. */
static bool
sorted_list(const char *list)
{
	char last[512] = "";
	char name[512];

	for (const char *p = list; p != NULL; p = strchr(p, ';'), p = p ? p + 1 : NULL)
	{
		snprintf(name, sizeof(name), "%.*s", (int) strcspn(p, ";"), p);
		if (strcmp(last, name) >= 0 || strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
			return false;
		strcpy(last, name);
	}
	return true;
}

static bool
too_old(const char *date)
{
	struct tm tm = {0};
	char *end = strptime(date, "%Y%m%dT%H%M%SZ", &tm);

	return end == NULL || fabs(difftime(time(NULL), timegm(&tm))) > MAX_SKEW_S;
}

/* Finds the secret and checks what surrounds the signature. */
static const char *
check_frame(const sbx_request *req, const char *id, const char *scope_date, const char *service,
			const char *headers, const sigkey **key, const char **code)
{
	const char *token = sbx_header_get(req, "x-amz-security-token");
	const char *date = sbx_header_get(req, "x-amz-date");

	*code = "UnrecognizedClientException";
	*key = NULL;
	for (int i = 0; i < nkeys; i++)
		if (strcmp(keys[i].id, id) == 0)
			*key = &keys[i];
	if (*key == NULL)
		return "The security token included in the request is invalid.";
	if (token != NULL && strcmp(token, (*key)->token) != 0)
		return "The security token included in the request is invalid: unknown session token.";
	*code = "InvalidSignatureException";
	if (strcmp(service, "bedrock") != 0)
		return "Credential should be scoped to the service 'bedrock'.";
	if (date == NULL || strncmp(date, scope_date, 8) != 0 || strlen(date) != 16)
		return "The date of the credential scope does not match x-amz-date.";
	if (!in_list(headers, "host") || !in_list(headers, "x-amz-date"))
		return "The headers host and x-amz-date must be signed.";
	if (!sorted_list(headers))
		return "SignedHeaders must be lower-case and sorted.";
	for (int i = 0; i < req->nheaders; i++)
		if (strncmp(req->headers[i].name, "x-amz-", 6) == 0 &&
			!in_list(headers, req->headers[i].name))
			return "Every x-amz- header must be signed.";
	if (sbx_check_skew && too_old(date))
		return "Signature expired or not yet current.";
	return NULL;
}

/* The 64 hex digits that the request should have carried; false if a signed header is absent. */
static bool
expected(const sbx_request *req, const sigkey *key, const char *scope, const char *headers,
		 char sig[65], char digest[65])
{
	sbx_buf b = {0};
	char part[256];
	char body[65];
	char secret[140];
	unsigned char k[32];
	bool ok = true;
	const char *p = headers;

	sbx_buf_printf(&b, "%s\n", req->method);
	canonical_path(&b, req->path);
	sbx_buf_puts(&b, "\n");
	canonical_query(&b, req->query);
	sbx_buf_puts(&b, "\n");
	while (p != NULL && *p != '\0')
	{
		snprintf(part, sizeof(part), "%.*s", (int) strcspn(p, ";"), p);
		ok = canonical_header(&b, req, part) && ok;
		p = strchr(p, ';');
		p = p ? p + 1 : NULL;
	}
	sha256_hex(req->body.p, req->body.len, body);
	sbx_buf_printf(&b, "\n%s\n%s", headers, body);
	sha256_hex(b.p, b.len, digest);
	sbx_buf_clear(&b);
	sbx_buf_printf(&b, "AWS4-HMAC-SHA256\n%s\n%s\n%s", sbx_header_get(req, "x-amz-date"), scope,
				   digest);
	snprintf(secret, sizeof(secret), "AWS4%s", key->secret);
	snprintf(part, sizeof(part), "%s", scope);
	hmac(secret, strlen(secret), strtok(part, "/"), k);
	for (char *s = strtok(NULL, "/"); s != NULL; s = strtok(NULL, "/"))
		hmac(k, sizeof(k), s, k);
	hmac(k, sizeof(k), b.p, k);
	hex(k, sizeof(k), sig);
	sbx_buf_free(&b);
	return ok;
}

/* NULL if the signature is right; otherwise what is wrong, with the AWS error code in *code. */
const char *
sbx_sigv4_check(const sbx_request *req, const char **code)
{
	static char why[256];
	const char *auth = sbx_header_get(req, "authorization");
	const char *sum = sbx_header_get(req, "x-amz-content-sha256");
	char id[128], scope[200], headers[512], given[65], sig[65], digest[65];
	char date[16], region[64], service[64];
	const sigkey *key;
	const char *bad;

	*code = "IncompleteSignatureException";
	if (sscanf(auth,
			   "AWS4-HMAC-SHA256 Credential=%127[^/]/%199[^,], SignedHeaders=%511[^,], "
			   "Signature=%64[0-9a-f]",
			   id, scope, headers, given) != 4 ||
		sscanf(scope, "%15[^/]/%63[^/]/%63[^/]/aws4_request", date, region, service) != 3 ||
		strstr(scope, "/aws4_request") == NULL)
		return "Authorization header cannot be parsed.";
	bad = check_frame(req, id, date, service, headers, &key, code);
	if (bad != NULL)
		return bad;
	if (!expected(req, key, scope, headers, sig, digest))
		return "A header named in SignedHeaders did not come.";
	if (sum != NULL)
	{
		char body[65];

		sha256_hex(req->body.p, req->body.len, body);
		if (strcmp(sum, body) != 0)
			return "x-amz-content-sha256 does not match the body.";
	}
	if (strlen(given) == 64 && CRYPTO_memcmp(given, sig, 64) == 0)
		return NULL;
	snprintf(why, sizeof(why),
			 "The signature does not match the request; SHA-256 of its canonical form: %s", digest);
	return why;
}
