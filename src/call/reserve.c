/*
 * reserve.c
 *	  The most that an attempt can cost: what caps and budgets hold back before it is
 *	  sent, and what it counts as when nobody learns what it did cost.
 *
 * A tokenizer makes at most one token of a byte, so bytes bound the input; max_tokens,
 * which is always sent, bounds the output.  A model whose params replace the limit
 * or ask for several answers is outside this bound.
 */
#include "base/pg.h"

#include "call/internal.h"

/* Tokens that chat templates put around a message, and around the whole. */
#define TOKENS_PER_MESSAGE 16
#define TOKENS_PER_REQUEST 64

/* What a provider adds in its own words to make a model obey a schema. */
#define TOKENS_PER_SCHEMA 1024

/* An image is charged by its pixels: a tiny file may be a big picture, but none is dearer. */
#define LEAST_PER_IMAGE 4096
#define MOST_PER_IMAGE 40000

static int64
bytes_of(const char *text)
{
	return text == NULL ? 0 : (int64) strlen(text);
}

/* No more tokens than this can be charged as input. */
static int64
input_bound(const AirPrompt *prompt)
{
	int64 n = TOKENS_PER_REQUEST;

	if (prompt->system != NULL)
		n += TOKENS_PER_MESSAGE + bytes_of(prompt->system);
	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *message = &prompt->messages[i];

		n += TOKENS_PER_MESSAGE;
		for (int j = 0; j < message->nparts; j++)
		{
			n += bytes_of(message->parts[j].text);
			if (message->parts[j].data != NULL)
				n += Min(Max(bytes_of(message->parts[j].data), LEAST_PER_IMAGE), MOST_PER_IMAGE);
		}
	}
	for (int i = 0; i < prompt->ninputs; i++)
		n += TOKENS_PER_MESSAGE + bytes_of(prompt->inputs[i]);
	n += bytes_of(prompt->query);
	if (prompt->schema != NULL)
		n += TOKENS_PER_SCHEMA + bytes_of(prompt->schema);
	return n;
}

/*
 * The most that an attempt of the request can cost: its input's bytes and the
 * candidate's max_tokens at the dearest tier that may apply.  AIR_NANO_UNKNOWN if
 * a price is.  Never fails.
 */
AirNano
air_reserve_cost(const AirRequest *request)
{
	const AirPrompt *prompt = &request->prompt;

	return air_cost_bound(&request->model->prices, input_bound(prompt),
						  prompt->task == AIR_CHAT ? prompt->max_tokens : 0);
}

/*
 * What an attempt that ended counts as, given what was reserved for it: its cost where
 * that is known, nothing where it was not sent or the provider refused it, else all
 * that was reserved.  failure NULL: it brought an answer.  Never fails.
 */
AirNano
air_attempt_cost(const AirRequest *request, const AirFailure *failure, AirNano reserved)
{
	if (request->cost != AIR_NANO_UNKNOWN)
		return request->cost;
	if (failure != NULL && !failure->unknown_cost &&
		(failure->http_status < 200 || failure->http_status > 299))
		return 0;
	return reserved;
}
