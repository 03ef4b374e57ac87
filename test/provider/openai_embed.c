/* OpenAI embeddings, as floats or as base64; also Azure and third-party servers. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

#define MAX_INPUTS 2048

static const sbx_field fields[] = {
	{"model", T_STR, NULL},      {"input", T_STR | T_STRS | T_REQ, NULL},
	{"dimensions", T_INT, NULL}, {"encoding_format", T_STR, NULL},
	{"user", T_STR, NULL},       {NULL, 0, NULL}};

static bool
check(sbx_exchange *x, sbx_embed *e)
{
	const cJSON *input = cJSON_GetObjectItemCaseSensitive(x->json, "input");
	const cJSON *v;

	if (!sbx_shape(x, x->json, fields, "") || !sbx_range(x, x->json, "dimensions", 1, 8192, "") ||
		!sbx_word(x, x->json, "encoding_format", "float|base64", ""))
		return false;
	if (cJSON_GetObjectItemCaseSensitive(x->json, "model") == NULL &&
		strncmp(x->req->path, "/openai/deployments/", 20) != 0)
	{
		sbx_refuse(x, 400, NULL, "model", "you must provide a model parameter");
		return false;
	}
	if (cJSON_IsString(input))
	{
		if (sbx_embed_add(e, input->valuestring))
			return true;
	}
	else
	{
		cJSON_ArrayForEach (v, input)
			if (!sbx_embed_add(e, v->valuestring))
				break;
		if (v == NULL && e->count > 0 && e->count <= MAX_INPUTS)
			return true;
	}
	sbx_refuse(x, 400, "invalid_value", "input",
			   "Invalid 'input': 1 to %d texts, none of them empty, got %zu.", MAX_INPUTS,
			   e->count);
	return false;
}

/* POST /v1/embeddings and its relatives. */
void
sbx_openai_embed(sbx_exchange *x)
{
	const cJSON *dim = cJSON_GetObjectItemCaseSensitive(x->json, "dimensions");
	const cJSON *coding = cJSON_GetObjectItemCaseSensitive(x->json, "encoding_format");
	sbx_buf *b = &x->rep->body;
	sbx_embed e = {0};

	if (check(x, &e))
	{
		bool base64 = cJSON_IsString(coding) && strcmp(coding->valuestring, "base64") == 0;

		sbx_embed_plan(x, &e, cJSON_IsNumber(dim) ? dim->valueint : 0);
		sbx_buf_puts(b, "{\"object\":\"list\",\"data\":[");
		for (size_t i = 0; i < e.out; i++)
		{
			sbx_buf_printf(b,
						   "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i ? "," : "",
						   i < e.count ? e.order[i] : i);
			if (x->beh.fault == FAULT_WRONGTYPES)
				sbx_buf_puts(b, "42");
			else if (x->beh.fault == FAULT_NULLCONTENT)
				sbx_buf_puts(b, "null");
			else
				sbx_embed_vector(&e, i, base64, b);
			sbx_buf_puts(b, "}");
		}
		sbx_buf_puts(b, "],\"model\":");
		sbx_buf_jsons(b, x->model);
		if (x->beh.fault != FAULT_NOUSAGE)
			sbx_buf_printf(b, ",\"usage\":{\"prompt_tokens\":%ld,\"total_tokens\":%ld}", e.tokens,
						   e.tokens);
		sbx_buf_puts(b, "}");
	}
	sbx_embed_free(&e);
}
