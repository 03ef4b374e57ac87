/* Strict validation: every family refuses unknown names, wrong types and missing members. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

typedef enum complaint
{
	UNKNOWN,
	WRONG_TYPE,
	MISSING,
	BAD_VALUE
} complaint;

/* The path of a member the way the family writes it: a.b[0].c, or a.b.0.c for Anthropic. */
static void
join(const sbx_exchange *x, char *out, size_t cap, const char *at, const char *name, int index)
{
	if (index >= 0)
		snprintf(out, cap, x->family == FAM_ANTHROPIC ? "%s.%d" : "%s[%d]", at, index);
	else
		snprintf(out, cap, "%s%s%s", at, *at ? "." : "", name);
}

static void
openai_complaint(sbx_exchange *x, complaint what, const char *path, const char *detail)
{
	static const char *const codes[] = {"unknown_parameter", "invalid_type",
										"missing_required_parameter", "invalid_value"};
	static const char *const words[] = {"Unknown parameter:", "Invalid type for",
										"Missing required parameter:", "Invalid value for"};

	sbx_refuse(x, 400, codes[what], path, "%s '%s'%s.", words[what], path, detail);
}

static void
complain(sbx_exchange *x, complaint what, const char *path, const char *detail)
{
	static const char *const anthropic[] = {"Extra inputs are not permitted",
											"Input has the wrong type", "Field required",
											"Input is not valid"};
	static const char *const plain[] = {"unknown field", "wrong type of field",
										"missing required field", "invalid value of field"};

	switch (x->family)
	{
		case FAM_OPENAI:
		case FAM_AZURE:
			openai_complaint(x, what, path, detail);
			break;
		case FAM_ANTHROPIC:
			sbx_refuse(x, 400, NULL, NULL, "%s: %s%s", path, anthropic[what], detail);
			break;
		case FAM_BEDROCK:
			sbx_refuse(x, 400, NULL, NULL, "Malformed input request: %s '%s'%s", plain[what], path,
					   detail);
			break;
		case FAM_GEMINI:
			if (what == UNKNOWN)
				sbx_refuse(x, 400, NULL, path,
						   "Invalid JSON payload received. Unknown name \"%s\": Cannot find field.",
						   path);
			else
				sbx_refuse(x, 400, NULL, path, "Invalid value at '%s': %s%s", path, plain[what],
						   detail);
			break;
		case FAM_OLLAMA:
			sbx_refuse(x, 400, NULL, NULL, "json: %s \"%s\"%s", plain[what], path, detail);
			break;
		case FAM_COHERE:
			sbx_refuse(x, 400, NULL, NULL, "invalid request: %s '%s'%s", plain[what], path, detail);
			break;
	}
}

static bool
whole(const cJSON *v)
{
	return cJSON_IsNumber(v) && v->valuedouble >= -9e15 && v->valuedouble <= 9e15 &&
		   v->valuedouble == (double) (long) v->valuedouble;
}

static bool
all_strings(const cJSON *v)
{
	const cJSON *e;

	if (!cJSON_IsArray(v))
		return false;
	cJSON_ArrayForEach (e, v)
		if (!cJSON_IsString(e))
			return false;
	return true;
}

static bool
fits(const cJSON *v, unsigned t)
{
	return (t & T_ANY) || ((t & T_STR) && cJSON_IsString(v)) || ((t & T_INT) && whole(v)) ||
		   ((t & T_NUM) && cJSON_IsNumber(v)) || ((t & T_BOOL) && cJSON_IsBool(v)) ||
		   ((t & T_OBJ) && cJSON_IsObject(v)) || ((t & T_ARR) && cJSON_IsArray(v)) ||
		   ((t & T_NULL) && cJSON_IsNull(v)) || ((t & T_STRS) && all_strings(v));
}

static bool
check_elements(sbx_exchange *x, const cJSON *array, const sbx_field *sub, const char *at)
{
	const cJSON *e;
	char path[512];
	int i = 0;

	cJSON_ArrayForEach (e, array)
	{
		join(x, path, sizeof(path), at, "", i++);
		if (!cJSON_IsObject(e))
		{
			complain(x, WRONG_TYPE, path, ": expected an object");
			return false;
		}
		if (!sbx_shape(x, e, sub, path))
			return false;
	}
	return true;
}

/*
 * Checks an object against its fields (the list ends with a NULL name), descending into members
 * that have a `sub`. `at` is the path of the object, "" at the top. On failure the family's error
 * is rendered and false returned.
 */
bool
sbx_shape(sbx_exchange *x, const cJSON *object, const sbx_field *fields, const char *at)
{
	const cJSON *v;
	const sbx_field *f;
	char path[512];

	cJSON_ArrayForEach (v, object)
	{
		join(x, path, sizeof(path), at, v->string, -1);
		for (f = fields; f->name != NULL && strcmp(f->name, v->string) != 0; f++)
			;
		if (f->name == NULL)
		{
			complain(x, UNKNOWN, path, "");
			return false;
		}
		if (!fits(v, f->types))
		{
			complain(x, WRONG_TYPE, path, "");
			return false;
		}
		if (f->sub == NULL)
			continue;
		if (cJSON_IsObject(v) && !sbx_shape(x, v, f->sub, path))
			return false;
		if (cJSON_IsArray(v) && !(f->types & T_STRS && all_strings(v)) &&
			!check_elements(x, v, f->sub, path))
			return false;
	}
	for (f = fields; f->name != NULL; f++)
		if ((f->types & T_REQ) && cJSON_GetObjectItemCaseSensitive(object, f->name) == NULL)
		{
			join(x, path, sizeof(path), at, f->name, -1);
			complain(x, MISSING, path, "");
			return false;
		}
	return true;
}

/* Checks that a number, if it is there, lies in [lo, hi]. */
bool
sbx_range(sbx_exchange *x, const cJSON *object, const char *name, double lo, double hi,
		  const char *at)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);
	char path[512];
	char detail[96];

	if (!cJSON_IsNumber(v) || (v->valuedouble >= lo && v->valuedouble <= hi))
		return true;
	join(x, path, sizeof(path), at, name, -1);
	snprintf(detail, sizeof(detail), ": must be between %g and %g", lo, hi);
	complain(x, BAD_VALUE, path, detail);
	return false;
}

/* Checks that a string, if it is there, is one of the words in `allowed` ("a|b|c"). */
bool
sbx_word(sbx_exchange *x, const cJSON *object, const char *name, const char *allowed,
		 const char *at)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);
	char path[512];
	char detail[400];
	const char *p = allowed;

	if (!cJSON_IsString(v))
		return true;
	while (*p != '\0')
	{
		size_t n = strcspn(p, "|");

		if (strlen(v->valuestring) == n && strncmp(p, v->valuestring, n) == 0)
			return true;
		p += n + (p[n] == '|');
	}
	join(x, path, sizeof(path), at, name, -1);
	snprintf(detail, sizeof(detail), ": must be one of %s", allowed);
	complain(x, BAD_VALUE, path, detail);
	return false;
}

/* Keywords that a schema uses, but not names of properties; the first of words ("a|b") or NULL. */
static const char *
foreign_keyword(const cJSON *schema, const char *words, bool names, int depth)
{
	const cJSON *v;
	const char *bad;

	if (depth > 64)
		return NULL;
	cJSON_ArrayForEach (v, schema)
	{
		bool map = v->string != NULL && !names &&
				   (strcmp(v->string, "properties") == 0 || strcmp(v->string, "$defs") == 0 ||
					strcmp(v->string, "definitions") == 0);
		const char *at = v->string != NULL && !names ? strstr(words, v->string) : NULL;
		size_t n = v->string != NULL ? strlen(v->string) : 0;

		if (at != NULL && (at == words || at[-1] == '|') && (at[n] == '|' || at[n] == '\0'))
			return v->string;
		if (v->string != NULL && !names &&
			(strcmp(v->string, "enum") == 0 || strcmp(v->string, "const") == 0))
			continue;
		bad = cJSON_IsObject(v) || cJSON_IsArray(v) ? foreign_keyword(v, words, map, depth + 1)
													: NULL;
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

static bool
open_object(const cJSON *schema, bool names, int depth)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
	const cJSON *v;

	if (depth > 64)
		return false;
	if (!names && cJSON_IsObject(schema) && cJSON_IsString(type) &&
		strcmp(type->valuestring, "object") == 0 &&
		!cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties")))
		return true;
	cJSON_ArrayForEach (v, schema)
	{
		bool map = v->string != NULL && !names &&
				   (strcmp(v->string, "properties") == 0 || strcmp(v->string, "$defs") == 0);

		if ((cJSON_IsObject(v) || cJSON_IsArray(v)) && open_object(v, map, depth + 1))
			return true;
	}
	return false;
}

/* Claude's structured output: closed objects, no limits of values. */
bool
sbx_claude_schema(sbx_exchange *x, const cJSON *schema, const char *at)
{
	const char *bad = foreign_keyword(
		schema,
		"minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|maxItems|"
		"uniqueItems|minProperties|maxProperties|prefixItems|oneOf|not",
		false, 0);

	if (bad != NULL)
		sbx_refuse(x, 400, NULL, NULL, "%s: property '%s' is not supported", at, bad);
	else if (open_object(schema, false, 0))
		sbx_refuse(x, 400, NULL, NULL,
				   "%s: For 'object' type, 'additionalProperties' must be explicitly set to false",
				   at);
	else
		return true;
	return false;
}

static const char *
loose_object(const cJSON *schema, int depth)
{
	const cJSON *props = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	const cJSON *req = cJSON_GetObjectItemCaseSensitive(schema, "required");
	const cJSON *more = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
	const cJSON *v, *r;
	const char *bad;

	if (depth > 32)
		return NULL;
	if (props != NULL || (cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0))
	{
		if (!cJSON_IsFalse(more))
			return "'additionalProperties' must be there and false";
		cJSON_ArrayForEach (v, props)
		{
			bool listed = false;

			cJSON_ArrayForEach (r, req)
				listed = listed || (cJSON_IsString(r) && strcmp(r->valuestring, v->string) == 0);
			if (!listed)
				return "'required' must list every property";
		}
	}
	cJSON_ArrayForEach (v, schema)
	{
		bad = cJSON_IsObject(v) || cJSON_IsArray(v) ? loose_object(v, depth + 1) : NULL;
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* OpenAI's strict mode: closed objects with every property required, an object at the top. */
bool
sbx_strict_schema(sbx_exchange *x, const cJSON *schema, const char *at)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
	const char *bad = loose_object(schema, 0);

	if (bad == NULL &&
		foreign_keyword(schema,
						"minLength|maxLength|uniqueItems|minProperties|maxProperties|prefixItems|"
						"allOf|oneOf|not|default",
						false, 0) != NULL)
		bad = "a keyword is not permitted";
	if (bad == NULL && (!cJSON_IsString(type) || strcmp(type->valuestring, "object") != 0))
		bad = "the root must be of type 'object'";
	if (bad == NULL)
		return true;
	sbx_refuse(x, 400, x->family <= FAM_AZURE ? "invalid_json_schema" : NULL, at,
			   "Invalid schema for '%s': %s.", at, bad);
	return false;
}
