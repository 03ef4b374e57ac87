/*
 * redact.c
 *	  Masking keys in text that a provider sent.
 *
 * Providers echo what they were sent: OpenAI repeats part of a wrong key.
 * Messages reach logs and tables, so anything that looks like a key goes.
 */
#include "base/pg.h"

#include <ctype.h>

#include "lib/stringinfo.h"

#include "provider/failure.h"

/* What a key begins with, or what stands before one. */
typedef struct KeyMark
{
	const char *mark;
	bool is_key;    /* the mark is part of the key, and case matters */
	int min_length; /* of what follows the mark, for it to be a key */
} KeyMark;

static const KeyMark marks[] = {
	{"sk-", true, 1},      /* OpenAI, Anthropic, OpenRouter, DeepSeek */
	{"gsk_", true, 1},     /* Groq */
	{"xai-", true, 8},     /* xAI */
	{"AKIA", true, 8},     /* AWS, long-lived */
	{"ASIA", true, 8},     /* AWS, temporary */
	{"ABSK", true, 8},     /* Bedrock API key */
	{"AIza", true, 8},     /* Google */
	{"ya29.", true, 1},    /* Google OAuth */
	{"eyJ", true, 8},      /* JSON web token */
	{"bearer ", false, 1}, /* a whole Authorization header */
	{"key=", false, 1},    /* also api_key=, api-key=, x-api-key= */
	{"token=", false, 1},      {"secret=", false, 1},        {"signature=", false, 1},
	{"credential=", false, 1}, {"key provided: ", false, 1}, /* OpenAI's message for a key of any
																form */
};

/* Keys are made of these; '*' because providers mask the middle themselves. */
static bool
is_key_char(char c)
{
	return isalnum((unsigned char) c) || (c != '\0' && strchr("-_*+/=.%~", c) != NULL);
}

/* Length of the key characters at s; a full stop that ends the sentence is no part of them. */
static size_t
key_length(const char *s)
{
	size_t n = 0;

	while (is_key_char(s[n]))
		n++;
	while (n > 0 && s[n - 1] == '.')
		n--;
	return n;
}

/* If text has a mark at s, the length that stays visible and the length to mask. */
static bool
find_key(const char *text, const char *s, size_t *visible, size_t *masked)
{
	/* "task-1" is no key, but "x-api-key=" is one: only a key must begin a word. */
	bool word_start = s == text || !isalnum((unsigned char) s[-1]);

	for (size_t i = 0; i < lengthof(marks); i++)
	{
		const KeyMark *m = &marks[i];
		size_t len = strlen(m->mark);
		size_t rest;

		if (m->is_key ? (!word_start || strncmp(s, m->mark, len) != 0)
					  : pg_strncasecmp(s, m->mark, len) != 0)
			continue;
		rest = key_length(s + len);
		if (rest < (size_t) m->min_length)
			continue;
		*visible = m->is_key ? 0 : len;
		*masked = m->is_key ? len + rest : rest;
		return true;
	}
	return false;
}

/* See failure.h. */
char *
air_redact(const char *s)
{
	const char *text = s;
	StringInfoData buf;

	initStringInfo(&buf);
	while (*s != '\0')
	{
		size_t visible;
		size_t masked;

		if (find_key(text, s, &visible, &masked))
		{
			appendBinaryStringInfo(&buf, s, (int) visible);
			appendStringInfoString(&buf, "***");
			s += visible + masked;
		}
		else
			appendStringInfoChar(&buf, *s++);
	}
	return buf.data;
}
