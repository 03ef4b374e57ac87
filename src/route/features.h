/*
 * features.h
 *	  What the learned router sees of a prompt: numbers of hashed words, and shape.
 *
 * Pure: no I/O, no ereport, deterministic, any bytes are survived (no encoding is
 * assumed).  Two forms: AirFeatures, a struct for the stack of the hot path, and
 * its packed bytes, which a ledger row or an example keeps so that learning works
 * without the text.  Packing loses nothing.
 *
 * The task is no part of it: rows have a column for that.
 */
#ifndef AIR_FEATURES_H
#define AIR_FEATURES_H

#include "base/pg.h"

/* Words and pairs of words are numbered by a hash of so many bits. */
#define AIR_FEATURE_BITS 16
#define AIR_BUCKETS (1 << AIR_FEATURE_BITS)

/* So many distinct ones at most; a longer text is sampled. */
#define AIR_MAX_FEATURES 960

/* Numbers about the shape of the text (lengths, shares of digits, ..). */
#define AIR_SHAPES 12

/* A passage is told by the hashes of the first 128, 256 and 512 bytes. */
#define AIR_PREFIXES 3

/* Packed features are never longer; a prompt of 500 bytes takes about 400. */
#define AIR_FEATURES_BYTES (36 + 2 * AIR_MAX_FEATURES)

typedef struct AirFeatures
{
	uint64 whole;                 /* hash of the whole text, letter case and blanks aside */
	uint32 prefix[AIR_PREFIXES];  /* of its first bytes; of all of it if it is shorter */
	uint8 shape[AIR_SHAPES];      /* 255 stands for 1.0 */
	int n;                        /* distinct features; 0 for an empty prompt */
	uint16 ids[AIR_MAX_FEATURES]; /* ascending */
} AirFeatures;

/* Packed features looked at in place: ids are n little-endian pairs of bytes. */
typedef struct AirFeaturesView
{
	uint64 whole;
	uint32 prefix[AIR_PREFIXES];
	const uint8 *shape;
	int n;
	const uint8 *ids;
} AirFeaturesView;

/* Read a prompt; text may be NULL if len is 0.  Never fails; takes time linear in len. */
extern void air_features(const char *text, size_t len, AirFeatures *out);

/* Pack into dst, which has AIR_FEATURES_BYTES; returns the length. */
extern size_t air_features_pack(const AirFeatures *features, uint8 *dst);

/* False if the bytes are not what air_features_pack() of this version writes. */
extern bool air_features_view(const uint8 *src, size_t len, AirFeaturesView *out);
extern bool air_features_unpack(const uint8 *src, size_t len, AirFeatures *out);

#endif
