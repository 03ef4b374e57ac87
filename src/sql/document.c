/*
 * document.c
 *	  Answers that are JSON documents.  See document.h.
 *
 * The judge runs while calls are under way: everything it needs was prepared before, its
 * memory is gone when it returns.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "base/shorthand.h"
#include "base/text.h"
#include "sql/document.h"
#include "sql/prompt.h"

#define FENCE "```"

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/*
 * The document in an answer: all of it, or what stands in its only block of code.  Models
 * that were not made to answer with JSON alone put it there, with some words around.
 */
static void
find_document(const char *text, const char **start, size_t *len)
{
	const char *fence;
	const char *end;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	text = skip_blanks(text);
	*start = text;
	*len = strlen(text);
	if (*text == '{' || *text == '[' || (fence = strstr(text, FENCE)) == NULL)
		return;
	fence += strlen(FENCE);
	if (pg_strncasecmp(fence, "json", 4) == 0)
		fence += 4;
	end = strstr(fence, FENCE);
	if (end == NULL || strstr(end + strlen(FENCE), FENCE) != NULL)
		return;
	*start = fence;
	*len = end - fence;
}

/* The document's only member "value", 0 if that is not what it is. */
static uint32
value_of(const AirDoc *doc)
{
	return air_doc_node(doc, 0)->count == 1 ? air_doc_member(doc, 0, "value") : 0;
}

/* The node that satisfies the demand, or false with *problem. */
static bool
satisfies(const AirDemand *demand, const AirDoc *doc, uint32 *node, char **problem)
{
	uint32 value = demand->wrapped ? value_of(doc) : 0;
	char *ignored;

	*node = value;
	if (value != 0)
	{
		if (air_schema_check(demand->schema, doc, value, "$.value", problem))
			return true;
		*node = 0;
		return air_schema_check(demand->schema, doc, 0, "$", &ignored);
	}
	return air_schema_check(demand->schema, doc, 0, "$", problem);
}

static bool
judge(void *arg, const char *text, double confidence, char **canonical, const char **problem)
{
	const AirDemand *demand = arg;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work =
		AllocSetContextCreate(caller, "ai_router document", ALLOCSET_DEFAULT_SIZES);
	AirDoc doc;
	StringInfoData out;
	const char *start;
	size_t len;
	char *why = NULL;
	uint32 node;
	bool good;

	MemoryContextSwitchTo(work);
	find_document(text, &start, &len);
	good = air_doc_parse(&doc, start, len, &why);
	if (!good)
		why = psprintf("it is no JSON document: it %s", why);
	else
		good = satisfies(demand, &doc, &node, &why);
	if (good)
	{
		initStringInfo(&out);
		air_doc_print(&doc, node, &out);
		*canonical = MemoryContextStrdup(caller, out.data);
	}
	else
		*problem = MemoryContextStrdup(caller, why);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return good;
}

const AirCheck air_demand_check = {.judge = judge};

static char *
to_server(const char *s)
{
	return pg_any_to_server(s, strlen(s), PG_UTF8);
}

static void
refuse(const AirSchemaError *err, const char *function)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", to_server(err->message)),
					errdetail("At %s in the schema of %s.", to_server(err->path), function),
					err->hint != NULL ? errhint("%s", to_server(err->hint)) : 0));
}

void
air_demand_make(AirDemand *demand, const char *schema, int flags, const char *function)
{
	char *utf8 = pg_server_to_any(schema, strlen(schema), PG_UTF8);
	AirSchemaError err;
	StringInfoData wrapped;

	memset(demand, 0, sizeof(*demand));
	demand->schema = air_schema_compile(utf8, strlen(utf8), flags, &err);
	if (demand->schema == NULL)
		refuse(&err, function);
	demand->text = schema;
	demand->name = (flags & AIR_SCHEMA_COLUMNS) != 0 ? "columns" : NULL;
	demand->wrapped = !air_schema_is_object(demand->schema);
	if (demand->wrapped)
	{
		initStringInfo(&wrapped);
		air_schema_wrap(demand->schema, &wrapped);
		demand->text = to_server(wrapped.data);
	}
}

char *
air_demand_schema(Jsonb *schema, int *flags, const char *function)
{
	char *text = JsonbToCString(NULL, &schema->root, VARSIZE(schema));
	char *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	AirSchemaError err;
	StringInfoData out;
	AirDoc doc;
	char *why;
	bool shorthand;

	/* A jsonb may be larger, deeper and have longer numbers than we take. */
	if (!air_doc_parse(&doc, utf8, strlen(utf8), &why))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the schema of %s %s", function, why)));
	initStringInfo(&out);
	if (!air_shorthand(&doc, &out, &shorthand, &err))
		refuse(&err, function);
	*flags = shorthand ? AIR_SCHEMA_COLUMNS : 0;
	return to_server(out.data);
}

void
air_demand_spec(AirCallSpec *spec, const char *function, const char *prompt_name, const char *input,
				const AirDemand *demand, const AirHints *hints)
{
	AirPromptValue value = {"input", input};

	if (AIR_HAS_HINT(hints, AIR_HINT_SCHEMA))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("hint \"schema\" cannot be used with %s", function),
						errhint("What is wanted is the function's second argument.")));
	air_front_prompted(spec, function, prompt_name, &value, 1, hints);
	spec->schema = demand->text;
	spec->schema_name = demand->name;
	spec->check = &air_demand_check;
	spec->check_arg = unconstify(AirDemand *, demand);
}
