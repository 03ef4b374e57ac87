/*
 * fuzz_judge.c
 *	  Reading small answers (labels, yes or no, grades) in whatever form, within a server.
 *
 * Numbers: the kind, and whether a confidence is known; headers "label: .." are
 * the labels; the body is the model's answer.
 */
#include "base/pg.h"

#include <ctype.h>
#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "sql/small.h"

#include "fuzz.h"
#include "server.h"

/* ASCII letters and digits only, in lower case. */
static char *
letters(const char *s)
{
	char *copy = pstrdup(s);
	char *to = copy;

	for (; *s != '\0'; s++)
	{
		if (isalnum((unsigned char) *s))
			*to++ = (char) tolower((unsigned char) *s);
	}
	*to = '\0';
	return copy;
}

/* What was read must stand in the answer (whose escapes are not read again here). */
static void
check_there(const char *answer, const char *word)
{
	PROMISE(strchr(answer, '\\') != NULL || strstr(letters(answer), letters(word)) != NULL,
			"\"%s\" is not in \"%s\"", word, answer);
}

static void
check_label(const AirLabels *labels, const char *answer, const cJSON *item)
{
	bool found = false;

	PROMISE(cJSON_IsString(item));
	for (int i = 0; i < labels->n; i++)
		found = found || strcmp(labels->utf8[i], item->valuestring) == 0;
	PROMISE(found, "%s", item->valuestring);
	check_there(answer, item->valuestring);
}

static void
check_value(AirSmallKind kind, const AirLabels *labels, const char *answer, const cJSON *value)
{
	const cJSON *item;
	double grade;

	switch (kind)
	{
		case AIR_SMALL_LABEL:
			check_label(labels, answer, value);
			break;
		case AIR_SMALL_LABELS:
			PROMISE(cJSON_IsArray(value) && cJSON_GetArraySize(value) <= labels->n);
			cJSON_ArrayForEach (item, value)
				check_label(labels, answer, item);
			break;
		case AIR_SMALL_YES_NO:
			PROMISE(cJSON_IsBool(value));
			if (strstr(letters(answer), cJSON_IsTrue(value) ? "true" : "false") == NULL)
				check_there(answer, cJSON_IsTrue(value) ? "yes" : "no");
			break;
		case AIR_SMALL_GRADE:
			grade = cJSON_IsNumber(value) ? value->valuedouble : NAN;
			PROMISE(grade >= 0 && grade <= 1);
			PROMISE(strpbrk(answer, "0123456789") != NULL);
			break;
	}
}

/* The labels of an input, each once, none blank; some of ours if there are none. */
static AirLabels *
labels_of(const Input *input)
{
	static const char *const own[] = {"billing", "login", "Not billing", "yes, really", "\"x\""};
	const char **texts = palloc(sizeof(char *) * MAX_FIELDS);
	int n = 0;

	for (int i = 0; i < input->nheaders; i++)
	{
		const char *text = input->headers[i].value;
		bool taken =
			text[strspn(text, " \t\r\n\v\f")] == '\0' || !air_utf8_valid(text, strlen(text));

		for (int j = 0; j < n; j++)
			taken = taken || strcmp(texts[j], text) == 0;
		if (!taken)
			texts[n++] = text;
	}
	return n > 0 ? air_labels_of(texts, n) : air_labels_of(own, lengthof(own));
}

/* See server.h. */
void
run_judge(const char *data, size_t size)
{
	Input input = read_input(data, size);
	AirSmallKind kind = (AirSmallKind) ((unsigned long) input.numbers[0] % 4);
	double confidence = input.numbers[1] != 0 ? 0.9375 : NAN;
	char *answer = pnstrdup(input.body, input.body_len);
	AirLabels *labels = labels_of(&input);
	char *canonical = NULL;
	const char *problem = NULL;
	char *why;
	AirJson *doc;

	/* An answer that is empty fails before it is judged. */
	if (*answer == '\0' || !air_utf8_valid(answer, strlen(answer)))
		return;
	if (!air_small_check(kind)->judge(labels, answer, confidence, &canonical, &problem))
	{
		PROMISE(problem != NULL && air_utf8_valid(problem, strlen(problem)));
		return;
	}
	PROMISE(canonical != NULL && air_utf8_valid(canonical, strlen(canonical)));
	doc = air_json_parse(canonical, strlen(canonical), &why);
	PROMISE(doc != NULL, "%s", canonical);
	check_value(kind, labels, answer, air_json_at(doc->root, "value"));
	if (isnan(confidence))
		PROMISE(air_json_at(doc->root, "confidence") == NULL);
	else
		PROMISE(air_json_num(doc->root, "confidence", -1) == confidence);
	air_json_free(doc);
}
