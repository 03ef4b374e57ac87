/*
 * estimate.c
 *	  What one call of a plan will cost, before it is made.
 *
 * A call like those to come is routed (its text is a sketch, see sketch.h), and what it
 * would cost at the prices of the models it goes to is taken as many times as the plan
 * will evaluate it.  Output is what such calls had lately (call/history.h), or else
 * as much as a usual answer has.
 *
 * Routing may raise: a bad hint, a table that is locked, no extension.  The statement must not
 * fail for its estimate, so all of it runs in a subtransaction.
 */
#include "base/pg.h"

#include <math.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/raise.h"
#include "base/settings.h"
#include "base/text.h"
#include "batch/estimate.h"
#include "batch/sketch.h"
#include "call/history.h"
#include "route/cascade.h"
#include "config/prompts.h"

#define NANO_PER_USD 1e9

/* Tokens of what a verifier is told beside question and answer. */
#define VERIFIER_INSTRUCTION 120

/* Digits of an estimate that mean anything. */
#define DIGITS 4

/* Of a text that is asked about in packs, routing sees so many bytes. */
#define PACK_SAMPLE 4096

/* A pack is taken to fill so much of a context window. */
#define PACK_PART 0.7

/* Calls are whole; the products of estimates that were are not quite. */
static double
whole(double calls)
{
	return ceil(calls - 0.001);
}

/* What one evaluation asks. */
typedef struct Prompt
{
	double each;  /* calls per evaluation */
	char *text;   /* of one of them */
	double extra; /* tokens that the text has no room for */
} Prompt;

/* What the call will ask, going by its first argument. */
static void
make_prompt(const AirSite *site, Prompt *out)
{
	Node *arg = linitial(site->call->args);
	AirSketch sketch;

	air_sketch(&site->scope, arg, &sketch);
	out->each = 1;
	out->extra = sketch.beyond;
	out->text = sketch.text.data;
	if (exprType(arg) == TEXTARRAYOID)
	{
		out->each = air_sketch_elements(&site->scope, arg);
		if (out->each > 1)
		{
			out->extra /= out->each;
			out->text[pg_mbcliplen(out->text, sketch.text.len,
								   (int) (sketch.text.len / out->each))] = '\0';
		}
	}
	else if (site->door->packs && sketch.text.len > PACK_SAMPLE)
	{
		out->extra += (sketch.text.len - PACK_SAMPLE) / AIR_BYTES_PER_TOKEN;
		out->text[pg_mbcliplen(out->text, sketch.text.len, PACK_SAMPLE)] = '\0';
	}
}

/* How many calls a text of so many tokens takes: its packs, and one that merges their answers. */
static double
packs_of(const AirRoute *route, double tokens)
{
	double window = route->nusable > 0 ? route->candidates[0].model->context_window : 0;
	double packs = window > 0 ? ceil(tokens / (window * PACK_PART)) : 1;

	return packs > 1 ? packs + 1 : 1;
}

/* The hints of the call, as far as they are the same for each row. */
static const AirHints *
hints_of(const AirSite *site, bool *varies)
{
	AirHints *hints = palloc0(sizeof(AirHints));
	Node *arg = llast(site->call->args);
	Const *c;

	*varies = false;
	if (list_length(site->call->args) < 2 || exprType(arg) != JSONBOID)
		return hints;
	c = air_sketch_const(&site->scope, arg);
	*varies = c == NULL;
	if (c != NULL && !c->constisnull)
		air_hints_parse(DatumGetJsonbP(c->constvalue), "hints", hints);
	return hints;
}

/* Is the candidate an entry of the rule's models, by its name or its family's? */
static bool
is_entry(const AirModel *model, const char *entry)
{
	return strcmp(model->name, entry) == 0 ||
		   (model->family != NULL && strcmp(model->family, entry) == 0);
}

/*
 * The part of calls that goes to each usable candidate: all to the first, but where the
 * strategy draws lots.  An entry's weight goes to the first of its models.
 */
static double *
shares_of(const AirRoute *route)
{
	double *shares = palloc0(sizeof(double) * route->nusable);
	double total = 0;

	if (strcmp(route->strategy, "weighted") != 0)
	{
		shares[0] = 1;
		return shares;
	}
	for (int i = 0; route->rule->any_model && i < route->nusable; i++)
		total += shares[i] = 1;
	for (int e = 0; e < route->rule->nmodels; e++)
	{
		int i = 0;

		while (i < route->nusable && !is_entry(route->candidates[i].model, route->rule->models[e]))
			i++;
		if (i < route->nusable)
		{
			double weight = route->rule->weights ? route->rule->weights[e] : 1;

			shares[i] += weight;
			total += weight;
		}
	}
	for (int i = 0; i < route->nusable; i++)
		shares[i] = total > 0 ? shares[i] / total : i == 0;
	return shares;
}

/*
 * The part of calls that asks each candidate of a cascade, by where such calls ended lately;
 * where there were none, half of the answers are taken to be accepted.  True: that is assumed.
 */
static bool
reach_of(const AirSite *site, const AirRoute *route, double *shares)
{
	bool assumed = false;
	double left = 0;

	for (int i = route->nusable - 1; i >= 0; i--)
	{
		double ended = air_history_share(site->door->name, route->rule->name,
										 route->candidates[i].model->name);

		assumed |= ended < 0;
		shares[i] = left += Max(ended, 0);
	}
	assumed |= left <= 0;
	for (int i = 0; i < route->nusable; i++)
		shares[i] = assumed ? pow(0.5, i) : shares[i] / left;
	return assumed;
}

/* Output tokens of one call to the candidate. */
static double
output_of(const AirSite *site, const AirRoute *route, const AirCandidate *c)
{
	double seen;

	if (c->max_tokens == 0)
		return 0;
	seen = air_history_output(site->door->name, route->rule->name, c->model->name);
	if (seen < 0)
		seen = site->door->usual_output > 0 ? site->door->usual_output : AIR_USUAL_ANSWER;
	return Min(seen, c->max_tokens);
}

/* What one call costs, in nanodollars; output may be an average. */
static double
cost_of(const AirPrices *prices, double input, double output)
{
	AirNano less = air_cost(prices, (int64) input, 0, 0, (int64) output);
	AirNano more = air_cost(prices, (int64) input, 0, 0, (int64) output + 1);

	if (less == AIR_NANO_UNKNOWN)
		return AIR_NANO_UNKNOWN;
	return less + (more - less) * (output - floor(output));
}

/* So many calls at a candidate cost so much. */
static void
add_price(const AirCandidate *c, double calls, double input, double output, AirEstimate *out)
{
	double cost = cost_of(&c->model->prices, input, output);

	out->output_tokens += calls * output;
	if (cost == AIR_NANO_UNKNOWN)
		out->problem = psprintf("price of model \"%s\" is unknown", c->model->name);
	else
		out->cost += calls * cost / NANO_PER_USD;
}

/* What a cascade costs beyond its answers, and what its last model would cost alone. */
static void
price_cascade(const AirSite *site, const AirRoute *route, const double *reach, double input,
			  AirEstimate *out)
{
	const AirRuleOptions *o = &route->rule->option;
	int last = 0;
	double asked = 0;
	double output, alone;

	while (!air_cascade_is_last(route, last))
		asked += reach[last++];
	out->escalated = reach[1];
	out->last_model = pstrdup(route->candidates[last].model->name);
	output = output_of(site, route, &route->candidates[last]);
	alone = cost_of(&route->candidates[last].model->prices, input, output);
	out->last_cost = alone == AIR_NANO_UNKNOWN ? -1 : out->calls * alone / NANO_PER_USD;
	if (o->audit > 0)
		add_price(&route->candidates[last], out->calls * o->audit * (1 - reach[last]), input,
				  output, out);
	/* The verifier reads the same and the answer, and says a word. */
	if (route->verifier >= 0 && route->candidates[route->verifier].usable)
		add_price(&route->candidates[route->verifier], out->calls * asked,
				  input + output + VERIFIER_INSTRUCTION, 2, out);
}

/* Price the calls at a route; model names go into *out. */
static void
price(const AirSite *site, const AirRoute *route, double input, AirEstimate *out)
{
	double *shares = shares_of(route);
	StringInfoData names;

	if (route->cascade)
		out->assumed = reach_of(site, route, shares);
	initStringInfo(&names);
	for (int i = 0; i < route->nusable; i++)
	{
		const AirCandidate *c = &route->candidates[i];

		if (shares[i] <= 0)
			continue;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", c->model->name);
		if (shares[i] < 1 || (route->cascade && i > 0))
			appendStringInfo(&names, " %.0f%%", shares[i] * 100);
		add_price(c, out->calls * shares[i], input, output_of(site, route, c), out);
	}
	if (route->cascade)
		price_cascade(site, route, shares, input, out);
	if (out->problem != NULL)
		out->cost = -1;
	out->model = names.data;
}

/* The instruction that goes with each call, NULL if there is none. */
static char *
instruction_of(const AirDoor *door)
{
	const AirConfig *config;
	const AirPromptText *prompt;
	char *system = NULL;

	if (door->prompt == NULL)
		return NULL;
	config = air_config_acquire();
	prompt = air_prompt_find(config, door->prompt);
	if (prompt != NULL && prompt->system != NULL)
		system = pstrdup(prompt->system);
	air_config_release(config);
	return system;
}

static void
estimate(const AirSite *site, AirEstimate *out)
{
	AirFlow *flow = air_flow_begin();
	AirMessage message = {.role = AIR_USER, .nparts = 1};
	AirPart part = {0};
	AirCallSpec spec = {.function = site->door->name, .nmessages = 1, .messages = &message};
	const AirRoute *route;
	AirFailure failure;
	Prompt prompt;
	int tokens;
	double input;

	make_prompt(site, &prompt);
	part.text = prompt.text;
	message.parts = &part;
	spec.task = site->door->task;
	spec.system = instruction_of(site->door);
	spec.hints = hints_of(site, &out->varies);
	out->calls = whole(site->evaluations * prompt.each);
	route = air_call_explain(flow, &spec, &tokens, &failure);
	if (route->rule != NULL)
		out->rule = pstrdup(route->rule->name);
	input = tokens + prompt.extra;
	if (site->door->packs)
	{
		double packs = packs_of(route, input);

		out->calls = whole(site->evaluations * packs);
		input /= packs;
	}
	out->input_tokens = out->calls * input;
	if (failure.kind == AIR_ERR_NONE)
		price(site, route, input, out);
	else
	{
		out->problem = pstrdup(failure.message);
		out->cost = -1;
	}
	air_flow_end(flow);
}

void
air_estimate(const AirSite *site, AirEstimate *out)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	memset(out, 0, sizeof(*out));
	out->calls = whole(site->evaluations);
	if (IsInParallelMode()) /* no subtransaction there */
	{
		out->cost = -1;
		out->problem = "it is part of a parallel query";
		return;
	}
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		estimate(site, out);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (air_is_cancel(error))
			ReThrowError(error);
		*out =
			(AirEstimate){.calls = whole(site->evaluations), .cost = -1, .problem = error->message};
	}
	PG_END_TRY();
}

void
air_estimate_add(AirEstimateSum *sum, const AirEstimate *estimate)
{
	sum->calls += estimate->calls;
	sum->input_tokens += estimate->input_tokens;
	sum->output_tokens += estimate->output_tokens;
	if (estimate->cost < 0)
		sum->unpriced += estimate->calls;
	else
		sum->cost += estimate->cost;
}

char *
air_estimate_show(double usd)
{
	int decimals = 2;
	char *s, *end, *least;

	/* As many as the first DIGITS digits that are not zero need. */
	if (usd > 0)
		decimals = Min(Max(DIGITS - 1 - (int) floor(log10(usd)), 2), 9);
	s = psprintf("$%.*f", decimals, usd);
	end = s + strlen(s);
	least = strchr(s, '.') + 3;
	while (end > least && end[-1] == '0')
		*--end = '\0';
	return s;
}
