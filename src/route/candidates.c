/*
 * candidates.c
 *	  From a rule and the hints "model" to a list of models.
 *
 * A name in a rule or a hint is a model's or else a family's; a model's name
 * wins, so that an allow-list that names one model never lets in another that
 * happens to be called after it.  Memory: CurrentMemoryContext.  No locks.
 */
#include "base/pg.h"

#include "route/candidates.h"

/* Where a list under construction stands. */
typedef struct Collector
{
	AirPicks *picks;
	int *entry;   /* per model of the configuration: entry of the rule, -1: not allowed */
	bool *listed; /* per model: in the list already */
	int *order;   /* allowed models, in the rule's order */
	int nallowed;
} Collector;

/*
 * Call visit for the model of that name or for each model of that family, in
 * order of rank; returns how many there are.
 */
static int
for_each_named(Collector *c, const char *name, int entry,
			   void (*visit)(Collector *c, int model, int entry))
{
	const AirConfig *config = c->picks->in->config;
	const AirModel *model = air_config_model(config, name);
	int n = 0;

	if (model != NULL)
	{
		visit(c, (int) (model - config->models), entry);
		return 1;
	}
	for (int i = 0; i < config->nmodels; i++)
		if (config->models[i].family != NULL && strcmp(config->models[i].family, name) == 0)
		{
			visit(c, i, entry);
			n++;
		}
	return n;
}

static void
allow(Collector *c, int model, int entry)
{
	if (c->entry[model] >= 0)
		return;
	c->entry[model] = entry;
	c->order[c->nallowed++] = model;
}

static void
append(Collector *c, int model, AirVerdict verdict)
{
	AirPicks *picks = c->picks;
	AirPick *pick = &picks->picks[picks->n++];

	memset(pick, 0, sizeof(*pick));
	pick->cand.model = &picks->in->config->models[model];
	pick->cand.est_cost = AIR_NANO_UNKNOWN;
	pick->verdict = verdict;
	pick->entry = c->entry[model];
	c->listed[model] = true;
}

static void
append_if_allowed(Collector *c, int model, int entry)
{
	if (c->entry[model] >= 0 && !c->listed[model])
		append(c, model, AIR_VERDICT_OK);
}

/* The models that hint "model" names and the rule allows, in the hint's order: its preference. */
static void
append_hinted(Collector *c)
{
	AirPicks *picks = c->picks;
	const AirHints *hints = picks->hints;
	/* A rule may name models that are gone, a caller is told. */
	bool callers =
		AIR_HAS_HINT(picks->in->hints, AIR_HINT_MODEL) && hints->models == picks->in->hints->models;

	for (int i = 0; i < hints->nmodels; i++)
	{
		int before = picks->n;
		int found = for_each_named(c, hints->models[i], -1, append_if_allowed);

		if (found == 0 && callers && picks->unknown_model == NULL)
			picks->unknown_model = hints->models[i];
		if (found > 0 && picks->n == before && picks->refused_model == NULL)
			picks->refused_model = hints->models[i];
	}
	/* What came in before counts as allowed: a list means "any of these". */
	if (picks->n > 0)
		picks->refused_model = NULL;
}

/*
 * See candidates.h.  picks->in, rule and hints must be set.
 */
void
air_picks_collect(AirPicks *picks, bool all)
{
	const AirConfig *config = picks->in->config;
	const AirRule *rule = picks->rule;
	bool hinted = AIR_HAS_HINT(picks->hints, AIR_HINT_MODEL);
	Collector c = {.picks = picks};

	picks->n = 0;
	picks->picks = palloc(Max(config->nmodels, 1) * sizeof(AirPick));
	picks->unknown_model = picks->refused_model = NULL;
	picks->usage = palloc0(Max(config->nservers, 1));

	c.entry = palloc(Max(config->nmodels, 1) * 2 * sizeof(int));
	c.order = c.entry + config->nmodels;
	c.listed = palloc0(Max(config->nmodels, 1) * sizeof(bool));
	for (int i = 0; i < config->nmodels; i++)
		c.entry[i] = -1;

	if (rule->any_model)
		for (int i = 0; i < config->nmodels; i++)
			allow(&c, i, 0);
	else
		for (int i = 0; i < rule->nmodels; i++)
			for_each_named(&c, rule->models[i], i, allow);

	if (hinted)
		append_hinted(&c);
	else
		for (int i = 0; i < c.nallowed; i++)
			append(&c, c.order[i], AIR_VERDICT_OK);

	if (!all)
		return;
	for (int i = 0; i < c.nallowed; i++)
		if (!c.listed[c.order[i]])
			append(&c, c.order[i], AIR_VERDICT_NOT_HINTED);
	for (int i = 0; i < config->nmodels; i++)
		if (!c.listed[i])
			append(&c, i, AIR_VERDICT_NOT_ALLOWED);
}
