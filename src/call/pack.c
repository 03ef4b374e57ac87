/*
 * pack.c
 *	  Calls that wait for others to go with them: embeddings, many in one request.
 *
 * A call joins the open pack of calls that it is alike, or opens one.  A pack is full
 * when the provider takes no more inputs, or not so many tokens or bytes, in one request; it
 * goes when a slot is free.  One that is not full goes only when nobody can add to it any more,
 * or when whoever drives the engine has nothing else to wait for.
 *
 * Packs live in the engine's memory.  One goes away with its last call.
 */
#include "base/pg.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "call/internal.h"

/* Estimated tokens of one request: OpenAI takes 300,000, and estimates can be too low. */
#define MOST_TOKENS 200000

/* Bytes of the texts of one request. */
#define MOST_BYTES (4 * 1024 * 1024)

/* An input that fills so much of the model's window may be refused for itself. */
#define LARGE_PART 0.75

/* Of the spool, one request reserves at most such a part, and about so much for each call. */
#define SPOOL_PART 8
#define SPOOL_PER_CALL 2048

/* Numbers of the longest vectors in use, and bytes of a number that comes as text. */
#define LONG_DIM 3072
#define TEXT_BYTES 20

/* Bytes of a reply around each vector. */
#define AROUND_VECTOR 128

struct AirPack
{
	dlist_node node;
	dlist_head calls; /* through in_queue, all alike */
	int n;
	int64 tokens;
	int64 bytes;
	bool full; /* nothing more goes in */
};

static dlist_head packs = DLIST_STATIC_INIT(packs);
static int nfull = 0;

static AirCall *
first_of(const AirPack *pack)
{
	return dlist_head_element(AirCall, in_queue, unconstify(dlist_head *, &pack->calls));
}

/* What the current candidate takes and gives. */
static AirEmbedLimits
limits_of(const AirCodec *codec, const AirModel *model)
{
	AirEmbedLimits limits = {.inputs = codec->max_embed_inputs};

	if (codec->embed_limits != NULL)
		limits = codec->embed_limits(model->server->base_url, model->model);
	return limits;
}

/*
 * Vectors that one reply may hold: one that is longer than ai_router.max_response_size is lost,
 * and paid for.  Who says how many inputs there are to be knows how long their vectors are.
 */
static int64
most_vectors(const AirCall *call, const AirEmbedLimits *limits, bool told)
{
	int64 dim = call->prompt.dimensions > 0 ? call->prompt.dimensions : air_pin_dim(call);
	int64 bytes;

	if (dim == 0)
		dim = limits->dim > 0 ? limits->dim : told ? 0 : LONG_DIM;
	bytes = limits->base64 ? dim * sizeof(float) * 4 / 3 : dim * TEXT_BYTES;
	return dim == 0 ? PG_INT32_MAX : (int64) air_max_response_kb * 1024 / (bytes + AROUND_VECTOR);
}

/* Calls like this one that go into one request to its current candidate; 1: none but itself. */
int
air_pack_most(const AirCall *call)
{
	const AirModel *model = call->route.candidates[call->current].model;
	const AirServer *server = model->server;
	const AirCodec *codec = air_codec(server->api->name);
	AirEmbedLimits limits;
	int64 most;

	if (call->spec.task != AIR_EMBED || codec == NULL || server->api->offline)
		return 1;
	limits = limits_of(codec, model);
	most = server->embed_batch > 0 ? server->embed_batch : limits.inputs;
	most = Min(most, most_vectors(call, &limits, server->embed_batch > 0));
	most = Min(most, (int64) air_spool_kb * 1024 / SPOOL_PART / SPOOL_PER_CALL);
	if (call->flow->most_packed > 0)
		most = Min(most, call->flow->most_packed);
	return (int) Max(most, 1);
}

/* Tokens of one request: no more than a quarter of what its model may have in a minute. */
static int64
most_tokens(const AirCall *call)
{
	const AirModel *model = call->route.candidates[call->current].model;

	return model->tpm > 0 ? Min(model->tpm / 4, MOST_TOKENS) : MOST_TOKENS;
}

static bool
same_route(const AirRoute *a, const AirRoute *b)
{
	if (a->rule != b->rule || a->nusable != b->nusable)
		return false;
	for (int i = 0; i < a->nusable; i++)
		if (a->candidates[i].model != b->candidates[i].model)
			return false;
	return true;
}

/* A hint that an attempt as a whole obeys. */
static bool
same_number(const AirCall *a, const AirCall *b, AirHintBit hint, int of_a, int of_b)
{
	bool has_a = AIR_HAS_HINT(&a->route.hints, hint);

	return has_a == AIR_HAS_HINT(&b->route.hints, hint) && (!has_a || of_a == of_b);
}

/* May one request be for both, whatever becomes of it? */
static bool
alike(const AirCall *a, const AirCall *b)
{
	const AirHints *ha = &a->route.hints;
	const AirHints *hb = &b->route.hints;

	return a->flow == b->flow && a->statement == b->statement && a->config == b->config &&
		   a->role == b->role && a->spec.task == b->spec.task && a->current == b->current &&
		   a->prompt.dimensions == b->prompt.dimensions &&
		   strcmp(a->spec.function, b->spec.function) == 0 && same_route(&a->route, &b->route) &&
		   same_number(a, b, AIR_HINT_TIMEOUT_MS, ha->timeout_ms, hb->timeout_ms) &&
		   same_number(a, b, AIR_HINT_RETRIES, ha->retries, hb->retries);
}

/* An empty text is refused by some, a long one may be too long: that shall not be others' fault. */
static bool
goes_alone(const AirCall *call)
{
	const char *text = call->prompt.inputs[0];
	int64 window = call->route.candidates[call->current].model->context_window;

	return text[strspn(text, " \t\r\n")] == '\0' ||
		   (window > 0 && call->tokens > window * LARGE_PART);
}

static void
fill_up(AirPack *pack)
{
	if (!pack->full)
		nfull++;
	pack->full = true;
}

/* The open pack for a call of so many bytes, or a new one; NULL: there is no memory. */
static AirPack *
pack_for(const AirCall *call, int64 bytes)
{
	AirPack *pack;
	dlist_iter iter;

	dlist_foreach (iter, &packs)
	{
		pack = dlist_container(AirPack, node, iter.cur);
		if (pack->full || !alike(first_of(pack), call))
			continue;
		if (pack->tokens + call->tokens <= most_tokens(call) && pack->bytes + bytes <= MOST_BYTES)
			return pack;
		/* Those to come may be shorter, but their turn is not before this one's. */
		fill_up(pack);
	}
	pack = MemoryContextAllocExtended(air_engine_context(), sizeof(AirPack),
									  MCXT_ALLOC_ZERO | MCXT_ALLOC_NO_OOM);
	if (pack == NULL)
		return NULL;
	dlist_init(&pack->calls);
	dlist_push_tail(&packs, &pack->node);
	return pack;
}

bool
air_pack_add(AirCall *call)
{
	int most = air_pack_most(call);
	int64 bytes;
	AirPack *pack;

	if (most == 1 || goes_alone(call))
		return false;
	bytes = strlen(call->prompt.inputs[0]);
	pack = pack_for(call, bytes);
	if (pack == NULL)
		return false;
	dlist_push_tail(&pack->calls, &call->in_queue);
	call->pack = pack;
	pack->n++;
	pack->tokens += call->tokens;
	pack->bytes += bytes;
	if (pack->n >= most)
		fill_up(pack);
	return true;
}

void
air_pack_remove(AirCall *call)
{
	AirPack *pack = call->pack;

	dlist_delete(&call->in_queue);
	call->pack = NULL;
	/* Its text may be gone already: what it weighed goes with the pack. */
	if (--pack->n > 0)
		return;
	if (pack->full)
		nfull--;
	dlist_delete(&pack->node);
	pfree(pack);
}

bool
air_pack_any_full(void)
{
	return nfull > 0;
}

/* Is one of its calls what an equal call waits for? */
static bool
answers(const AirPack *pack, const AirCall *waiting)
{
	dlist_iter iter;

	dlist_foreach (iter, unconstify(dlist_head *, &pack->calls))
	{
		const AirFlight *own = &dlist_container(AirCall, in_queue, iter.cur)->flight;

		if (own->joined && own->slot == waiting->flight.slot &&
			own->number == waiting->flight.number)
			return true;
	}
	return false;
}

/* May a pack go that is not full? */
static bool
is_due(const AirPack *pack, const AirCall *awaited, const AirFlow *flow, bool idle)
{
	const AirFlow *own = first_of(pack)->flow;

	if (awaited == NULL && flow == NULL)
		return false;
	if (own->expected == 0 || idle)
		return true;
	if (awaited != NULL)
		flow = awaited->flow;
	return (own == flow && own->running == 0) || (awaited != NULL && awaited->pack == pack) ||
		   (awaited != NULL && awaited->state == AIR_CALL_WAITING && answers(pack, awaited));
}

/*
 * The pack that is to go next, NULL: none is.  A call or a flow is waited for, or (both NULL)
 * nothing is.  idle: no request is under way.
 */
AirPack *
air_pack_ready(const AirCall *awaited, const AirFlow *flow, bool idle)
{
	dlist_iter iter;

	dlist_foreach (iter, &packs)
	{
		AirPack *pack = dlist_container(AirPack, node, iter.cur);

		if (pack->full || is_due(pack, awaited, flow, idle))
			return pack;
	}
	return NULL;
}

void
air_pack_begin(AirPack *pack)
{
	AirCall **calls = palloc(sizeof(AirCall *) * pack->n);
	bool left = false;
	int n = 0;
	dlist_iter iter;

	dlist_foreach (iter, &pack->calls)
		calls[n++] = dlist_container(AirCall, in_queue, iter.cur);
	for (int i = 0; i < n; i++)
		if (!air_waiting_may_ask(calls[i]))
			left = true;
	/* Those that stay go next. */
	if (!left)
		air_request_begin(calls, n, 0);
	pfree(calls);
}
