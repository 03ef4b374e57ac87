/*
 * openai_shape.h
 *	  Bodies in OpenAI's form, which Azure shares.  Private to src/provider.
 */
#ifndef AIR_OPENAI_SHAPE_H
#define AIR_OPENAI_SHAPE_H

#include "provider/common.h"

/*
 * Inputs of one embeddings request at OpenAI itself and at Azure (providers.md 1.13), and at other
 * servers of this shape, whose limits nobody knows (server option embed_batch).
 */
#define AIR_OPENAI_EMBED_INPUTS 2048
#define AIR_COMPATIBLE_EMBED_INPUTS 256

/* What hosts of this shape spell differently (providers.md 1.2, 1.3, 9). */
typedef struct AirOpenAiDialect
{
	const char *model;      /* NULL: the URL says it */
	const char *max_tokens; /* name of the output cap */
	const char *seed;
	const char *dimensions;
	bool base64_vectors; /* encoding_format base64 is known to work */
} AirOpenAiDialect;

/* A chat or embeddings body for the prompt's task, not yet merged with params. */
extern AirJson *air_openai_body(const AirPrompt *prompt, const AirOpenAiDialect *dialect);
extern AirJson *air_openai_embed_body(const AirPrompt *prompt, const AirOpenAiDialect *dialect);

/* "/chat/completions" or "/embeddings". */
extern const char *air_openai_path(const AirPrompt *prompt);

/* AirCodec.parse of this shape, for chat and embeddings. */
extern bool air_openai_parse(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out,
							 AirFailure *err);

/* AirCodec.embed_limits for OpenAI's own models: they come as base64.  openai_embed.c */
extern AirEmbedLimits air_openai_embed_limits(const char *base_url, const char *model);

/* The AirReader of an embeddings reply.  openai_embed.c */
extern bool air_openai_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
									   AirFailure *err);

/*
 * Add a json_schema format (name, strict, schema) to an object.  strict is true
 * only for a schema that strict mode accepts: every property required and
 * additionalProperties false on every object.  openai_schema.c
 */
extern void air_openai_add_schema(AirJson *doc, cJSON *object, const AirPrompt *prompt);

/* Would strict mode take the schema as it is?  schema_fit.c */
extern bool air_openai_is_strict(const char *schema);

/* Options that become headers at api.openai.com, and the bearer key. */
extern bool air_openai_headers(AirHttpRequest *out, const AirEndpoint *endpoint,
							   const AirCredential *cred, AirFailure *err);

#endif
