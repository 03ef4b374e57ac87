/*
 * labels.c
 *	  The labels of a classification, and finding one in what a model said.
 *
 * Models put quotes around a label, a full stop behind it, "Label:" before it: that is read.
 * A label somewhere in a sentence is not: "this is not billing" holds one, too.
 *
 * Memory is CurrentMemoryContext's.
 */
#include "base/pg.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "base/json.h"
#include "sql/labels.h"

static const char blanks[] = " \t\r\n\v\f";

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
refuse_duplicates(const AirLabels *labels)
{
	const char **sorted = palloc(sizeof(char *) * labels->n);

	memcpy(sorted, labels->text, sizeof(char *) * labels->n);
	qsort(sorted, labels->n, sizeof(char *), compare);
	for (int i = 1; i < labels->n; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("label \"%s\" is there twice", sorted[i]),
							errhint("Give each label once.")));
	pfree(sorted);
}

AirLabels *
air_labels_read(ArrayType *array)
{
	AirLabels *labels = palloc0(sizeof(AirLabels));
	const char **plain;
	const char **utf8;
	Datum *elements;
	bool *nulls;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("labels must be a one-dimensional array")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &labels->n);
	if (labels->n == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there are no labels"),
						errhint("Give at least one, as in ARRAY['billing', 'login'].")));
	labels->text = plain = palloc(sizeof(char *) * labels->n);
	labels->utf8 = utf8 = palloc(sizeof(char *) * labels->n);
	for (int i = 0; i < labels->n; i++)
	{
		char *label;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a label must not be null"),
					 errhint("array_remove(labels, NULL) leaves them out.")));
		label = TextDatumGetCString(elements[i]);
		if (label[strspn(label, blanks)] == '\0')
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a label must not be blank")));
		plain[i] = label;
		utf8[i] = pg_server_to_any(label, strlen(label), PG_UTF8);
	}
	refuse_duplicates(labels);
	return labels;
}

AirLabels *
air_labels_of(const char *const *texts, int n)
{
	AirLabels *labels = palloc(sizeof(AirLabels));

	labels->n = n;
	labels->text = labels->utf8 = texts;
	return labels;
}

/* Would a line with this label on it be read as another label, or as none? */
static bool
needs_quotes(const char *text)
{
	size_t len = strlen(text);

	if (strchr(blanks, text[0]) != NULL || strchr(blanks, text[len - 1]) != NULL)
		return true;
	for (const unsigned char *p = (const unsigned char *) text; *p != '\0'; p++)
		if (*p < ' ' || *p == '"' || *p == 0x7f)
			return true;
	return false;
}

char *
air_labels_list(const AirLabels *labels)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < labels->n; i++)
	{
		appendStringInfoString(&buf, i > 0 ? "\n- " : "- ");
		if (needs_quotes(labels->text[i]))
			escape_json(&buf, labels->text[i]);
		else
			appendStringInfoString(&buf, labels->text[i]);
	}
	return buf.data;
}

char *
air_labels_schema(const AirLabels *labels, bool many)
{
	const char *name = many ? "labels" : "label";
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(
		&buf, "{\"type\":\"object\",\"properties\":{\"%s\":%s{\"type\":\"string\",\"enum\":[", name,
		many ? "{\"type\":\"array\",\"items\":" : "");
	for (int i = 0; i < labels->n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&buf, ',');
		escape_json(&buf, labels->text[i]);
	}
	appendStringInfo(&buf, "]}%s},\"required\":[\"%s\"],\"additionalProperties\":false}",
					 many ? "}" : "", name);
	return buf.data;
}

int
air_labels_longest(const AirLabels *labels)
{
	size_t longest = 0;

	for (int i = 0; i < labels->n; i++)
		longest = Max(longest, strlen(labels->utf8[i]));
	return (int) longest;
}

int
air_labels_bytes(const AirLabels *labels)
{
	size_t bytes = 0;

	for (int i = 0; i < labels->n; i++)
		bytes += strlen(labels->utf8[i]);
	return (int) Min(bytes, PG_INT32_MAX / 2);
}

/* Bytes at s of n that are blanks, quotes or marks of emphasis in Unicode, 0 if they are not. */
static int
foreign_mark(const unsigned char *s, size_t n)
{
	if (n >= 2 && s[0] == 0xc2 && (s[1] == 0xa0 || s[1] == 0xab || s[1] == 0xbb))
		return 2; /* no-break space, guillemets */
	if (n >= 3 && s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0x98 && s[2] <= 0x9f)
		return 3; /* quotation marks */
	return 0;
}

char *
air_answer_core(const char *answer)
{
	static const char before[] = " \t\r\n\v\f\"'`*_([{";
	static const char after[] = " \t\r\n\v\f\"'`*_)]}.,;:!";
	const unsigned char *s = (const unsigned char *) answer;
	size_t n = strlen(answer);
	char *core;
	char *to;
	int mark;

	while (n > 0 && (mark = strchr(before, *s) != NULL ? 1 : foreign_mark(s, n)) > 0)
	{
		s += mark;
		n -= mark;
	}
	for (;; n -= mark)
	{
		if (n > 0 && strchr(after, s[n - 1]) != NULL)
			mark = 1;
		else if (n >= 2 && foreign_mark(s + n - 2, 2) == 2)
			mark = 2;
		else if (n >= 3 && foreign_mark(s + n - 3, 3) == 3)
			mark = 3;
		else
			break;
	}
	to = core = palloc(n + 1);
	for (size_t i = 0; i < n; i++)
	{
		bool blank = strchr(blanks, s[i]) != NULL && s[i] != '\0';

		if (!blank)
			*to++ = (char) pg_ascii_tolower(s[i]);
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	return core;
}

const char *
air_answer_told(const char *answer)
{
	static const char *const words[] = {
		"label",  "labels", "category", "categories", "class",     "final answer", "answer",
		"result", "score",  "grade",    "rating",     "sentiment", "output",       "verdict"};
	const char *at = answer + strspn(answer, " \t\r\n\"'`*_");
	bool is;

	if (pg_strncasecmp(at, "the ", 4) == 0)
		at += 4;
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		size_t len = strlen(words[i]);
		const char *p = at + len;

		if (pg_strncasecmp(at, words[i], len) != 0)
			continue;
		p += strspn(p, " *_\"'`");
		is = pg_strncasecmp(p, "is ", 3) == 0 || pg_strncasecmp(p, "is:", 3) == 0;
		if (is)
			p += strlen("is");
		p += strspn(p, " *_");
		if (*p == ':' || *p == '=')
			return p + 1;
		if (is)
			return p;
	}
	return NULL;
}

static int
find_exactly(const AirLabels *labels, const char *answer)
{
	for (int i = 0; i < labels->n; i++)
		if (strcmp(labels->utf8[i], answer) == 0)
			return i;
	return -1;
}

/* Exactly; but for the blanks around it; by its core. */
static int
find_plain(const AirLabels *labels, const char *answer)
{
	int found = find_exactly(labels, answer);
	size_t len;
	char *core;

	if (found >= 0)
		return found;
	answer += strspn(answer, blanks);
	for (len = strlen(answer); len > 0 && strchr(blanks, answer[len - 1]) != NULL;)
		len--;
	found = find_exactly(labels, pnstrdup(answer, len));
	core = air_answer_core(answer);
	if (found >= 0 || *core == '\0')
		return found;
	for (int i = 0; i < labels->n; i++)
	{
		char *other = air_answer_core(labels->utf8[i]);
		bool same = strcmp(other, core) == 0;

		pfree(other);
		if (!same)
			continue;
		if (found >= 0)
			return -2;
		found = i;
	}
	return found;
}

int
air_labels_find(const AirLabels *labels, const char *answer)
{
	int found = find_plain(labels, answer);
	const char *told;

	if (found != -1)
		return found;
	told = air_answer_told(answer);
	return told != NULL ? find_plain(labels, told) : -1;
}
