/*
 * Log probabilities of an answer, in each family's form. Tokens have 4 bytes (characters stay
 * whole); the first has probability `prob` percent, 90 by default, the others 1.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

#define TOKEN_BYTES 4

typedef struct form
{
	const char *text;
	const char *number;
	bool bytes;
	bool list; /* the number stands in an array */
} form;

static const form forms[] = {
	[LP_FORM_OPENAI] = {"token", "logprob", true, false},
	[LP_FORM_GEMINI] = {"token", "logProbability", false, false},
	[LP_FORM_COHERE] = {"text", "logprobs", false, true},
};

static void
put_number(sbx_buf *b, sbx_lp how, double logprob)
{
	switch (how)
	{
		case LP_STRING:
			sbx_buf_printf(b, "\"%.10g\"", logprob);
			break;
		case LP_POSITIVE:
			sbx_buf_puts(b, "0.7");
			break;
		case LP_HUGE:
			sbx_buf_puts(b, "-1e999");
			break;
		case LP_VOID:
			sbx_buf_puts(b, "null");
			break;
		default:
			sbx_buf_printf(b, "%.10g", logprob);
	}
}

static void
put_token(sbx_buf *b, const form *f, sbx_lp how, const char *text, size_t n, double logprob)
{
	sbx_buf_printf(b, "{\"%s\":", f->text);
	if (how == LP_OTHER)
		sbx_buf_puts(b, "\"zzz\"");
	else
		sbx_buf_json(b, text, n);
	if (f->bytes && how != LP_OTHER)
	{
		sbx_buf_puts(b, ",\"bytes\":[");
		for (size_t i = 0; i < n; i++)
			sbx_buf_printf(b, "%s%u", i ? "," : "", (unsigned char) text[i]);
		sbx_buf_puts(b, "],\"top_logprobs\":[]");
	}
	if (how != LP_BARE)
	{
		sbx_buf_printf(b, ",\"%s\":%s", f->number, f->list ? "[" : "");
		put_number(b, how, logprob);
		sbx_buf_puts(b, f->list ? "]" : "");
	}
	if (f->list)
		sbx_buf_puts(b, ",\"token_ids\":[7]");
	sbx_buf_puts(b, "}");
}

/* Appends the array of tokens, or what a broken server has in its place. */
void
sbx_logprobs(const sbx_exchange *x, const sbx_chat *chat, sbx_lp_form which)
{
	const form *f = &forms[which];
	sbx_buf *b = &x->rep->body;
	sbx_lp how = x->beh.lp;
	long percent = x->beh.prob > 0 ? x->beh.prob : 90;
	double logprob = log((double) percent / 100);
	size_t end = how == LP_HALF ? chat->answer.len / 2 : chat->answer.len;
	const char *p = chat->answer.p;

	if (how == LP_NULL || how == LP_NUMBER)
	{
		sbx_buf_puts(b, how == LP_NULL ? "null" : "-0.5");
		return;
	}
	sbx_buf_puts(b, "[");
	for (size_t at = 0, n; at < end && how != LP_EMPTY; at += n)
	{
		n = end - at < TOKEN_BYTES ? end - at : TOKEN_BYTES;
		while (at + n < end && ((unsigned char) p[at + n] & 0xC0) == 0x80)
			n++;
		sbx_buf_puts(b, at ? "," : "");
		put_token(b, f, how, p + at, n, logprob);
		logprob = 0;
	}
	sbx_buf_puts(b, "]");
}
