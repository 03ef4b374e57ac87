/*
 * vector.h
 *	  Vectors as bytes: little-endian float4, on any machine.  Usable outside the server.
 */
#ifndef AIR_VECTOR_H
#define AIR_VECTOR_H

#include "base/pg.h"

/* Copy n numbers from bytes at raw, which need not be aligned. */
extern void air_vector_get(const char *raw, size_t n, float *to);

/* A vector's bytes in base64, palloc'ed.  NULL: not so much memory at once. */
extern char *air_vector_text(const float *vector, int dim);

/* How many numbers such a text holds, if it is one. */
extern int air_vector_text_dim(const char *text);

/* And back, palloc'ed.  NULL if it is no vector of finite numbers. */
extern float *air_vector_of_text(const char *text, int *dim);

#endif
