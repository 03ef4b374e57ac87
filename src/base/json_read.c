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

#define MAX_DIGITS 8 /* of an index; all paths are literals of ours */

/* The member of that name, which is not terminated. */
static const cJSON *
member_of(const cJSON *object, const char *name, size_t len)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
	{
		if (strncmp(member->string, name, len) == 0 && member->string[len] == '\0')
			break;
	}
	return member;
}

/* The element of that number; NULL if it is no number or there is none. */
static const cJSON *
element_of(const cJSON *array, const char *number, size_t len)
{
	int index = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (number[i] < '0' || number[i] > '9' || i > MAX_DIGITS)
			return NULL;
		index = index * 10 + (number[i] - '0');
	}
	return len > 0 ? cJSON_GetArrayItem(array, index) : NULL;
}

/* See json.h. */
const cJSON *
air_json_at(const cJSON *node, const char *path)
{
	while (node != NULL && *path != '\0')
	{
		size_t len = 0;

		while (path[len] != '.' && path[len] != '\0')
			len++;
		if (cJSON_IsObject(node))
			node = member_of(node, path, len);
		else if (cJSON_IsArray(node))
			node = element_of(node, path, len);
		else
			return NULL;
		path += len;
		path += (*path == '.');
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
