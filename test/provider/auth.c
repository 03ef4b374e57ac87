/* Credentials: any key that starts with `sandbox-`, in the header the family wants. */
#include <string.h>
#include <strings.h>

#include "wire.h"

static bool
good_key(const char *key)
{
	return key != NULL && strncmp(key, "sandbox-", 8) == 0 && key[8] != '\0';
}

static const char *
bearer(const sbx_request *req)
{
	const char *h = sbx_header_get(req, "authorization");

	return h != NULL && strncasecmp(h, "Bearer ", 7) == 0 ? h + 7 : NULL;
}

static bool
openai_auth(sbx_exchange *x)
{
	const char *key = bearer(x->req);

	if (good_key(key))
		return true;
	if (key == NULL)
		sbx_refuse(x, 401, "", NULL, "No API key was given in the Authorization header");
	else
		sbx_refuse(x, 401, "invalid_api_key", NULL, "Incorrect API key provided");
	return false;
}

static bool
azure_auth(sbx_exchange *x)
{
	const char *key = sbx_header_get(x->req, "api-key");

	if (good_key(key) || (key == NULL && good_key(bearer(x->req))))
		return true;
	sbx_refuse(x, 401, "401", NULL, "Access denied: wrong or missing subscription key");
	return false;
}

static bool
anthropic_auth(sbx_exchange *x)
{
	const char *key = sbx_header_get(x->req, "x-api-key");
	const char *version = sbx_header_get(x->req, "anthropic-version");

	if (!good_key(key) && !(key == NULL && good_key(bearer(x->req))))
		sbx_refuse(x, 401, NULL, NULL, "invalid x-api-key");
	else if (version == NULL)
		sbx_refuse(x, 400, NULL, NULL, "anthropic-version: header is required");
	else if (strcmp(version, "2023-06-01") != 0)
		sbx_refuse(x, 400, NULL, NULL, "anthropic-version: \"%s\" is not a valid version", version);
	else
		return true;
	return false;
}

static bool
bedrock_auth(sbx_exchange *x)
{
	const char *h = sbx_header_get(x->req, "authorization");
	const char *code = "AccessDeniedException";
	const char *why;

	if (h == NULL)
		sbx_refuse(x, 403, "MissingAuthenticationTokenException", NULL,
				   "Missing Authentication Token");
	else if (bearer(x->req) != NULL)
	{
		if (good_key(bearer(x->req)))
			return true;
		sbx_refuse(x, 403, code, NULL, "Authentication failed: the API key is not valid");
	}
	else
	{
		why = sbx_sigv4_check(x->req, &code);
		if (why == NULL)
			return true;
		sbx_refuse(x, 403, code, NULL, "%s", why);
	}
	return false;
}

static bool
gemini_auth(sbx_exchange *x)
{
	const char *key = sbx_header_get(x->req, "x-goog-api-key");

	if (good_key(key))
		return true;
	if (key == NULL)
		sbx_refuse(x, 403, "PERMISSION_DENIED", NULL, "The request carries no API key");
	else
		sbx_refuse(x, 400, "API_KEY_INVALID", NULL, "API key not valid");
	return false;
}

static bool
cohere_auth(sbx_exchange *x)
{
	if (good_key(bearer(x->req)))
		return true;
	sbx_refuse(x, 401, NULL, NULL, "invalid api token");
	return false;
}

/* True if the request carries what its family wants; otherwise the error is rendered. */
bool
sbx_auth(sbx_exchange *x)
{
	switch (x->family)
	{
		case FAM_OPENAI:
			return openai_auth(x);
		case FAM_AZURE:
			return azure_auth(x);
		case FAM_ANTHROPIC:
			return anthropic_auth(x);
		case FAM_BEDROCK:
			return bedrock_auth(x);
		case FAM_GEMINI:
			return gemini_auth(x);
		case FAM_COHERE:
			return cohere_auth(x);
		case FAM_OLLAMA:
			break;
	}
	return true;
}
