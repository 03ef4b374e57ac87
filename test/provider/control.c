/* The control endpoints: behaviours in, counters out. No key needed, loopback only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

/* A /control/wait that is not yet answered. */
typedef struct waiter
{
	sbx_conn *conn;
	char model[1024];
	char field[64];
	double bound;
	char op; /* g = at least, l = at most, e = equal */
	struct waiter *next;
} waiter;

static waiter *waiters;
static struct event *wake;

static void
answer(sbx_conn *c, int status, const char *text)
{
	c->rep.status = status;
	c->rep.ctype = "text/plain";
	sbx_buf_puts(&c->rep.body, text);
	sbx_reply_start(c);
}

static void
answer_json(sbx_conn *c, cJSON *o)
{
	char *text = cJSON_PrintUnformatted(o);

	c->rep.status = 200;
	sbx_buf_puts(&c->rep.body, text);
	sbx_buf_puts(&c->rep.body, "\n");
	free(text);
	cJSON_Delete(o);
	sbx_reply_start(c);
}

static void
set_model(sbx_conn *c)
{
	cJSON *o = cJSON_ParseWithLength(c->req.body.p ? c->req.body.p : "", c->req.body.len);
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(o, "model");
	const cJSON *v;
	const char *bad = NULL;
	sbx_behaviour b = {0};
	sbx_model *m;
	char text[256];

	if (!cJSON_IsString(name))
	{
		cJSON_Delete(o);
		answer(c, 400, "the body must be JSON with a member model\n");
		return;
	}
	cJSON_ArrayForEach (v, o)
	{
		if (v == name || bad != NULL)
			continue;
		if (cJSON_IsNumber(v))
			snprintf(text, sizeof(text), "%.15g", v->valuedouble);
		else
			snprintf(text, sizeof(text), "%s", cJSON_IsString(v) ? v->valuestring : "");
		bad = sbx_behaviour_set(&b, v->string, text);
		if (bad != NULL)
			snprintf(text, sizeof(text), "%s: %s\n", v->string, bad);
	}
	if (bad == NULL)
	{
		sbx_behaviour_finish(&b);
		m = sbx_model_get(name->valuestring);
		m->behaviour = b;
		m->controlled = true;
		m->gate = 0; /* first, after and every count from here */
	}
	cJSON_Delete(o);
	answer(c, bad ? 400 : 200, bad ? text : "ok\n");
}

static void
show_stats(sbx_conn *c)
{
	char model[1024], field[64], text[64];
	bool one = sbx_query_get(c->req.query, "model", model, sizeof(model));
	double v;

	if (sbx_query_get(c->req.query, "field", field, sizeof(field)))
	{
		if (!sbx_stats_number(model, field, &v))
		{
			answer(c, 400, "unknown field\n");
			return;
		}
		snprintf(text, sizeof(text), "%.0f\n", v);
		answer(c, 200, text);
	}
	else if (one)
		answer_json(c, sbx_stats_model_json(sbx_model_get(model)));
	else
		answer_json(c, sbx_stats_json());
}

static void
show_last(sbx_conn *c)
{
	char model[1024];
	const sbx_model *m;

	sbx_query_get(c->req.query, "model", model, sizeof(model));
	m = sbx_model_find(model);
	if (m == NULL || m->last_body.p == NULL)
	{
		answer(c, 404, "");
		return;
	}
	c->rep.status = 200;
	sbx_buf_add(&c->rep.body, m->last_body.p, m->last_body.len);
	sbx_reply_start(c);
}

/* Forgets a pending wait of this connection. */
void
sbx_control_forget(sbx_conn *c)
{
	waiter **p = &waiters;

	if (c->waiter == NULL)
		return;
	while (*p != c->waiter)
		p = &(*p)->next;
	*p = (*p)->next;
	free(c->waiter);
	c->waiter = NULL;
	if (waiters == NULL)
		sbx_stats_changed = NULL;
}

static bool
met(const waiter *w, double *value)
{
	if (!sbx_stats_number(w->model, w->field, value))
		return false;
	return w->op == 'g'   ? *value >= w->bound
		   : w->op == 'l' ? *value <= w->bound
						  : *value == w->bound;
}

static void
finish_wait(sbx_conn *c, int status, double value)
{
	char text[64];

	event_del(c->timer);
	sbx_control_forget(c);
	snprintf(text, sizeof(text), "%.0f\n", value);
	answer(c, status, text);
}

static void
wait_timeout(sbx_conn *c)
{
	double v = 0;

	met(c->waiter, &v);
	finish_wait(c, 504, v);
}

static void
wake_cb(evutil_socket_t fd, short what, void *arg)
{
	bool again;
	double v;

	(void) fd;
	(void) what;
	(void) arg;
	do
	{
		again = false;
		for (waiter *w = waiters; w != NULL && !again; w = w->next)
			if (met(w, &v))
			{
				finish_wait(w->conn, 200, v);
				again = true; /* the list has changed */
			}
	} while (again);
}

static void
stats_changed(void)
{
	/* not at once: the counters change in the middle of other work */
	event_active(wake, EV_TIMEOUT, 0);
}

static void
start_wait(sbx_conn *c)
{
	static const char *const ops[] = {"ge", "le", "eq"};
	waiter *w = calloc(1, sizeof(*w));
	char text[64];
	double v;
	long timeout = 5000;

	sbx_query_get(c->req.query, "model", w->model, sizeof(w->model));
	sbx_query_get(c->req.query, "field", w->field, sizeof(w->field));
	for (int i = 0; i < 3; i++)
		if (sbx_query_get(c->req.query, ops[i], text, sizeof(text)))
		{
			w->op = ops[i][0];
			w->bound = strtod(text, NULL);
		}
	if (sbx_query_get(c->req.query, "timeout_ms", text, sizeof(text)))
		timeout = strtol(text, NULL, 10);
	if (w->op == '\0' || !sbx_stats_number(w->model, w->field, &v))
	{
		free(w);
		answer(c, 400, "wait needs field= and one of ge=, le=, eq=\n");
		return;
	}
	w->conn = c;
	w->next = waiters;
	waiters = w;
	c->waiter = w;
	if (wake == NULL)
		wake = evtimer_new(sbx_base, wake_cb, NULL);
	sbx_stats_changed = stats_changed;
	if (met(w, &v))
		finish_wait(c, 200, v);
	else
		sbx_conn_after(c, timeout > 0 ? (double) timeout : 0.001, wait_timeout);
}

/* Answers a request under /control/. */
void
sbx_control(sbx_conn *c)
{
	const char *path = c->req.path + strlen("/control/");
	bool post = strcmp(c->req.method, "POST") == 0;

	if (c->counted)
	{
		/* a test's own look at the counters must not change them */
		c->counted = false;
		sbx_stats_connection(-1, -1);
	}
	if (post && strcmp(path, "model") == 0)
		set_model(c);
	else if (post && strcmp(path, "reset") == 0)
	{
		sbx_stats_reset();
		answer(c, 200, "ok\n");
	}
	else if (!post && strcmp(path, "stats") == 0)
		show_stats(c);
	else if (!post && strcmp(path, "last") == 0)
		show_last(c);
	else if (!post && strcmp(path, "wait") == 0)
		start_wait(c);
	else
		answer(c, 404, "no such control\n");
}
