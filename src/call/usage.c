/*
 * usage.c
 *	  What an exchange took, in tokens and money, and each call's share of it.
 *
 * Several calls of one request share by their estimated tokens; the shares add up to
 * what the provider said, to the last nanodollar.
 */
#include "base/pg.h"

#include "call/internal.h"

/* Where a call stands among those that share. */
typedef struct Part
{
	int64 before;
	int64 tokens;
	int64 whole;
} Part;

static int64
share_of(int64 total, const Part *part)
{
	return total < 0 ? -1 : air_share(total, part->before, part->tokens, part->whole);
}

/* A sum in which -1 means that nothing is known. */
static void
add_count(int64 *sum, int64 n)
{
	if (n >= 0)
		*sum = Max(*sum, 0) + n;
}

static void
add_share(AirCall *call, const AirUsage *usage, AirNano cost, const Part *part)
{
	AirUsage *sum = &call->result.usage;

	add_count(&sum->input, share_of(usage->input, part));
	add_count(&sum->cached, share_of(usage->cached, part));
	add_count(&sum->cache_write, share_of(usage->cache_write, part));
	add_count(&sum->output, share_of(usage->output, part));
	add_count(&sum->reasoning, share_of(usage->reasoning, part));
	if (cost != AIR_NANO_UNKNOWN)
		call->result.cost = air_nano_add(Max(call->result.cost, 0), share_of(cost, part));
}

/*
 * Note what a reply reported, and add it to the calls: failed attempts that were billed count,
 * too.  Never fails.
 */
void
air_usage_add(AirRequest *request, const AirUsage *usage)
{
	bool chat = request->leader->spec.task == AIR_CHAT;
	Part part = {.whole = air_request_tokens(request)};

	request->usage = *usage;
	if (usage->input < 0 && usage->output < 0)
		return;
	/* Half a count is no basis for a cost; only chats have output. */
	if (usage->input >= 0 && (usage->output >= 0 || !chat))
		request->cost = air_cost(&request->model->prices, usage->input, usage->cached,
								 usage->cache_write, usage->output);
	for (int i = 0; i < request->ncalls; i++)
	{
		AirCall *call = request->calls[i];

		if (call == NULL)
			continue;
		part.tokens = call->tokens;
		add_share(call, usage, request->cost, &part);
		part.before += part.tokens;
	}
}
