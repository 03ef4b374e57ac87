/* OpenAI responses: the newer shape, with items instead of choices. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

static const sbx_field format_fields[] = {
	{"type", T_STR | T_REQ, NULL},     {"name", T_STR, NULL},        {"schema", T_OBJ, NULL},
	{"strict", T_BOOL | T_NULL, NULL}, {"description", T_STR, NULL}, {NULL, 0, NULL}};

static const sbx_field text_fields[] = {
	{"format", T_OBJ, format_fields}, {"verbosity", T_STR | T_NULL, NULL}, {NULL, 0, NULL}};

static const sbx_field reasoning_fields[] = {{"effort", T_STR | T_NULL, NULL},
											 {"summary", T_STR | T_NULL, NULL},
											 {"mode", T_STR, NULL},
											 {"context", T_STR | T_OBJ, NULL},
											 {NULL, 0, NULL}};

static const sbx_field part_fields[] = {{"type", T_STR | T_REQ, NULL},
										{"text", T_STR, NULL},
										{"image_url", T_STR, NULL},
										{"detail", T_STR, NULL},
										{"file_id", T_STR, NULL},
										{"annotations", T_ARR, NULL},
										{NULL, 0, NULL}};

static const sbx_field item_fields[] = {{"type", T_STR, NULL},
										{"role", T_STR | T_REQ, NULL},
										{"content", T_STR | T_ARR | T_REQ, part_fields},
										{"id", T_STR, NULL},
										{"status", T_STR, NULL},
										{NULL, 0, NULL}};

static const sbx_field fields[] = {{"model", T_STR | T_REQ, NULL},
								   {"input", T_STR | T_ARR | T_REQ, item_fields},
								   {"instructions", T_STR | T_NULL, NULL},
								   {"max_output_tokens", T_INT | T_NULL, NULL},
								   {"reasoning", T_OBJ | T_NULL, reasoning_fields},
								   {"text", T_OBJ, text_fields},
								   {"store", T_BOOL | T_NULL, NULL},
								   {"truncation", T_STR | T_NULL, NULL},
								   {"temperature", T_NUM | T_NULL, NULL},
								   {"top_p", T_NUM | T_NULL, NULL},
								   {"service_tier", T_STR | T_NULL, NULL},
								   {"safety_identifier", T_STR, NULL},
								   {"prompt_cache_key", T_STR, NULL},
								   {"prompt_cache_retention", T_STR | T_NULL, NULL},
								   {"prompt_cache_options", T_OBJ, NULL},
								   {"metadata", T_OBJ | T_NULL, NULL},
								   {"user", T_STR, NULL},
								   {"include", T_STRS | T_NULL, NULL},
								   {"previous_response_id", T_STR | T_NULL, NULL},
								   {"stream", T_BOOL | T_NULL, NULL},
								   {"background", T_BOOL | T_NULL, NULL},
								   {"tools", T_ARR, NULL},
								   {"tool_choice", T_STR | T_OBJ, NULL},
								   {"parallel_tool_calls", T_BOOL | T_NULL, NULL},
								   {"max_tool_calls", T_INT | T_NULL, NULL},
								   {"top_logprobs", T_INT | T_NULL, NULL},
								   {NULL, 0, NULL}};

static bool
check_format(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(x->json, "text");
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(text, "format");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(format, "type");

	if (!sbx_word(x, text, "verbosity", "low|medium|high", "text") ||
		!sbx_word(x, format, "type", "text|json_object|json_schema", "text.format"))
		return false;
	if (format == NULL || strcmp(type->valuestring, "text") == 0)
		return true;
	chat->any_json = true;
	if (strcmp(type->valuestring, "json_object") == 0)
		return true;
	chat->schema = cJSON_GetObjectItemCaseSensitive(format, "schema");
	if (chat->schema == NULL || cJSON_GetObjectItemCaseSensitive(format, "name") == NULL)
	{
		const char *what = chat->schema ? "text.format.name" : "text.format.schema";

		sbx_refuse(x, 400, "missing_required_parameter", what, "Missing required parameter: '%s'.",
				   what);
		return false;
	}
	return !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(format, "strict")) ||
		   sbx_strict_schema(x, chat->schema, "text.format.schema");
}

static bool
check(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *input = cJSON_GetObjectItemCaseSensitive(x->json, "input");
	const cJSON *cap = cJSON_GetObjectItemCaseSensitive(x->json, "max_output_tokens");
	const cJSON *item;
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, fields, "") ||
		!sbx_range(x, x->json, "max_output_tokens", 16, 1e9, "") ||
		!sbx_range(x, x->json, "temperature", 0, 2, "") ||
		!sbx_range(x, x->json, "top_p", 0, 1, "") ||
		!sbx_word(x, x->json, "truncation", "auto|disabled", "") ||
		!sbx_word(x, cJSON_GetObjectItemCaseSensitive(x->json, "reasoning"), "effort",
				  "none|minimal|low|medium|high|xhigh|max", "reasoning") ||
		!check_format(x, chat))
		return false;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x->json, "stream")) ||
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x->json, "background")))
	{
		sbx_refuse(x, 400, "unsupported_value", "stream",
				   "The sandbox answers at once or not at all.");
		return false;
	}
	sbx_chat_content(chat, "system", cJSON_GetObjectItemCaseSensitive(x->json, "instructions"));
	if (cJSON_IsString(input))
		sbx_chat_content(chat, "user", input);
	else
		cJSON_ArrayForEach (item, input)
		{
			snprintf(at, sizeof(at), "input[%d]", i++);
			if (!sbx_word(x, item, "role", "system|developer|user|assistant", at))
				return false;
			sbx_chat_content(chat, cJSON_GetObjectItemCaseSensitive(item, "role")->valuestring,
							 cJSON_GetObjectItemCaseSensitive(item, "content"));
		}
	chat->max_tokens = cJSON_IsNumber(cap) ? (long) cap->valuedouble : 0;
	cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->json, "include"))
		if (strcmp(item->valuestring, "message.output_text.logprobs") == 0)
			chat->logprobs = true;
	return true;
}

static void
render_output(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;

	sbx_buf_puts(b, ",\"output\":[");
	if (chat->think > 0 || x->beh.fault == FAULT_ARRAYCONTENT)
		sbx_buf_printf(b, "{\"id\":\"rs_%08lx\",\"type\":\"reasoning\",\"summary\":[]}%s", x->id,
					   x->beh.fault == FAULT_NOCHOICES ? "" : ",");
	if (x->beh.fault != FAULT_NOCHOICES)
	{
		sbx_buf_printf(b,
					   "{\"id\":\"msg_%08lx\",\"type\":\"message\",\"status\":\"completed\","
					   "\"role\":\"assistant\",\"content\":",
					   x->id);
		if (x->beh.fault == FAULT_NULLCONTENT)
			sbx_buf_puts(b, "null");
		else if (x->beh.fault == FAULT_WRONGTYPES)
			sbx_buf_puts(b, "42");
		else
		{
			bool no = chat->finish == FINISH_REFUSAL;

			sbx_buf_printf(b, "[{\"type\":\"%s\",\"%s\":", no ? "refusal" : "output_text",
						   no ? "refusal" : "text");
			sbx_buf_json(b, chat->answer.p, chat->answer.len);
			if (!no && chat->logprobs)
			{
				sbx_buf_puts(b, ",\"logprobs\":");
				sbx_logprobs(x, chat, LP_FORM_OPENAI);
			}
			sbx_buf_puts(b, no ? "}]" : ",\"annotations\":[]}]");
		}
		sbx_buf_puts(b, "}");
	}
	sbx_buf_puts(b, "]");
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";
	const char *status = "completed", *details = "null";

	if (chat->finish == FINISH_LENGTH)
		details = "{\"reason\":\"max_output_tokens\"}";
	else if (chat->finish == FINISH_FILTER)
		details = "{\"reason\":\"content_filter\"}";
	if (*details == '{')
		status = "incomplete";
	else if (chat->finish == FINISH_UNKNOWN)
		status = "sandbox_whim";
	sbx_buf_printf(b,
				   "{\"id\":\"resp_%08lx\",\"object\":\"response\",\"created_at\":%.0f,"
				   "\"status\":\"%s\",\"error\":null,\"incomplete_details\":%s,\"model\":",
				   x->id, floor(sbx_wall_ms() / 1000), status, details);
	sbx_buf_jsons(b, x->model);
	render_output(x, chat);
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"usage\":{\"input_tokens\":%s%ld%s,"
					   "\"input_tokens_details\":{\"cached_tokens\":%ld,\"cache_write_tokens\":0},"
					   "\"output_tokens\":%s%ld%s,"
					   "\"output_tokens_details\":{\"reasoning_tokens\":%ld},"
					   "\"total_tokens\":%s%ld%s}",
					   q, chat->in_tokens, q, chat->cached, q, chat->out_tokens, q, chat->think, q,
					   chat->in_tokens + chat->out_tokens, q);
	sbx_buf_puts(b, "}");
}

/* A response that failed after it began: HTTP 200 with status "failed". */
static void
render_failed(const sbx_exchange *x)
{
	sbx_buf_printf(&x->rep->body,
				   "{\"id\":\"resp_%08lx\",\"object\":\"response\",\"status\":\"failed\","
				   "\"error\":{\"code\":\"%s\",\"message\":\"The response failed (sandbox)\"},"
				   "\"incomplete_details\":null,\"output\":[],\"usage\":null}",
				   x->id, x->beh.code[0] ? x->beh.code : "server_error");
}

/* POST /v1/responses. */
void
sbx_openai_responses(sbx_exchange *x)
{
	sbx_chat chat = {0};

	if (check(x, &chat))
	{
		sbx_chat_answer(x, &chat);
		if (x->beh.fault == FAULT_FAILED)
			render_failed(x);
		else
			render(x, &chat);
	}
	sbx_chat_free(&chat);
}
