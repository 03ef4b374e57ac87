/* OpenAI chat completions; also Azure and third-party servers of the same shape. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

static const sbx_field part_fields[] = {{"type", T_STR | T_REQ, NULL},
										{"text", T_STR, NULL},
										{"refusal", T_STR, NULL},
										{"image_url", T_OBJ, NULL},
										{"input_audio", T_OBJ, NULL},
										{"file", T_OBJ, NULL},
										{NULL, 0, NULL}};

static const sbx_field message_fields[] = {
	{"role", T_STR | T_REQ, NULL}, {"content", T_STR | T_ARR | T_NULL, part_fields},
	{"name", T_STR, NULL},         {"refusal", T_STR | T_NULL, NULL},
	{"tool_calls", T_ARR, NULL},   {"tool_call_id", T_STR, NULL},
	{"audio", T_OBJ, NULL},        {NULL, 0, NULL}};

static const sbx_field schema_fields[] = {{"name", T_STR | T_REQ, NULL},
										  {"description", T_STR, NULL},
										  {"schema", T_OBJ, NULL},
										  {"strict", T_BOOL | T_NULL, NULL},
										  {NULL, 0, NULL}};

static const sbx_field format_fields[] = {
	{"type", T_STR | T_REQ, NULL}, {"json_schema", T_OBJ, schema_fields}, {NULL, 0, NULL}};

static const sbx_field fields[] = {{"model", T_STR, NULL},
								   {"messages", T_ARR | T_REQ, message_fields},
								   {"max_completion_tokens", T_INT | T_NULL, NULL},
								   {"max_tokens", T_INT | T_NULL, NULL},
								   {"temperature", T_NUM | T_NULL, NULL},
								   {"top_p", T_NUM | T_NULL, NULL},
								   {"n", T_INT | T_NULL, NULL},
								   {"stop", T_STR | T_STRS | T_NULL, NULL},
								   {"seed", T_INT | T_NULL, NULL},
								   {"stream", T_BOOL | T_NULL, NULL},
								   {"stream_options", T_OBJ | T_NULL, NULL},
								   {"response_format", T_OBJ, format_fields},
								   {"reasoning_effort", T_STR | T_NULL, NULL},
								   {"verbosity", T_STR | T_NULL, NULL},
								   {"store", T_BOOL | T_NULL, NULL},
								   {"service_tier", T_STR | T_NULL, NULL},
								   {"safety_identifier", T_STR, NULL},
								   {"prompt_cache_key", T_STR, NULL},
								   {"prompt_cache_retention", T_STR | T_NULL, NULL},
								   {"prompt_cache_options", T_OBJ, NULL},
								   {"metadata", T_OBJ | T_NULL, NULL},
								   {"user", T_STR, NULL},
								   {"presence_penalty", T_NUM | T_NULL, NULL},
								   {"frequency_penalty", T_NUM | T_NULL, NULL},
								   {"logit_bias", T_OBJ | T_NULL, NULL},
								   {"logprobs", T_BOOL | T_NULL, NULL},
								   {"top_logprobs", T_INT | T_NULL, NULL},
								   {"tools", T_ARR, NULL},
								   {"tool_choice", T_STR | T_OBJ, NULL},
								   {"parallel_tool_calls", T_BOOL, NULL},
								   {"modalities", T_STRS | T_NULL, NULL},
								   {"prediction", T_OBJ | T_NULL, NULL},
								   {"web_search_options", T_OBJ, NULL},
								   {"moderation", T_OBJ, NULL},
								   {NULL, 0, NULL}};

/* The one name of the output cap that this kind of server takes. */
static bool
check_cap(sbx_exchange *x)
{
	const char *good = x->compat ? "max_tokens" : "max_completion_tokens";
	const char *bad = x->compat ? "max_completion_tokens" : "max_tokens";

	if (cJSON_GetObjectItemCaseSensitive(x->json, bad) != NULL)
	{
		sbx_refuse(
			x, 400, "unsupported_parameter", bad,
			"Unsupported parameter: '%s' is not supported with this model. Use '%s' instead.", bad,
			good);
		return false;
	}
	return sbx_range(x, x->json, good, 1, 1e9, "");
}

static bool
check_format(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *f = cJSON_GetObjectItemCaseSensitive(x->json, "response_format");
	const cJSON *js = cJSON_GetObjectItemCaseSensitive(f, "json_schema");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(f, "type");
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(js, "name");

	if (f == NULL)
		return true;
	if (!sbx_word(x, f, "type", "text|json_object|json_schema", "response_format"))
		return false;
	chat->any_json = strcmp(type->valuestring, "json_object") == 0;
	if (strcmp(type->valuestring, "json_schema") != 0)
		return true;
	chat->schema = cJSON_GetObjectItemCaseSensitive(js, "schema");
	if (chat->schema == NULL)
		sbx_refuse(x, 400, "missing_required_parameter", "response_format.json_schema",
				   "Missing required parameter: 'response_format.json_schema'.");
	else if (strlen(name->valuestring) > 64 || *name->valuestring == '\0' ||
			 name->valuestring[strspn(name->valuestring,
									  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
									  "UVWXYZ0123456789_-")] != '\0')
		sbx_refuse(x, 400, "invalid_value", "response_format.json_schema.name",
				   "Invalid 'response_format.json_schema.name': letters, digits, _ and - only.");
	else
		return !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(js, "strict")) ||
			   sbx_strict_schema(x, chat->schema, "response_format");
	return false;
}

/* OpenAI's reasoning models refuse to tell. */
static bool
check_logprobs(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *model = cJSON_GetObjectItemCaseSensitive(x->json, "model");
	const char *name = cJSON_IsString(model) ? model->valuestring : "";

	chat->logprobs = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x->json, "logprobs"));
	if (!chat->logprobs || x->compat ||
		(strncmp(name, "gpt-5", 5) != 0 &&
		 !(name[0] == 'o' && strchr("134", name[1]) != NULL && name[1] != '\0')))
		return true;
	sbx_refuse(x, 400, "unsupported_value", "logprobs",
			   "Unsupported value: 'logprobs' is not supported with this model.");
	return false;
}

static bool
check(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *messages = cJSON_GetObjectItemCaseSensitive(x->json, "messages");
	const cJSON *model = cJSON_GetObjectItemCaseSensitive(x->json, "model");
	const cJSON *cap, *m;
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, fields, "") || !check_cap(x))
		return false;
	if (model == NULL && strncmp(x->req->path, "/openai/deployments/", 20) != 0)
	{
		sbx_refuse(x, 400, NULL, "model", "you must provide a model parameter");
		return false;
	}
	if (!sbx_range(x, x->json, "temperature", 0, 2, "") ||
		!sbx_range(x, x->json, "top_p", 0, 1, "") || !sbx_range(x, x->json, "n", 1, 128, "") ||
		!sbx_range(x, x->json, "presence_penalty", -2, 2, "") ||
		!sbx_range(x, x->json, "frequency_penalty", -2, 2, "") ||
		!sbx_word(x, x->json, "reasoning_effort", "none|minimal|low|medium|high|xhigh|max", "") ||
		!sbx_word(x, x->json, "verbosity", "low|medium|high", "") ||
		!sbx_word(x, x->json, "service_tier", "auto|default|flex|scale|priority|fast", "") ||
		!check_format(x, chat) || !check_logprobs(x, chat))
		return false;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x->json, "stream")))
	{
		sbx_refuse(x, 400, "unsupported_value", "stream", "The sandbox does not stream.");
		return false;
	}
	if (messages->child == NULL)
	{
		sbx_refuse(x, 400, "empty_array", "messages", "Invalid 'messages': empty array.");
		return false;
	}
	cJSON_ArrayForEach (m, messages)
	{
		const char *role = cJSON_GetObjectItemCaseSensitive(m, "role")->valuestring;

		snprintf(at, sizeof(at), "messages[%d]", i++);
		if (!sbx_word(x, m, "role", "system|developer|user|assistant|tool|function", at))
			return false;
		sbx_chat_content(chat, role, cJSON_GetObjectItemCaseSensitive(m, "content"));
	}
	cap = cJSON_GetObjectItemCaseSensitive(x->json,
										   x->compat ? "max_tokens" : "max_completion_tokens");
	chat->max_tokens = cJSON_IsNumber(cap) ? (long) cap->valuedouble : 0;
	return true;
}

static const char *
finish_word(sbx_finish f)
{
	switch (f)
	{
		case FINISH_LENGTH:
			return "length";
		case FINISH_FILTER:
			return "content_filter";
		case FINISH_UNKNOWN:
			return "sandbox_whim";
		default:
			return "stop";
	}
}

static void
render_message(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;

	sbx_buf_puts(b, "{\"role\":\"assistant\",\"content\":");
	if (x->beh.fault == FAULT_NULLCONTENT || chat->finish == FINISH_REFUSAL)
		sbx_buf_puts(b, "null");
	else if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else if (x->beh.fault == FAULT_ARRAYCONTENT)
	{
		sbx_buf_puts(b,
					 "[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]},"
					 "{\"type\":\"text\",\"text\":");
		sbx_buf_json(b, chat->answer.p, chat->answer.len);
		sbx_buf_puts(b, "}]");
	}
	else
		sbx_buf_json(b, chat->answer.p, chat->answer.len);
	if (x->compat && chat->think > 0)
	{
		sbx_buf_puts(b, ",\"reasoning_content\":");
		sbx_buf_jsons(b, sbx_chat_reasoning());
	}
	sbx_buf_puts(b, ",\"refusal\":");
	if (chat->finish == FINISH_REFUSAL)
		sbx_buf_json(b, chat->answer.p, chat->answer.len);
	else
		sbx_buf_puts(b, "null");
	sbx_buf_puts(b, "}");
}

static void
render_usage(const sbx_exchange *x, const sbx_chat *chat)
{
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";

	if (x->beh.fault == FAULT_NOUSAGE)
		return;
	sbx_buf_printf(&x->rep->body,
				   ",\"usage\":{\"prompt_tokens\":%s%ld%s,\"completion_tokens\":%s%ld%s,"
				   "\"total_tokens\":%s%ld%s,"
				   "\"prompt_tokens_details\":{\"cached_tokens\":%ld,\"cache_write_tokens\":0,"
				   "\"audio_tokens\":0},"
				   "\"completion_tokens_details\":{\"reasoning_tokens\":%ld,\"audio_tokens\":0,"
				   "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
				   q, chat->in_tokens, q, q, chat->out_tokens, q, q,
				   chat->in_tokens + chat->out_tokens, q, chat->cached, chat->think);
}

static void
render(const sbx_exchange *x, const sbx_chat *chat, int n)
{
	static const char filters[] = "{\"hate\":{\"filtered\":false,\"severity\":\"safe\"},"
								  "\"self_harm\":{\"filtered\":false,\"severity\":\"safe\"},"
								  "\"sexual\":{\"filtered\":false,\"severity\":\"safe\"},"
								  "\"violence\":{\"filtered\":false,\"severity\":\"safe\"}}";
	sbx_buf *b = &x->rep->body;

	sbx_buf_printf(b,
				   "{\"id\":\"chatcmpl-%08lx\",\"object\":\"chat.completion\",\"created\":%.0f,"
				   "\"model\":",
				   x->id, floor(sbx_wall_ms() / 1000));
	sbx_buf_jsons(b, x->model);
	sbx_buf_puts(b, ",\"service_tier\":\"default\"");
	if (x->family == FAM_AZURE)
		sbx_buf_printf(b,
					   ",\"prompt_filter_results\":[{\"prompt_index\":0,"
					   "\"content_filter_results\":%s}]",
					   filters);
	sbx_buf_puts(b, ",\"choices\":[");
	for (int i = 0; i < n; i++)
	{
		sbx_buf_printf(b, "%s{\"index\":%d,\"finish_reason\":\"%s\",\"logprobs\":", i ? "," : "", i,
					   finish_word(chat->finish));
		if (chat->logprobs)
		{
			sbx_buf_puts(b, "{\"content\":");
			sbx_logprobs(x, chat, LP_FORM_OPENAI);
			sbx_buf_puts(b, ",\"refusal\":null}");
		}
		else
			sbx_buf_puts(b, "null");
		if (x->family == FAM_AZURE)
			sbx_buf_printf(b, ",\"content_filter_results\":%s", filters);
		sbx_buf_puts(b, ",\"message\":");
		render_message(x, chat);
		sbx_buf_puts(b, "}");
	}
	sbx_buf_puts(b, "]");
	render_usage(x, chat);
	sbx_buf_puts(b, "}");
}

/* POST /v1/chat/completions and its relatives. */
void
sbx_openai_chat(sbx_exchange *x)
{
	sbx_chat chat = {0};
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(x->json, "n");

	if (check(x, &chat))
	{
		int count = cJSON_IsNumber(n) ? n->valueint : 1;

		sbx_chat_answer(x, &chat);
		render(x, &chat, x->beh.fault == FAULT_NOCHOICES ? 0 : count);
	}
	sbx_chat_free(&chat);
}
