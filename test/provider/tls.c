/* A certificate authority of its own, made anew at every start. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http.h"

#define DAY (24L * 3600)

static bool
save(const char *dir, const char *name, X509 *cert, EVP_PKEY *key)
{
	char path[1024];
	FILE *f;
	int fd;
	bool ok = true;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, key ? 0600 : 0644);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f == NULL)
	{
		fprintf(stderr, "ai_sandbox: %s: %s\n", path, strerror(errno));
		return false;
	}
	if (cert != NULL)
		ok = PEM_write_X509(f, cert) == 1;
	if (key != NULL)
		ok = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 && ok;
	return fclose(f) == 0 && ok;
}

static bool
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* Makes a certificate; ca NULL = self-signed authority, alt = its subjectAltName. */
static X509 *
make(EVP_PKEY *key, const char *name, const char *alt, X509 *ca, EVP_PKEY *ca_key, long from,
	 long until)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	bool ok;

	X509_set_version(cert, 2);
	/* unique between runs as well: a client may remember an old certificate */
	ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), (int64_t) sbx_wall_ms() * 16 + serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), until);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1, -1,
							   0);
	X509_set_issuer_name(cert, ca ? X509_get_subject_name(ca) : subject);
	if (ca == NULL)
		ok = extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") &&
			 extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
			 extend(cert, cert, NID_subject_key_identifier, "hash");
	else
		ok = extend(cert, ca, NID_basic_constraints, "CA:FALSE") &&
			 extend(cert, ca, NID_ext_key_usage, "serverAuth") &&
			 extend(cert, ca, NID_authority_key_identifier, "keyid") &&
			 extend(cert, ca, NID_subject_alt_name, alt);
	if (!ok || X509_sign(cert, ca ? ca_key : key, EVP_sha256()) == 0)
	{
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/*
 * Writes ca.pem, server.pem and server.key (the certificate names 127.0.0.1 and localhost) into
 * dir, besides expired.pem and otherhost.pem for the same key, and returns a context that serves
 * server.pem; NULL if that fails.
 */
SSL_CTX *
sbx_tls_context(const char *dir)
{
	static const char here[] = "IP:127.0.0.1,DNS:localhost";
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = make(ca_key, "ai_sandbox CA", NULL, NULL, NULL, -DAY, 30 * DAY);
	X509 *cert = ca ? make(key, "localhost", here, ca, ca_key, -DAY, 30 * DAY) : NULL;
	X509 *old = ca ? make(key, "localhost", here, ca, ca_key, -30 * DAY, -DAY) : NULL;
	X509 *other = ca ? make(key, "other", "DNS:other.invalid", ca, ca_key, -DAY, 30 * DAY) : NULL;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	mkdir(dir, 0700);
	if (cert == NULL || old == NULL || other == NULL || ctx == NULL ||
		!save(dir, "ca.pem", ca, NULL) || !save(dir, "server.pem", cert, NULL) ||
		!save(dir, "server.key", NULL, key) || !save(dir, "expired.pem", old, NULL) ||
		!save(dir, "otherhost.pem", other, NULL) || SSL_CTX_use_certificate(ctx, cert) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, key) != 1)
	{
		ERR_print_errors_fp(stderr);
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	X509_free(other);
	X509_free(old);
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return ctx;
}
