/*
 * small_judge.c
 *	  Reads small answers, in whatever form a model gave them.
 *
 * As AirCheck demands: nothing here raises (but for want of memory), waits or looks at
 * catalogs.  All text is UTF-8.  What is no answer without a guess is a problem, in words
 * that the model is told once.
 */
#include "base/pg.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "base/json.h"
#include "sql/small.h"

/* Longer ones are no small answers; what reads them need not be fast. */
#define MAX_ANSWER (64 * 1024)

/* The answer without blanks and code fences around it. */
static char *
unfenced(const char *text)
{
	static const char blanks[] = " \t\r\n";
	char *copy;
	char *line;
	size_t len;

	copy = pstrdup(text + strspn(text, blanks));
	if (strncmp(copy, "```", 3) == 0 && (line = strchr(copy, '\n')) != NULL)
	{
		copy = line + 1;
		line = strstr(copy, "```");
		if (line != NULL && line[3 + strspn(line + 3, blanks)] == '\0')
			*line = '\0';
	}
	copy += strspn(copy, blanks);
	for (len = strlen(copy); len > 0 && strchr(blanks, copy[len - 1]) != NULL;)
		copy[--len] = '\0';
	return copy;
}

/*
 * The member of that name, or the only one there is; NULL if neither is there.  Named twice, it
 * says nothing, and {"error": true} is not a yes.
 */
static const cJSON *
member_of(const cJSON *object, const char *name)
{
	const cJSON *named = NULL;
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
	{
		if (strcmp(member->string, name) != 0)
			continue;
		if (named != NULL)
			return NULL;
		named = member;
	}
	if (named == NULL && cJSON_GetArraySize(object) == 1 &&
		strcmp(object->child->string, "error") != 0)
		return object->child;
	return named;
}

/* An answer as JSON, of an object its member of that name or its only one; NULL: it is no JSON. */
static const cJSON *
read_json(const char *text, const char *member, AirJson **doc)
{
	char *why;
	const cJSON *root;

	*doc = NULL;
	if (*text == '\0' || strchr("{[\"", *text) == NULL)
		return NULL;
	*doc = air_json_parse(text, strlen(text), &why);
	if (*doc == NULL)
		return NULL;
	root = (*doc)->root;
	return cJSON_IsObject(root) ? member_of(root, member) : root;
}

/* {"value": .., "confidence": ..}: value is JSON text. */
static bool
accept(const char *value, double confidence, char **canonical)
{
	*canonical = isnan(confidence)
					 ? psprintf("{\"value\":%s}", value)
					 : psprintf("{\"value\":%s,\"confidence\":%.6g}", value, confidence);
	return true;
}

static bool
reject(const char *words, const char **problem)
{
	*problem = words;
	return false;
}

static char *
quoted(const char *s)
{
	cJSON *item = cJSON_CreateString(s);
	char *printed = item != NULL ? cJSON_PrintUnformatted(item) : NULL;
	char *copy = printed != NULL ? pstrdup(printed) : NULL;

	if (printed != NULL)
		cJSON_free(printed);
	cJSON_Delete(item);
	return copy;
}

static bool
accept_label(const AirLabels *labels, int found, double confidence, char **canonical,
			 const char **problem)
{
	char *value = found >= 0 ? quoted(labels->utf8[found]) : NULL;

	if (found == -2)
		return reject("the answer can be read as more than one of the labels", problem);
	if (value == NULL)
		return reject("the answer is none of the labels", problem);
	return accept(value, confidence, canonical);
}

static bool
judge_label(void *arg, const char *text, double confidence, char **canonical, const char **problem)
{
	const AirLabels *labels = arg;
	char *answer = unfenced(text);
	AirJson *doc;
	const cJSON *item;
	int found;

	if (strlen(answer) > MAX_ANSWER)
		return reject("the answer is none of the labels", problem);
	/* A label can look like JSON. */
	found = air_labels_find(labels, answer);
	if (found == -1)
	{
		item = read_json(answer, "label", &doc);
		if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 1)
			item = item->child;
		if (cJSON_IsString(item))
			found = air_labels_find(labels, item->valuestring);
		if (doc != NULL)
			air_json_free(doc);
	}
	return accept_label(labels, found, confidence, canonical, problem);
}

/* Mark the label that a piece of an answer is; false: it is none. */
static bool
mark(const AirLabels *labels, bool *has, const char *piece)
{
	int found = air_labels_find(labels, piece);

	if (found >= 0)
		has[found] = true;
	return found >= 0;
}

/* The labels of an array; false: something in it is none. */
static bool
mark_array(const AirLabels *labels, bool *has, const cJSON *array)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, array)
		if (!cJSON_IsString(item) || !mark(labels, has, item->valuestring))
			return false;
	return true;
}

/* The labels of a list in words, one on a line or parted by commas; false: it is no such list. */
static bool
mark_list(const AirLabels *labels, bool *has, char *list)
{
	const char *told = air_answer_told(list);
	const char *core = air_answer_core(told != NULL ? told : list);
	const char *separators = strchr(list, '\n') != NULL ? "\n" : ",";
	char *piece = NULL;
	char *rest = told != NULL ? pstrdup(told) : list;
	int pieces = 0;

	if (mark(labels, has, list))
		return true;
	if (strcmp(core, "none") == 0)
		return true;
	while ((piece = strsep(&rest, separators)) != NULL)
	{
		piece += strspn(piece, " \t\r");
		if ((piece[0] == '-' || piece[0] == '*') && piece[1] == ' ')
			piece += 2;
		if (*piece == '\0')
			continue;
		if (!mark(labels, has, piece))
			return false;
		pieces++;
	}
	return pieces > 0;
}

/* Labels that hold a comma cannot be told from two labels where commas part them. */
static bool
any_comma(const AirLabels *labels)
{
	for (int i = 0; i < labels->n; i++)
		if (strchr(labels->utf8[i], ',') != NULL)
			return true;
	return false;
}

static bool
judge_labels(void *arg, const char *text, double confidence, char **canonical, const char **problem)
{
	static const char wrong[] =
		"the answer must be a JSON array of strings, each exactly one of the labels";
	const AirLabels *labels = arg;
	char *answer = unfenced(text);
	bool *has = palloc0(sizeof(bool) * labels->n);
	AirJson *doc;
	const cJSON *item;
	StringInfoData value;
	bool ok;

	if (strlen(answer) > MAX_ANSWER)
		return reject(wrong, problem);
	item = read_json(answer, "labels", &doc);
	if (cJSON_IsArray(item))
		ok = mark_array(labels, has, item);
	else if (cJSON_IsString(item))
		ok = mark(labels, has, item->valuestring);
	else if (doc != NULL)
		ok = false;
	else
		ok = (strchr(answer, '\n') != NULL || !any_comma(labels)) ? mark_list(labels, has, answer)
																  : mark(labels, has, answer);
	if (doc != NULL)
		air_json_free(doc);
	if (!ok)
		return reject(wrong, problem);

	initStringInfo(&value);
	for (int i = 0; i < labels->n; i++)
	{
		char *label = has[i] ? quoted(labels->utf8[i]) : NULL;

		if (label != NULL)
			appendStringInfo(&value, "%c%s", value.len > 0 ? ',' : '[', label);
	}
	appendStringInfoString(&value, value.len > 0 ? "]" : "[]");
	return accept(value.data, confidence, canonical);
}

/* 1, 0, or -1 for what is neither yes nor no. */
static int
read_yes_no(const char *text)
{
	const char *core = air_answer_core(text);

	if (strcmp(core, "yes") == 0 || strcmp(core, "true") == 0)
		return 1;
	return strcmp(core, "no") == 0 || strcmp(core, "false") == 0 ? 0 : -1;
}

static bool
judge_yes_no(void *arg pg_attribute_unused(), const char *text, double confidence, char **canonical,
			 const char **problem)
{
	char *answer = unfenced(text);
	const char *told = air_answer_told(answer);
	AirJson *doc = NULL;
	const cJSON *item;
	int verdict = -1;

	if (strlen(answer) <= MAX_ANSWER)
	{
		item = read_json(answer, "answer", &doc);
		if (cJSON_IsBool(item))
			verdict = cJSON_IsTrue(item);
		else if (cJSON_IsString(item))
			verdict = read_yes_no(item->valuestring);
		else if (doc == NULL)
			verdict = read_yes_no(told != NULL ? told : answer);
	}
	if (doc != NULL)
		air_json_free(doc);
	if (verdict < 0)
		return reject("the answer is neither yes nor no", problem);
	return accept(verdict ? "true" : "false", confidence, canonical);
}

/*
 * A number from 0 to 100 in words, or NaN.  "80/100" and "80 %" are such, "0.8" may be another, and
 * "1.0" is rather all of 1 than a hundredth.
 */
static double
read_grade(const char *text)
{
	char *core = air_answer_core(text);
	size_t digits = strspn(core, "0123456789");
	char *rest = core + digits;
	double grade;

	if (digits == 0 || digits > 3)
		return NAN;
	grade = strtod(core, NULL);
	if (*rest == '.')
	{
		rest++;
		rest += strspn(rest, "0123456789");
		if (grade == 1)
			return NAN;
	}
	rest += strspn(rest, " ");
	if (*rest != '\0' && strcmp(rest, "%") != 0 && strcmp(rest, "/100") != 0 &&
		strcmp(rest, "/ 100") != 0 && strcmp(rest, "out of 100") != 0)
		return NAN;
	return grade;
}

static bool
judge_grade(void *arg pg_attribute_unused(), const char *text, double confidence, char **canonical,
			const char **problem)
{
	char *answer = unfenced(text);
	const char *told = air_answer_told(answer);
	AirJson *doc = NULL;
	const cJSON *item;
	double grade = NAN;

	if (strlen(answer) <= MAX_ANSWER)
	{
		item = read_json(answer, "score", &doc);
		if (cJSON_IsNumber(item))
			grade = item->valuedouble;
		else if (cJSON_IsString(item))
			grade = read_grade(item->valuestring);
		else if (doc == NULL)
			grade = read_grade(told != NULL ? told : answer);
	}
	if (doc != NULL)
		air_json_free(doc);
	/* 0.8 can be a small grade or a large one of another scale. */
	if (!(grade >= 0 && grade <= 100) || (grade > 0 && grade < 1))
		return reject("the answer is no whole number from 0 to 100", problem);
	return accept(psprintf("%.6g", grade / 100), confidence, canonical);
}

const AirCheck *
air_small_check(AirSmallKind kind)
{
	static const AirCheck checks[] = {
		[AIR_SMALL_LABEL] = {judge_label},
		[AIR_SMALL_LABELS] = {judge_labels},
		[AIR_SMALL_YES_NO] = {judge_yes_no},
		[AIR_SMALL_GRADE] = {judge_grade},
	};

	return &checks[kind];
}
