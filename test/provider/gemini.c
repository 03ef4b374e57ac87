/* Gemini: generateContent, embedContent, batchEmbedContents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define MAX_BATCH 100

static const sbx_field part_fields[] = {{"text", T_STR, NULL},
										{"thought", T_BOOL, NULL},
										{"inlineData", T_OBJ, NULL},
										{"fileData", T_OBJ, NULL},
										{"functionCall", T_OBJ, NULL},
										{"functionResponse", T_OBJ, NULL},
										{"thoughtSignature", T_STR, NULL},
										{NULL, 0, NULL}};

static const sbx_field content_fields[] = {
	{"role", T_STR, NULL}, {"parts", T_ARR | T_REQ, part_fields}, {NULL, 0, NULL}};

static const sbx_field thinking_fields[] = {{"thinkingBudget", T_INT, NULL},
											{"thinkingLevel", T_STR, NULL},
											{"includeThoughts", T_BOOL, NULL},
											{NULL, 0, NULL}};

static const sbx_field config_fields[] = {{"maxOutputTokens", T_INT, NULL},
										  {"temperature", T_NUM, NULL},
										  {"topP", T_NUM, NULL},
										  {"topK", T_NUM, NULL},
										  {"seed", T_INT, NULL},
										  {"candidateCount", T_INT, NULL},
										  {"stopSequences", T_STRS, NULL},
										  {"responseMimeType", T_STR, NULL},
										  {"responseSchema", T_OBJ, NULL},
										  {"responseJsonSchema", T_ANY, NULL},
										  {"responseModalities", T_STRS, NULL},
										  {"thinkingConfig", T_OBJ, thinking_fields},
										  {"presencePenalty", T_NUM, NULL},
										  {"frequencyPenalty", T_NUM, NULL},
										  {"responseLogprobs", T_BOOL, NULL},
										  {"logprobs", T_INT, NULL},
										  {NULL, 0, NULL}};

static const sbx_field safety_fields[] = {{"category", T_STR | T_REQ, NULL},
										  {"threshold", T_STR | T_REQ, NULL},
										  {"method", T_STR, NULL},
										  {NULL, 0, NULL}};

static const sbx_field fields[] = {{"contents", T_ARR | T_REQ, content_fields},
								   {"systemInstruction", T_OBJ, content_fields},
								   {"generationConfig", T_OBJ, config_fields},
								   {"safetySettings", T_ARR, safety_fields},
								   {"cachedContent", T_STR, NULL},
								   {"tools", T_ARR, NULL},
								   {"toolConfig", T_OBJ, NULL},
								   {"serviceTier", T_STR, NULL},
								   {NULL, 0, NULL}};

static const sbx_field embed_fields[] = {
	{"model", T_STR, NULL}, {"content", T_OBJ | T_REQ, content_fields}, {"taskType", T_STR, NULL},
	{"title", T_STR, NULL}, {"outputDimensionality", T_INT, NULL},      {NULL, 0, NULL}};

static const sbx_field batch_fields[] = {{"requests", T_ARR | T_REQ, embed_fields},
										 {NULL, 0, NULL}};

static const cJSON *
get(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool
check_config(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *c = get(x->json, "generationConfig");
	const cJSON *thinking = get(c, "thinkingConfig");
	const cJSON *mime = get(c, "responseMimeType");
	bool json = cJSON_IsString(mime) && strcmp(mime->valuestring, "application/json") == 0;
	const cJSON *cap = get(c, "maxOutputTokens");

	if (!sbx_range(x, c, "maxOutputTokens", 1, 1e6, "generationConfig") ||
		!sbx_range(x, c, "temperature", 0, 2, "generationConfig") ||
		!sbx_range(x, c, "topP", 0, 1, "generationConfig") ||
		!sbx_word(x, c, "responseMimeType", "text/plain|application/json|text/x.enum",
				  "generationConfig") ||
		!sbx_word(x, thinking, "thinkingLevel", "MINIMAL|LOW|MEDIUM|HIGH",
				  "generationConfig.thinkingConfig"))
		return false;
	chat->schema = get(c, "responseJsonSchema");
	if (chat->schema == NULL)
		chat->schema = get(c, "responseSchema");
	else if (get(c, "responseSchema") != NULL)
		sbx_refuse(x, 400, NULL, "generationConfig.responseSchema",
				   "Set only one of responseSchema and responseJsonSchema");
	if (chat->schema != NULL && !json)
		sbx_refuse(x, 400, NULL, "generationConfig.responseMimeType",
				   "A response schema needs responseMimeType application/json");
	if (get(thinking, "thinkingBudget") != NULL && get(thinking, "thinkingLevel") != NULL)
		sbx_refuse(x, 400, NULL, "generationConfig.thinkingConfig",
				   "Set only one of thinkingBudget and thinkingLevel");
	chat->any_json = json;
	chat->logprobs = cJSON_IsTrue(get(c, "responseLogprobs"));
	chat->max_tokens = cap ? (long) cap->valuedouble : 0;
	return !x->rep->refused;
}

static bool
check(sbx_exchange *x, sbx_chat *chat)
{
	const cJSON *contents = get(x->json, "contents");
	const cJSON *c;
	char at[64];
	int i = 0;

	if (!sbx_shape(x, x->json, fields, "") || !check_config(x, chat))
		return false;
	if (contents->child == NULL)
	{
		sbx_refuse(x, 400, NULL, "contents", "contents is not specified");
		return false;
	}
	sbx_chat_content(chat, "system", get(get(x->json, "systemInstruction"), "parts"));
	cJSON_ArrayForEach (c, contents)
	{
		const cJSON *role = get(c, "role");

		snprintf(at, sizeof(at), "contents[%d]", i++);
		if (!sbx_word(x, c, "role", "user|model", at))
			return false;
		sbx_chat_content(chat, role ? role->valuestring : "user", get(c, "parts"));
	}
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
			return "SAFETY";
		case FINISH_UNKNOWN:
			return "SANDBOX_WHIM";
		default:
			return "STOP";
	}
}

static void
render_parts(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;

	if (x->beh.fault == FAULT_NULLCONTENT || chat->finish == FINISH_FILTER)
		return; /* a candidate may come without parts */
	sbx_buf_puts(b, ",\"parts\":");
	if (x->beh.fault == FAULT_WRONGTYPES)
	{
		sbx_buf_puts(b, "42");
		return;
	}
	sbx_buf_puts(b, "[");
	if (chat->think > 0 || x->beh.fault == FAULT_ARRAYCONTENT)
	{
		sbx_buf_puts(b, "{\"thought\":true,\"text\":");
		sbx_buf_jsons(b, sbx_chat_reasoning());
		sbx_buf_puts(b, "},");
	}
	sbx_buf_puts(b, "{\"text\":");
	sbx_buf_json(b, chat->answer.p, chat->answer.len);
	sbx_buf_puts(b, "}]");
}

static void
render(const sbx_exchange *x, const sbx_chat *chat)
{
	sbx_buf *b = &x->rep->body;
	const char *q = x->beh.fault == FAULT_WRONGTYPES ? "\"" : "";
	long out = chat->out_tokens - chat->think;

	if (chat->finish == FINISH_REFUSAL) /* the prompt itself was blocked */
		sbx_buf_puts(b, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\",\"safetyRatings\":[]}");
	else if (x->beh.fault == FAULT_NOCHOICES)
		sbx_buf_puts(b, "{\"candidates\":[]");
	else
	{
		sbx_buf_printf(b,
					   "{\"candidates\":[{\"index\":0,\"finishReason\":\"%s\",\"content\":{"
					   "\"role\":\"model\"",
					   finish_word(chat->finish));
		render_parts(x, chat);
		sbx_buf_puts(b, "},\"safetyRatings\":[]");
		if (chat->logprobs)
		{
			sbx_buf_puts(b, ",\"logprobsResult\":{\"topCandidates\":[],\"chosenCandidates\":");
			sbx_logprobs(x, chat, LP_FORM_GEMINI);
			sbx_buf_puts(b, "}");
		}
		sbx_buf_puts(b, "}]");
	}
	/* candidatesTokenCount leaves the thoughts out: the trap of this family */
	if (x->beh.fault != FAULT_NOUSAGE)
		sbx_buf_printf(b,
					   ",\"usageMetadata\":{\"promptTokenCount\":%s%ld%s,"
					   "\"candidatesTokenCount\":%s%ld%s,\"thoughtsTokenCount\":%ld,"
					   "\"cachedContentTokenCount\":%ld,\"totalTokenCount\":%ld,"
					   "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":%ld}]}",
					   q, chat->in_tokens, q, q, out, q, chat->think, chat->cached,
					   chat->in_tokens + chat->out_tokens, chat->in_tokens);
	sbx_buf_puts(b, ",\"modelVersion\":");
	sbx_buf_jsons(b, x->model);
	sbx_buf_printf(b, ",\"responseId\":\"resp-%08lx\"}", x->id);
}

/* POST /v1beta/models/{m}:generateContent. */
void
sbx_gemini_generate(sbx_exchange *x)
{
	sbx_chat chat = {0};

	if (check(x, &chat))
	{
		sbx_chat_answer(x, &chat);
		render(x, &chat);
	}
	sbx_chat_free(&chat);
}

/* Adds one embedding request; the texts of its parts count as one text. */
static bool
add_request(sbx_exchange *x, sbx_embed *e, const cJSON *r, const char *at)
{
	const cJSON *model = get(r, "model");
	const cJSON *text = get(get(get(r, "content"), "parts")->child, "text");

	if (!sbx_range(x, r, "outputDimensionality", 1, 8192, at) ||
		!sbx_word(
			x, r, "taskType",
			"RETRIEVAL_QUERY|RETRIEVAL_DOCUMENT|SEMANTIC_SIMILARITY|CLASSIFICATION|CLUSTERING|"
			"CODE_RETRIEVAL_QUERY|QUESTION_ANSWERING|FACT_VERIFICATION",
			at))
		return false;
	if (model != NULL && (strncmp(model->valuestring, "models/", 7) != 0 ||
						  strcmp(model->valuestring + 7, x->model) != 0))
		sbx_refuse(x, 400, NULL, "model", "The model must be 'models/%s', as in the path",
				   x->model);
	else if (!cJSON_IsString(text) || !sbx_embed_add(e, text->valuestring))
		sbx_refuse(x, 400, NULL, "content", "content is empty");
	else
		return true;
	return false;
}

static void
put_values(const sbx_exchange *x, const sbx_embed *e, size_t i)
{
	sbx_buf *b = &x->rep->body;

	sbx_buf_puts(b, "{\"values\":");
	if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else if (x->beh.fault == FAULT_NULLCONTENT)
		sbx_buf_puts(b, "null");
	else
		sbx_embed_vector(e, i, false, b);
	sbx_buf_puts(b, "}");
}

/* POST /v1beta/models/{m}:embedContent. */
void
sbx_gemini_embed(sbx_exchange *x)
{
	const cJSON *dim = get(x->json, "outputDimensionality");
	sbx_embed e = {0};

	if (sbx_shape(x, x->json, embed_fields, "") && add_request(x, &e, x->json, ""))
	{
		sbx_embed_plan(x, &e, dim ? dim->valueint : 0);
		sbx_buf_puts(&x->rep->body, "{\"embedding\":");
		put_values(x, &e, 0);
		sbx_buf_puts(&x->rep->body, "}");
	}
	sbx_embed_free(&e);
}

/* POST /v1beta/models/{m}:batchEmbedContents. */
void
sbx_gemini_batch_embed(sbx_exchange *x)
{
	const cJSON *requests = get(x->json, "requests");
	const cJSON *dim = get(requests ? requests->child : NULL, "outputDimensionality");
	const cJSON *r;
	sbx_embed e = {0};
	char at[64];
	int i = 0;
	bool ok = sbx_shape(x, x->json, batch_fields, "");

	if (ok && (requests->child == NULL || cJSON_GetArraySize(requests) > MAX_BATCH))
	{
		sbx_refuse(x, 400, NULL, "requests",
				   "BatchEmbedContentsRequest.requests: at most %d requests can be in one batch",
				   MAX_BATCH);
		ok = false;
	}
	if (ok)
		cJSON_ArrayForEach (r, requests)
		{
			snprintf(at, sizeof(at), "requests[%d]", i++);
			if (ok && get(r, "model") == NULL)
			{
				sbx_refuse(x, 400, NULL, "model", "%s.model is not specified", at);
				ok = false;
			}
			ok = ok && add_request(x, &e, r, at);
		}
	if (ok)
	{
		sbx_embed_plan(x, &e, dim ? dim->valueint : 0);
		sbx_buf_puts(&x->rep->body, "{\"embeddings\":[");
		for (size_t k = 0; k < e.out; k++)
		{
			if (k > 0)
				sbx_buf_puts(&x->rep->body, ",");
			put_values(x, &e, k);
		}
		sbx_buf_puts(&x->rep->body, "]}");
	}
	sbx_embed_free(&e);
}
