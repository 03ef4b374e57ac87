/*
 * pin.c
 *	  A flow's embeddings are of one model.
 *
 * Rules, models and settings may change while a statement runs, and a rule may lead by a row's
 * tags or length to another model than before.  The vectors of both would meet in one column: so
 * the first call of a flow settles for all that ask for the same, by function and by what they say
 * about model and dimensions.  Another host of the same family will do.  A provider may put another
 * model behind a name, too: where its vectors have another length, that is seen.
 *
 * Pins live in the engine's memory and go with their flow.
 */
#include "base/pg.h"

#include "utils/memutils.h"

#include "base/vector.h"
#include "call/internal.h"

struct AirPin
{
	AirPin *next;
	char *asked; /* what a call must ask for to be held to it */
	char *model;
	char *family; /* NULL: none */
	int dim;      /* of the first vector, 0: there was none yet */
};

/* What the caller decides about the vectors himself; valid until the next call. */
static const char *
asked_for(const AirCall *call)
{
	/* Not in the call's memory: there are thousands. */
	static StringInfoData buf;
	const AirHints *hints = &call->route.hints;

	if (buf.data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(air_engine_context());

		initStringInfo(&buf);
		MemoryContextSwitchTo(caller);
	}
	resetStringInfo(&buf);
	appendStringInfo(&buf, "%s %d", call->spec.function,
					 AIR_HAS_HINT(hints, AIR_HINT_DIMENSIONS) ? hints->dimensions : 0);
	if (AIR_HAS_HINT(hints, AIR_HINT_PROVIDER))
		appendStringInfo(&buf, "\n%s", hints->provider);
	for (int i = 0; AIR_HAS_HINT(hints, AIR_HINT_MODEL) && i < hints->nmodels; i++)
		appendStringInfo(&buf, "\t%s", hints->models[i]);
	return buf.data;
}

static AirPin *
make(const char *asked, const AirModel *model)
{
	MemoryContext caller = MemoryContextSwitchTo(air_engine_context());
	/* One piece, so that nothing is left behind where memory runs out. */
	size_t asked_size = strlen(asked) + 1;
	size_t model_size = strlen(model->name) + 1;
	size_t family_size = model->family != NULL ? strlen(model->family) + 1 : 0;
	AirPin *pin = palloc0(sizeof(AirPin) + asked_size + model_size + family_size);

	MemoryContextSwitchTo(caller);
	pin->asked = memcpy((char *) (pin + 1), asked, asked_size);
	pin->model = memcpy(pin->asked + asked_size, model->name, model_size);
	if (family_size > 0)
		pin->family = memcpy(pin->model + model_size, model->family, family_size);
	return pin;
}

/*
 * Hold a routed call to the model that its flow began with.  False with *err if its candidates
 * are of another one.  Memory of *err: CurrentMemoryContext.
 */
bool
air_pin(AirCall *call, AirFailure *err)
{
	const AirModel *model = call->route.candidates[0].model;
	const char *asked;
	AirPin *pin = call->flow->pins;

	if (call->spec.task != AIR_EMBED)
		return true;
	asked = asked_for(call);
	while (pin != NULL && strcmp(pin->asked, asked) != 0)
		pin = pin->next;
	if (pin == NULL)
	{
		pin = make(asked, model);
		pin->next = call->flow->pins;
		call->flow->pins = pin;
	}
	call->pin = pin;
	if (strcmp(pin->model, model->name) == 0 ||
		(pin->family != NULL && model->family != NULL && strcmp(pin->family, model->family) == 0))
		return true;
	air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE,
			 "rule \"%s\" leads to embedding model \"%s\", but the statement began with \"%s\"",
			 call->route.rule->name, model->name, pin->model);
	err->hint = "Vectors of two models cannot be compared. Name one in the hint \"model\", or, if "
				"rules have just changed, run the statement again.";
	return false;
}

/* Is this the length of the vectors that were taken before?  The first one settles it.  Never
 * fails. */
static bool
same_length(AirPin *pin, int dim)
{
	if (pin->dim == 0)
		pin->dim = dim;
	return pin->dim == dim;
}

/* Hold the vectors of a reply to the length of those before.  False with *err.  Memory: as above.
 */
bool
air_pin_vectors(AirCall *call, int dim, AirFailure *err)
{
	if (call->pin == NULL || same_length(call->pin, dim))
		return true;
	air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_RETRY,
			 "the embedding has %d dimensions, others of this statement have %d", dim,
			 call->pin->dim);
	err->hint = "If the provider has put another model behind the name, ai_router.cache_clear() "
				"forgets the vectors of the one before.";
	return false;
}

/* Is a cached answer one that can stand beside those before?  Never fails. */
bool
air_pin_cached(AirCall *call, const char *text)
{
	return call->pin == NULL || same_length(call->pin, air_vector_text_dim(text));
}

/* Length of the vectors that were taken before, 0: none was.  Never fails. */
int
air_pin_dim(const AirCall *call)
{
	return call->pin != NULL ? call->pin->dim : 0;
}

/* The flow ends.  Never fails. */
void
air_pins_free(AirFlow *flow)
{
	while (flow->pins != NULL)
	{
		AirPin *next = flow->pins->next;

		pfree(flow->pins);
		flow->pins = next;
	}
}
