/*
 * cohere.h
 *	  What the files of the Cohere codec share.  Private to src/provider.
 */
#ifndef AIR_COHERE_H
#define AIR_COHERE_H

#include "provider/common.h"

/* Bodies of /v2/embed and /v2/rerank.  cohere_embed.c */
extern AirJson *air_cohere_embed_body(const AirPrompt *prompt);
extern AirJson *air_cohere_rerank_body(const AirPrompt *prompt);

/* Their AirReaders. */
extern bool air_cohere_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
									   AirFailure *err);
extern bool
air_cohere_read_scores(const AirPrompt *prompt, const cJSON *root, AirAnswer *out, AirFailure *err);

/*
 * The members that embeddings of Cohere's models have in common at Cohere and
 * at Bedrock: texts, input_type, embedding_types, truncate, output_dimension.
 */
extern void air_cohere_add_embedding(AirJson *doc, cJSON *body, const AirPrompt *prompt);

/* Vectors of an embed reply: "embeddings.float" or, in an older form, "embeddings". */
extern bool air_cohere_read_vectors(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
									AirFailure *err);

#endif
