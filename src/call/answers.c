/*
 * answers.c
 *	  What a reply says, as text for each call: as callers get it and the cache keeps it.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "base/vector.h"
#include "call/internal.h"

/* Vectors whose length is within this of 1 are left as they are. */
#define UNIT 1e-3

/*
 * A vector cut to fewer dimensions is not of length 1 everywhere (providers.md 6.2), and
 * a whole one nearly everywhere: one column shall hold one kind.
 */
static void
make_unit(float *vector, int dim)
{
	double sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double) vector[i] * vector[i];
	sum = sqrt(sum);
	if (sum == 0 || fabs(sum - 1) < UNIT)
		return;
	for (int i = 0; i < dim; i++)
		vector[i] = (float) (vector[i] / sum);
}

/* A vector for each call, in its memory. */
static void
vector_texts(const AirRequest *request, const AirAnswer *answer, char **texts)
{
	for (int i = 0; i < request->ncalls; i++)
	{
		float *vector = answer->vectors + (size_t) i * answer->dim;
		MemoryContext caller;

		if (request->calls[i] == NULL)
			continue;
		if (request->prompt.dimensions > 0)
			make_unit(vector, answer->dim);
		caller = MemoryContextSwitchTo(request->calls[i]->cxt);
		texts[i] = air_vector_text(vector, answer->dim);
		MemoryContextSwitchTo(caller);
	}
}

/* A JSON array of scores, one for each input. */
static char *
score_text(const AirRequest *request, const AirAnswer *answer)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < request->prompt.ninputs; i++)
		appendStringInfo(&buf, "%c%.17g", i == 0 ? '[' : ',', answer->scores[i]);
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

/*
 * The texts of the request's calls: the array in CurrentMemoryContext, the request's, each text in
 * that or its call's.  False with *err: not in the server's encoding.
 */
bool
air_answer_texts(AirRequest *request, const AirAnswer *answer, char ***texts, AirFailure *err)
{
	*texts = palloc0(sizeof(char *) * request->ncalls);
	switch (request->prompt.task)
	{
		case AIR_EMBED:
			vector_texts(request, answer, *texts);
			return true;
		case AIR_RERANK:
			(*texts)[0] = score_text(request, answer);
			return true;
		case AIR_CHAT:
			break;
	}
	return air_from_utf8(answer->text, &(*texts)[0], err);
}
