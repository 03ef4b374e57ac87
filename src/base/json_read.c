/*
 * json_read.c
 *	  Typed access to the members of a JSON document.
 *
 * A foreign document may hold anything anywhere: a member that is missing or of
 * another type than asked for is simply not there.
 */
#include "base/pg.h"

#include <math.h>

#include "base/json.h"

/* Longest component of a path; all paths are literals of ours. */
#define MAX_NAME 63

/* True if s is a number, which goes to *value. */
static bool
array_index(const char *s, int *value)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	*value = (int) strtol(s, &end, 10);
	return *end == '\0';
}

/* See json.h. */
const cJSON *
air_json_at(const cJSON *node, const char *path)
{
	while (node != NULL && *path != '\0')
	{
		size_t len = strcspn(path, ".");
		char name[MAX_NAME + 1];
		int index;

		if (len > MAX_NAME)
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		path += (*path == '.');

		if (cJSON_IsObject(node))
			node = cJSON_GetObjectItemCaseSensitive(node, name);
		else if (cJSON_IsArray(node) && array_index(name, &index))
			node = cJSON_GetArrayItem(node, index);
		else
			return NULL;
	}
	return node;
}

/* See json.h. */
const char *
air_json_str(const cJSON *node, const char *path)
{
	const cJSON *member = air_json_at(node, path);

	return cJSON_IsString(member) ? member->valuestring : NULL;
}

/* See json.h. */
int64
air_json_int(const cJSON *node, const char *path, int64 dflt)
{
	double value = air_json_num(node, path, NAN);

	/* The bounds are exact as doubles; NaN fails both comparisons. */
	if (value >= -9223372036854775808.0 && value < 9223372036854775808.0)
		return (int64) value;
	return dflt;
}

/* See json.h. */
double
air_json_num(const cJSON *node, const char *path, double dflt)
{
	const cJSON *member = air_json_at(node, path);

	return cJSON_IsNumber(member) ? member->valuedouble : dflt;
}
