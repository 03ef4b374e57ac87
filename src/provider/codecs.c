/*
 * codecs.c
 *	  The table of apis.
 */
#include "base/pg.h"

#include "provider/codecs.h"

#define CODEC_ADDRESS(name) &air_codec_##name,
static const AirCodec *const codecs[] = {AIR_CODECS(CODEC_ADDRESS)};

#define CODEC_NAME(name) #name,
static const char *const names[] = {AIR_CODECS(CODEC_NAME)};

/* See provider.h. */
const AirCodec *
air_codec(const char *api)
{
	for (size_t i = 0; i < lengthof(codecs); i++)
	{
		if (strcmp(names[i], api) == 0)
			return codecs[i];
	}
	return NULL;
}

/* See provider.h. */
const char *const *
air_codec_names(int *n)
{
	*n = lengthof(names);
	return names;
}
