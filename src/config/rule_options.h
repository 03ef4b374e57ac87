/*
 * rule_options.h
 *	  Options of the strategies: ai_router.rules.options.
 */
#ifndef AIR_RULE_OPTIONS_H
#define AIR_RULE_OPTIONS_H

#include "base/pg.h"

#include "utils/jsonb.h"

/* What a rule's options say; each strategy looks at its own. */
typedef struct AirRuleOptions
{
	double threshold; /* cascade: least confidence of an answer, NaN: none */
	double audit;     /* cascade: share of the inputs that the last model is asked, too */
	double target;    /* cascade: agreement with the last model that is aimed at */
	char *check;      /* cascade: schema.function(prompt text, answer text), NULL: none */
	char *verifier;   /* cascade: model that is asked whether an answer is right, NULL: none */
	double tolerance; /* learned, NaN: its default */
	double explore;   /* learned: share of the inputs */
} AirRuleOptions;

/* What a rule's options are without any. */
extern const AirRuleOptions air_rule_no_options;

/*
 * Read a jsonb object into *out, all of which is overwritten; where names the place for
 * messages.  ereports ERRCODE_INVALID_PARAMETER_VALUE for an unknown key or a bad value.
 * Strings are palloc'ed copies.
 */
extern void air_rule_options_parse(Jsonb *options, const char *where, AirRuleOptions *out);

#endif
