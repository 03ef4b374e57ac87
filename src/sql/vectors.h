/*
 * vectors.h
 *	  Calls that embed, and their answers as numbers.
 */
#ifndef AIR_SQL_VECTORS_H
#define AIR_SQL_VECTORS_H

#include "sql/front.h"

#include "utils/array.h"

/* A call that embeds *input, which must live as long as the spec's other strings. */
extern void air_front_embedding(AirCallSpec *spec, const char *function, const char *const *input,
								const AirHints *hints);

/* The vector that an answer holds; ereports RT006 if it holds none. */
extern float *air_front_vector(const AirResult *result, int *dim);

/* As real[]. */
extern ArrayType *air_front_vector_array(const AirResult *result);

/* The elements of a one-dimensional text[], *n of them; `what` it is, for the error. */
extern void
air_front_texts(ArrayType *array, const char *what, Datum **texts, bool **nulls, int *n);

#endif
