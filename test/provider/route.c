/* From the path to the family: finds the model, does what every request needs, calls the family. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire.h"

typedef struct sbx_route_entry
{
	const char *path;
	sbx_family family;
	sbx_handler handler;
} route;

static const route fixed[] = {
	{"/v1/chat/completions", FAM_OPENAI, sbx_openai_chat},
	{"/v1/responses", FAM_OPENAI, sbx_openai_responses},
	{"/v1/embeddings", FAM_OPENAI, sbx_openai_embed},
	{"/v1/messages", FAM_ANTHROPIC, sbx_anthropic},
	{"/openai/v1/chat/completions", FAM_AZURE, sbx_openai_chat},
	{"/openai/v1/responses", FAM_AZURE, sbx_openai_responses},
	{"/openai/v1/embeddings", FAM_AZURE, sbx_openai_embed},
	{"/api/chat", FAM_OLLAMA, sbx_ollama_chat},
	{"/api/embed", FAM_OLLAMA, sbx_ollama_embed},
	{"/v2/chat", FAM_COHERE, sbx_cohere_chat},
	{"/v2/embed", FAM_COHERE, sbx_cohere_embed},
	{"/v2/rerank", FAM_COHERE, sbx_cohere_rerank},
};

/* These carry the model's name between prefix and suffix. */
static const struct
{
	const char *prefix;
	const char *suffix;
	sbx_family family;
	sbx_handler handler;
} named[] = {
	{"/model/", "/converse", FAM_BEDROCK, sbx_bedrock_converse},
	{"/model/", "/invoke", FAM_BEDROCK, sbx_bedrock_invoke},
	{"/openai/deployments/", "/chat/completions", FAM_AZURE, sbx_openai_chat},
	{"/openai/deployments/", "/embeddings", FAM_AZURE, sbx_openai_embed},
	{"/v1beta/models/", ":generateContent", FAM_GEMINI, sbx_gemini_generate},
	{"/v1beta/models/", ":embedContent", FAM_GEMINI, sbx_gemini_embed},
	{"/v1beta/models/", ":batchEmbedContents", FAM_GEMINI, sbx_gemini_batch_embed},
};

static unsigned long counter;

/* Whose error form an unknown path gets. */
static sbx_family
guess(const char *path)
{
	static const struct
	{
		const char *prefix;
		sbx_family family;
	} prefixes[] = {
		{"/v1/messages", FAM_ANTHROPIC}, {"/model/", FAM_BEDROCK}, {"/openai/", FAM_AZURE},
		{"/v1beta/", FAM_GEMINI},        {"/api/", FAM_OLLAMA},    {"/v2/", FAM_COHERE},
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(path, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
			return prefixes[i].family;
	return FAM_OPENAI;
}

/* Finds the handler; the model's name goes to `model` if the path has it ("" if not). */
static sbx_handler
find(sbx_exchange *x, const char *path, char *model, size_t cap)
{
	model[0] = '\0';
	if (strncmp(path, "/compat/v1/", 11) == 0)
	{
		x->compat = true;
		path += 7;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (strcmp(path, fixed[i].path) == 0 &&
			(!x->compat || fixed[i].handler == sbx_openai_chat ||
			 fixed[i].handler == sbx_openai_embed))
		{
			x->family = fixed[i].family;
			return fixed[i].handler;
		}
	for (size_t i = 0; i < sizeof(named) / sizeof(*named) && !x->compat; i++)
	{
		size_t n = strlen(path), pre = strlen(named[i].prefix), post = strlen(named[i].suffix);

		if (n <= pre + post || strncmp(path, named[i].prefix, pre) != 0 ||
			strcmp(path + n - post, named[i].suffix) != 0 || n - pre - post >= cap)
			continue;
		memcpy(model, path + pre, n - pre - post);
		model[n - pre - post] = '\0';
		if (strchr(model, '/') != NULL)
			continue; /* a slash inside a name must be sent as %2F */
		sbx_url_decode(model);
		x->family = named[i].family;
		return named[i].handler;
	}
	x->family = guess(path);
	return NULL;
}

/* The target of FAULT_REDIRECT: nobody should come here; if one does, the counters tell. */
static void
redirected(sbx_conn *c)
{
	sbx_conn_count(c, sbx_model_get("redirected"));
	c->rep.status = 200;
	sbx_buf_puts(&c->rep.body, "{\"redirected\":true}");
	sbx_reply_start(c);
}

static bool
json_content(const sbx_request *req)
{
	const char *type = sbx_header_get(req, "content-type");

	return type != NULL && strncasecmp(type, "application/json", 16) == 0;
}

/* What must hold before a family looks at the body. */
static bool
acceptable(sbx_exchange *x, sbx_handler handler, bool deployment)
{
	char version[64];

	if (handler == NULL)
		sbx_refuse(x, 404, NULL, NULL, "Invalid URL (%s %s)", x->req->method, x->req->path);
	else if (strcmp(x->req->method, "POST") != 0)
	{
		sbx_buf_puts(&x->rep->head, "Allow: POST\r\n");
		sbx_refuse(x, 405, "method_not_allowed", NULL, "Method %s is not allowed here",
				   x->req->method);
	}
	else if (deployment && !sbx_query_get(x->req->query, "api-version", version, sizeof(version)))
		sbx_refuse(x, 404, "404", NULL, "Resource not found: the api-version is missing");
	else if (!sbx_auth(x))
		return false;
	else if (!json_content(x->req))
		sbx_refuse(x, 400, NULL, NULL, "The header content-type must be application/json");
	else if (!cJSON_IsObject(x->json))
		sbx_refuse(x, 400, NULL, NULL, "The body of the request could not be parsed as JSON");
	else
		return true;
	return false;
}

static void
run(sbx_exchange *x, sbx_handler handler, bool deployment)
{
	const sbx_behaviour *b = &x->entry->behaviour;
	double delay = (double) b->lat;
	bool only_late = b->status == 0 && b->fault == FAULT_NONE;
	size_t head = x->rep->head.len;
	bool due;

	if (!acceptable(x, handler, deployment))
		return;
	handler(x); /* renders the good answer, or refuses the request */
	if (x->rep->refused)
		return;
	due = sbx_fault_due(x->entry);
	if (b->jit > 0)
		delay += (double) (sbx_mix(x->entry->gate) % (uint64_t) (b->jit + 1));
	if (due || !only_late)
		x->rep->delay = delay;
	if (!due)
		return;
	x->beh = *b;
	x->rep->beh = *b;
	x->rep->fault = b->fault;
	if (b->status != 0 || b->fault != FAULT_NONE || b->cached > 0 || b->think > 0 || b->prob > 0 ||
		b->lp != LP_GOOD)
	{
		/* Render again, now knowing what has to be wrong. */
		sbx_buf_clear(&x->rep->body);
		x->rep->head.len = head;
		if (!sbx_fault_answer(x))
			handler(x);
	}
	sbx_fault_hints(x);
}

/* Handles a complete request; the reply is on its way when this returns. */
void
sbx_route(sbx_conn *c)
{
	sbx_exchange x = {.conn = c, .req = &c->req, .rep = &c->rep, .family = FAM_OPENAI};
	char model[1024];
	sbx_handler handler;
	bool deployment;

	if (strncmp(c->req.path, "/control/", 9) == 0)
	{
		sbx_control(c);
		return;
	}
	if (strcmp(c->req.path, "/redirected") == 0)
	{
		redirected(c);
		return;
	}
	handler = find(&x, c->req.path, model, sizeof(model));
	deployment = handler != NULL && strncmp(c->req.path, "/openai/deployments/", 20) == 0;
	x.json = c->req.body.len ? cJSON_ParseWithLength(c->req.body.p, c->req.body.len) : NULL;
	if (model[0] == '\0')
	{
		const cJSON *m = cJSON_GetObjectItemCaseSensitive(x.json, "model");

		snprintf(model, sizeof(model), "%s",
				 cJSON_IsString(m) && *m->valuestring ? m->valuestring : "unknown");
	}
	x.model = model;
	x.entry = sbx_model_get(model);
	x.id = ++counter;
	x.rep->status = 200;
	sbx_conn_count(c, x.entry);
	sbx_request_id(&x);
	run(&x, handler, deployment);
	cJSON_Delete(x.json);
	sbx_reply_start(c);
}
