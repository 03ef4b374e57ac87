/* Counters per model and in total. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

#define BUCKETS 1024

static sbx_model *buckets[BUCKETS];
static sbx_model *models;
static unsigned generation = 1;
static sbx_model totals = {.name = ""};
static int64_t connections_opened;
static int64_t connections_open;

/* Called after every change of a counter, if set: somebody may be waiting for it. */
void (*sbx_stats_changed)(void);

static void
changed(void)
{
	if (sbx_stats_changed != NULL)
		sbx_stats_changed();
}

/* The entry of a model, NULL if the name was never heard. */
sbx_model *
sbx_model_find(const char *name)
{
	sbx_model *m = buckets[sbx_hash(name, strlen(name)) % BUCKETS];

	while (m != NULL && strcmp(m->name, name) != 0)
		m = m->next_in_bucket;
	return m;
}

/* The entry of a model, made at its first request; its behaviour comes from the name. */
sbx_model *
sbx_model_get(const char *name)
{
	sbx_model *m = sbx_model_find(name);
	sbx_model **bucket = &buckets[sbx_hash(name, strlen(name)) % BUCKETS];

	if (m != NULL)
		return m;
	m = calloc(1, sizeof(*m));
	m->name = strdup(name);
	sbx_behaviour_from_name(name, &m->behaviour);
	m->next_in_bucket = *bucket;
	*bucket = m;
	m->next = models;
	models = m;
	return m;
}

/* Changes with every reset, so that connections know their memory is stale. */
unsigned
sbx_stats_generation(void)
{
	return generation;
}

static void
note_arrival(sbx_model *m, double now)
{
	while (m->recent_len > 0 && m->recent[m->recent_head] <= now - 1000.0)
	{
		m->recent_head = (m->recent_head + 1) % m->recent_cap;
		m->recent_len--;
	}
	if (m->recent_len == m->recent_cap)
	{
		size_t cap = m->recent_cap ? m->recent_cap * 2 : 64;
		double *ring = malloc(cap * sizeof(double));

		for (size_t i = 0; i < m->recent_len; i++)
			ring[i] = m->recent[(m->recent_head + i) % m->recent_cap];
		free(m->recent);
		m->recent = ring;
		m->recent_cap = cap;
		m->recent_head = 0;
	}
	m->recent[(m->recent_head + m->recent_len++) % m->recent_cap] = now;
	if (m->recent_len > m->max_per_second)
		m->max_per_second = m->recent_len;
}

static void
digest_put(uint64_t *set, size_t cap, uint64_t h, size_t *len)
{
	size_t i = h & (cap - 1);

	while (set[i] != 0 && set[i] != h)
		i = (i + 1) & (cap - 1);
	if (set[i] == 0)
	{
		set[i] = h;
		(*len)++;
	}
}

static void
note_digest(sbx_model *m, uint64_t h)
{
	size_t len = 0;

	if (m->digest_len * 2 >= m->digest_cap)
	{
		size_t cap = m->digest_cap ? m->digest_cap * 2 : 64;
		uint64_t *set = calloc(cap, sizeof(*set));

		for (size_t i = 0; i < m->digest_cap; i++)
			if (m->digests[i] != 0)
				digest_put(set, cap, m->digests[i], &len);
		free(m->digests);
		m->digests = set;
		m->digest_cap = cap;
	}
	digest_put(m->digests, m->digest_cap, h | 1, &m->digest_len);
}

static void
enter(sbx_model *m, const sbx_request *req)
{
	m->requests++;
	if (++m->in_flight > m->peak)
		m->peak = m->in_flight;
	m->last_ms = floor(sbx_wall_ms());
	if (m->first_ms == 0)
		m->first_ms = m->last_ms;
	note_arrival(m, req->arrival);
}

static bool
is_secret(const char *name)
{
	static const char *const names[] = {
		"authorization",        "x-api-key", "api-key", "x-goog-api-key",
		"x-amz-security-token", "cookie",    NULL};

	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A request of model m has arrived. */
void
sbx_stats_begin(sbx_model *m, const sbx_request *req, bool new_connection)
{
	bool auth = false;

	enter(m, req);
	enter(&totals, req);
	m->connections += new_connection;
	sbx_buf_clear(&m->last_headers);
	for (int i = 0; i < req->nheaders; i++)
	{
		const sbx_header *h = &req->headers[i];

		auth = auth || is_secret(h->name);
		sbx_buf_add(&m->last_headers, h->name, strlen(h->name) + 1);
		sbx_buf_add(&m->last_headers, h->value, strlen(h->value) + 1);
	}
	m->with_auth += auth;
	sbx_buf_trim(&m->last_body, 1 << 20);
	sbx_buf_add(&m->last_body, req->body.p, req->body.len);
	note_digest(m, sbx_hash(req->body.p, req->body.len));
	changed();
}

/* A request of model m has so many texts to embed. */
void
sbx_stats_inputs(sbx_model *m, size_t n)
{
	m->inputs += n;
	totals.inputs += n;
	changed();
}

static void
leave(sbx_model *m, sbx_outcome outcome)
{
	if (m->in_flight > 0)
		m->in_flight--;
	m->ok += outcome == OUTCOME_OK;
	m->errors += outcome == OUTCOME_ERROR || outcome == OUTCOME_REFUSED;
	m->refused += outcome == OUTCOME_REFUSED;
	m->aborted += outcome == OUTCOME_ABORTED;
}

/* A request of model m that began in generation `since` has ended, one way or the other. */
void
sbx_stats_end(sbx_model *m, sbx_outcome outcome, unsigned since)
{
	if (since != generation)
		outcome = OUTCOME_FORGOTTEN;
	leave(m, outcome);
	leave(&totals, outcome);
	changed();
}

/* Counts connections; a control connection is taken back once it shows itself. */
void
sbx_stats_connection(int opened, int open)
{
	connections_opened += opened;
	connections_open += open;
	changed();
}

static void
clear(sbx_model *m)
{
	m->requests = m->ok = m->errors = m->aborted = m->refused = 0;
	m->connections = m->with_auth = m->inputs = m->gate = m->max_per_second = 0;
	m->peak = m->in_flight; /* these are real, but how they end is no longer counted */
	m->first_ms = m->last_ms = 0;
	m->recent_len = 0;
	m->digest_len = 0;
	if (m->digests != NULL)
		memset(m->digests, 0, m->digest_cap * sizeof(*m->digests));
	sbx_buf_free(&m->last_headers);
	sbx_buf_free(&m->last_body);
}

/* Zeroes every counter and forgets every behaviour set by /control. */
void
sbx_stats_reset(void)
{
	generation++;
	for (sbx_model *m = models; m != NULL; m = m->next)
	{
		clear(m);
		m->controlled = false;
		sbx_behaviour_from_name(m->name, &m->behaviour);
	}
	clear(&totals);
	connections_opened = connections_open;
	changed();
}

/* Reads one number; model "" = totals. False if the field does not exist. */
bool
sbx_stats_number(const char *model, const char *field, double *value)
{
	static const sbx_model none = {.name = ""};
	const sbx_model *m = *model ? sbx_model_find(model) : &totals;
	const struct
	{
		const char *name;
		double value;
	} fields[] = {
		{"requests", (double) (m ? m : &none)->requests},
		{"ok", (double) (m ? m : &none)->ok},
		{"errors", (double) (m ? m : &none)->errors},
		{"aborted", (double) (m ? m : &none)->aborted},
		{"refused", (double) (m ? m : &none)->refused},
		{"connections", (double) (m ? m : &none)->connections},
		{"with_auth", (double) (m ? m : &none)->with_auth},
		{"inputs", (double) (m ? m : &none)->inputs},
		{"in_flight", (double) (m ? m : &none)->in_flight},
		{"peak", (double) (m ? m : &none)->peak},
		{"max_per_second", (double) (m ? m : &none)->max_per_second},
		{"digests", (double) (m ? m : &none)->digest_len},
		{"first_ms", (m ? m : &none)->first_ms},
		{"last_ms", (m ? m : &none)->last_ms},
		{"connections_opened", (double) connections_opened},
		{"connections_open", (double) connections_open},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(fields[i].name, field) == 0)
		{
			*value = fields[i].value;
			return true;
		}
	return false;
}

static void
add_numbers(cJSON *o, const char *model, const char *const *names)
{
	double v;

	for (; *names != NULL; names++)
		if (sbx_stats_number(model, *names, &v))
			cJSON_AddNumberToObject(o, *names, v);
}

/* One model's counters as a JSON object; the caller frees it. */
cJSON *
sbx_stats_model_json(const sbx_model *m)
{
	static const char *const names[] = {
		"requests",       "ok",        "errors",  "aborted",  "refused",
		"connections",    "in_flight", "peak",    "first_ms", "last_ms",
		"max_per_second", "with_auth", "digests", "inputs",   NULL};
	cJSON *o = cJSON_CreateObject();
	cJSON *h = cJSON_CreateObject();
	const char *p = m->last_headers.p;
	const char *end = p + m->last_headers.len;

	cJSON_AddStringToObject(o, "model", m->name);
	add_numbers(o, m->name, names);
	while (p != NULL && p < end)
	{
		const char *value = p + strlen(p) + 1;
		char hidden[32];

		snprintf(hidden, sizeof(hidden), "%zu bytes", strlen(value));
		cJSON_AddStringToObject(h, p, is_secret(p) ? hidden : value);
		p = value + strlen(value) + 1;
	}
	cJSON_AddItemToObject(o, "last_headers", h);
	return o;
}

/* Totals and every model that was used since the last reset; the caller frees it. */
cJSON *
sbx_stats_json(void)
{
	static const char *const names[] = {"requests",
										"ok",
										"errors",
										"aborted",
										"refused",
										"in_flight",
										"peak",
										"max_per_second",
										"connections_opened",
										"connections_open",
										NULL};
	cJSON *o = cJSON_CreateObject();
	cJSON *all = cJSON_CreateObject();

	add_numbers(o, "", names);
	for (const sbx_model *m = models; m != NULL; m = m->next)
		if (m->requests > 0 || m->controlled)
			cJSON_AddItemToObject(all, m->name, sbx_stats_model_json(m));
	cJSON_AddItemToObject(o, "models", all);
	return o;
}
