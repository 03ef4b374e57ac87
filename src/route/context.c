/*
 * context.c
 *	  The document that rule conditions look at.
 *
 * Built for one call in CurrentMemoryContext, with the keys that were asked for
 * and nothing else: a prompt is copied only if a condition names it, and the
 * roles that the caller is a member of are looked up only then.  No locks.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/text.h"
#include "route/context.h"

/* A jsonb string cannot exceed 256 MB; what a condition looks for stands further in front. */
#define PROMPT_LIMIT (64 * 1024 * 1024)

const char *const air_context_key_names[AIR_KEY_COUNT] = {
	[AIR_KEY_FUNCTION] = "function",
	[AIR_KEY_TASK] = "task",
	[AIR_KEY_TAGS] = "tags",
	[AIR_KEY_ROLE] = "role",
	[AIR_KEY_MEMBER_OF] = "member_of",
	[AIR_KEY_DATABASE] = "database",
	[AIR_KEY_APPLICATION] = "application",
	[AIR_KEY_PROMPT] = "prompt",
	[AIR_KEY_CHARS] = "chars",
	[AIR_KEY_TOKENS] = "tokens",
	[AIR_KEY_QUALITY] = "quality",
	[AIR_KEY_MODEL] = "model",
	[AIR_KEY_PROVIDER] = "provider",
	[AIR_KEY_IMAGES] = "images",
};

const AirContextKey air_sizes[AIR_NSIZES] = {AIR_KEY_TOKENS, AIR_KEY_CHARS, AIR_KEY_IMAGES};

/* *v = a string of len bytes that stays where it is; false if there is none. */
static bool
string_value(JsonbValue *v, const char *s, size_t len)
{
	if (s == NULL)
		return false;
	v->type = jbvString;
	v->val.string.val = unconstify(char *, s);
	v->val.string.len = (int) len;
	return true;
}

static bool
cstring_value(JsonbValue *v, const char *s)
{
	return string_value(v, s, s ? strlen(s) : 0);
}

static bool
int_value(JsonbValue *v, int64 n)
{
	v->type = jbvNumeric;
	v->val.numeric = int64_to_numeric(n);
	return true;
}

/* *v = a whole document, to be copied in. */
static bool
container_value(JsonbValue *v, Jsonb *jb)
{
	if (jb == NULL)
		return false;
	v->type = jbvBinary;
	v->val.binary.data = &jb->root;
	v->val.binary.len = VARSIZE(jb) - VARHDRSZ;
	return true;
}

/* The prompt's length in characters, as length() counts them. */
static int
prompt_chars(const AirRouteInput *in)
{
	if (in->prompt == NULL)
		return 0;
	if (pg_database_encoding_max_length() == 1)
		return (int) in->prompt_len;
	if (GetDatabaseEncoding() == PG_UTF8)
		return (int) air_utf8_chars(in->prompt, in->prompt_len);
	return pg_mbstrlen_with_len(in->prompt, (int) in->prompt_len);
}

/* See context.h. */
int
air_context_size(const AirRouteInput *in, int i)
{
	switch (air_sizes[i])
	{
		case AIR_KEY_TOKENS:
			return in->tokens;
		case AIR_KEY_CHARS:
			return prompt_chars(in);
		default:
			return in->images;
	}
}

/* The hinted model: a name, or a list (which lax paths unwrap by themselves). */
static void
push_models(JsonbParseState **state, const AirHints *hints)
{
	JsonbValue v;

	if (hints->nmodels == 1)
	{
		cstring_value(&v, hints->models[0]);
		pushJsonbValue(state, WJB_VALUE, &v);
		return;
	}
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < hints->nmodels; i++)
	{
		cstring_value(&v, hints->models[i]);
		pushJsonbValue(state, WJB_ELEM, &v);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* *v = the value of one key other than "model"; false if the call has none. */
static bool
context_value(const AirRouteInput *in, AirContextKey key, JsonbValue *v)
{
	const AirHints *hints = in->hints;

	switch (key)
	{
		case AIR_KEY_FUNCTION:
			return cstring_value(v, in->function);
		case AIR_KEY_TASK:
			return AIR_HAS_HINT(hints, AIR_HINT_TASK) && cstring_value(v, hints->task);
		case AIR_KEY_TAGS:
			return AIR_HAS_HINT(hints, AIR_HINT_TAGS) && container_value(v, hints->tags);
		case AIR_KEY_ROLE:
			return cstring_value(v, in->role_name);
		case AIR_KEY_MEMBER_OF:
			return in->member_of != NULL && container_value(v, in->member_of(in->role));
		case AIR_KEY_DATABASE:
			return cstring_value(v, in->database);
		case AIR_KEY_APPLICATION:
			return cstring_value(v, in->application);
		case AIR_KEY_PROMPT:
		{
			size_t len = in->prompt_len;

			if (len > PROMPT_LIMIT)
				len = pg_mbcliplen(in->prompt, (int) len, PROMPT_LIMIT);
			return string_value(v, in->prompt, len);
		}
		case AIR_KEY_CHARS:
			return int_value(v, prompt_chars(in));
		case AIR_KEY_TOKENS:
			return int_value(v, in->tokens);
		case AIR_KEY_QUALITY:
			if (!AIR_HAS_HINT(hints, AIR_HINT_QUALITY))
				return false;
			v->type = jbvNumeric;
			v->val.numeric = DatumGetNumeric(
				DirectFunctionCall1(float8_numeric, Float8GetDatum(hints->quality)));
			return true;
		case AIR_KEY_PROVIDER:
			return AIR_HAS_HINT(hints, AIR_HINT_PROVIDER) && cstring_value(v, hints->provider);
		case AIR_KEY_IMAGES:
			return int_value(v, in->images);
		case AIR_KEY_MODEL:
		case AIR_KEY_COUNT:
			break;
	}
	return false;
}

/*
 * The context of a call with the keys of the mask (bits by AirContextKey),
 * palloc'ed.  A key the call has no value for is left out, so that a condition
 * on it is unknown, which counts as false.  Hints are the caller's own: a
 * rule's defaults apply only once it was chosen.
 */
Jsonb *
air_context_build(const AirRouteInput *in, uint32 keys)
{
	JsonbParseState *state = NULL;
	JsonbValue *root;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < AIR_KEY_COUNT; i++)
	{
		JsonbValue key, v;
		bool models = (i == AIR_KEY_MODEL);

		if ((keys & (1u << i)) == 0)
			continue;
		if (models ? !AIR_HAS_HINT(in->hints, AIR_HINT_MODEL)
				   : !context_value(in, (AirContextKey) i, &v))
			continue;
		cstring_value(&key, air_context_key_names[i]);
		pushJsonbValue(&state, WJB_KEY, &key);
		if (models)
			push_models(&state, in->hints);
		else
			pushJsonbValue(&state, WJB_VALUE, &v);
	}
	root = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(root);
}
