/*
 * small.h
 *	  Small answers: a label, some labels, yes or no, a grade.
 *
 * Which form is asked for.  A model that tells log probabilities is asked in words: "billing"
 * is one token or a few, and the product of their probabilities is the probability of that
 * label.  (Numbers in place of labels would always be one token, but what a number stands for
 * is one step more for the model to get wrong, and the last label of a list is not as probable
 * as the first for reasons of its own; a label in JSON would have the probabilities of braces
 * and quotes in its product.)  Any other model is held to a JSON schema where its provider
 * enforces one, so that it cannot answer anything else; else it is asked in words, too.  The
 * prompt is the same for all of them: it says the form in words, a schema is obeyed anyway.
 * Whatever form comes back is read here, and kept as {"value": .., "confidence": ..}.
 */
#ifndef AIR_SMALL_H
#define AIR_SMALL_H

#include "sql/labels.h"
#include "sql/prompt.h"

typedef enum AirSmallKind
{
	AIR_SMALL_LABEL,  /* text */
	AIR_SMALL_LABELS, /* text[] */
	AIR_SMALL_YES_NO, /* boolean */
	AIR_SMALL_GRADE   /* double precision 0..1 */
} AirSmallKind;

/* Begin the work of one small answer; labels only for kinds that have them.  The rest is for
 * air_front_prompted(). */
extern AirWork *air_small_begin(AirFlow *flow, AirSmallKind kind, const AirLabels *labels,
								const char *function, const char *prompt,
								const AirPromptValue *values, int nvalues, const AirHints *hints);

/* Finish it: the value, or NULL where on_error says so. */
extern Datum air_small_finish(AirWork *work, FunctionCallInfo fcinfo, bool *isnull);

/* Finish it: a row of value, confidence, model, cost and error. */
extern Datum air_small_finish_detail(AirWork *work, FunctionCallInfo fcinfo, bool *isnull);

/* The judge of a kind, for AirCallSpec; its argument is the labels.  small_judge.c */
extern const AirCheck *air_small_check(AirSmallKind kind);

#endif
