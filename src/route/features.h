/*
 * features.h
 *	  What the learned router sees of a prompt: numbers of hashed words, and shape.
 *
 * Pure: no I/O, no ereport, deterministic on every platform, any bytes are
 * survived (no encoding is assumed).  Two forms: AirFeatures, a struct for the
 * stack of the hot path, and its packed bytes, which a ledger row or an example
 * keeps so that learning works without the text.  Packing loses nothing.
 *
 * The task is no part of it: rows have a column for that.
 */
#ifndef AIR_FEATURES_H
#define AIR_FEATURES_H

#include "base/pg.h"

/* Words and pairs of words are numbered 0 .. 2^AIR_FEATURE_BITS - 1 by a hash. */
#define AIR_FEATURE_BITS 18

/* So many distinct ones at most; of a longer text a sample that depends on the words alone. */
#define AIR_MAX_FEATURES 640

/* Numbers about the shape of the text (lengths, shares of digits, ..), each about 0 .. 1. */
#define AIR_SHAPES 12

/* Packed features are never longer; a prompt of 500 bytes takes about 400. */
#define AIR_FEATURES_BYTES 2000

/* Prefixes of which a hash is kept: prompts that share a passage are told by them. */
#define AIR_PREFIXES 3

typedef struct AirFeatures
{
	uint64 whole;                 /* hash of the whole text, case and blanks aside */
	uint32 prefix[AIR_PREFIXES];  /* of its first 128, 256, 512 bytes, cut likewise */
	uint8 shape[AIR_SHAPES];      /* 255 stands for 1.0 */
	int n;                        /* distinct features; 0 for an empty prompt */
	uint32 ids[AIR_MAX_FEATURES]; /* ascending, < 2^AIR_FEATURE_BITS */
} AirFeatures;

/* Read a prompt; text may be NULL if len is 0.  Never fails; takes time linear in len. */
extern void air_features(const char *text, size_t len, AirFeatures *out);

/* Pack into dst, which has AIR_FEATURES_BYTES; returns the length. */
extern size_t air_features_pack(const AirFeatures *features, uint8 *dst);

/* False if the bytes are not what air_features_pack() of this version writes. */
extern bool air_features_unpack(const uint8 *src, size_t len, AirFeatures *out);

#endif
