/*
 * openai_embed.c
 *	  Embeddings in OpenAI's form.
 */
#include "base/pg.h"

#include "provider/openai_shape.h"

/* Numbers of a vector of OpenAI's smaller models. */
#define SMALL_DIM 1536

/* See openai_shape.h. */
AirJson *
air_openai_embed_body(const AirPrompt *prompt, const AirOpenAiDialect *dialect)
{
	AirJson *doc = air_json_new_object();
	cJSON *body = doc->root;

	if (dialect->model != NULL)
		air_json_add_str(doc, body, "model", dialect->model);
	air_add_strings(doc, body, "input", prompt->inputs, prompt->ninputs);
	if (prompt->dimensions > 0)
		air_json_add_num(doc, body, dialect->dimensions, prompt->dimensions);
	/* A quarter of the bytes, and far less to parse than numbers. */
	if (dialect->base64_vectors)
		air_json_add_str(doc, body, "encoding_format", "base64");
	return doc;
}

/* See openai_shape.h. */
AirEmbedLimits
air_openai_embed_limits(const char *base_url pg_attribute_unused(), const char *model)
{
	bool small =
		strstr(model, "text-embedding-3-small") != NULL || strstr(model, "ada-002") != NULL;

	return (AirEmbedLimits){
		.inputs = AIR_OPENAI_EMBED_INPUTS, .dim = small ? SMALL_DIM : 0, .base64 = true};
}

/* See openai_shape.h. */
bool
air_openai_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
						   AirFailure *err)
{
	if (!air_read_vectors(prompt, air_json_at(root, "data"), "embedding", true, out, err))
		return false;
	out->finish = AIR_FINISH_STOP;
	out->model = air_copy_name(air_json_str(root, "model"));
	out->usage.input = air_count(root, "usage.prompt_tokens");
	return true;
}
