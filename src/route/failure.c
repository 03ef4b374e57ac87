/*
 * failure.c
 *	  The ways in which a call finds no model, in words.
 *
 * Who reads these has a statement that failed and wants the command that makes
 * it work; so the hint is that command wherever there is one.  Runs only on
 * failure.  Memory: CurrentMemoryContext.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/text.h"
#include "route/failure.h"
#include "route/strategy.h"

#define MAX_REASONS 3
#define MAX_NAMES 10

/* The one-line start. */
static const char *
first_provider(void)
{
	return "SELECT * FROM ai_router.add_provider('openai', api_key_file => '...');";
}

/*
 * See failure.h.
 */
bool
air_fail_no_rule(const AirRouteInput *in, AirFailure *err)
{
	if (in->config->nmodels == 0)
	{
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "there are no models and no rules");
		err->hint = first_provider();
	}
	else if (in->config->nrules == 0)
	{
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "there are no rules");
		err->hint = "INSERT INTO ai_router.rules (name, priority) VALUES ('default', 100);";
	}
	else
	{
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "no rule matches this call");
		err->hint = psprintf("A rule without condition takes what is left: INSERT INTO "
							 "ai_router.rules (name, priority) VALUES ('default', %d);",
							 Max(100, in->config->rules[in->config->nrules - 1].priority));
	}
	return false;
}

/*
 * See failure.h.
 */
bool
air_fail_strategy(const AirRoute *route, AirFailure *err)
{
	air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE,
			 "rule \"%s\" has strategy \"%s\", which is not available", route->rule->name,
			 route->strategy);
	err->hint = psprintf("Available strategies: %s.", air_strategy_list());
	return false;
}

/* "Did you mean "mini"? .." for a name that is no model and no family, palloc'ed. */
static char *
suggest_model(const AirConfig *config, const char *name)
{
	const char **names = palloc(Max(config->nmodels, 1) * 2 * sizeof(char *));
	const char *near;
	int n = 0;

	for (int i = 0; i < config->nmodels; i++)
	{
		names[n++] = config->models[i].name;
		if (config->models[i].family != NULL)
			names[n++] = config->models[i].family;
	}
	near = air_nearest(name, names, n);
	if (near != NULL)
		return psprintf("Did you mean \"%s\"? Table ai_router.models lists all models.", near);
	return pstrdup("Table ai_router.models lists all models.");
}

static bool
fail_unknown_provider(const AirPicks *picks, AirFailure *err)
{
	const AirConfig *config = picks->in->config;
	const char **names = palloc(Max(config->nservers, 1) * sizeof(char *));
	const char *near;

	for (int i = 0; i < config->nservers; i++)
		names[i] = config->servers[i].name;
	near = air_nearest(picks->hints->provider, names, config->nservers);
	air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "there is no provider \"%s\"",
			 picks->hints->provider);
	err->hint = near ? psprintf("Did you mean \"%s\"?", near)
					 : "A provider is a foreign server of foreign-data wrapper ai_router.";
	return false;
}

/* A hinted model that exists and is not on the rule's list. */
static bool
fail_not_allowed(const AirPicks *picks, AirFailure *err)
{
	const AirRule *rule = picks->rule;
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < rule->nmodels && i < MAX_NAMES; i++)
		appendStringInfo(&s, "%s%s", i ? ", " : "", rule->models[i]);
	if (rule->nmodels > MAX_NAMES)
		appendStringInfo(&s, " and %d more", rule->nmodels - MAX_NAMES);
	air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "model \"%s\" is not allowed by rule \"%s\"",
			 picks->refused_model, rule->name);
	err->hint = psprintf("Allowed: %s. See ai_route().", s.data);
	return false;
}

/* Only context windows stand in the way; pick has the widest of them. */
static bool
fail_too_long(const AirPicks *picks, const AirPick *pick, AirFailure *err)
{
	if (picks->in->task != AIR_CHAT)
	{
		/* A wider one may be on the list: embeddings do not move to it. */
		air_fail(
			err, AIR_ERR_TOO_LONG, AIR_REMEDY_NONE,
			"input of about %d tokens exceeds the context window of model \"%s\", " INT64_FORMAT,
			picks->in->tokens, pick->cand.model->name, pick->cand.model->context_window);
		err->hint = "Split the input.";
		return false;
	}
	air_fail(err, AIR_ERR_TOO_LONG, AIR_REMEDY_NONE,
			 "input of about %d tokens and %d of output exceed every context window under rule "
			 "\"%s\", the largest of which is " INT64_FORMAT " (\"%s\")",
			 picks->in->tokens, pick->cand.max_tokens, picks->rule->name,
			 pick->cand.model->context_window, pick->cand.model->name);
	err->hint = "Shorten the input or allow a model with a larger context window in the rule.";
	return false;
}

/* The picks the rule allows, those nearest to being usable first. */
static int
compare_picks(const void *a, const void *b)
{
	const AirPick *x = *(const AirPick *const *) a;
	const AirPick *y = *(const AirPick *const *) b;

	if (x->verdict != y->verdict)
		return y->verdict - x->verdict;
	return x < y ? -1 : 1;
}

/* Each model has a reason of its own. */
static bool
fail_reasons(const AirPicks *picks, const AirPick **picked, int n, AirFailure *err)
{
	StringInfoData s;
	int shown = Min(n, MAX_REASONS);

	if (n == 1)
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "model \"%s\" cannot be used: %s",
				 picked[0]->cand.model->name, air_pick_reason(picks, picked[0]));
	else
	{
		initStringInfo(&s);
		for (int i = 0; i < shown; i++)
			appendStringInfo(&s, "%s\"%s\": %s", i ? "; " : "", picked[i]->cand.model->name,
							 air_pick_reason(picks, picked[i]));
		if (n > shown)
			appendStringInfo(&s, "; and %d more", n - shown);
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "no model of rule \"%s\" can be used: %s",
				 picks->rule->name, s.data);
	}
	err->hint = "See ai_route().";
	for (int i = shown - 1; i >= 0; i--)
	{
		char *remedy = air_pick_remedy(picks, picked[i]);

		if (remedy != NULL)
			err->hint = remedy;
	}
	return false;
}

/*
 * See failure.h.
 */
bool
air_fail_no_candidate(const AirPicks *picks, AirFailure *err)
{
	const AirConfig *config = picks->in->config;
	const AirPick **picked = palloc(Max(picks->n, 1) * sizeof(AirPick *));
	const AirPick *widest = NULL;
	int n = 0;

	if (picks->unknown_model != NULL)
	{
		air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "there is no model \"%s\"",
				 picks->unknown_model);
		err->hint = suggest_model(config, picks->unknown_model);
		return false;
	}
	if (picks->refused_model != NULL)
		return fail_not_allowed(picks, err);

	for (int i = 0; i < picks->n; i++)
	{
		const AirPick *pick = &picks->picks[i];

		if (pick->verdict == AIR_VERDICT_NOT_ALLOWED || pick->verdict == AIR_VERDICT_NOT_HINTED)
			continue;
		picked[n++] = pick;
		if (pick->verdict == AIR_VERDICT_WINDOW &&
			(widest == NULL ||
			 pick->cand.model->context_window > widest->cand.model->context_window))
			widest = pick;
	}
	if (widest != NULL)
		return fail_too_long(picks, widest, err);
	if (n == 0)
	{
		bool none = config->nmodels == 0;

		if (none)
			air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE, "there are no models");
		else
			air_fail(err, AIR_ERR_NO_ROUTE, AIR_REMEDY_NONE,
					 "rule \"%s\" names no model that exists", picks->rule->name);
		err->hint = none ? first_provider() : "SELECT * FROM ai_router.check();";
		return false;
	}
	if (AIR_HAS_HINT(picks->hints, AIR_HINT_PROVIDER) &&
		air_config_server(config, picks->hints->provider) == NULL)
		return fail_unknown_provider(picks, err);
	qsort(picked, n, sizeof(AirPick *), compare_picks);
	return fail_reasons(picks, picked, n, err);
}
