/*
 * test_sigv4.c
 *	  Signatures: three worked examples and what a signature depends on.
 */
#include "base/pg.h"

#include "base/hash.h"
#include "kit.h"
#include "provider/sigv4.h"
#include "tap.h"

#define HOST "https://bedrock-runtime.us-east-1.amazonaws.com"
#define SCOPE "AKIDEXAMPLE/20260822/us-east-1/bedrock/aws4_request"

static const AirSigV4Scope scope = {"us-east-1", "bedrock", KIT_NOW};

static AirHttpRequest
request(const char *url)
{
	AirHttpRequest req = {.url = url};

	req.body = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}],"
			   "\"inferenceConfig\":{\"maxTokens\":16}}";
	req.body_len = strlen(req.body);
	air_request_header(&req, "content-type", "application/json");
	return req;
}

static const char *
hash_of(const char *text)
{
	uint8 hash[AIR_SHA256_LEN];
	char *hex = palloc(AIR_SHA256_LEN * 2 + 1);

	air_sha256(text, strlen(text), hash);
	air_hex(hash, sizeof(hash), hex);
	return hex;
}

static void
is_vector(const char *name, const char *path, const char *token, const char *hash,
		  const char *signature)
{
	AirHttpRequest req = request(psprintf("%s%s", HOST, path));
	AirCredential cred = kit_aws(token);
	AirFailure err;

	ok(air_sigv4_sign(&req, &cred, &scope, &err), "%s is signed", name);
	is_str(hash_of(air_sigv4_canonical(&req)), hash, "%s: canonical request", name);
	is_str(kit_header(&req, "authorization"),
		   psprintf("AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=content-type;host;x-amz-date%s, "
					"Signature=%s",
					SCOPE, token != NULL ? ";x-amz-security-token" : "", signature),
		   "%s: signature", name);
	is_str(kit_header(&req, "x-amz-date"), "20260822T120000Z", "%s: date", name);
	is_str(kit_header(&req, "x-amz-security-token"), token, "%s: session token", name);
	is_str(kit_header(&req, "host"), NULL, "%s: the host header is left to the driver", name);
}

static void
test_vectors(void)
{
	is_str(hash_of(request(HOST).body),
		   "9086f5ed72696dae888c64846e3db151bb80e2483eba722648ee71231780c823", "the body");
	is_vector("A", "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse", NULL,
			  "917d9b45398ba1ff6936c5c63b14b6618321159f7821e7c07b268de7fc61d3be",
			  "be06ed1ddee7a412f6a7bb258a7aad5f9130616998d01d4d2112e09a8a3b7dae");
	is_vector("B", "/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse", NULL,
			  "b46e3a5eca6849d6a55165aa9a31edd08dd229eb9505294ebfcc25f70ec2ec8c",
			  "02e35b02ee3087a8761370dfa03a61310f8d966004d0707255b9a25343758097");
	is_vector("C",
			  "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-"
			  "profile%2Fabc123def456/converse",
			  "EXAMPLESESSIONTOKEN//w==",
			  "edc86fda3a21f6db062f339ec6f2e9836bbc14f1e2579697718ebdd2fdc857c4",
			  "e590046535e5720e6423e7b462091e101f7bbbae87964b54f3ac358b899f88eb");
}

static void
test_canonical(void)
{
	AirHttpRequest req = request("http://LocalHost:8080/a/b%2Fc:d");
	const char *canonical = air_sigv4_canonical(&req);

	has(canonical, "POST\n/a/b%252Fc%3Ad\n\ncontent-type:application/json\nhost:localhost:8080\n",
		"encoded once more, host with its port");
	has(canonical, "\n\ncontent-type;host\n", "only headers that are there");
	req = request("http://h:80");
	has(air_sigv4_canonical(&req), "POST\n/\n\n", "no path is the root");
	has(air_sigv4_canonical(&req), "\nhost:h\n", "the port of http is left out");
	req = request("https://h:443/x");
	has(air_sigv4_canonical(&req), "\nhost:h\n", "the port of https is left out");
	req = request("https://h:80/x");
	has(air_sigv4_canonical(&req), "\nhost:h:80\n", "but not of the other scheme");
}

static void
test_failures(void)
{
	AirHttpRequest req = request(HOST "/x");
	AirCredential cred = kit_aws("tok\nen");
	AirFailure err;

	ok(!air_sigv4_sign(&req, &cred, &scope, &err), "a token with a line break is refused");
	is_int(err.kind, AIR_ERR_AUTH, "as an authentication failure");
	lacks(err.message, "tok", "without showing it");
	req = request(HOST "/x");
	cred = kit_aws(NULL);
	cred.access_key_id = "AKI\r\nD";
	ok(!air_sigv4_sign(&req, &cred, &scope, &err), "so is such a key id");
	lacks(err.message, "AKI", "without showing it");
}

int
main(void)
{
	test_vectors();
	test_canonical();
	test_failures();
	return done_testing();
}
