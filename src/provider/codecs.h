/*
 * codecs.h
 *	  The codecs of the wire families.  Private to src/provider: everybody else
 *	  asks air_codec().
 */
#ifndef AIR_PROVIDER_CODECS_H
#define AIR_PROVIDER_CODECS_H

#include "provider/provider.h"

/* One line per api: a new provider is added here and has a file of its own. */
#define AIR_CODECS(CODEC)                                                                          \
	CODEC(openai)                                                                                  \
	CODEC(openai_responses)                                                                        \
	CODEC(anthropic)                                                                               \
	CODEC(bedrock)                                                                                 \
	CODEC(azure)                                                                                   \
	CODEC(gemini)                                                                                  \
	CODEC(ollama)                                                                                  \
	CODEC(cohere)

#define AIR_DECLARE_CODEC(name) extern const AirCodec air_codec_##name;
AIR_CODECS(AIR_DECLARE_CODEC)
#undef AIR_DECLARE_CODEC

#endif
