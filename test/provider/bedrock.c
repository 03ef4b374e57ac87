/* Bedrock Converse. The model is in the path, the schema of structured output is a string. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

static const sbx_field block_fields[] = {{"text", T_STR, NULL},
										 {"image", T_OBJ, NULL},
										 {"document", T_OBJ, NULL},
										 {"video", T_OBJ, NULL},
										 {"audio", T_OBJ, NULL},
										 {"toolUse", T_OBJ, NULL},
										 {"toolResult", T_OBJ, NULL},
										 {"guardContent", T_OBJ, NULL},
										 {"cachePoint", T_OBJ, NULL},
										 {"searchResult", T_OBJ, NULL},
										 {"citationsContent", T_OBJ, NULL},
										 {"reasoningContent", T_OBJ, NULL},
										 {NULL, 0, NULL}};

static const sbx_field system_fields[] = {{"text", T_STR, NULL},
										  {"guardContent", T_OBJ, NULL},
										  {"cachePoint", T_OBJ, NULL},
										  {NULL, 0, NULL}};

static const sbx_field message_fields[] = {
	{"role", T_STR | T_REQ, NULL}, {"content", T_ARR | T_REQ, block_fields}, {NULL, 0, NULL}};

static const sbx_field inference_fields[] = {{"maxTokens", T_INT, NULL},
											 {"temperature", T_NUM, NULL},
											 {"topP", T_NUM, NULL},
											 {"stopSequences", T_STRS, NULL},
											 {NULL, 0, NULL}};

static const sbx_field json_schema_fields[] = {{"name", T_STR, NULL},
											   {"description", T_STR, NULL},
											   {"schema", T_STR | T_REQ, NULL},
											   {NULL, 0, NULL}};

static const sbx_field structure_fields[] = {{"jsonSchema", T_OBJ | T_REQ, json_schema_fields},
											 {NULL, 0, NULL}};

static const sbx_field format_fields[] = {
	{"type", T_STR | T_REQ, NULL}, {"structure", T_OBJ | T_REQ, structure_fields}, {NULL, 0, NULL}};

static const sbx_field output_fields[] = {
	{"effort", T_STR, NULL}, {"textFormat", T_OBJ, format_fields}, {NULL, 0, NULL}};

static const sbx_field type_fields[] = {{"type", T_STR | T_REQ, NULL}, {NULL, 0, NULL}};
static const sbx_field latency_fields[] = {{"latency", T_STR | T_REQ, NULL}, {NULL, 0, NULL}};

static const sbx_field fields[] = {{"messages", T_ARR, message_fields},
								   {"system", T_ARR, system_fields},
								   {"inferenceConfig", T_OBJ, inference_fields},
								   {"outputConfig", T_OBJ, output_fields},
								   {"serviceTier", T_OBJ, type_fields},
								   {"performanceConfig", T_OBJ, latency_fields},
								   {"requestMetadata", T_OBJ, NULL},
								   {"additionalModelRequestFields", T_OBJ, NULL},
								   {"additionalModelResponseFieldPaths", T_STRS, NULL},
								   {"toolConfig", T_OBJ, NULL},
								   {"guardrailConfig", T_OBJ, NULL},
								   {"promptVariables", T_OBJ, NULL},
								   {NULL, 0, NULL}};

static const cJSON *
get(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

/* The schema comes as text; *parsed must be freed by the caller. */
static bool
check_schema(sbx_exchange *x, const cJSON *format, cJSON **parsed)
{
	const cJSON *text = get(get(get(format, "structure"), "jsonSchema"), "schema");

	if (format == NULL)
		return true;
	if (!sbx_word(x, format, "type", "json_schema", "outputConfig.textFormat"))
		return false;
	*parsed = cJSON_Parse(text->valuestring);
	if (cJSON_IsObject(*parsed))
		return sbx_claude_schema(x, *parsed, "outputConfig.textFormat");
	sbx_refuse(x, 400, NULL, NULL,
			   "outputConfig.textFormat.structure.jsonSchema.schema is not a JSON object");
	return false;
}

static bool
check(sbx_exchange *x, sbx_chat *chat, cJSON **schema)
{
	const cJSON *config = get(x->json, "inferenceConfig");
	const cJSON *output = get(x->json, "outputConfig");
	const cJSON *messages = get(x->json, "messages");
	const cJSON *m;
	const char *role = "user";
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, fields, "") ||
		!sbx_range(x, config, "maxTokens", 1, 1e6, "inferenceConfig") ||
		!sbx_range(x, config, "temperature", 0, 1, "inferenceConfig") ||
		!sbx_range(x, config, "topP", 0, 1, "inferenceConfig") ||
		!sbx_word(x, output, "effort", "low|medium|high|xhigh|max", "outputConfig") ||
		!sbx_word(x, get(x->json, "serviceTier"), "type", "priority|default|flex|reserved",
				  "serviceTier") ||
		!check_schema(x, get(output, "textFormat"), schema))
		return false;
	if (messages == NULL || messages->child == NULL)
	{
		sbx_refuse(x, 400, NULL, NULL,
				   "A conversation must start with a user message: 'messages'.");
		return false;
	}
	sbx_chat_content(chat, "system", get(x->json, "system"));
	cJSON_ArrayForEach (m, messages)
	{
		snprintf(at, sizeof(at), "messages[%d]", i);
		if (!sbx_word(x, m, "role", i == 0 ? "user" : "user|assistant", at))
			return false;
		role = get(m, "role")->valuestring;
		if (get(m, "content")->child == NULL)
		{
			sbx_refuse(x, 400, NULL, NULL, "%s.content must not be empty", at);
			return false;
		}
		sbx_chat_content(chat, role, get(m, "content"));
		i++;
	}
	m = get(config, "maxTokens");
	chat->max_tokens = m ? (long) m->valuedouble : 0;
	chat->schema = *schema;
	return true;
}

static const char *
stop_word(sbx_finish f)
{
	switch (f)
	{
		case FINISH_LENGTH:
			return "max_tokens";
		case FINISH_FILTER:
			return "guardrail_intervened";
		case FINISH_REFUSAL:
			return "content_filtered";
		case FINISH_UNKNOWN:
			return "sandbox_whim";
		default:
			return "end_turn";
	}
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";

	sbx_buf_puts(b, "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":");
	if (x->beh.fault == FAULT_NULLCONTENT)
		sbx_buf_puts(b, "null");
	else if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else
	{
		sbx_buf_puts(b, "[");
		if (chat->think > 0 || x->beh.fault == FAULT_ARRAYCONTENT)
		{
			sbx_buf_puts(b, "{\"reasoningContent\":{\"reasoningText\":{\"text\":");
			sbx_buf_jsons(b, sbx_chat_reasoning());
			sbx_buf_puts(b, ",\"signature\":\"c2FuZGJveA==\"}}},");
		}
		if (x->beh.fault != FAULT_NOCHOICES)
		{
			sbx_buf_puts(b, "{\"text\":");
			sbx_buf_json(b, chat->answer.p, chat->answer.len);
			sbx_buf_puts(b, "}");
		}
		sbx_buf_puts(b, "]");
	}
	sbx_buf_printf(b, "}},\"stopReason\":\"%s\"", stop_word(chat->finish));
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"usage\":{\"inputTokens\":%s%ld%s,\"outputTokens\":%s%ld%s,"
					   "\"totalTokens\":%s%ld%s,\"cacheReadInputTokens\":%ld,"
					   "\"cacheWriteInputTokens\":0,\"cacheDetails\":[]}",
					   q, chat->in_tokens - chat->cached, q, q, chat->out_tokens, q, q,
					   chat->in_tokens + chat->out_tokens, q, chat->cached);
	sbx_buf_puts(b, ",\"metrics\":{\"latencyMs\":1}}");
}

/* POST /model/{id}/converse. */
void
sbx_bedrock_converse(sbx_exchange *x)
{
	sbx_chat chat = {0};
	cJSON *schema = NULL;

	if (check(x, &chat, &schema))
	{
		sbx_chat_answer(x, &chat);
		render(x, &chat);
	}
	cJSON_Delete(schema);
	sbx_chat_free(&chat);
}
