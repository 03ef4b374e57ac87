/*
 * gemini_embed.c
 *	  Google's Gemini API: batchEmbedContents.
 *
 * Shortened vectors are not normalised by Google; our caller does that.  The
 * reply says nothing about tokens.
 */
#include "base/pg.h"

#include "provider/gemini.h"

/* See gemini.h. */
bool
air_gemini_embed_body(const AirPrompt *prompt, AirHttpRequest *out, AirFailure *err)
{
	AirJson *doc = air_json_new_object();
	AirJson *patch = NULL;
	cJSON *requests = air_json_add_array(doc, doc->root, "requests");
	const char *model = air_gemini_model(prompt);

	if (!air_params(prompt->params, &patch, err))
	{
		air_json_free(doc);
		return false;
	}
	for (int i = 0; i < prompt->ninputs; i++)
	{
		cJSON *request = air_json_add_object(doc, requests, NULL);
		cJSON *content;
		cJSON *part;

		air_json_add_str(doc, request, "model", model);
		content = air_json_add_object(doc, request, "content");
		part = air_json_add_object(doc, air_json_add_array(doc, content, "parts"), NULL);
		air_json_add_str(doc, part, "text", prompt->inputs[i]);
		if (prompt->dimensions > 0)
			air_json_add_num(doc, request, "outputDimensionality", prompt->dimensions);
		if (patch != NULL)
			air_json_merge(doc, request, patch->root);
	}
	if (patch != NULL)
		air_json_free(patch);
	return air_request_body(out, doc, NULL, err);
}

/* See gemini.h. */
bool
air_gemini_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
						   AirFailure *err)
{
	out->finish = AIR_FINISH_STOP;
	return air_read_vectors(prompt, air_json_at(root, "embeddings"), "values", false, out, err);
}
