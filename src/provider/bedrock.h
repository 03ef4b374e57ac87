/*
 * bedrock.h
 *	  What the two files of the Bedrock codec share.  Private to src/provider.
 */
#ifndef AIR_BEDROCK_H
#define AIR_BEDROCK_H

#include "provider/common.h"

/*
 * The InvokeModel body that embeds with prompt->model, or NULL with *err
 * filled: an unknown model, too many inputs, or dimensions it cannot shorten to.
 */
extern AirJson *air_bedrock_embed_body(const AirPrompt *prompt, AirFailure *err);

/* AirReader of all of their replies. */
extern bool air_bedrock_read_embeddings(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
										AirFailure *err);

#endif
