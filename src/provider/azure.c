/*
 * azure.c
 *	  Azure OpenAI: OpenAI's bodies under addresses of Azure's own.
 *
 * Without api_version, or with a name such as "preview", requests go to the
 * undated v1 address and the body names the deployment as its model.  A dated
 * api_version uses the older form, where the path names the deployment.
 */
#include "base/pg.h"

#include <ctype.h>

#include "base/text.h"
#include "provider/codecs.h"
#include "provider/openai_shape.h"

/* The resource's address: base_url without a path that belongs to us. */
static char *
resource_root(const char *base_url)
{
	static const char *const suffixes[] = {"/openai/v1", "/openai"};
	size_t len = strlen(base_url);

	for (size_t i = 0; i < lengthof(suffixes); i++)
	{
		size_t n = strlen(suffixes[i]);

		if (len > n && strcmp(base_url + len - n, suffixes[i]) == 0)
			return pnstrdup(base_url, len - n);
	}
	return pstrdup(base_url);
}

static char *
make_url(const AirPrompt *prompt, const AirEndpoint *endpoint, bool dated)
{
	const char *root = resource_root(endpoint->base_url);
	const char *path = air_openai_path(prompt);

	if (dated)
		return psprintf("%s/openai/deployments/%s%s?api-version=%s", root,
						air_url_encode(prompt->model), path, air_url_encode(endpoint->api_version));
	if (endpoint->api_version != NULL)
		return psprintf("%s/openai/v1%s?api-version=%s", root, path,
						air_url_encode(endpoint->api_version));
	return psprintf("%s/openai/v1%s", root, path);
}

/* A key of the resource, or an Entra token, which is a JSON web token. */
static bool
add_credential(AirHttpRequest *out, const AirCredential *cred, AirFailure *err)
{
	if (cred->kind == AIR_CRED_KEY && strncmp(cred->key, "eyJ", 3) == 0)
		return air_request_bearer(out, cred, err);
	return air_request_key(out, cred, "api-key", "", err);
}

static bool
build(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
	  int64 now pg_attribute_unused(), AirHttpRequest *out, AirFailure *err)
{
	bool dated = endpoint->api_version != NULL && isdigit((unsigned char) endpoint->api_version[0]);
	AirOpenAiDialect dialect = {
		.model = dated ? NULL : prompt->model,
		.max_tokens = "max_completion_tokens",
		.seed = "seed",
		.dimensions = "dimensions",
		.base64_vectors = true,
	};

	if (prompt->task == AIR_RERANK)
		return air_unsupported(err, "azure", "reranking");
	if (endpoint->max_tokens_field != NULL)
		dialect.max_tokens = endpoint->max_tokens_field;

	air_request_start(out, make_url(prompt, endpoint, dated));
	return air_request_body(out, air_openai_body(prompt, &dialect), prompt->params, err) &&
		   add_credential(out, cred, err);
}

const AirCodec air_codec_azure = {
	.api = "azure",
	.own_hosts = "*.openai.azure.com *.services.ai.azure.com *.cognitiveservices.azure.com",
	.key_required = true,
	.tasks = (1 << AIR_CHAT) | (1 << AIR_EMBED),
	.max_embed_inputs = AIR_OPENAI_EMBED_INPUTS,
	.embed_limits = air_openai_embed_limits,
	.build = build,
	.parse = air_openai_parse,
};
