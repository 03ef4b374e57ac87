/*
 * fuzz_hints.c
 *	  The hints parser, within a server.
 *
 * The jsonb is a block of malloc()'s, so that the address sanitizer sees a read
 * behind its end; what the server allocates it does not know.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "config/hints.h"

#include "fuzz.h"
#include "server.h"

/* A string that came out is text of the server encoding. */
static void
check_string(const char *s, bool may_be_empty)
{
	PROMISE(s != NULL && (may_be_empty || *s != '\0'));
	PROMISE(pg_verifymbstr(s, (int) strlen(s), true));
}

static void
check_list(char **list, int n, int max)
{
	PROMISE(n > 0 && (max == 0 || n <= max));
	for (int i = 0; i < n; i++)
		check_string(list[i], false);
}

/* What hints.h says about members whose bit is set. */
static void
check_hints(const AirHints *h)
{
	PROMISE(h->set < (1u << AIR_HINT_COUNT));
	if (AIR_HAS_HINT(h, AIR_HINT_MODEL))
		check_list(h->models, h->nmodels, 0);
	if (AIR_HAS_HINT(h, AIR_HINT_STOP))
		check_list(h->stop, h->nstop, 4);
	if (AIR_HAS_HINT(h, AIR_HINT_PROVIDER))
		check_string(h->provider, false);
	if (AIR_HAS_HINT(h, AIR_HINT_TASK))
		check_string(h->task, false);
	if (AIR_HAS_HINT(h, AIR_HINT_SYSTEM))
		check_string(h->system, true);
	if (AIR_HAS_HINT(h, AIR_HINT_REASONING_EFFORT))
		check_string(h->reasoning_effort, false);
	if (AIR_HAS_HINT(h, AIR_HINT_SCHEMA))
		check_string(h->schema, false);
	if (AIR_HAS_HINT(h, AIR_HINT_TAGS))
		PROMISE(JB_ROOT_IS_OBJECT(h->tags));
	if (AIR_HAS_HINT(h, AIR_HINT_REQUIRE))
		PROMISE(JB_ROOT_IS_OBJECT(h->require));
	if (AIR_HAS_HINT(h, AIR_HINT_QUALITY))
		PROMISE(h->quality >= 0 && h->quality <= 1);
	if (AIR_HAS_HINT(h, AIR_HINT_TEMPERATURE))
		PROMISE(h->temperature >= 0 && h->temperature <= 2);
	if (AIR_HAS_HINT(h, AIR_HINT_TOP_P))
		PROMISE(h->top_p > 0 && h->top_p <= 1);
	if (AIR_HAS_HINT(h, AIR_HINT_MAX_COST))
		PROMISE(h->max_cost > 0);
	if (AIR_HAS_HINT(h, AIR_HINT_TIMEOUT_MS))
		PROMISE(h->timeout_ms > 0);
	if (AIR_HAS_HINT(h, AIR_HINT_RETRIES))
		PROMISE(h->retries >= 0 && h->retries <= 10);
	if (AIR_HAS_HINT(h, AIR_HINT_MAX_TOKENS))
		PROMISE(h->max_tokens > 0);
	if (AIR_HAS_HINT(h, AIR_HINT_DIMENSIONS))
		PROMISE(h->dimensions > 0);
	if (AIR_HAS_HINT(h, AIR_HINT_CACHE_TTL))
		PROMISE(h->cache_ttl_us > 0);
	if (AIR_HAS_HINT(h, AIR_HINT_PREFER))
		PROMISE(h->prefer >= AIR_PREFER_COST && h->prefer <= AIR_PREFER_QUALITY);
	if (AIR_HAS_HINT(h, AIR_HINT_CACHE))
		PROMISE(h->cache >= AIR_CACHE_ON && h->cache <= AIR_CACHE_ONLY);
	if (AIR_HAS_HINT(h, AIR_HINT_ON_ERROR))
		PROMISE(h->on_error == AIR_ON_ERROR_RAISE || h->on_error == AIR_ON_ERROR_NULL);
}

/* The input as jsonb; NULL, with the error forgotten, when it is none. */
static Jsonb *
read_jsonb(char *text)
{
	MemoryContext scratch = CurrentMemoryContext;
	Jsonb *volatile jsonb = NULL;

	PG_TRY();
	{
		jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(scratch);
		FlushErrorState();
	}
	PG_END_TRY();
	return jsonb;
}

/* Parse; what is refused must be refused as a wrong parameter and by nobody else. */
static void
parse_hints(Jsonb *jsonb)
{
	MemoryContext scratch = CurrentMemoryContext;
	AirHints hints;
	AirHints base;

	memset(&hints, 0x5a, sizeof(hints));
	memset(&base, 0, sizeof(base));
	PG_TRY();
	{
		air_hints_parse(jsonb, "hints", &hints);
		check_hints(&hints);
		air_hints_overlay(&base, &hints);
		check_hints(&base);
		PROMISE(base.set == hints.set);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(scratch);
		error = CopyErrorData();
		FlushErrorState();
		PROMISE(error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE, "%s %s",
				unpack_sql_state(error->sqlerrcode), error->message);
		PROMISE(pg_verifymbstr(error->message, (int) strlen(error->message), true));
		PROMISE(error->detail == NULL ||
				pg_verifymbstr(error->detail, (int) strlen(error->detail), true));
	}
	PG_END_TRY();
}

/* See server.h. */
void
run_hints(const char *data, size_t size)
{
	char *text = pnstrdup(data, size);

	/* Texts reach jsonb in the server encoding. */
	if (pg_verifymbstr(text, (int) strlen(text), true))
	{
		Jsonb *jsonb = read_jsonb(text);

		if (jsonb != NULL)
		{
			Jsonb *copy = malloc(VARSIZE(jsonb));

			memcpy(copy, jsonb, VARSIZE(jsonb));
			parse_hints(copy);
			free(copy);
		}
	}
}
