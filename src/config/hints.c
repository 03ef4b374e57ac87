/*
 * hints.c
 *	  Parse the hints of a call, or of a rule, into AirHints.
 *
 * One table says for each hint its kind, its range and where its value goes;
 * parsing, layering and messages follow it.  Values are copied, so the jsonb may
 * go away; memory comes from CurrentMemoryContext.  No locks, no look-ups: the
 * SQL function ai_hints() is immutable because of that.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"

#include "base/text.h"
#include "config/hints.h"
#include "config/hints_value.h"

typedef enum HintKind
{
	KIND_STRING,   /* char *, not empty */
	KIND_TEXT,     /* char *, may be empty */
	KIND_NAMES,    /* int, char **: a string or a list of strings */
	KIND_OBJECT,   /* Jsonb * */
	KIND_SCHEMA,   /* char *: the text of an object */
	KIND_NUMBER,   /* double */
	KIND_POSITIVE, /* double, greater than the minimum */
	KIND_INT,      /* int */
	KIND_BIGINT,   /* int64 */
	KIND_MONEY,    /* AirNano */
	KIND_INTERVAL, /* int64 microseconds */
	KIND_CHOICE    /* enum */
} HintKind;

typedef struct HintType
{
	HintKind kind;
	size_t offset;              /* of the member in AirHints */
	size_t count_offset;        /* KIND_NAMES: of its number */
	double min, max;            /* numbers and the length of lists, max 0: none */
	const char *const *choices; /* KIND_CHOICE: NULL-terminated */
	int first;                  /* KIND_CHOICE: the value of choices[0] */
} HintType;

static const char *const prefer_choices[] = {"cost", "speed", "quality", NULL};
static const char *const cache_choices[] = {"on", "off", "refresh", "only", NULL};
static const char *const on_error_choices[] = {"raise", "null", NULL};

#define AT(member) .offset = offsetof(AirHints, member)
#define COUNT(member) .count_offset = offsetof(AirHints, member)

static const HintType hint_types[AIR_HINT_COUNT] = {
	[AIR_HINT_MODEL] = {KIND_NAMES, AT(models), COUNT(nmodels)},
	[AIR_HINT_PROVIDER] = {KIND_STRING, AT(provider)},
	[AIR_HINT_TASK] = {KIND_STRING, AT(task)},
	[AIR_HINT_TAGS] = {KIND_OBJECT, AT(tags)},
	[AIR_HINT_REQUIRE] = {KIND_OBJECT, AT(require)},
	[AIR_HINT_QUALITY] = {KIND_NUMBER, AT(quality), .min = 0, .max = 1},
	[AIR_HINT_PREFER] = {KIND_CHOICE, AT(prefer), .choices = prefer_choices,
						 .first = AIR_PREFER_COST},
	[AIR_HINT_MAX_COST] = {KIND_MONEY, AT(max_cost)},
	[AIR_HINT_TIMEOUT_MS] = {KIND_INT, AT(timeout_ms), .min = 1, .max = PG_INT32_MAX},
	[AIR_HINT_RETRIES] = {KIND_INT, AT(retries), .min = 0, .max = 10},
	[AIR_HINT_SYSTEM] = {KIND_TEXT, AT(system)},
	[AIR_HINT_MAX_TOKENS] = {KIND_INT, AT(max_tokens), .min = 1, .max = PG_INT32_MAX},
	[AIR_HINT_TEMPERATURE] = {KIND_NUMBER, AT(temperature), .min = 0, .max = 2},
	[AIR_HINT_TOP_P] = {KIND_POSITIVE, AT(top_p), .min = 0, .max = 1},
	[AIR_HINT_STOP] = {KIND_NAMES, AT(stop), COUNT(nstop), .max = 4},
	[AIR_HINT_SEED] = {KIND_BIGINT, AT(seed)},
	[AIR_HINT_REASONING_EFFORT] = {KIND_STRING, AT(reasoning_effort)},
	[AIR_HINT_SCHEMA] = {KIND_SCHEMA, AT(schema)},
	[AIR_HINT_DIMENSIONS] = {KIND_INT, AT(dimensions), .min = 1, .max = PG_INT32_MAX},
	[AIR_HINT_CACHE] = {KIND_CHOICE, AT(cache), .choices = cache_choices, .first = AIR_CACHE_ON},
	[AIR_HINT_CACHE_TTL] = {KIND_INTERVAL, AT(cache_ttl_us)},
	[AIR_HINT_ON_ERROR] = {KIND_CHOICE, AT(on_error), .choices = on_error_choices,
						   .first = AIR_ON_ERROR_RAISE},
};

const char *const air_hint_names[AIR_HINT_COUNT] = {
	[AIR_HINT_MODEL] = "model",
	[AIR_HINT_PROVIDER] = "provider",
	[AIR_HINT_TASK] = "task",
	[AIR_HINT_TAGS] = "tags",
	[AIR_HINT_REQUIRE] = "require",
	[AIR_HINT_QUALITY] = "quality",
	[AIR_HINT_PREFER] = "prefer",
	[AIR_HINT_MAX_COST] = "max_cost",
	[AIR_HINT_TIMEOUT_MS] = "timeout_ms",
	[AIR_HINT_RETRIES] = "retries",
	[AIR_HINT_SYSTEM] = "system",
	[AIR_HINT_MAX_TOKENS] = "max_tokens",
	[AIR_HINT_TEMPERATURE] = "temperature",
	[AIR_HINT_TOP_P] = "top_p",
	[AIR_HINT_STOP] = "stop",
	[AIR_HINT_SEED] = "seed",
	[AIR_HINT_REASONING_EFFORT] = "reasoning_effort",
	[AIR_HINT_SCHEMA] = "schema",
	[AIR_HINT_DIMENSIONS] = "dimensions",
	[AIR_HINT_CACHE] = "cache",
	[AIR_HINT_CACHE_TTL] = "cache_ttl",
	[AIR_HINT_ON_ERROR] = "on_error",
};

/* What "must be .." says about a hint, palloc'ed. */
static char *
expectation(const HintType *type)
{
	StringInfoData s;

	switch (type->kind)
	{
		case KIND_STRING:
			return pstrdup("a string that is not empty");
		case KIND_TEXT:
			return pstrdup("a string");
		case KIND_NAMES:
			if (type->max > 0)
				return psprintf("a string or an array of 1 to %d strings, none of them empty",
								(int) type->max);
			return pstrdup("a string or an array of strings, none of them empty");
		case KIND_OBJECT:
		case KIND_SCHEMA:
			return pstrdup("a JSON object");
		case KIND_NUMBER:
			return psprintf("a number between %g and %g", type->min, type->max);
		case KIND_POSITIVE:
			return psprintf("a number greater than %g and not greater than %g", type->min,
							type->max);
		case KIND_INT:
			if (type->max == PG_INT32_MAX)
				return psprintf("an integer between %d and %d", (int) type->min, PG_INT32_MAX);
			return psprintf("an integer between %d and %d", (int) type->min, (int) type->max);
		case KIND_BIGINT:
			return pstrdup("an integer of at most 64 bits");
		case KIND_MONEY:
			return pstrdup("a number greater than 0, in USD");
		case KIND_INTERVAL:
			return pstrdup("a positive interval such as \"1 day\"");
		case KIND_CHOICE:
			break;
	}
	initStringInfo(&s);
	appendStringInfoString(&s, "one of ");
	for (const char *const *c = type->choices; *c; c++)
		appendStringInfo(&s, "%s\"%s\"", c == type->choices ? "" : ", ", *c);
	return s.data;
}

/* A value as the user wrote it, cut short. */
static char *
value_text(JsonbValue *v)
{
	char *s;

	if (v->type == jbvBinary)
		s = JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
	else
		s = JsonbToCString(NULL, &JsonbValueToJsonb(v)->root, 0);
	if (strlen(s) > 60)
		s = psprintf("%.*s...", pg_mbcliplen(s, strlen(s), 57), s);
	return s;
}

static void
refuse(int bit, JsonbValue *v, const char *where)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("hint \"%s\" must be %s", air_hint_names[bit], expectation(&hint_types[bit])),
			 errdetail("Found %s in %s.", value_text(v), where)));
}

static void
refuse_key(JsonbValue *key, const char *where)
{
	int len = pg_mbcliplen(key->val.string.val, key->val.string.len, 60);
	char *name = pnstrdup(key->val.string.val, len);
	const char *near = air_nearest(name, air_hint_names, AIR_HINT_COUNT);
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < AIR_HINT_COUNT; i++)
		appendStringInfo(&all, "%s%s", i ? ", " : "", air_hint_names[i]);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown hint \"%s\"", name),
					errdetail("Found in %s.", where),
					near ? errhint("Did you mean \"%s\"? Valid hints: %s.", near, all.data)
						 : errhint("Valid hints: %s.", all.data)));
}

/* Store the value of one hint; false if it is not what the table asks for. */
static bool
take_value(const HintType *type, JsonbValue *v, AirHints *out)
{
	void *at = (char *) out + type->offset;
	double number;
	int64 integer;

	switch (type->kind)
	{
		case KIND_STRING:
			return air_hint_string(v, false, at);
		case KIND_TEXT:
			return air_hint_string(v, true, at);
		case KIND_NAMES:
			return air_hint_name_list(v, (int) type->max, at,
									  (int *) ((char *) out + type->count_offset));
		case KIND_OBJECT:
		case KIND_SCHEMA:
			if (v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
				return false;
			if (type->kind == KIND_OBJECT)
				*(Jsonb **) at = JsonbValueToJsonb(v);
			else
				*(char **) at = JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
			return true;
		case KIND_NUMBER:
		case KIND_POSITIVE:
			if (!air_hint_number(v, &number) || number < type->min || number > type->max ||
				(type->kind == KIND_POSITIVE && number <= type->min))
				return false;
			*(double *) at = number;
			return true;
		case KIND_INT:
			if (!air_hint_integer(v, &integer) || integer < type->min || integer > type->max)
				return false;
			*(int *) at = (int) integer;
			return true;
		case KIND_BIGINT:
			return air_hint_integer(v, at);
		case KIND_MONEY:
			return air_hint_money(v, at);
		case KIND_INTERVAL:
			return air_hint_interval(v, at);
		case KIND_CHOICE:
			if (!air_hint_choice(v, type->choices, at))
				return false;
			*(int *) at += type->first;
			return true;
	}
	return false;
}

/* Hints of so many bytes at most are known again, the last ones. */
#define ID_BYTES 256
#define IDS 16

/* The id of hints: each row of a batch, and each of its calls, has parsed its own copy of them. */
static uint64
id_of(const Jsonb *hints)
{
	static struct
	{
		uint64 id;
		Size size; /* 0: none */
		char bytes[ID_BYTES];
	} known[IDS];
	static uint64 last_id = 0;
	Size size = VARSIZE(hints);

	for (int i = 0; i < IDS; i++)
		if (known[i].size == size && memcmp(known[i].bytes, hints, size) == 0)
			return known[i].id;
	last_id++;
	if (size <= ID_BYTES)
	{
		int i = last_id % IDS;

		known[i].id = last_id;
		known[i].size = size;
		memcpy(known[i].bytes, hints, size);
	}
	return last_id;
}

/*
 * Parse a jsonb object into *out, all of which is overwritten; see hints.h.
 * where names the place for messages.  ereports ERRCODE_INVALID_PARAMETER_VALUE.
 */
void
air_hints_parse(Jsonb *hints, const char *where, AirHints *out)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue v;
	int bit = 0;

	memset(out, 0, sizeof(*out));
	out->id = id_of(hints);
	if (!JB_ROOT_IS_OBJECT(hints))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("hints must be a JSON object"),
				 errdetail("In %s.", where),
				 errhint("Write {\"task\": \"legal\"}, or call ai_hints(task => 'legal').")));

	it = JsonbIteratorInit(&hints->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			for (bit = 0; bit < AIR_HINT_COUNT; bit++)
				if (strlen(air_hint_names[bit]) == v.val.string.len &&
					memcmp(air_hint_names[bit], v.val.string.val, v.val.string.len) == 0)
					break;
			if (bit == AIR_HINT_COUNT)
				refuse_key(&v, where);
		}
		else if (token == WJB_VALUE && v.type != jbvNull)
		{
			if (!take_value(&hint_types[bit], &v, out))
				refuse(bit, &v, where);
			out->set |= 1u << bit;
		}
	}
}

/* Size of the member that a kind is stored in. */
static size_t
kind_size(HintKind kind)
{
	switch (kind)
	{
		case KIND_NUMBER:
		case KIND_POSITIVE:
			return sizeof(double);
		case KIND_BIGINT:
		case KIND_MONEY:
		case KIND_INTERVAL:
			return sizeof(int64);
		case KIND_INT:
		case KIND_CHOICE:
			return sizeof(int);
		case KIND_STRING:
		case KIND_TEXT:
		case KIND_NAMES:
		case KIND_OBJECT:
		case KIND_SCHEMA:
			break;
	}
	return sizeof(void *);
}

StaticAssertDecl(sizeof(AirPrefer) == sizeof(int) && sizeof(AirCacheMode) == sizeof(int) &&
					 sizeof(AirOnError) == sizeof(int),
				 "choices are stored as int");

/*
 * Lay over on top of base: a hint set in `over` replaces that of base, an object
 * (tags, require) as a whole.  Shares pointers, allocates nothing, never fails.
 */
void
air_hints_overlay(AirHints *base, const AirHints *over)
{
	for (int bit = 0; bit < AIR_HINT_COUNT; bit++)
	{
		const HintType *type = &hint_types[bit];

		if (!AIR_HAS_HINT(over, bit))
			continue;
		memcpy((char *) base + type->offset, (const char *) over + type->offset,
			   kind_size(type->kind));
		if (type->kind == KIND_NAMES)
			memcpy((char *) base + type->count_offset, (const char *) over + type->count_offset,
				   sizeof(int));
	}
	base->set |= over->set;
	base->id = 0;
}
