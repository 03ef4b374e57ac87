/*
 * rule_options.c
 *	  Options of the strategies: one table says what there is.
 *
 * A rule may hold options of a strategy that it does not have at the moment: whoever
 * switches to another one for an hour need not write them anew.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "base/text.h"
#include "config/hints_value.h"
#include "config/rule_options.h"

typedef enum OptionKind
{
	KIND_SHARE,   /* double, 0 to 1 */
	KIND_NAME,    /* char * */
	KIND_FUNCTION /* char *: schema and name */
} OptionKind;

typedef struct OptionType
{
	const char *name;
	OptionKind kind;
	size_t offset; /* in AirRuleOptions */
} OptionType;

#define AT(member) offsetof(AirRuleOptions, member)

static const OptionType types[] = {
	{"threshold", KIND_SHARE, AT(threshold)}, {"check", KIND_FUNCTION, AT(check)},
	{"verifier", KIND_NAME, AT(verifier)},    {"audit", KIND_SHARE, AT(audit)},
	{"target", KIND_SHARE, AT(target)},       {"tolerance", KIND_SHARE, AT(tolerance)},
	{"explore", KIND_SHARE, AT(explore)},
};

#define NTYPES lengthof(types)

const AirRuleOptions air_rule_no_options = {.threshold = NAN, .target = 0.95, .tolerance = NAN};

static void
refuse_key(const char *name, const char *where)
{
	const char *names[NTYPES];
	const char *near;
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < NTYPES; i++)
	{
		names[i] = types[i].name;
		appendStringInfo(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = air_nearest(name, names, NTYPES);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown option \"%s\"", name),
					errdetail("Found in %s.", where),
					near ? errhint("Did you mean \"%s\"? Valid options: %s.", near, all.data)
						 : errhint("Valid options: %s.", all.data)));
}

static const OptionType *
type_of(const char *name, const char *where)
{
	for (int i = 0; i < NTYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	refuse_key(name, where);
	return NULL;
}

/*
 * Schema and name of a function: without the schema it would be another function in each
 * caller's search_path.
 */
static bool
is_function(const char *name)
{
	List *parts;

	return SplitIdentifierString(pstrdup(name), '.', &parts) && list_length(parts) == 2;
}

static const char *
expectation(OptionKind kind)
{
	switch (kind)
	{
		case KIND_SHARE:
			return "a number between 0 and 1";
		case KIND_NAME:
			return "a string that is not empty";
		case KIND_FUNCTION:
			return "the name of a function with its schema, such as \"public.looks_right\"";
	}
	return NULL;
}

static bool
take(const OptionType *type, JsonbValue *v, AirRuleOptions *out)
{
	void *at = (char *) out + type->offset;
	double number;

	switch (type->kind)
	{
		case KIND_SHARE:
			if (!air_hint_number(v, &number) || !(number >= 0 && number <= 1))
				return false;
			*(double *) at = number;
			return true;
		case KIND_NAME:
			return air_hint_string(v, false, at);
		case KIND_FUNCTION:
			return air_hint_string(v, false, at) && is_function(*(char **) at);
	}
	return false;
}

void
air_rule_options_parse(Jsonb *options, const char *where, AirRuleOptions *out)
{
	const OptionType *type = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue v;

	*out = air_rule_no_options;
	if (!JB_ROOT_IS_OBJECT(options))
		return; /* a constraint says so */
	it = JsonbIteratorInit(&options->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			type = type_of(pnstrdup(v.val.string.val, v.val.string.len), where);
		else if (token == WJB_VALUE && v.type != jbvNull && !take(type, &v, out))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" must be %s", type->name, expectation(type->kind)),
							errdetail("Found in %s.", where)));
	}
}
