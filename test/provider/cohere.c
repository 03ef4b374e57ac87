/* Cohere v2: chat, embed, rerank. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define MAX_TEXTS 96

static const sbx_field part_fields[] = {{"type", T_STR | T_REQ, NULL}, {"text", T_STR, NULL},
										{"thinking", T_STR, NULL},     {"image_url", T_OBJ, NULL},
										{"document", T_OBJ, NULL},     {NULL, 0, NULL}};

static const sbx_field message_fields[] = {
	{"role", T_STR | T_REQ, NULL}, {"content", T_STR | T_ARR, part_fields},
	{"tool_calls", T_ARR, NULL},   {"tool_call_id", T_STR, NULL},
	{"tool_plan", T_STR, NULL},    {NULL, 0, NULL}};

static const sbx_field format_fields[] = {
	{"type", T_STR | T_REQ, NULL}, {"json_schema", T_OBJ, NULL}, {NULL, 0, NULL}};

static const sbx_field thinking_fields[] = {
	{"type", T_STR | T_REQ, NULL}, {"token_budget", T_INT, NULL}, {NULL, 0, NULL}};

static const sbx_field chat_fields[] = {{"model", T_STR | T_REQ, NULL},
										{"messages", T_ARR | T_REQ, message_fields},
										{"max_tokens", T_INT, NULL},
										{"stop_sequences", T_STRS, NULL},
										{"temperature", T_NUM, NULL},
										{"seed", T_INT, NULL},
										{"k", T_INT, NULL},
										{"p", T_NUM, NULL},
										{"frequency_penalty", T_NUM, NULL},
										{"presence_penalty", T_NUM, NULL},
										{"response_format", T_OBJ, format_fields},
										{"safety_mode", T_STR, NULL},
										{"documents", T_ARR | T_STRS, NULL},
										{"citation_options", T_OBJ, NULL},
										{"tools", T_ARR, NULL},
										{"tool_choice", T_STR, NULL},
										{"strict_tools", T_BOOL, NULL},
										{"thinking", T_OBJ, thinking_fields},
										{"logprobs", T_BOOL, NULL},
										{"priority", T_INT, NULL},
										{"stream", T_BOOL, NULL},
										{NULL, 0, NULL}};

static const sbx_field embed_fields[] = {{"model", T_STR | T_REQ, NULL},
										 {"input_type", T_STR | T_REQ, NULL},
										 {"texts", T_STRS | T_REQ, NULL},
										 {"embedding_types", T_STRS, NULL},
										 {"output_dimension", T_INT, NULL},
										 {"truncate", T_STR, NULL},
										 {"max_tokens", T_INT, NULL},
										 {"priority", T_INT, NULL},
										 {NULL, 0, NULL}};

static const sbx_field rerank_fields[] = {{"model", T_STR | T_REQ, NULL},
										  {"query", T_STR | T_REQ, NULL},
										  {"documents", T_STRS | T_REQ, NULL},
										  {"top_n", T_INT, NULL},
										  {"max_tokens_per_doc", T_INT, NULL},
										  {"priority", T_INT, NULL},
										  {NULL, 0, NULL}};

static const cJSON *
get(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool
check(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *format = get(x->json, "response_format");
	const cJSON *cap = get(x->json, "max_tokens");
	const cJSON *m;
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, chat_fields, "") ||
		!sbx_range(x, x->json, "max_tokens", 1, 1e6, "") ||
		!sbx_range(x, x->json, "p", 0.01, 0.99, "") || !sbx_range(x, x->json, "k", 0, 500, "") ||
		!sbx_word(x, x->json, "safety_mode", "CONTEXTUAL|STRICT|OFF", "") ||
		!sbx_word(x, format, "type", "text|json_object", "response_format"))
		return false;
	if (cJSON_IsTrue(get(x->json, "stream")))
	{
		sbx_refuse(x, 400, NULL, NULL, "invalid request: the sandbox does not stream");
		return false;
	}
	cJSON_ArrayForEach (m, get(x->json, "messages"))
	{
		snprintf(at, sizeof(at), "messages[%d]", i++);
		if (!sbx_word(x, m, "role", "system|user|assistant|tool", at))
			return false;
		sbx_chat_content(chat, get(m, "role")->valuestring, get(m, "content"));
	}
	if (i == 0)
	{
		sbx_refuse(x, 400, NULL, NULL, "invalid request: messages must not be empty");
		return false;
	}
	chat->schema = get(format, "json_schema");
	chat->any_json = format && strcmp(get(format, "type")->valuestring, "json_object") == 0;
	chat->max_tokens = cap ? (long) cap->valuedouble : 0;
	chat->logprobs = cJSON_IsTrue(get(x->json, "logprobs"));
	return true;
}

static const char *
finish_word(sbx_finish f)
{
	switch (f)
	{
		case FINISH_LENGTH:
			return "MAX_TOKENS";
		case FINISH_FILTER:
		case FINISH_REFUSAL:
			return "ERROR_TOXIC";
		case FINISH_UNKNOWN:
			return "SANDBOX_WHIM";
		default:
			return "COMPLETE";
	}
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";

	sbx_buf_printf(b,
				   "{\"id\":\"c-%08lx\",\"finish_reason\":\"%s\",\"message\":{"
				   "\"role\":\"assistant\",\"content\":",
				   x->id, finish_word(chat->finish));
	if (x->beh.fault == FAULT_NULLCONTENT)
		sbx_buf_puts(b, "null");
	else if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else
	{
		sbx_buf_puts(b, "[");
		if (chat->think > 0 || x->beh.fault == FAULT_ARRAYCONTENT)
		{
			sbx_buf_puts(b, "{\"type\":\"thinking\",\"thinking\":");
			sbx_buf_jsons(b, sbx_chat_reasoning());
			sbx_buf_puts(b, "},");
		}
		if (x->beh.fault != FAULT_NOCHOICES)
		{
			sbx_buf_puts(b, "{\"type\":\"text\",\"text\":");
			sbx_buf_json(b, chat->answer.p, chat->answer.len);
			sbx_buf_puts(b, "}");
		}
		sbx_buf_puts(b, "]");
	}
	sbx_buf_puts(b, "}");
	if (chat->logprobs)
	{
		sbx_buf_puts(b, ",\"logprobs\":");
		sbx_logprobs(x, chat, LP_FORM_COHERE);
	}
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"usage\":{\"billed_units\":{\"input_tokens\":%s%ld%s,"
					   "\"output_tokens\":%s%ld%s},\"tokens\":{\"input_tokens\":%s%ld%s,"
					   "\"output_tokens\":%s%ld%s},\"cached_tokens\":%ld}",
					   q, chat->in_tokens, q, q, chat->out_tokens, q, q, chat->in_tokens, q, q,
					   chat->out_tokens, q, chat->cached);
	sbx_buf_puts(b, "}");
}

/* POST /v2/chat. */
void
sbx_cohere_chat(sbx_exchange *x)
{
	sbx_chat chat = {0};

	if (check(x, &chat))
	{
		sbx_chat_answer(x, &chat);
		render(x, &chat);
	}
	sbx_chat_free(&chat);
}

/* POST /v2/embed. */
void
sbx_cohere_embed(sbx_exchange *x)
{
	const cJSON *dim = get(x->json, "output_dimension");
	const cJSON *texts = get(x->json, "texts");
	const cJSON *v;
	sbx_buf *b = &x->rep->body;
	sbx_embed e = {0};

	if (!sbx_shape(x, x->json, embed_fields, "") ||
		!sbx_range(x, x->json, "output_dimension", 1, 8192, "") ||
		!sbx_word(x, x->json, "truncate", "NONE|START|END", "") ||
		!sbx_word(x, x->json, "input_type",
				  "search_document|search_query|classification|clustering|image", ""))
		return;
	cJSON_ArrayForEach (v, texts)
		if (!sbx_embed_add(&e, v->valuestring))
			break;
	if (v != NULL || e.count == 0 || e.count > MAX_TEXTS)
		sbx_refuse(x, 400, NULL, NULL, "invalid request: texts: 1 to %d texts, none of them empty",
				   MAX_TEXTS);
	else
	{
		sbx_embed_plan(x, &e, dim ? dim->valueint : 0);
		sbx_buf_printf(b, "{\"id\":\"emb-%08lx\",\"embeddings\":{\"float\":[", x->id);
		for (size_t i = 0; i < e.out; i++)
		{
			if (i > 0)
				sbx_buf_puts(b, ",");
			if (x->beh.fault == FAULT_WRONGTYPES)
				sbx_buf_puts(b, "42");
			else if (x->beh.fault == FAULT_NULLCONTENT)
				sbx_buf_puts(b, "null");
			else
				sbx_embed_vector(&e, i, false, b);
		}
		sbx_buf_puts(b, "]},\"texts\":[");
		for (size_t i = 0; i < e.count; i++)
		{
			if (i > 0)
				sbx_buf_puts(b, ",");
			sbx_buf_jsons(b, e.texts[i]);
		}
		sbx_buf_puts(b, "]");
		if (x->beh.fault != FAULT_NOUSAGE)
			sbx_buf_printf(b, ",\"meta\":{\"billed_units\":{\"input_tokens\":%ld}}", e.tokens);
		sbx_buf_puts(b, "}");
	}
	sbx_embed_free(&e);
}

typedef struct ranked
{
	int index;
	double score;
} ranked;

static int
by_score(const void *a, const void *b)
{
	const ranked *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return x->index - y->index;
}

/* POST /v2/rerank: the score is the share of the query's words that the document has. */
void
sbx_cohere_rerank(sbx_exchange *x)
{
	const cJSON *docs = get(x->json, "documents");
	const cJSON *top = get(x->json, "top_n");
	const cJSON *d;
	sbx_buf *b = &x->rep->body;
	ranked *list;
	int n = 0, shown;

	if (!sbx_shape(x, x->json, rerank_fields, "") || !sbx_range(x, x->json, "top_n", 1, 1e6, ""))
		return;
	if (docs->child == NULL)
	{
		sbx_refuse(x, 400, NULL, NULL, "invalid request: documents must not be empty");
		return;
	}
	list = calloc((size_t) cJSON_GetArraySize(docs), sizeof(*list));
	cJSON_ArrayForEach (d, docs)
	{
		size_t words;
		size_t hits = sbx_overlap(get(x->json, "query")->valuestring, d->valuestring, &words);

		list[n].index = n;
		list[n++].score = words ? (double) hits / (double) words : 0;
	}
	qsort(list, (size_t) n, sizeof(*list), by_score);
	shown = top && top->valueint < n ? top->valueint : n;
	shown -= x->beh.fault == FAULT_MISSING;
	sbx_buf_printf(b, "{\"id\":\"rr-%08lx\",\"results\":[", x->id);
	for (int i = 0; i < shown; i++)
		sbx_buf_printf(b, "%s{\"index\":%d,\"relevance_score\":%s%.6g%s}", i ? "," : "",
					   x->beh.fault == FAULT_EXTRA ? n + i : list[i].index,
					   x->beh.fault == FAULT_WRONGTYPES ? "\"" : "", list[i].score,
					   x->beh.fault == FAULT_WRONGTYPES ? "\"" : "");
	sbx_buf_puts(b, "]");
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_puts(b, ",\"meta\":{\"billed_units\":{\"search_units\":1}}");
	sbx_buf_puts(b, "}");
	free(list);
}
