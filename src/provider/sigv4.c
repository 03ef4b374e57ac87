/*
 * sigv4.c
 *	  AWS Signature Version 4 (providers.md 4.6).
 *
 * libcurl can sign too, but its older versions get paths wrong that hold ':' or
 * '%', which most of Bedrock's do.  Keys derived on the way are wiped.
 */
#include "base/pg.h"

#include <time.h>

#include "lib/stringinfo.h"

#include "base/hash.h"
#include "base/text.h"
#include "provider/common.h"
#include "provider/sigv4.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define HEX_LEN (AIR_SHA256_LEN * 2 + 1)

/* The headers that are signed if present, in the order of their names; host always is. */
static const char *const signed_headers[] = {"content-type", "host", "x-amz-date",
											 "x-amz-security-token"};

/*
 * The value of a header to be signed, or NULL.  Ours have no blanks to trim,
 * and each occurs once.
 */
static const char *
header_value(const AirHttpRequest *req, const char *name)
{
	if (strcmp(name, "host") == 0)
		return air_url_authority(req->url);
	for (int i = 0; i < req->nheaders; i++)
	{
		if (strcmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	}
	return NULL;
}

/* "content-type;host;x-amz-date": what is signed. */
static char *
header_list(const AirHttpRequest *req)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (size_t i = 0; i < lengthof(signed_headers); i++)
	{
		if (header_value(req, signed_headers[i]) != NULL)
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ";" : "", signed_headers[i]);
	}
	return buf.data;
}

/* The path as it is sent, encoded once more: %3A on the wire is %253A here. */
static void
append_path(StringInfo buf, const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *start = scheme != NULL ? scheme + 3 : url;
	const char *path = start + strcspn(start, "/");

	if (*path == '\0')
		appendStringInfoChar(buf, '/');
	while (*path != '\0')
	{
		size_t len = strcspn(path, "/");

		appendStringInfoString(buf, air_url_encode(pnstrdup(path, len)));
		path += len;
		if (*path == '/')
			appendStringInfoChar(buf, *path++);
	}
}

static bool
hex_sha256(const char *data, size_t len, char hex[HEX_LEN])
{
	uint8 hash[AIR_SHA256_LEN];

	if (!air_sha256(data, len, hash))
		return false;
	air_hex(hash, sizeof(hash), hex);
	return true;
}

/* See sigv4.h. */
char *
air_sigv4_canonical(const AirHttpRequest *req)
{
	StringInfoData buf;
	char body_hash[HEX_LEN];

	if (!hex_sha256(req->body, req->body_len, body_hash))
		return NULL;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "POST\n");
	append_path(&buf, req->url);
	appendStringInfoString(&buf, "\n\n"); /* no query */
	for (size_t i = 0; i < lengthof(signed_headers); i++)
	{
		const char *value = header_value(req, signed_headers[i]);

		if (value != NULL)
			appendStringInfo(&buf, "%s:%s\n", signed_headers[i], value);
	}
	appendStringInfo(&buf, "\n%s\n%s", header_list(req), body_hash);
	return buf.data;
}

/* key = HMAC(key, text), in place. */
static bool
derive(uint8 key[AIR_SHA256_LEN], const char *text)
{
	uint8 derived[AIR_SHA256_LEN];
	bool done = air_hmac_sha256(key, AIR_SHA256_LEN, text, strlen(text), derived);

	if (done)
		memcpy(key, derived, sizeof(derived));
	explicit_bzero(derived, sizeof(derived));
	return done;
}

/* The signature of text: a chain of keys from the secret by day, region and service. */
static bool
compute_signature(const char *secret, const char *day, const AirSigV4Scope *scope, const char *text,
				  char hex[HEX_LEN])
{
	char *start = psprintf("AWS4%s", secret);
	uint8 key[AIR_SHA256_LEN];
	bool done;

	done = air_hmac_sha256(start, strlen(start), day, strlen(day), key) &&
		   derive(key, scope->region) && derive(key, scope->service) &&
		   derive(key, "aws4_request") && derive(key, text);
	if (done)
		air_hex(key, sizeof(key), hex);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(start, strlen(start));
	pfree(start);
	return done;
}

/* Add the headers that are signed along; false if a value does not fit into one. */
static bool
add_signed_headers(AirHttpRequest *req, const AirCredential *cred, const char *timestamp)
{
	if (!air_request_header(req, "x-amz-date", timestamp))
		return false;
	return cred->session_token == NULL ||
		   air_request_header(req, "x-amz-security-token", cred->session_token);
}

static bool
credential_failure(AirFailure *err)
{
	air_fail(err, AIR_ERR_AUTH, AIR_REMEDY_NEXT, "the AWS credential holds a line break");
	err->hint = "Check access_key_id and session_token of the user mapping.";
	return false;
}

/* See sigv4.h. */
bool
air_sigv4_sign(AirHttpRequest *req, const AirCredential *cred, const AirSigV4Scope *scope,
			   AirFailure *err)
{
	time_t seconds = (time_t) scope->now;
	struct tm utc;
	char timestamp[32];
	char day[16];
	char *credential_scope;
	char *canonical;
	char hash[HEX_LEN];
	char signature[HEX_LEN];
	bool done;

	gmtime_r(&seconds, &utc);
	strftime(timestamp, sizeof(timestamp), "%Y%m%dT%H%M%SZ", &utc);
	strftime(day, sizeof(day), "%Y%m%d", &utc);
	if (!add_signed_headers(req, cred, pstrdup(timestamp)))
		return credential_failure(err);

	credential_scope = psprintf("%s/%s/%s/aws4_request", day, scope->region, scope->service);
	canonical = air_sigv4_canonical(req);
	done = canonical != NULL && hex_sha256(canonical, strlen(canonical), hash) &&
		   compute_signature(
			   cred->secret_access_key, day, scope,
			   psprintf("%s\n%s\n%s\n%s", ALGORITHM, timestamp, credential_scope, hash), signature);
	if (!done)
		return air_fail(err, AIR_ERR_UNAVAILABLE, AIR_REMEDY_NEXT,
						"the crypto library could not sign the request");

	if (!air_request_header(req, "authorization",
							psprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s",
									 ALGORITHM, cred->access_key_id, credential_scope,
									 header_list(req), signature)))
		return credential_failure(err);
	return true;
}
