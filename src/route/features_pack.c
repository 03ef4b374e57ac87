/*
 * features_pack.c
 *	  Features as bytes, which a ledger row or an example keeps.
 */
#include "base/pg.h"

#include "route/features.h"

#define VERSION 1

static inline uint8 *
put(uint8 *p, uint64 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*p++ = (uint8) (value >> (8 * i));
	return p;
}

static inline uint64
get(const uint8 *p, int bytes)
{
	uint64 value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64) p[i] << (8 * i);
	return value;
}

/*
 * Packed: version, 0, number of ids (2), whole (8), prefixes (4 each), shape (12),
 * ids (2 each).  What can be taken from the length is checked against it.
 */
#define HEADER (4 + 8 + 4 * AIR_PREFIXES + AIR_SHAPES)

StaticAssertDecl(HEADER + 2 * AIR_MAX_FEATURES == AIR_FEATURES_BYTES, "size of packed features");

/* See features.h. */
size_t
air_features_pack(const AirFeatures *features, uint8 *dst)
{
	uint8 *p = dst;

	*p++ = VERSION;
	*p++ = 0;
	p = put(p, features->n, 2);
	p = put(p, features->whole, 8);
	for (int i = 0; i < AIR_PREFIXES; i++)
		p = put(p, features->prefix[i], 4);
	memcpy(p, features->shape, AIR_SHAPES);
	p += AIR_SHAPES;
	for (int i = 0; i < features->n; i++)
		p = put(p, features->ids[i], 2);
	return p - dst;
}

/* See features.h. */
bool
air_features_view(const uint8 *src, size_t len, AirFeaturesView *out)
{
	int n;

	if (len < HEADER || src[0] != VERSION || src[1] != 0)
		return false;
	n = (int) get(src + 2, 2);
	if (n > AIR_MAX_FEATURES || len != HEADER + 2 * (size_t) n)
		return false;
	out->whole = get(src + 4, 8);
	for (int i = 0; i < AIR_PREFIXES; i++)
		out->prefix[i] = (uint32) get(src + 12 + 4 * i, 4);
	out->shape = src + HEADER - AIR_SHAPES;
	out->n = n;
	out->ids = src + HEADER;
	for (int i = 1; i < n; i++)
	{
		if (get(out->ids + 2 * i, 2) <= get(out->ids + 2 * i - 2, 2))
			return false;
	}
	return true;
}

/* See features.h. */
bool
air_features_unpack(const uint8 *src, size_t len, AirFeatures *out)
{
	AirFeaturesView view;

	if (!air_features_view(src, len, &view))
		return false;
	out->whole = view.whole;
	memcpy(out->prefix, view.prefix, sizeof(out->prefix));
	memcpy(out->shape, view.shape, AIR_SHAPES);
	out->n = view.n;
	for (int i = 0; i < view.n; i++)
		out->ids[i] = (uint16) get(view.ids + 2 * i, 2);
	return true;
}
