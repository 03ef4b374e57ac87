/*
 * halves.c
 *	  What the halves of a rejected request show: whether it is an input that was rejected, or all.
 *
 * Halves of halves find the bad input among many.  Where there is something else amiss, which the
 * provider does not say so that we understand it, they would be all: two requests for each input.
 * So while nothing has been answered, each request that is halved sends one input ahead by itself;
 * once enough of these, from all over the first request, have been rejected in the same words, what
 * is rejected after that fails as it is.
 *
 * Shared by the requests that came of one; in the engine's memory, gone with the last of them.
 */
#include "base/pg.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "call/internal.h"

/* Inputs that are rejected by themselves before the rest is taken to be no better. */
#define ENOUGH 16

struct AirHalves
{
	int requests; /* that share it */
	int alone;    /* inputs rejected by themselves */
	uint32 words; /* in which */
	bool answered;
	bool differ; /* the words do: it is about the inputs */
};

/* Members of a request that are the same for all its inputs. */
static const char *const common_params[] = {"model", "dimensions", "output_dimension",
											"encoding_format", "user"};

/* May the failure be the doing of one input among several? */
bool
air_blames_an_input(const AirFailure *failure)
{
	if (failure->kind == AIR_ERR_TOO_LONG || failure->kind == AIR_ERR_CONTENT_FILTER)
		return true;
	if (failure->kind != AIR_ERR_REJECTED || failure->remedy != AIR_REMEDY_NONE)
		return false;
	for (int i = 0; failure->param != NULL && i < lengthof(common_params); i++)
		if (strcmp(failure->param, common_params[i]) == 0)
			return false;
	return true;
}

/* The request is about to be halved; what its halves share.  Raises where there is no memory. */
AirHalves *
air_halves_begin(AirRequest *request)
{
	if (request->halves == NULL)
	{
		request->halves = MemoryContextAllocZero(air_engine_context(), sizeof(AirHalves));
		request->halves->requests = 1;
	}
	return request->halves;
}

/* The request came of one that was halved (NULL: it did not).  Never fails. */
void
air_halves_join(AirRequest *request, AirHalves *halves)
{
	request->halves = halves;
	if (halves != NULL)
		halves->requests++;
}

/* The request goes.  Never fails. */
void
air_halves_leave(AirRequest *request)
{
	if (request->halves != NULL && --request->halves->requests == 0)
		pfree(request->halves);
	request->halves = NULL;
}

/* Is an input to go ahead by itself where the request is halved?  Not the first time. */
bool
air_halves_scout(const AirRequest *request)
{
	return request->halves != NULL && !request->halves->answered;
}

/* The request was answered.  Never fails. */
void
air_halves_answered(AirRequest *request)
{
	if (request->halves != NULL)
		request->halves->answered = true;
}

/* The request was rejected.  Is there no use in asking for its halves?  Never fails. */
bool
air_halves_hopeless(AirRequest *request, const AirFailure *failure)
{
	AirHalves *halves = request->halves;
	uint32 words;

	if (halves == NULL || failure->kind != AIR_ERR_REJECTED)
		return false;
	if (request->nlive > 1)
		return halves->alone >= ENOUGH && !halves->differ && !halves->answered;
	words = hash_bytes((const unsigned char *) failure->message, (int) strlen(failure->message));
	halves->differ |= halves->alone > 0 && words != halves->words;
	halves->words = words;
	halves->alone++;
	return true;
}
