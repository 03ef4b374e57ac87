/*
 * labels.h
 *	  The labels of a classification: read, shown to a model, found in its answer.
 */
#ifndef AIR_LABELS_H
#define AIR_LABELS_H

#include "base/pg.h"

#include "utils/array.h"

typedef struct AirLabels
{
	int n;
	const char *const *text; /* server encoding */
	const char *const *utf8;
} AirLabels;

/*
 * Read an array of labels, into CurrentMemoryContext.  ereports unless it is one-dimensional
 * with at least one element, none null, blank, or there twice.
 */
extern AirLabels *air_labels_read(ArrayType *array);

/* Labels of our own, plain ASCII; texts are not copied. */
extern AirLabels *air_labels_of(const char *const *texts, int n);

/* A line "- label" each, in the server encoding; labels with quotes or controls as JSON strings. */
extern char *air_labels_list(const AirLabels *labels);

/* Schema of {"label": one of them}, or {"labels": [any of them]}, in the server encoding. */
extern char *air_labels_schema(const AirLabels *labels, bool many);

/* Bytes of the longest label, or of all. */
extern int air_labels_longest(const AirLabels *labels);
extern int air_labels_bytes(const AirLabels *labels);

/*
 * Which label a piece of an answer (UTF-8) is: exactly, else but for case, blanks, quotes and
 * punctuation around it, else behind words like "Label:".  -1: none, -2: more than one.
 */
extern int air_labels_find(const AirLabels *labels, const char *answer);

/* What is left of a piece of an answer without quotes, marks and punctuation around it;
 * palloc'ed, ASCII letters in lower case, runs of blanks one blank. */
extern char *air_answer_core(const char *answer);

/* Behind "Label:", "The answer is:" and the like, or NULL if it does not begin so. */
extern const char *air_answer_told(const char *answer);

#endif
