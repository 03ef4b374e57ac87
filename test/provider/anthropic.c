/* Anthropic messages; the same body serves Claude behind Bedrock's invoke. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

static const sbx_field block_fields[] = {{"type", T_STR | T_REQ, NULL},
										 {"text", T_STR, NULL},
										 {"cache_control", T_OBJ | T_NULL, NULL},
										 {"citations", T_ANY, NULL},
										 {"source", T_OBJ, NULL},
										 {"title", T_STR, NULL},
										 {"context", T_STR, NULL},
										 {"thinking", T_STR, NULL},
										 {"signature", T_STR, NULL},
										 {"id", T_STR, NULL},
										 {"name", T_STR, NULL},
										 {"input", T_OBJ, NULL},
										 {"tool_use_id", T_STR, NULL},
										 {"content", T_ANY, NULL},
										 {"is_error", T_BOOL, NULL},
										 {NULL, 0, NULL}};

static const sbx_field message_fields[] = {{"role", T_STR | T_REQ, NULL},
										   {"content", T_STR | T_ARR | T_REQ, block_fields},
										   {NULL, 0, NULL}};

static const sbx_field format_fields[] = {
	{"type", T_STR | T_REQ, NULL}, {"schema", T_OBJ | T_REQ, NULL}, {NULL, 0, NULL}};

static const sbx_field config_fields[] = {
	{"effort", T_STR | T_NULL, NULL}, {"format", T_OBJ | T_NULL, format_fields}, {NULL, 0, NULL}};

static const sbx_field thinking_fields[] = {{"type", T_STR | T_REQ, NULL},
											{"budget_tokens", T_INT, NULL},
											{"display", T_STR, NULL},
											{NULL, 0, NULL}};

#define COMMON_FIELDS                                                                              \
	{"messages", T_ARR | T_REQ, message_fields}, {"max_tokens", T_INT | T_REQ, NULL},              \
		{"system", T_STR | T_ARR, block_fields}, {"temperature", T_NUM, NULL},                     \
		{"top_p", T_NUM, NULL}, {"top_k", T_INT, NULL}, {"stop_sequences", T_STRS, NULL},          \
		{"thinking", T_OBJ, thinking_fields}, {"output_config", T_OBJ, config_fields},             \
		{"tools", T_ARR, NULL},                                                                    \
	{                                                                                              \
		"tool_choice", T_OBJ, NULL                                                                 \
	}

static const sbx_field fields[] = {{"model", T_STR | T_REQ, NULL},
								   COMMON_FIELDS,
								   {"metadata", T_OBJ, NULL},
								   {"service_tier", T_STR, NULL},
								   {"stream", T_BOOL, NULL},
								   {"cache_control", T_OBJ | T_NULL, NULL},
								   {"inference_geo", T_STR | T_NULL, NULL},
								   {"container", T_STR | T_OBJ | T_NULL, NULL},
								   {NULL, 0, NULL}};

/* Behind Bedrock: no model, no stream, but a version in the body. */
static const sbx_field bedrock_fields[] = {COMMON_FIELDS,
										   {"anthropic_version", T_STR | T_REQ, NULL},
										   {"anthropic_beta", T_STRS, NULL},
										   {NULL, 0, NULL}};

static bool
check_messages(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *messages = cJSON_GetObjectItemCaseSensitive(x->json, "messages");
	const cJSON *m;
	char at[64];
	int i = 0;

	if (messages->child == NULL)
	{
		sbx_refuse(x, 400, NULL, NULL, "messages: at least one message is required");
		return false;
	}
	cJSON_ArrayForEach (m, messages)
	{
		const cJSON *content = cJSON_GetObjectItemCaseSensitive(m, "content");

		snprintf(at, sizeof(at), "messages.%d", i++);
		if (!sbx_word(x, m, "role", "user|assistant", at))
			return false;
		if (cJSON_IsString(content) && content->valuestring[0] == '\0')
		{
			sbx_refuse(x, 400, NULL, NULL, "%s: content must not be empty", at);
			return false;
		}
		sbx_chat_content(chat, cJSON_GetObjectItemCaseSensitive(m, "role")->valuestring, content);
	}
	return true;
}

/* Validates the body and gathers the chat; false if the request was refused. */
static bool
check(sbx_exchange *x, bool in_bedrock, sbx_chat *chat)
{
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(x->json, "output_config");
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(config, "format");
	const cJSON *thinking = cJSON_GetObjectItemCaseSensitive(x->json, "thinking");
	const cJSON *cap = cJSON_GetObjectItemCaseSensitive(x->json, "max_tokens");

	if (!sbx_shape(x, x->json, in_bedrock ? bedrock_fields : fields, "") ||
		!sbx_range(x, x->json, "max_tokens", 1, 1e6, "") ||
		!sbx_range(x, x->json, "temperature", 0, 1, "") ||
		!sbx_range(x, x->json, "top_p", 0, 1, "") ||
		!sbx_word(x, x->json, "service_tier", "auto|standard_only", "") ||
		!sbx_word(x, config, "effort", "low|medium|high|xhigh|max", "output_config") ||
		!sbx_word(x, format, "type", "json_schema", "output_config.format") ||
		!sbx_word(x, thinking, "type", "enabled|disabled|adaptive", "thinking"))
		return false;
	if (in_bedrock && !sbx_word(x, x->json, "anthropic_version", "bedrock-2023-05-31", ""))
		return false;
	if (cJSON_GetObjectItemCaseSensitive(thinking, "budget_tokens") != NULL &&
		!sbx_range(x, thinking, "budget_tokens", 1024, cap->valuedouble - 1, "thinking"))
		return false;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x->json, "stream")))
	{
		sbx_refuse(x, 400, NULL, NULL, "stream: the sandbox does not stream");
		return false;
	}
	sbx_chat_content(chat, "system", cJSON_GetObjectItemCaseSensitive(x->json, "system"));
	if (!check_messages(x, chat))
		return false;
	chat->schema = cJSON_GetObjectItemCaseSensitive(format, "schema");
	chat->max_tokens = (long) cap->valuedouble;
	return chat->schema == NULL ||
		   sbx_claude_schema(x, chat->schema, "output_config.format.schema");
}

static const char *
stop_word(sbx_finish f)
{
	switch (f)
	{
		case FINISH_LENGTH:
			return "max_tokens";
		case FINISH_FILTER:
		case FINISH_REFUSAL:
			return "refusal";
		case FINISH_UNKNOWN:
			return "sandbox_whim";
		default:
			return "end_turn";
	}
}

static void
render_content(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;

	if (x->beh.fault == FAULT_NULLCONTENT)
	{
		sbx_buf_puts(b, "null");
		return;
	}
	if (x->beh.fault == FAULT_WRONGTYPES)
	{
		sbx_buf_puts(b, "42");
		return;
	}
	sbx_buf_puts(b, "[");
	if (chat->think > 0 || x->beh.fault == FAULT_ARRAYCONTENT)
	{
		sbx_buf_puts(b, "{\"type\":\"thinking\",\"thinking\":");
		sbx_buf_jsons(b, sbx_chat_reasoning());
		sbx_buf_puts(b, ",\"signature\":\"c2FuZGJveA==\"},");
	}
	if (x->beh.fault != FAULT_NOCHOICES)
	{
		sbx_buf_puts(b, "{\"type\":\"text\",\"text\":");
		sbx_buf_json(b, chat->answer.p, chat->answer.len);
		sbx_buf_puts(b, "}");
	}
	sbx_buf_puts(b, "]");
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";

	sbx_buf_printf(
		b, "{\"id\":\"msg_%08lx\",\"type\":\"message\",\"role\":\"assistant\",\"model\":", x->id);
	sbx_buf_jsons(b, x->model);
	sbx_buf_puts(b, ",\"content\":");
	render_content(x, chat);
	sbx_buf_printf(b, ",\"stop_reason\":\"%s\",\"stop_sequence\":null", stop_word(chat->finish));
	if (chat->finish == FINISH_REFUSAL || chat->finish == FINISH_FILTER)
		sbx_buf_puts(b, ",\"stop_details\":{\"type\":\"refusal\"}");
	else
		sbx_buf_puts(b, ",\"stop_details\":null");
	/* input_tokens leaves out what came from the cache: the trap of this family */
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"usage\":{\"input_tokens\":%s%ld%s,\"cache_creation_input_tokens\":0,"
					   "\"cache_read_input_tokens\":%ld,"
					   "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
					   "\"ephemeral_1h_input_tokens\":0},\"output_tokens\":%s%ld%s,"
					   "\"output_tokens_details\":{\"thinking_tokens\":%ld},"
					   "\"service_tier\":\"standard\",\"inference_geo\":\"us\"}",
					   q, chat->in_tokens - chat->cached, q, chat->cached, q, chat->out_tokens, q,
					   chat->think);
	sbx_buf_puts(b, "}");
}

/* POST /v1/messages, and /model/{id}/invoke with a Claude body. */
void
sbx_anthropic(sbx_exchange *x)
{
	sbx_chat chat = {0};

	if (check(x, x->family == FAM_BEDROCK, &chat))
	{
		sbx_chat_answer(x, &chat);
		render(x, &chat);
		if (x->family == FAM_BEDROCK)
			sbx_buf_printf(&x->rep->head,
						   "x-amzn-bedrock-input-token-count: %ld\r\n"
						   "x-amzn-bedrock-output-token-count: %ld\r\n",
						   chat.in_tokens, chat.out_tokens);
	}
	sbx_chat_free(&chat);
}
