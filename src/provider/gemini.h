/*
 * gemini.h
 *	  What the two files of the Gemini codec share.  Private to src/provider.
 */
#ifndef AIR_GEMINI_H
#define AIR_GEMINI_H

#include "provider/common.h"

/* The API refuses larger batches. */
#define AIR_GEMINI_EMBED_INPUTS 100

/* The model's resource name, "models/...", whether or not it is written so. */
extern char *air_gemini_model(const AirPrompt *prompt);

/*
 * The body of batchEmbedContents.  params are merged into each request of the
 * batch: the batch itself has no parameters.
 */
extern bool air_gemini_embed_body(const AirPrompt *prompt, AirHttpRequest *out, AirFailure *err);

/* AirReader of batchEmbedContents. */
extern bool air_gemini_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
									   AirFailure *err);

#endif
