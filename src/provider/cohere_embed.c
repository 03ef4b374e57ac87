/*
 * cohere_embed.c
 *	  Cohere's embeddings and reranking.
 */
#include "base/pg.h"

#include "provider/cohere.h"

/* See cohere.h. */
void
air_cohere_add_embedding(AirJson *doc, cJSON *body, const AirPrompt *prompt)
{
	static const char *const types[] = {"float"};

	air_add_strings(doc, body, "texts", prompt->inputs, prompt->ninputs);
	/* Required; rows of a table are documents.  params can say search_query. */
	air_json_add_str(doc, body, "input_type", "search_document");
	air_add_strings(doc, body, "embedding_types", types, lengthof(types));
	/* The default cuts a long text without a word; we would rather be told. */
	air_json_add_str(doc, body, "truncate", "NONE");
	if (prompt->dimensions > 0)
		air_json_add_num(doc, body, "output_dimension", prompt->dimensions);
}

/* See cohere.h. */
AirJson *
air_cohere_embed_body(const AirPrompt *prompt)
{
	AirJson *doc = air_json_new_object();

	air_json_add_str(doc, doc->root, "model", prompt->model);
	air_cohere_add_embedding(doc, doc->root, prompt);
	return doc;
}

/* See cohere.h. */
AirJson *
air_cohere_rerank_body(const AirPrompt *prompt)
{
	AirJson *doc = air_json_new_object();

	air_json_add_str(doc, doc->root, "model", prompt->model);
	air_json_add_str(doc, doc->root, "query", prompt->query);
	air_add_strings(doc, doc->root, "documents", prompt->inputs, prompt->ninputs);
	return doc;
}

/* See cohere.h. */
bool
air_cohere_read_vectors(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const cJSON *embeddings = air_json_at(root, "embeddings");

	if (cJSON_IsObject(embeddings))
		embeddings = air_json_at(embeddings, "float");
	return air_read_vectors(prompt, embeddings, "embedding", false, out, err);
}

/* See cohere.h. */
bool
air_cohere_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
						   AirFailure *err)
{
	out->finish = AIR_FINISH_STOP;
	out->usage.input = air_count(root, "meta.billed_units.input_tokens");
	return air_cohere_read_vectors(prompt, root, out, err);
}

/* See cohere.h. */
bool
air_cohere_read_scores(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err)
{
	const cJSON *results = air_json_at(root, "results");
	const cJSON *result;
	bool *seen;
	bool done = true;

	if (!cJSON_IsArray(results))
		return air_malformed(err, "no results");
	if (cJSON_GetArraySize(results) != prompt->ninputs || prompt->ninputs <= 0)
		return air_malformed(err, psprintf("%d scores for %d documents",
										   cJSON_GetArraySize(results), prompt->ninputs));

	out->finish = AIR_FINISH_STOP;
	out->scores = palloc0(sizeof(double) * (size_t) prompt->ninputs);
	seen = palloc0(sizeof(bool) * (size_t) prompt->ninputs);
	cJSON_ArrayForEach (result, results)
	{
		int row = air_item_row(result, prompt->ninputs);

		if (row < 0 || seen[row] || !cJSON_IsNumber(air_json_at(result, "relevance_score")))
		{
			done = air_malformed(err, "a result without a place or a score of its own");
			break;
		}
		seen[row] = true;
		out->scores[row] = air_json_num(result, "relevance_score", 0);
	}
	pfree(seen);
	return done;
}
