/* Faults that are an answer of their own: HTTP errors, wait hints, an error inside a 200. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire.h"

static const char *
text_of(const sbx_exchange *x, int status)
{
	bool day = strstr(x->beh.code, "PerDay") != NULL;

	if (x->family == FAM_OLLAMA && status == 503)
		return "server busy, please try again.  maximum pending requests exceeded";
	switch (status)
	{
		case 401:
			return "The credential is not valid (sandbox)";
		case 403:
			return "Access to this model is denied (sandbox)";
		case 404:
			return "The model does not exist or you have no access to it (sandbox)";
		case 408:
		case 504:
			return "The request took too long (sandbox)";
		case 429:
			if (strcmp(x->beh.code, "insufficient_quota") == 0)
				return "The quota is used up, check plan and billing (sandbox)";
			return day ? "Too many tokens per day (sandbox)" : "Too many requests (sandbox)";
		case 503:
		case 529:
			return "The server is overloaded (sandbox)";
		default:
			if (strcmp(x->beh.code, "context_length_exceeded") == 0)
				return "The prompt is longer than the context of the model (sandbox)";
			if (strcmp(x->beh.code, "content_filter") == 0)
				return "The prompt was filtered (sandbox)";
			return status < 500 ? "The request is not acceptable (sandbox)"
								: "The server had an error (sandbox)";
	}
}

/* If the behaviour asks for an HTTP error or an error in a 200, renders it and returns true. */
bool
sbx_fault_answer(sbx_exchange *x)
{
	const sbx_behaviour *b = &x->beh;
	int status = b->status;

	if (b->fault == FAULT_ERR200)
	{
		sbx_error(x, status ? status : 502, b->code[0] ? b->code : NULL, NULL, "%s",
				  text_of(x, status ? status : 502));
		x->rep->status = 200;
		return true;
	}
	if (status == 0)
		return false;
	sbx_error(x, status, b->code[0] ? b->code : NULL, NULL, "%s", text_of(x, status));
	return true;
}

static sbx_retryfmt
format_of(const sbx_exchange *x)
{
	if (x->beh.retryfmt != RETRYFMT_DEFAULT)
		return x->beh.retryfmt;
	if (x->family == FAM_BEDROCK)
		return RETRYFMT_AMAZON;
	return x->family == FAM_GEMINI ? RETRYFMT_GOOGLE : RETRYFMT_S;
}

/* The text of google.rpc.RetryInfo.retryDelay, "" if no such hint is asked for. */
void
sbx_retry_delay(const sbx_behaviour *b, char *out, size_t cap)
{
	out[0] = '\0';
	if (b->retry[0] != '\0' && (b->retryfmt == RETRYFMT_GOOGLE || b->retryfmt == RETRYFMT_DEFAULT))
		snprintf(out, cap, "%ss", b->retry);
}

/* A duration as Go prints it: 1h2m3.5s, 250ms. */
static void
go_duration(double s, char *out, size_t cap)
{
	long h = (long) (s / 3600), m = (long) (s / 60) % 60;
	double rest = s - (double) h * 3600 - (double) m * 60;

	if (s < 1)
		snprintf(out, cap, "%gms", s * 1000);
	else if (h > 0)
		snprintf(out, cap, "%ldh%ldm%gs", h, m, rest);
	else if (m > 0)
		snprintf(out, cap, "%ldm%gs", m, rest);
	else
		snprintf(out, cap, "%gs", rest);
}

static void
moment(double s, const char *fmt, char *out, size_t cap)
{
	/* rounded up: a client that waits until then has waited long enough */
	time_t t = (time_t) ceil(sbx_wall_ms() / 1000.0 + s);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, cap, fmt, &tm);
}

static void
anthropic_reset(sbx_buf *h, double s)
{
	static const char *const kinds[] = {"requests", "tokens", "input-tokens", "output-tokens"};
	char text[64];

	moment(s, "%Y-%m-%dT%H:%M:%SZ", text, sizeof(text));
	for (int i = 0; i < 4; i++)
		sbx_buf_printf(
			h,
			"anthropic-ratelimit-%s-limit: %d\r\nanthropic-ratelimit-%s-remaining: %d\r\n"
			"anthropic-ratelimit-%s-reset: %s\r\n",
			kinds[i], i ? 100000 : 50, kinds[i], i ? 90000 : 0, kinds[i], text);
}

static void
add_hint(sbx_exchange *x, double s)
{
	sbx_buf *h = &x->rep->head;
	char text[128];

	switch (format_of(x))
	{
		case RETRYFMT_DEFAULT:
		case RETRYFMT_S:
			sbx_buf_printf(h, "retry-after: %.0f\r\n", ceil(s));
			break;
		case RETRYFMT_MS:
			sbx_buf_printf(h, "retry-after-ms: %g\r\n", s * 1000);
			break;
		case RETRYFMT_DATE:
			moment(s, "%a, %d %b %Y %H:%M:%S GMT", text, sizeof(text));
			sbx_buf_printf(h, "retry-after: %s\r\n", text);
			break;
		case RETRYFMT_FLOAT:
			sbx_buf_printf(h, "retry-after: %.3f\r\n", s);
			break;
		case RETRYFMT_GOJUR:
			go_duration(s, text, sizeof(text));
			sbx_buf_printf(h,
						   "x-ratelimit-limit-requests: 100\r\nx-ratelimit-limit-tokens: 100000\r\n"
						   "x-ratelimit-remaining-requests: 0\r\n"
						   "x-ratelimit-remaining-tokens: 99000\r\n"
						   "x-ratelimit-reset-requests: %s\r\nx-ratelimit-reset-tokens: 6ms\r\n",
						   text);
			break;
		case RETRYFMT_RFC3339:
			anthropic_reset(h, s);
			break;
		case RETRYFMT_UNIX:
			sbx_buf_printf(h, "x-ratelimit-reset: %.0f\r\n", ceil(sbx_wall_ms() / 1000.0 + s));
			break;
		case RETRYFMT_AMAZON:
			sbx_buf_printf(h, "x-amz-retry-after: %.0f\r\n", s * 1000);
			break;
		case RETRYFMT_RAW:
			sbx_buf_printf(h, "retry-after: %s\r\n", x->beh.retry);
			break;
		case RETRYFMT_GOOGLE: /* in the body */
		case RETRYFMT_COUNT:
			break;
	}
}

/* Adds the wait hints that the behaviour asks for, to errors and good answers alike. */
void
sbx_fault_hints(sbx_exchange *x)
{
	if (x->beh.should[0] != '\0')
		sbx_buf_printf(&x->rep->head, "x-should-retry: %s\r\n", x->beh.should);
	if (x->beh.retry[0] != '\0')
		add_hint(x, strtod(x->beh.retry, NULL));
}
