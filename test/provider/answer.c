/* What the sandbox answers: a fixed function of the prompt, so that tests know it beforehand. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire.h"

#define MAX_WORD 64

static bool
word_byte(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

/* Copies the next word at *p, ASCII lower-cased, and moves on; 0 when there is none left. */
size_t
sbx_word_next(const char **p, char *word, size_t cap)
{
	const char *s = *p;
	size_t n = 0;

	while (*s != '\0' && !word_byte((unsigned char) *s))
		s++;
	for (; word_byte((unsigned char) *s); s++)
		if (n + 1 < cap)
			word[n++] = (char) (*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	word[n] = '\0';
	*p = s;
	return n;
}

static bool
has_word(const char *text, const char *word)
{
	char w[MAX_WORD];

	while (sbx_word_next(&text, w, sizeof(w)) > 0)
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

/* How many words of needle occur in text; *words (may be NULL) = how many it has. */
size_t
sbx_overlap(const char *needle, const char *text, size_t *words)
{
	char w[MAX_WORD];
	size_t n = 0, hits = 0;

	while (sbx_word_next(&needle, w, sizeof(w)) > 0)
	{
		n++;
		hits += has_word(text, w);
	}
	if (words != NULL)
		*words = n;
	return hits;
}

static void
trim(const char **p, size_t *n, const char *junk)
{
	while (*n > 0 && strchr(junk, **p) != NULL)
	{
		(*p)++;
		(*n)--;
	}
	while (*n > 0 && strchr(junk, (*p)[*n - 1]) != NULL)
		(*n)--;
}

/* Takes the next label of a list on one line, or of a list of lines that begin with - or *. */
static bool
next_label(const char **p, bool lines, char *label, size_t cap)
{
	const char *s = *p;
	size_t n;

	for (;;)
	{
		if (lines)
		{
			s += strspn(s, "\r\n");
			if (s[strspn(s, " ")] != '-' && s[strspn(s, " ")] != '*')
				return false;
			n = strcspn(s, "\n");
		}
		else
		{
			if (*s == '\0' || *s == '\n')
				return false;
			n = strcspn(s, ",\n");
		}
		*p = s + n + (s[n] == ',');
		trim(&s, &n, " \t\r.\"'[]-*;");
		if (n > 0)
			break;
		s = *p;
	}
	snprintf(label, cap, "%.*s", (int) n, s);
	return true;
}

static const char *
label_list(const char *text)
{
	const char *p = sbx_find_ci(text, "labels:");

	if (p != NULL)
		return p + 7;
	p = sbx_find_ci(text, "one of:");
	return p ? p + 7 : NULL;
}

static bool
answer_label(const char *system, const char *user, sbx_buf *out)
{
	const char *list = label_list(system);
	bool inside = list == NULL;
	sbx_buf text = {0};
	char label[256], best[256] = "";
	size_t best_hits = 0;
	bool lines;

	if (inside)
		list = label_list(user);
	if (list == NULL)
		return false;
	lines = list[strspn(list, " \t\r")] == '\n';
	if (inside)
	{
		/* the labels are no part of the text they are compared with */
		const char *start = list, *end = list;

		while (next_label(&end, lines, label, sizeof(label)))
			;
		while (start > user && start[-1] != '\n')
			start--;
		sbx_buf_add(&text, user, (size_t) (start - user));
		sbx_buf_puts(&text, end);
		user = text.p;
	}
	while (next_label(&list, lines, label, sizeof(label)))
	{
		size_t hits = sbx_overlap(label, user, NULL);

		if (best[0] == '\0' || hits > best_hits)
		{
			snprintf(best, sizeof(best), "%s", label);
			best_hits = hits;
		}
	}
	sbx_buf_puts(out, best);
	sbx_buf_free(&text);
	return best[0] != '\0';
}

/* Finds a line that begins with `mark` and returns what follows the mark. */
static const char *
line_after(const char *text, const char *mark)
{
	size_t n = strlen(mark);

	for (const char *p = text; p != NULL; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (strncasecmp(p, mark, n) == 0)
			return p + n;
	return NULL;
}

static void
split(const char *user, sbx_buf *condition, sbx_buf *text)
{
	const char *mark = line_after(user, "text:");
	const char *cut;

	if (mark == NULL)
		mark = line_after(user, "input:");
	cut = mark ? mark : strchr(user, '\n');
	if (cut == NULL)
		cut = strchr(user, '?');
	if (cut == NULL)
		cut = strchr(user, ':');
	if (cut == NULL)
		cut = user + strlen(user);
	sbx_buf_add(condition, user, (size_t) (cut - user));
	sbx_buf_puts(text, cut);
}

/*
 * Is the condition met? The condition is the line `Condition: ...` of either message; without one
 * it is what the user says before a line `Text:` (or `Input:`), else the first line, else what
 * stands before the `?` or `:`. It is met if one of its words that carry meaning is in the text.
 */
bool
sbx_answer_verdict(const char *system, const char *user)
{
	static const char idle[] =
		" a an the is are was were it its this that of to in on at and or not be been does do did "
		"has have had about text input condition answer yes no true false question following "
		"whether with only if for by as from mentions mention says customer writes message ";
	const char *mark = line_after(user, "condition:");
	sbx_buf condition = {0}, text = {0};
	char w[MAX_WORD], padded[MAX_WORD + 2];
	bool within = mark != NULL;
	bool met = false;
	const char *p;

	sbx_buf_puts(&text, "");
	if (mark == NULL && (mark = line_after(system, "condition:")) != NULL)
		sbx_buf_puts(&text, user);
	if (mark != NULL)
	{
		sbx_buf_add(&condition, mark, strcspn(mark, "\n"));
		if (within)
		{
			const char *start = mark - strlen("condition:");

			sbx_buf_add(&text, user, (size_t) (start - user));
			sbx_buf_puts(&text, mark + strcspn(mark, "\n"));
		}
	}
	else
		split(user, &condition, &text);
	p = condition.p;
	while (!met && sbx_word_next(&p, w, sizeof(w)) > 0)
	{
		snprintf(padded, sizeof(padded), " %.*s ", MAX_WORD - 1, w);
		met = strstr(idle, padded) == NULL && has_word(text.p, w);
	}
	sbx_buf_free(&condition);
	sbx_buf_free(&text);
	return met;
}

static bool
answer_verdict(const char *system, const char *user, sbx_buf *out)
{
	bool yes = sbx_find_ci(system, "yes or no") || sbx_find_ci(user, "yes or no");
	bool truth = sbx_find_ci(system, "true or false") || sbx_find_ci(user, "true or false");

	if (!yes && !truth)
		return false;
	if (sbx_answer_verdict(system, user))
		sbx_buf_puts(out, yes ? "yes" : "true");
	else
		sbx_buf_puts(out, yes ? "no" : "false");
	return true;
}

/* A grade: the first number of the text if it is one, else 50. */
static bool
answer_grade(const char *system, const char *user, sbx_buf *out)
{
	const char *p = user + strcspn(user, "0123456789");
	long n = 50;

	if (!sbx_find_ci(system, "from 0 to 100") && !sbx_find_ci(user, "from 0 to 100"))
		return false;
	if (*p != '\0')
		n = strtol(p, NULL, 10);
	sbx_buf_printf(out, "%ld", n > 100 ? 100 : n);
	return true;
}

static void
answer_summary(const char *user, sbx_buf *out)
{
	const char *colon = strchr(user, ':');
	const char *p = user;
	size_t n;

	while (colon != NULL && colon[1] != '\0' && !isspace((unsigned char) colon[1]))
		colon = strchr(colon + 1, ':'); /* 10:30 is no instruction */
	if (colon != NULL && colon[1 + strspn(colon + 1, " \t\r\n")] != '\0')
		p = colon + 1;
	p += strspn(p, " \t\r\n");
	for (n = 0; p[n] != '\0' && p[n] != '\n'; n++)
		if (strchr(".!?", p[n]) != NULL && (p[n + 1] == '\0' || isspace((unsigned char) p[n + 1])))
		{
			n++;
			break;
		}
	sbx_buf_add(out, p, n);
}

/* What follows a line's beginning `Echo: `, to the very end of the message; NULL without one. */
const char *
sbx_answer_echo(const char *user)
{
	return line_after(user, "echo: ");
}

/* Renders the answer in text: echo, label, verdict, grade or summary, whichever the prompt calls
 * for. */
void
sbx_answer_text(const char *system, const char *user, sbx_buf *out)
{
	const char *echo = sbx_answer_echo(user);

	if (echo != NULL)
		sbx_buf_puts(out, echo);
	else if (!answer_label(system, user, out) && !answer_verdict(system, user, out) &&
			 !answer_grade(system, user, out))
		answer_summary(user, out);
}
