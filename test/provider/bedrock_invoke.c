/* Bedrock InvokeModel: the body is that of the model's maker. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define TITAN_DIM 256
#define COHERE_MAX_TEXTS 96

static const sbx_field titan_fields[] = {{"inputText", T_STR | T_REQ, NULL},
										 {"dimensions", T_INT, NULL},
										 {"normalize", T_BOOL, NULL},
										 {"embeddingTypes", T_STRS, NULL},
										 {NULL, 0, NULL}};

static const sbx_field cohere_fields[] = {{"texts", T_STRS | T_REQ, NULL},
										  {"input_type", T_STR | T_REQ, NULL},
										  {"truncate", T_STR, NULL},
										  {"embedding_types", T_STRS, NULL},
										  {"output_dimension", T_INT, NULL},
										  {"max_tokens", T_INT, NULL},
										  {NULL, 0, NULL}};

static void
count_header(sbx_exchange *x, long tokens)
{
	sbx_buf_printf(&x->rep->head, "x-amzn-bedrock-input-token-count: %ld\r\n", tokens);
}

static void
put_vector(const sbx_exchange *x, const sbx_embed *e, size_t i, sbx_buf *b)
{
	if (x->beh.fault == FAULT_WRONGTYPES)
		sbx_buf_puts(b, "42");
	else if (x->beh.fault == FAULT_NULLCONTENT)
		sbx_buf_puts(b, "null");
	else
		sbx_embed_vector(e, i, false, b);
}

static void
titan(sbx_exchange *x)
{
	sbx_buf *b = &x->rep->body;
	sbx_embed e = {0};
	const cJSON *dim = cJSON_GetObjectItemCaseSensitive(x->json, "dimensions");
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(x->json, "inputText");
	long n = cJSON_IsNumber(dim) ? dim->valueint : 0;

	if (!sbx_shape(x, x->json, titan_fields, ""))
		return;
	if (n != 0 && n != 256 && n != 512 && n != 1024)
		sbx_refuse(x, 400, NULL, NULL,
				   "Malformed input request: #/dimensions: %ld is not one of 1024, 512, 256", n);
	else if (!sbx_embed_add(&e, text->valuestring))
		sbx_refuse(x, 400, NULL, NULL, "Malformed input request: #/inputText must not be empty");
	else
	{
		if (n == 0)
			n = x->entry->behaviour.dim > 0 ? x->entry->behaviour.dim : TITAN_DIM;
		sbx_embed_plan(x, &e, n);
		sbx_buf_puts(b, "{\"embedding\":");
		put_vector(x, &e, 0, b);
		if (x->beh.fault != FAULT_NOUSAGE)
			sbx_buf_printf(b, ",\"inputTextTokenCount\":%ld", e.tokens);
		sbx_buf_puts(b, ",\"embeddingsByType\":{\"float\":");
		put_vector(x, &e, 0, b);
		sbx_buf_puts(b, "}}");
		count_header(x, e.tokens);
	}
	sbx_embed_free(&e);
}

static void
cohere(sbx_exchange *x)
{
	sbx_buf *b = &x->rep->body;
	sbx_embed e = {0};
	const cJSON *dim = cJSON_GetObjectItemCaseSensitive(x->json, "output_dimension");
	const cJSON *texts = cJSON_GetObjectItemCaseSensitive(x->json, "texts");
	bool typed = cJSON_GetObjectItemCaseSensitive(x->json, "embedding_types") != NULL;
	const cJSON *v;

	if (!sbx_shape(x, x->json, cohere_fields, "") ||
		!sbx_word(x, x->json, "input_type",
				  "search_document|search_query|classification|clustering", "") ||
		!sbx_word(x, x->json, "truncate", "NONE|START|END|LEFT|RIGHT", ""))
		return;
	cJSON_ArrayForEach (v, texts)
		if (!sbx_embed_add(&e, v->valuestring))
			break;
	if (v != NULL || e.count == 0 || e.count > COHERE_MAX_TEXTS)
		sbx_refuse(x, 400, NULL, NULL,
				   "Malformed input request: #/texts: 1 to %d texts, none empty", COHERE_MAX_TEXTS);
	else
	{
		sbx_embed_plan(x, &e, cJSON_IsNumber(dim) ? dim->valueint : 0);
		sbx_buf_printf(b, "{\"id\":\"emb-%08lx\",\"response_type\":\"%s\",\"embeddings\":%s", x->id,
					   typed ? "embeddings_by_type" : "embeddings_floats",
					   typed ? "{\"float\":[" : "[");
		for (size_t i = 0; i < e.out; i++)
		{
			if (i > 0)
				sbx_buf_puts(b, ",");
			put_vector(x, &e, i, b);
		}
		sbx_buf_puts(b, typed ? "]}}" : "]}");
		count_header(x, e.tokens);
	}
	sbx_embed_free(&e);
}

/* POST /model/{id}/invoke: the id tells whose body it is. */
void
sbx_bedrock_invoke(sbx_exchange *x)
{
	if (strstr(x->model, "titan-embed") != NULL)
		titan(x);
	else if (strstr(x->model, "cohere.embed") != NULL)
		cohere(x);
	else if (strstr(x->model, "anthropic.") != NULL || strstr(x->model, "claude") != NULL)
		sbx_anthropic(x);
	else
		sbx_refuse(x, 400, NULL, NULL, "The provided model identifier is invalid.");
}
