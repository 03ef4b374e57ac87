/* The smallest JSON document that fits a schema, filled from the prompt. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire.h"

#define MAX_DEPTH 24

typedef struct filler
{
	const cJSON *root;
	const char *system;
	const char *text;
	const char *word;   /* where the next string takes its word */
	const char *number; /* where the next number is looked for */
	sbx_buf *out;
} filler;

static void fill(filler *f, const cJSON *s, const char *name, int depth);

static const cJSON *
get(const cJSON *s, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(s, name);
}

static double
limit(const cJSON *s, const char *name, double otherwise)
{
	const cJSON *v = get(s, name);

	return cJSON_IsNumber(v) ? v->valuedouble : otherwise;
}

static const cJSON *
resolve(const filler *f, const char *ref)
{
	const cJSON *at = f->root;
	char path[512];

	if (ref[0] != '#')
		return NULL;
	snprintf(path, sizeof(path), "%s", ref + 1);
	for (char *p = strtok(path, "/"); p != NULL && at != NULL; p = strtok(NULL, "/"))
		at = get(at, p);
	return at;
}

/* The first type a schema allows, in lower case; "null" only if nothing else is allowed. */
static const char *
type_of(const cJSON *s)
{
	static char type[32];
	const cJSON *t = get(s, "type");

	if (cJSON_IsArray(t))
	{
		const cJSON *e;
		const cJSON *list = t;

		t = NULL;
		cJSON_ArrayForEach (e, list)
			if (t == NULL || !cJSON_IsString(t) || strcmp(t->valuestring, "null") == 0)
				t = e;
	}
	snprintf(type, sizeof(type), "%s", cJSON_IsString(t) ? t->valuestring : "");
	for (char *p = type; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	if (type[0] != '\0')
		return type;
	if (get(s, "properties") != NULL)
		return "object";
	return get(s, "items") != NULL ? "array" : "string";
}

static void
put(filler *f, const cJSON *v)
{
	char *text = cJSON_PrintUnformatted(v);

	sbx_buf_puts(f->out, text);
	free(text);
}

static void
fill_enum(filler *f, const cJSON *list)
{
	const cJSON *e;
	const cJSON *best = list->child;
	size_t best_hits = 0;

	cJSON_ArrayForEach (e, list)
	{
		size_t hits = cJSON_IsString(e) ? sbx_overlap(e->valuestring, f->text, NULL) : 0;

		if (hits > best_hits)
		{
			best = e;
			best_hits = hits;
		}
	}
	if (best == NULL)
		sbx_buf_puts(f->out, "null");
	else
		put(f, best);
}

static void
fill_object(filler *f, const cJSON *s, int depth)
{
	const cJSON *props = get(s, "properties");
	const cJSON *req = get(s, "required");
	const cJSON *p, *r;
	const char *sep = "";

	sbx_buf_puts(f->out, "{");
	cJSON_ArrayForEach (p, props)
	{
		bool wanted = req == NULL || req->child == NULL;

		cJSON_ArrayForEach (r, req)
			wanted = wanted || (cJSON_IsString(r) && strcmp(r->valuestring, p->string) == 0);
		if (!wanted)
			continue;
		sbx_buf_puts(f->out, sep);
		sbx_buf_jsons(f->out, p->string);
		sbx_buf_puts(f->out, ":");
		fill(f, p, p->string, depth + 1);
		sep = ",";
	}
	sbx_buf_puts(f->out, "}");
}

static void
fill_array(filler *f, const cJSON *s, const char *name, int depth)
{
	long n = (long) limit(s, "minItems", 1);

	if (n > (long) limit(s, "maxItems", 1e6))
		n = (long) limit(s, "maxItems", 0);
	if (n < 1 && get(s, "minItems") != NULL && get(s, "maxItems") == NULL)
		n = 1;
	sbx_buf_puts(f->out, "[");
	for (long i = 0; i < n; i++)
	{
		if (i > 0)
			sbx_buf_puts(f->out, ",");
		if (get(s, "items") != NULL)
			fill(f, get(s, "items"), name, depth + 1);
		else
			sbx_buf_puts(f->out, "null");
	}
	sbx_buf_puts(f->out, "]");
}

static const char *
format_sample(const cJSON *s)
{
	static const char *const samples[][2] = {
		{"date-time", "2026-01-02T03:04:05Z"},
		{"date", "2026-01-02"},
		{"time", "03:04:05Z"},
		{"email", "sandbox@example.com"},
		{"uuid", "00000000-0000-4000-8000-000000000001"},
		{"uri", "https://example.com/"},
		{"ipv4", "192.0.2.1"},
		{"duration", "P1D"},
	};
	const cJSON *format = get(s, "format");

	for (size_t i = 0; cJSON_IsString(format) && i < sizeof(samples) / sizeof(*samples); i++)
		if (strcmp(format->valuestring, samples[i][0]) == 0)
			return samples[i][1];
	return NULL;
}

static void
fill_string(filler *f, const cJSON *s)
{
	size_t min = (size_t) limit(s, "minLength", 0);
	size_t max = (size_t) limit(s, "maxLength", 1e6);
	const char *sample = format_sample(s);
	char word[64];
	sbx_buf text = {0};

	sbx_buf_puts(&text, sample ? sample : "");
	while (sample == NULL && (text.len == 0 || text.len < min))
	{
		if (sbx_word_next(&f->word, word, sizeof(word)) == 0)
		{
			f->word = f->text; /* around again */
			if (sbx_word_next(&f->word, word, sizeof(word)) == 0)
				strcpy(word, "x");
		}
		if (text.len > 0)
			sbx_buf_puts(&text, " ");
		sbx_buf_puts(&text, word);
	}
	if (text.len > max)
	{
		while (max > 0 && ((unsigned char) text.p[max] & 0xC0) == 0x80)
			max--;
		text.len = max;
	}
	sbx_buf_json(f->out, text.p, text.len);
	sbx_buf_free(&text);
}

static void
fill_number(filler *f, const cJSON *s, bool whole)
{
	const char *p = f->number + strcspn(f->number, "0123456789");
	double v = 0;
	double lo = limit(s, "minimum", -1e15);
	double hi = limit(s, "maximum", 1e15);

	if (*p != '\0')
	{
		bool minus = p > f->text && p[-1] == '-';
		char *end;

		v = strtod(p, &end);
		f->number = end;
		if (minus)
			v = -v;
	}
	if (whole)
		v = trunc(v);
	if (get(s, "exclusiveMinimum") != NULL && v <= limit(s, "exclusiveMinimum", 0))
		v = limit(s, "exclusiveMinimum", 0) + 1;
	v = v < lo ? (whole ? ceil(lo) : lo) : v;
	v = v > hi ? (whole ? floor(hi) : hi) : v;
	sbx_buf_printf(f->out, "%.15g", v);
}

static bool
fill_special(filler *f, const cJSON *s, const char *name, int depth)
{
	static const char *const unions[] = {"anyOf", "oneOf", "allOf"};
	const cJSON *ref = get(s, "$ref");
	const cJSON *v;

	if (depth > MAX_DEPTH)
		sbx_buf_puts(f->out, "null");
	else if (cJSON_IsString(ref) && (v = resolve(f, ref->valuestring)) != NULL)
		fill(f, v, name, depth + 1);
	else if ((v = get(s, "const")) != NULL)
		put(f, v);
	else if (cJSON_IsArray(v = get(s, "enum")))
		fill_enum(f, v);
	else
	{
		for (int i = 0; i < 3; i++)
			if (cJSON_IsArray(v = get(s, unions[i])) && v->child != NULL)
			{
				fill(f, v->child, name, depth + 1);
				return true;
			}
		return false;
	}
	return true;
}

static void
fill(filler *f, const cJSON *s, const char *name, int depth)
{
	const char *type;

	if (fill_special(f, s, name, depth))
		return;
	type = type_of(s);
	if (strcmp(type, "object") == 0)
		fill_object(f, s, depth);
	else if (strcmp(type, "array") == 0)
		fill_array(f, s, name, depth);
	else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		fill_number(f, s, *type == 'i');
	else if (strcmp(type, "boolean") == 0)
		/* a property named after a word of the text holds, else the prompt's condition decides */
		sbx_buf_puts(f->out,
					 sbx_overlap(name, f->text, NULL) > 0 || sbx_answer_verdict(f->system, f->text)
						 ? "true"
						 : "false");
	else if (strcmp(type, "null") == 0)
		sbx_buf_puts(f->out, "null");
	else
		fill_string(f, s);
}

/* Appends a document that fits the schema; without a schema any object will do. */
void
sbx_schema_document(const cJSON *schema, const sbx_chat *chat, sbx_buf *out)
{
	filler f = {.root = schema,
				.system = chat->system.p,
				.text = chat->user.p,
				.word = chat->user.p,
				.number = chat->user.p,
				.out = out};

	if (schema != NULL)
	{
		fill(&f, schema, "", 0);
		return;
	}
	sbx_buf_puts(out, "{\"answer\":");
	fill_string(&f, NULL);
	sbx_buf_puts(out, "}");
}
