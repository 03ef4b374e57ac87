/*
 * schema_check.c
 *	  Does a document satisfy a schema?  See schema.h.
 *
 * Time is bounded by a number of steps, depth by that of the document and by
 * MAX_DEPTH.  Alternatives are tried in silence; only when none fits is the nearest
 * one tried again, for its words.
 */
#include "base/pg.h"

#include "base/schema_check.h"
#include "base/text.h"

/* Some tens of milliseconds: nothing interrupts this. */
#define MAX_STEPS 10000000

/* Calls of check() in one another: some hundred bytes of stack each. */
#define MAX_DEPTH 1000

/* Names that an object's schema may mention before memory is asked for. */
#define FEW_NAMES 64

static const AirDocNode *
node_of(const AirSchemaCheck *ck, const AirSchemaPlace *place)
{
	return air_doc_node(ck->doc, place->node);
}

static bool check(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place);

/* The types that a value has, as bits. */
static int
types_of(AirSchemaCheck *ck, const AirSchemaPlace *place)
{
	AirDecimal d;

	switch (node_of(ck, place)->type)
	{
		case AIR_DOC_NULL:
			return AIR_TYPE_NULL;
		case AIR_DOC_FALSE:
		case AIR_DOC_TRUE:
			return AIR_TYPE_BOOLEAN;
		case AIR_DOC_NUMBER:
			d = air_doc_decimal(ck->doc, place->node);
			return air_decimal_is_integer(&d) ? AIR_TYPE_NUMBER | AIR_TYPE_INTEGER
											  : AIR_TYPE_NUMBER;
		case AIR_DOC_STRING:
			return AIR_TYPE_STRING;
		case AIR_DOC_ARRAY:
			return AIR_TYPE_ARRAY;
		case AIR_DOC_OBJECT:
			return AIR_TYPE_OBJECT;
	}
	return 0;
}

static bool
check_values(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	const AirDoc *own = &ck->schema->doc;

	if (schema->constant != 0 && !air_doc_equal(ck->doc, place->node, own, schema->constant))
		return air_schema_expected(ck, place, schema->constant, 1);
	if (schema->enumeration != 0)
	{
		uint32 value = schema->enumeration + 1;
		uint32 n = air_doc_node(own, schema->enumeration)->count;

		for (; n > 0; n--, value = air_doc_node(own, value)->next)
		{
			ck->steps--;
			if (air_doc_equal(ck->doc, place->node, own, value))
				return true;
		}
		return air_schema_expected(ck, place, schema->enumeration + 1,
								   air_doc_node(own, schema->enumeration)->count);
	}
	return true;
}

/* --- numbers --- */

/* Is the number one that a column of its type can hold? */
static bool
check_number_of_column(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place,
					   const AirDecimal *d)
{
	static const char least_text[] = "-9223372036854775808";
	static const char most_text[] = "9223372036854775807";
	AirDecimal least;
	AirDecimal most;
	int places = d->exponent + d->ndigits;

	if ((schema->types & (AIR_TYPE_INTEGER | AIR_TYPE_NUMBER)) == AIR_TYPE_INTEGER)
	{
		air_decimal_read(least_text, strlen(least_text), &least);
		air_decimal_read(most_text, strlen(most_text), &most);
		if (air_decimal_compare(d, &least) < 0 || air_decimal_compare(d, &most) > 0)
			return air_schema_problem(ck, place, "is out of range for a 64-bit integer");
	}
	else if (d->ndigits > 0 && (places > 308 || places < -306))
		return air_schema_problem(ck, place, "is out of range for a number");
	return true;
}

static bool
check_number(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	const AirDoc *own = &ck->schema->doc;
	AirDecimal d = air_doc_decimal(ck->doc, place->node);
	const struct
	{
		uint32 limit;
		const char *words;
		int worst; /* as the number compares to the limit: not good from here on */
		int sign;
	} limits[] = {
		{schema->minimum, "at least", 1, -1},
		{schema->maximum, "at most", 1, 1},
		{schema->above, "greater than", 0, -1},
		{schema->below, "less than", 0, 1},
	};
	AirDecimal limit;

	for (int i = 0; i < (int) lengthof(limits); i++)
	{
		if (limits[i].limit == 0)
			continue;
		limit = air_doc_decimal(own, limits[i].limit);
		if (air_decimal_compare(&d, &limit) * limits[i].sign >= limits[i].worst)
			return air_schema_problem(ck, place, "must be %s %s", limits[i].words,
									  air_schema_value_text(own, limits[i].limit));
	}
	if (schema->multiple != 0)
	{
		limit = air_doc_decimal(own, schema->multiple);
		if (!air_decimal_is_multiple(&d, &limit))
			return air_schema_problem(ck, place, "must be a multiple of %s",
									  air_schema_value_text(own, schema->multiple));
	}
	if ((ck->schema->flags & AIR_SCHEMA_COLUMNS) != 0 && schema->types != 0)
		return check_number_of_column(ck, schema, place, &d);
	return true;
}

/* --- strings --- */

static bool
check_string(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	static const char *const forms[] = {
		[AIR_FORMAT_DATE] = "a date that exists, as YYYY-MM-DD",
		[AIR_FORMAT_TIME] = "a time, as HH:MM:SS",
		[AIR_FORMAT_DATE_TIME] = "a date and time that exist, as YYYY-MM-DDTHH:MM:SSZ",
		[AIR_FORMAT_UUID] = "a UUID",
	};
	const AirDocNode *node = node_of(ck, place);
	const char *s = ck->doc->text + node->at;

	if (schema->min_length >= 0 || schema->max_length >= 0)
	{
		int64 chars = (int64) air_utf8_chars(s, node->len);

		ck->steps -= node->len / 16;
		if (chars < schema->min_length)
			return air_schema_problem(ck, place, "must have at least " INT64_FORMAT " characters",
									  schema->min_length);
		if (schema->max_length >= 0 && chars > schema->max_length)
			return air_schema_problem(ck, place, "must have at most " INT64_FORMAT " characters",
									  schema->max_length);
	}
	if (schema->pattern != NULL && !air_pattern_matches(schema->pattern, s, node->len, &ck->steps))
		return air_schema_problem(ck, place, "must match the pattern %s",
								  air_schema_value_text(&ck->schema->doc, schema->pattern_at));
	if (schema->format != AIR_FORMAT_ANY && !air_schema_format(schema->format, s, node->len))
		return air_schema_problem(ck, place, "must be %s", forms[schema->format]);
	return true;
}

/* --- arrays --- */

typedef struct Item
{
	uint64 hash;
	uint32 node;
} Item;

static int
compare_items(const void *a, const void *b)
{
	const Item *x = a;
	const Item *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static bool
check_unique(AirSchemaCheck *ck, const AirSchemaPlace *place)
{
	const AirDocNode *array = node_of(ck, place);
	uint32 child = place->node + 1;
	uint32 count = array->count;
	Item *items;
	bool good = true;

	if (count < 2)
		return true;
	items = palloc(count * sizeof(Item));
	for (uint32 i = 0; i < count; i++, child = air_doc_node(ck->doc, child)->next)
		items[i] = (Item){air_doc_hash(ck->doc, child), child};
	ck->steps -= array->next - place->node;
	qsort(items, count, sizeof(Item), compare_items);
	for (uint32 i = 0; good && i < count; i++)
	{
		/* Equal items have equal hashes; few others do. */
		for (uint32 k = i + 1; good && k < count && items[k].hash == items[i].hash; k++)
		{
			ck->steps -= air_doc_node(ck->doc, items[i].node)->next - items[i].node;
			if (ck->steps < 0)
				good = false;
			else if (air_doc_equal(ck->doc, items[i].node, ck->doc, items[k].node))
				good = air_schema_problem(ck, place, "has the same item twice: %s",
										  air_schema_value_text(ck->doc, items[i].node));
		}
	}
	pfree(items);
	return good;
}

static bool
check_array(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	uint32 count = node_of(ck, place)->count;
	AirSchemaPlace item = {.up = place, .node = place->node + 1, .depth = place->depth + 1};

	if (count < schema->min_items)
		return air_schema_problem(ck, place, "must have at least " INT64_FORMAT " items, has %u",
								  schema->min_items, count);
	if (schema->max_items >= 0 && count > schema->max_items)
		return air_schema_problem(ck, place, "must have at most " INT64_FORMAT " items, has %u",
								  schema->max_items, count);
	for (; item.index < count; item.index++, item.node = air_doc_node(ck->doc, item.node)->next)
	{
		const AirSchemaNode *one = item.index < (uint32) schema->prefix.n
									   ? schema->prefix.schemas[item.index]
									   : schema->items;

		if (one == NULL)
			break;
		if (!check(ck, one, &item))
			return false;
	}
	return !schema->unique_items || check_unique(ck, place);
}

/* --- objects --- */

static bool
check_members(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place,
			  bool *seen)
{
	AirSchemaPlace member = {.up = place, .node = place->node + 1, .depth = place->depth + 1};

	for (uint32 n = node_of(ck, place)->count; n > 0;
		 n--, member.node = air_doc_node(ck->doc, member.node)->next)
	{
		const AirDocNode *node = air_doc_node(ck->doc, member.node);
		const AirSchemaName *name =
			air_schema_name(schema, ck->doc->text + node->name, node->name_len);

		if (name != NULL)
			seen[name - schema->names] = true;
		if (name != NULL && name->schema != NULL)
		{
			if (!check(ck, name->schema, &member))
				return false;
		}
		else if (schema->additional != NULL && schema->additional->never)
			return air_schema_not_allowed(ck, place, schema, member.node);
		else if (schema->additional != NULL && !check(ck, schema->additional, &member))
			return false;
	}
	for (int i = 0; i < schema->nnames; i++)
	{
		if (schema->names[i].required && !seen[i])
			return air_schema_missing(ck, place, &schema->names[i]);
	}
	return true;
}

static bool
check_object(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	uint32 count = node_of(ck, place)->count;
	bool few[FEW_NAMES];
	bool *seen = few;
	bool good;

	if (count < schema->min_properties)
		return air_schema_problem(ck, place, "must have at least " INT64_FORMAT " properties",
								  schema->min_properties);
	if (schema->max_properties >= 0 && count > schema->max_properties)
		return air_schema_problem(ck, place, "must have at most " INT64_FORMAT " properties",
								  schema->max_properties);
	if (schema->nnames == 0 && schema->additional == NULL)
		return true;
	if (schema->nnames > FEW_NAMES)
		seen = palloc(schema->nnames);
	memset(seen, 0, schema->nnames);
	ck->steps -= schema->nnames;
	good = check_members(ck, schema, place, seen);
	if (seen != few)
		pfree(seen);
	return good;
}

/* --- combinations --- */

/* Check without words. */
static bool
check_silently(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	bool good;

	ck->silent++;
	good = check(ck, schema, place);
	ck->silent--;
	return good;
}

/*
 * None of the alternatives fits: the words of the one that got furthest into the value, or
 * of the only one that is for its type.
 */
static bool
none_fits(AirSchemaCheck *ck, const AirSchemaList *list, const AirSchemaPlace *place)
{
	int own = ck->silent > 0 ? 0 : types_of(ck, place);
	char *best = NULL;
	int depth = -1;
	int types = 0;
	int matching = 0;

	if (ck->silent > 0)
		return false;
	for (int i = 0; i < list->n; i++)
	{
		const AirSchemaNode *schema = list->schemas[i];

		types |= schema->types;
		if (schema->types != 0 && (schema->types & own) == 0)
			continue;
		matching++;
		ck->problem = NULL;
		if (check(ck, schema, place) || ck->problem == NULL || ck->problem_depth <= depth)
			continue;
		best = ck->problem;
		depth = ck->problem_depth;
	}
	if (best != NULL && (depth > place->depth || matching == 1))
	{
		ck->problem = best;
		ck->problem_depth = depth;
		return false;
	}
	if (matching == 0)
		return air_schema_wrong_type(ck, place, types);
	return air_schema_problem(ck, place, "fits none of its %d alternatives", list->n);
}

static bool
check_combinations(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	int fitting = 0;

	for (int i = 0; i < schema->all_of.n; i++)
	{
		if (!check(ck, schema->all_of.schemas[i], place))
			return false;
	}
	if (schema->any_of.n > 0)
	{
		int i = 0;

		while (i < schema->any_of.n && !check_silently(ck, schema->any_of.schemas[i], place))
			i++;
		if (i == schema->any_of.n)
			return none_fits(ck, &schema->any_of, place);
	}
	if (schema->one_of.n > 0)
	{
		for (int i = 0; i < schema->one_of.n && fitting < 2; i++)
			fitting += check_silently(ck, schema->one_of.schemas[i], place);
		if (fitting == 0)
			return none_fits(ck, &schema->one_of, place);
		if (fitting > 1)
			return air_schema_problem(
				ck, place, "fits more than one of its alternatives, must fit exactly one");
	}
	if (schema->not != NULL && check_silently(ck, schema->not, place))
		return air_schema_problem(ck, place, "is what it must not be");
	return true;
}

static bool
check_types(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	switch (node_of(ck, place)->type)
	{
		case AIR_DOC_NUMBER:
			return check_number(ck, schema, place);
		case AIR_DOC_STRING:
			return check_string(ck, schema, place);
		case AIR_DOC_ARRAY:
			return check_array(ck, schema, place);
		case AIR_DOC_OBJECT:
			return check_object(ck, schema, place);
		case AIR_DOC_NULL:
		case AIR_DOC_FALSE:
		case AIR_DOC_TRUE:
			break;
	}
	return true;
}

static bool
check(AirSchemaCheck *ck, const AirSchemaNode *schema, const AirSchemaPlace *place)
{
	bool good;

	/* Without steps nothing passes: a `not` must not make it something. */
	if (--ck->steps < 0 || ck->depth == MAX_DEPTH)
	{
		ck->steps = Min(ck->steps, -1);
		return false;
	}
	ck->depth++;
	if (schema->never)
		good = air_schema_problem(ck, place, "must not be there");
	else if (schema->types != 0 && (schema->types & types_of(ck, place)) == 0)
		good = air_schema_wrong_type(ck, place, schema->types);
	else
		good = check_values(ck, schema, place) && check_types(ck, schema, place) &&
			   (schema->ref == NULL || check(ck, schema->ref, place)) &&
			   check_combinations(ck, schema, place);
	ck->depth--;
	return good && ck->steps >= 0;
}

/* See schema.h. */
bool
air_schema_check(const AirSchema *schema, const AirDoc *doc, uint32 node, const char *root,
				 char **problem)
{
	AirSchemaCheck ck = {.schema = schema, .doc = doc, .root = root, .steps = MAX_STEPS};
	AirSchemaPlace place = {.node = node};

	*problem = NULL;
	if (check(&ck, schema->root, &place))
		return true;
	if (ck.steps < 0)
		*problem = psprintf("%s: it is too large to be checked against its schema", root);
	else
		*problem = ck.problem;
	return false;
}
