/*
 * strategy.c
 *	  The orders in which candidates can be tried.
 *
 * Pure functions over arrays in CurrentMemoryContext.  All of them are stable:
 * where a strategy sees no difference, the rule's order stands.
 */
#include "base/pg.h"

#include <math.h>

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/float.h"

#include "route/cascade.h"
#include "route/learned.h"
#include "route/strategy.h"

typedef struct Place
{
	double key;
	int from;
} Place;

static int
compare_places(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->from - y->from;
}

/* Sort candidates by the keys of places[0..n), smallest first. */
static void
sort_by_key(AirCandidate *cands, Place *places, int n)
{
	AirCandidate *sorted = palloc(n * sizeof(AirCandidate));

	for (int i = 0; i < n; i++)
		places[i].from = i;
	qsort(places, n, sizeof(Place), compare_places);
	for (int i = 0; i < n; i++)
		sorted[i] = cands[places[i].from];
	memcpy(cands, sorted, n * sizeof(AirCandidate));
	pfree(sorted);
}

/* The rule's order, which is how they come. */
static void
order_ordered(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands, double *weights,
			  int n)
{
}

/* Least estimated cost first, unknown prices last. */
static void
order_cheapest(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands, double *weights,
			   int n)
{
	Place *places = palloc(n * sizeof(Place));

	for (int i = 0; i < n; i++)
		places[i].key =
			cands[i].est_cost == AIR_NANO_UNKNOWN ? get_float8_infinity() : cands[i].est_cost;
	sort_by_key(cands, places, n);
	pfree(places);
}

/*
 * A weighted permutation without replacement: each candidate waits for an
 * exponentially distributed time with its weight as rate, the earliest wins.
 * The draw depends on the input and the model's name alone, so a model that
 * comes or goes moves only its own share of the inputs to another model.
 */
static void
order_weighted(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands, double *weights,
			   int n)
{
	Place *places = palloc(n * sizeof(Place));
	/* What model a text is embedded by must not depend on the text: see takes_part() in route.c. */
	uint64 seed = in->task == AIR_EMBED ? 0
										: hash_bytes_extended((const unsigned char *) in->prompt,
															  (int) in->prompt_len, 0);

	for (int i = 0; i < n; i++)
	{
		const char *name = cands[i].model->name;
		double weight = weights ? weights[i] : 1;
		uint64 hash;

		if (!(weight > 0))
		{
			/* Only where nothing else is left. */
			places[i].key = get_float8_infinity();
			continue;
		}
		hash = hash_bytes_extended((const unsigned char *) name, (int) strlen(name), seed);
		/* 53 bits, in the open interval (0, 1) */
		places[i].key = -log(((hash >> 11) + 0.5) / 9007199254740992.0) / weight;
	}
	sort_by_key(cands, places, n);
	pfree(places);
}

/*
 * Least expected latency first.  A model that nobody has measured comes before all
 * others, so that each gets its first call; one whose breaker is open comes last.
 */
static void
order_fastest(const AirRouteInput *in, const AirRule *rule, AirCandidate *cands, double *weights,
			  int n)
{
	Place *places = palloc(n * sizeof(Place));

	for (int i = 0; i < n; i++)
	{
		double ms = in->latency_ms(cands[i].model);

		places[i].key = isnan(ms) ? 0 : ms;
	}
	sort_by_key(cands, places, n);
	pfree(places);
}

static const AirStrategy strategies[] = {
	{"ordered", order_ordered, "order of the rule", NULL},
	{"cheapest", order_cheapest, "cheapest estimated cost first", NULL},
	{"fastest", order_fastest, "least expected latency first", NULL},
	{"weighted", order_weighted, "drawn by weight from the input", NULL},
	{"learned", air_order_learned, "by predicted success", air_learned_reason},
	{AIR_CASCADE, air_order_cascade, "asked in turn", air_cascade_reason},
};

/*
 * The strategy of that name, or NULL if this version has none.
 */
const AirStrategy *
air_strategy(const char *name)
{
	for (int i = 0; i < lengthof(strategies); i++)
		if (strcmp(strategies[i].name, name) == 0)
			return &strategies[i];
	return NULL;
}

/*
 * "ordered, cheapest, fastest, weighted", palloc'ed: for messages.
 */
const char *
air_strategy_list(void)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < lengthof(strategies); i++)
		appendStringInfo(&s, "%s%s", i ? ", " : "", strategies[i].name);
	return s.data;
}

/*
 * Bring candidates of one family together behind their first one, in place.
 */
void
air_group_families(AirCandidate *cands, int n)
{
	AirCandidate *grouped;
	uint32 *family; /* a hash, so that most comparisons need no string; 0: none or done */
	int m = 0;

	if (n < 3) /* two are adjacent anyway */
		return;
	grouped = palloc(n * sizeof(AirCandidate));
	family = palloc(n * sizeof(uint32));
	for (int i = 0; i < n; i++)
	{
		const char *name = cands[i].model->family;

		family[i] = name ? hash_bytes((const unsigned char *) name, (int) strlen(name)) | 1 : 0;
	}
	for (int i = 0; i < n; i++)
	{
		if (cands[i].model == NULL)
			continue; /* went along with an earlier one */
		grouped[m++] = cands[i];
		if (family[i] == 0)
			continue;
		for (int j = i + 1; j < n; j++)
			if (family[j] == family[i] && cands[j].model != NULL &&
				strcmp(cands[j].model->family, cands[i].model->family) == 0)
			{
				grouped[m++] = cands[j];
				cands[j].model = NULL;
			}
	}
	memcpy(cands, grouped, n * sizeof(AirCandidate));
	pfree(grouped);
	pfree(family);
}
