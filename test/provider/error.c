/* Error bodies and request ids, in each family's own form. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

typedef struct named_status
{
	int status;
	const char *name;
} named_status;

static const char *
by_status(const named_status *list, int status, const char *client, const char *server)
{
	for (; list->status != 0; list++)
		if (list->status == status)
			return list->name;
	return status < 500 ? client : server;
}

static void
openai_error(sbx_exchange *x, int status, const char *code, const char *param, const char *message)
{
	static const named_status types[] = {
		{403, "permission_error"},          {408, "timeout"}, {409, "conflict"}, {429, "requests"},
		{503, "service_unavailable_error"}, {0, NULL}};
	static const named_status codes[] = {
		{401, "invalid_api_key"},     {403, "access_denied"},        {404, "model_not_found"},
		{429, "rate_limit_exceeded"}, {503, "server_is_overloaded"}, {0, NULL}};
	sbx_buf *b = &x->rep->body;
	const char *type = by_status(types, status, "invalid_request_error", "server_error");

	if (code == NULL)
		code = by_status(codes, status, "", "");
	if (strcmp(code, "insufficient_quota") == 0)
		type = "insufficient_quota";
	sbx_buf_puts(b, "{\"error\":{\"message\":");
	sbx_buf_jsons(b, message);
	if (x->family == FAM_AZURE && strcmp(code, "content_filter") == 0)
	{
		sbx_buf_printf(b,
					   ",\"type\":null,\"param\":\"prompt\",\"code\":\"content_filter\","
					   "\"status\":%d,\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\","
					   "\"content_filter_result\":{\"violence\":{\"filtered\":true,"
					   "\"severity\":\"high\"}}}}}",
					   status);
		return;
	}
	sbx_buf_puts(b, ",\"type\":");
	sbx_buf_jsons(b, type);
	sbx_buf_puts(b, ",\"param\":");
	sbx_buf_jsons(b, param);
	sbx_buf_puts(b, ",\"code\":");
	sbx_buf_jsons(b, *code ? code : NULL);
	sbx_buf_puts(b, "}}");
}

static void
anthropic_error(sbx_exchange *x, int status, const char *code, const char *message)
{
	static const named_status types[] = {{401, "authentication_error"},
										 {402, "billing_error"},
										 {403, "permission_error"},
										 {404, "not_found_error"},
										 {408, "timeout_error"},
										 {409, "conflict_error"},
										 {413, "request_too_large"},
										 {429, "rate_limit_error"},
										 {504, "timeout_error"},
										 {529, "overloaded_error"},
										 {0, NULL}};
	sbx_buf *b = &x->rep->body;

	sbx_buf_puts(b, "{\"type\":\"error\",\"error\":{\"type\":");
	sbx_buf_jsons(b, code ? code : by_status(types, status, "invalid_request_error", "api_error"));
	sbx_buf_puts(b, ",\"message\":");
	sbx_buf_jsons(b, message);
	sbx_buf_printf(b, "},\"request_id\":\"req_%08lx\"}", x->id);
}

static void
bedrock_error(sbx_exchange *x, int status, const char *code, const char *message)
{
	static const named_status types[] = {
		{403, "AccessDeniedException"},       {404, "ResourceNotFoundException"},
		{405, "UnknownOperationException"},   {408, "ModelTimeoutException"},
		{424, "ModelErrorException"},         {429, "ThrottlingException"},
		{503, "ServiceUnavailableException"}, {0, NULL}};
	sbx_buf *b = &x->rep->body;

	if (code == NULL || strstr(code, "PerDay") != NULL)
		code = by_status(types, status, "ValidationException", "InternalServerException");
	sbx_buf_printf(&x->rep->head,
				   "x-amzn-ErrorType: %s:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n",
				   code);
	sbx_buf_puts(b, "{\"message\":");
	sbx_buf_jsons(b, message);
	if (status == 424)
		sbx_buf_puts(b, ",\"originalStatusCode\":500,\"resourceName\":\"sandbox\"");
	sbx_buf_puts(b, "}");
}

static void
gemini_details(sbx_exchange *x, int status, const char *code, const char *param)
{
	sbx_buf *b = &x->rep->body;
	char delay[64];
	const char *sep = "";

	sbx_buf_puts(b, ",\"details\":[");
	if (code != NULL && strcmp(code, "API_KEY_INVALID") == 0)
	{
		sbx_buf_puts(b, "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
						"\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\"}");
		sep = ",";
	}
	if (param != NULL)
	{
		sbx_buf_printf(b,
					   "%s{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
					   "\"fieldViolations\":[{\"field\":",
					   sep);
		sbx_buf_jsons(b, param);
		sbx_buf_puts(b, ",\"description\":\"not acceptable\"}]}");
		sep = ",";
	}
	if (status == 429)
	{
		bool day = code != NULL && strstr(code, "PerDay") != NULL;

		sbx_buf_printf(b,
					   "%s{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
					   "\"violations\":[{\"quotaMetric\":\"sandbox/requests\","
					   "\"quotaId\":\"GenerateRequestsPer%sPerProjectPerModel\"}]}",
					   sep, day ? "Day" : "Minute");
		sep = ",";
	}
	sbx_retry_delay(&x->beh, delay, sizeof(delay));
	if (*delay)
		sbx_buf_printf(b,
					   "%s{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
					   "\"retryDelay\":\"%s\"}",
					   sep, delay);
	sbx_buf_puts(b, "]");
}

static void
gemini_error(sbx_exchange *x, int status, const char *code, const char *param, const char *message)
{
	static const named_status names[] = {{401, "UNAUTHENTICATED"},   {403, "PERMISSION_DENIED"},
										 {404, "NOT_FOUND"},         {405, "UNIMPLEMENTED"},
										 {409, "ABORTED"},           {429, "RESOURCE_EXHAUSTED"},
										 {499, "CANCELLED"},         {503, "UNAVAILABLE"},
										 {504, "DEADLINE_EXCEEDED"}, {0, NULL}};
	sbx_buf *b = &x->rep->body;
	const char *name = by_status(names, status, "INVALID_ARGUMENT", "INTERNAL");

	if (code != NULL && strstr(code, "PerDay") == NULL && strcmp(code, "API_KEY_INVALID") != 0)
		name = code;
	sbx_buf_printf(b, "{\"error\":{\"code\":%d,\"message\":", status);
	sbx_buf_jsons(b, message);
	sbx_buf_puts(b, ",\"status\":");
	sbx_buf_jsons(b, name);
	gemini_details(x, status, code, param);
	sbx_buf_puts(b, "}}");
}

static void
render(sbx_exchange *x, int status, const char *code, const char *param, const char *message)
{
	sbx_buf *b = &x->rep->body;

	x->rep->status = status;
	sbx_buf_clear(b);
	switch (x->family)
	{
		case FAM_OPENAI:
		case FAM_AZURE:
			openai_error(x, status, code, param, message);
			break;
		case FAM_ANTHROPIC:
			anthropic_error(x, status, code, message);
			break;
		case FAM_BEDROCK:
			bedrock_error(x, status, code, message);
			break;
		case FAM_GEMINI:
			gemini_error(x, status, code, param, message);
			break;
		case FAM_OLLAMA:
			sbx_buf_puts(b, "{\"error\":");
			sbx_buf_jsons(b, message);
			sbx_buf_puts(b, "}");
			break;
		case FAM_COHERE:
			sbx_buf_puts(b, "{\"message\":");
			sbx_buf_jsons(b, message);
			sbx_buf_printf(b, ",\"id\":\"err-%08lx\"}", x->id);
			break;
	}
}

#define FORMAT_MESSAGE(text, fmt)                                                                  \
	do                                                                                             \
	{                                                                                              \
		va_list ap;                                                                                \
		va_start(ap, fmt);                                                                         \
		vsnprintf(text, sizeof(text), fmt, ap);                                                    \
		va_end(ap);                                                                                \
	} while (0)

/* Replaces the reply by an error of the family; code NULL = the usual one, "" = none. */
void
sbx_error(sbx_exchange *x, int status, const char *code, const char *param, const char *fmt, ...)
{
	char text[1024];

	FORMAT_MESSAGE(text, fmt);
	render(x, status, code, param, text);
}

/* As sbx_error, for requests that are wrong in themselves: no fault applies to them. */
void
sbx_refuse(sbx_exchange *x, int status, const char *code, const char *param, const char *fmt, ...)
{
	char text[1024];

	FORMAT_MESSAGE(text, fmt);
	render(x, status, code, param, text);
	x->rep->refused = true;
}

/* Adds the headers every answer of the family carries. */
void
sbx_request_id(sbx_exchange *x)
{
	sbx_buf *h = &x->rep->head;
	char line[256];
	int n = 0;

	switch (x->family)
	{
		case FAM_OPENAI:
			n = snprintf(line, sizeof(line),
						 "x-request-id: req_%08lx\r\nopenai-processing-ms: 1\r\n", x->id);
			break;
		case FAM_AZURE:
			n = snprintf(line, sizeof(line),
						 "apim-request-id: apim-%08lx\r\nx-request-id: req_%08lx\r\n"
						 "x-ms-region: Sandbox\r\n",
						 x->id, x->id);
			break;
		case FAM_ANTHROPIC:
			n = snprintf(line, sizeof(line), "request-id: req_%08lx\r\n", x->id);
			break;
		case FAM_BEDROCK:
			n = snprintf(line, sizeof(line), "x-amzn-RequestId: 00000000-0000-4000-8000-%012lx\r\n",
						 x->id);
			break;
		case FAM_COHERE:
			n = snprintf(line, sizeof(line), "x-request-id: co_%08lx\r\n", x->id);
			break;
		case FAM_GEMINI: /* responseId in the body */
		case FAM_OLLAMA: /* none */
			return;
	}
	sbx_buf_add(h, line, (size_t) n);
}
