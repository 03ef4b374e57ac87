/* Ollama's own API. It streams unless told not to, as the real one does. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

static const sbx_field message_fields[] = {{"role", T_STR | T_REQ, NULL},
										   {"content", T_STR, NULL},
										   {"thinking", T_STR, NULL},
										   {"images", T_STRS, NULL},
										   {"tool_calls", T_ARR, NULL},
										   {"tool_name", T_STR, NULL},
										   {NULL, 0, NULL}};

static const sbx_field option_fields[] = {{"num_predict", T_INT, NULL},
										  {"temperature", T_NUM, NULL},
										  {"seed", T_INT, NULL},
										  {"top_p", T_NUM, NULL},
										  {"top_k", T_INT, NULL},
										  {"stop", T_STRS, NULL},
										  {"num_ctx", T_INT, NULL},
										  {"num_keep", T_INT, NULL},
										  {"min_p", T_NUM, NULL},
										  {"typical_p", T_NUM, NULL},
										  {"repeat_last_n", T_INT, NULL},
										  {"repeat_penalty", T_NUM, NULL},
										  {"presence_penalty", T_NUM, NULL},
										  {"frequency_penalty", T_NUM, NULL},
										  {"num_batch", T_INT, NULL},
										  {"num_gpu", T_INT, NULL},
										  {"main_gpu", T_INT, NULL},
										  {"use_mmap", T_BOOL, NULL},
										  {"num_thread", T_INT, NULL},
										  {NULL, 0, NULL}};

static const sbx_field chat_fields[] = {{"model", T_STR | T_REQ, NULL},
										{"messages", T_ARR, message_fields},
										{"stream", T_BOOL, NULL},
										{"think", T_BOOL | T_STR, NULL},
										{"keep_alive", T_STR | T_NUM, NULL},
										{"truncate", T_BOOL, NULL},
										{"shift", T_BOOL, NULL},
										{"format", T_STR | T_OBJ, NULL},
										{"options", T_OBJ, option_fields},
										{"tools", T_ARR, NULL},
										{"logprobs", T_BOOL, NULL},
										{"top_logprobs", T_INT, NULL},
										{NULL, 0, NULL}};

static const sbx_field embed_fields[] = {{"model", T_STR | T_REQ, NULL},
										 {"input", T_STR | T_STRS | T_REQ, NULL},
										 {"truncate", T_BOOL, NULL},
										 {"dimensions", T_INT, NULL},
										 {"keep_alive", T_STR | T_NUM, NULL},
										 {"options", T_OBJ, option_fields},
										 {NULL, 0, NULL}};

static const cJSON *
get(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool
check(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *cap = get(get(x->json, "options"), "num_predict");
	const cJSON *m;
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, chat_fields, "") ||
		!sbx_word(x, x->json, "think", "low|medium|high|max", "") ||
		!sbx_word(x, x->json, "format", "json", ""))
		return false;
	cJSON_ArrayForEach (m, get(x->json, "messages"))
	{
		snprintf(at, sizeof(at), "messages[%d]", i++);
		if (!sbx_word(x, m, "role", "system|user|assistant|tool", at))
			return false;
		sbx_chat_content(chat, get(m, "role")->valuestring, get(m, "content"));
	}
	m = get(x->json, "format");
	chat->schema = cJSON_IsObject(m) ? m : NULL;
	chat->any_json = cJSON_IsString(m) && *m->valuestring;
	chat->max_tokens = cap && cap->valuedouble > 0 ? (long) cap->valuedouble : 0;
	return true;
}

static void
line(const sbx_exchange *x, const sbx_chat *chat, bool text)
{
	sbx_buf *b = &x->rep->body;

	sbx_buf_puts(b, "{\"model\":");
	sbx_buf_jsons(b, x->model);
	sbx_buf_puts(b, ",\"created_at\":\"2026-01-02T03:04:05Z\"");
	if (x->beh.fault == FAULT_NOCHOICES)
		return;
	sbx_buf_puts(b, ",\"message\":{\"role\":\"assistant\",\"content\":");
	if (x->beh.fault == FAULT_NULLCONTENT)
		sbx_buf_puts(b, "null");
	else if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else
		sbx_buf_json(b, chat->answer.p, text ? chat->answer.len : 0);
	if (chat->think > 0 && text)
	{
		sbx_buf_puts(b, ",\"thinking\":");
		sbx_buf_jsons(b, sbx_chat_reasoning());
	}
	sbx_buf_puts(b, "}");
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	const cJSON *stream = get(x->json, "stream");
	sbx_buf *b = &x->rep->body;
	const char *why = "stop";
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";

	if (!cJSON_IsFalse(stream))
	{
		x->rep->ctype = "application/x-ndjson";
		line(x, chat, true);
		sbx_buf_puts(b, ",\"done\":false}\n");
	}
	line(x, chat, cJSON_IsFalse(stream));
	if (chat->finish == FINISH_LENGTH)
		why = "length";
	else if (chat->finish == FINISH_UNKNOWN)
		why = "sandbox_whim";
	sbx_buf_printf(b, ",\"done\":true,\"done_reason\":\"%s\"", why);
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"total_duration\":3000000,\"load_duration\":1000000,"
					   "\"prompt_eval_count\":%s%ld%s,\"prompt_eval_duration\":1000000,"
					   "\"eval_count\":%s%ld%s,\"eval_duration\":1000000",
					   q, chat->in_tokens, q, q, chat->out_tokens, q);
	sbx_buf_puts(b, "}");
}

/* POST /api/chat. */
void
sbx_ollama_chat(sbx_exchange *x)
{
	sbx_chat chat = {0};

	if (check(x, &chat))
	{
		sbx_chat_answer(x, &chat);
		render(x, &chat);
	}
	sbx_chat_free(&chat);
}

/* POST /api/embed. */
void
sbx_ollama_embed(sbx_exchange *x)
{
	const cJSON *input = get(x->json, "input");
	const cJSON *dim = get(x->json, "dimensions");
	const cJSON *v;
	sbx_buf *b = &x->rep->body;
	sbx_embed e = {0};

	if (!sbx_shape(x, x->json, embed_fields, "") ||
		!sbx_range(x, x->json, "dimensions", 1, 8192, ""))
		return;
	if (cJSON_IsString(input))
		sbx_embed_add(&e, input->valuestring);
	cJSON_ArrayForEach (v, input)
		sbx_embed_add(&e, v->valuestring);
	sbx_embed_plan(x, &e, dim ? dim->valueint : 0);
	sbx_buf_puts(b, "{\"model\":");
	sbx_buf_jsons(b, x->model);
	sbx_buf_puts(b, ",\"embeddings\":[");
	for (size_t i = 0; i < e.out && e.count > 0; i++)
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
	sbx_buf_puts(b, "],\"total_duration\":2000000,\"load_duration\":1000000");
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b, ",\"prompt_eval_count\":%ld", e.tokens);
	sbx_buf_puts(b, "}");
	sbx_embed_free(&e);
}
