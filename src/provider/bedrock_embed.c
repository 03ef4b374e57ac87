/*
 * bedrock_embed.c
 *	  Embeddings at Bedrock: InvokeModel with each vendor's own body.
 *
 * The vendor is known by the model id, which may carry the prefix of an
 * inference profile ("us.", "global.").
 */
#include "base/pg.h"

#include "provider/bedrock.h"
#include "provider/cohere.h"

typedef struct EmbedModel
{
	const char *part; /* of the model id */
	bool many;        /* takes more than one input */
	bool can_shorten; /* has dimensions to choose from */
	void (*fill)(AirJson *doc, cJSON *body, const AirPrompt *prompt);
} EmbedModel;

static void
fill_titan(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	air_json_add_str(doc, body, "inputText", prompt->inputs[0]);
	if (prompt->dimensions > 0)
		air_json_add_num(doc, body, "dimensions", prompt->dimensions);
}

static void
fill_nova(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	cJSON *params;
	cJSON *text;

	air_json_add_str(doc, body, "schemaVersion", "nova-multimodal-embed-v1");
	air_json_add_str(doc, body, "taskType", "SINGLE_EMBEDDING");
	params = air_json_add_object(doc, body, "singleEmbeddingParams");
	air_json_add_str(doc, params, "embeddingPurpose", "GENERIC_INDEX");
	if (prompt->dimensions > 0)
		air_json_add_num(doc, params, "embeddingDimension", prompt->dimensions);
	text = air_json_add_object(doc, params, "text");
	/* Required.  An input that does not fit is an error, as everywhere. */
	air_json_add_str(doc, text, "truncationMode", "NONE");
	air_json_add_str(doc, text, "value", prompt->inputs[0]);
}

static const EmbedModel models[] = {
	{"titan-embed-text-v1", false, false, fill_titan},
	{"titan-embed-text-v2", false, true, fill_titan},
	{"multimodal-embeddings", false, true, fill_nova},
	{"cohere.embed-v4", true, true, air_cohere_add_embedding},
	{"cohere.embed", true, false, air_cohere_add_embedding},
};

static const EmbedModel *
find_model(const char *id)
{
	for (size_t i = 0; i < lengthof(models); i++)
	{
		if (strstr(id, models[i].part) != NULL)
			return &models[i];
	}
	return NULL;
}

/* See bedrock.h. */
AirJson *
air_bedrock_embed_body(const AirPrompt *prompt, AirFailure *err)
{
	const EmbedModel *model = find_model(prompt->model);
	AirJson *doc;

	if (model == NULL)
		air_unsupported(err, "bedrock", "embeddings for this model id");
	else if (prompt->ninputs > 1 && !model->many)
		air_unsupported(err, "bedrock", "embeddings of several inputs at once for this model");
	else if (prompt->dimensions > 0 && !model->can_shorten)
		air_unsupported(err, "bedrock", "choice of dimensions for this model");
	else
	{
		doc = air_json_new_object();
		model->fill(doc, doc->root, prompt);
		return doc;
	}
	return NULL;
}

/* See bedrock.h. */
bool
air_bedrock_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
							AirFailure *err)
{
	const cJSON *vector = air_json_at(root, "embedding");

	out->finish = AIR_FINISH_STOP;
	out->usage.input = air_count(root, "inputTextTokenCount");
	if (vector != NULL)
		return air_read_vector(prompt, vector, out, err);
	return air_cohere_read_vectors(prompt, root, out, err);
}
