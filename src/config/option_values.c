/*
 * option_values.c
 *	  What the value of an option may look like.
 *
 * Servers belong to roles that need not be trusted, and their options end up
 * in URLs and headers: each kind of value has the smallest alphabet that does.
 * Copies are palloc'ed in CurrentMemoryContext.  No locks.
 */
#include "base/pg.h"

#include "catalog/pg_user_mapping.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/text.h"
#include "config/hosts.h"
#include "config/options.h"

#define MAX_WORD 128
#define MAX_SECRET 65536
#define MAX_COUNT 10000

static const char *const tokens_fields[] = {"max_tokens", "max_completion_tokens"};

/* Refuse a value.  The value of a mapping is never repeated, nor is the statement logged. */
static void
bad_value(const AirOption *option, const char *value, const char *hint)
{
	if (option->catalog == UserMappingRelationId)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid value for option \"%s\"", option->name),
						errhint("%s", hint), errhidestmt(true)));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid value for option \"%s\": \"%s\"", option->name, value),
					errhint("%s", hint)));
}

/* 1..max characters of [A-Za-z0-9] and `also`. */
static bool
word_ok(const char *value, const char *also, size_t max)
{
	size_t len = strlen(value);

	for (const char *p = value; *p; p++)
	{
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
			strchr(also, *p) == NULL)
			return false;
	}
	return len > 0 && len <= max;
}

/* See options.h. */
bool
air_secret_ok(const char *secret)
{
	size_t len = strlen(secret);

	for (const char *p = secret; *p; p++)
	{
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return len > 0 && len <= MAX_SECRET;
}

static void
check_api(const AirOption *option, const char *value)
{
	int n;
	const char *const *names = air_api_names(&n);
	const char *near = air_nearest(value, names, n);
	StringInfoData hint;

	if (air_api(value) != NULL)
		return;
	initStringInfo(&hint);
	if (near != NULL)
		appendStringInfo(&hint, "Perhaps you meant \"%s\". ", near);
	appendStringInfoString(&hint, "Valid values are: ");
	for (int i = 0; i < n; i++)
		appendStringInfo(&hint, "%s%s", i > 0 ? ", " : "", names[i]);
	appendStringInfoChar(&hint, '.');
	bad_value(option, value, hint.data);
}

/* schemes is a list like " http https ". */
static void
check_url(const AirOption *option, const char *value, const char *schemes, bool path)
{
	const char *why;
	AirUrl url;

	if (!air_url_split(value, &url, &why))
		bad_value(option, value,
				  psprintf("It must look like https://host[:port]%s, but %s.",
						   path ? "[/path]" : "", why));
	if (strstr(schemes, psprintf(" %s ", url.scheme)) == NULL)
		bad_value(option, value, psprintf("Valid schemes are:%sand no other.", schemes));
	if (!path && url.path[0] != '\0')
		bad_value(option, value, "It must have no path.");
}

static int
read_ms(const AirOption *option, const char *value)
{
	const char *why = NULL;
	int ms;

	if (!parse_int(value, &ms, GUC_UNIT_MS, &why) || ms < 1)
		bad_value(option, value,
				  "It must be a time above zero such as 30s or 2min; a number alone is "
				  "milliseconds.");
	return ms;
}

static int
read_count(const AirOption *option, const char *value)
{
	int n;

	if (!parse_int(value, &n, 0, NULL) || n < 1 || n > MAX_COUNT)
		bad_value(option, value, psprintf("It must be a whole number from 1 to %d.", MAX_COUNT));
	return n;
}

static bool
read_bool(const AirOption *option, const char *value)
{
	bool b;

	if (!parse_bool(value, &b))
		bad_value(option, value, "It must be true or false.");
	return b;
}

/* See options.h. */
void
air_option_store(const AirOption *option, const char *value, void *target)
{
	void *member = (char *) target + option->offset;

	switch (option->kind)
	{
		case AIR_VALUE_API:
			check_api(option, value);
			*(const AirApi **) member = air_api(value);
			return;
		case AIR_VALUE_MS:
			*(int *) member = read_ms(option, value);
			return;
		case AIR_VALUE_COUNT:
			*(int *) member = read_count(option, value);
			return;
		case AIR_VALUE_BOOL:
			*(bool *) member = read_bool(option, value);
			return;

		case AIR_VALUE_BASE_URL:
			check_url(option, value, " http https ", true);
			break;
		case AIR_VALUE_PROXY:
			check_url(option, value, " http https socks5 socks5h ", false);
			break;
		case AIR_VALUE_REGION:
			if (!word_ok(value, "-", 64) || value[0] == '-' || value[strlen(value) - 1] == '-')
				bad_value(option, value, "It must be a name such as us-east-1.");
			break;
		case AIR_VALUE_WORD:
			if (!word_ok(value, "._:-", MAX_WORD) || strspn(value, ".") == strlen(value))
				bad_value(option, value,
						  psprintf("It must be 1 to %d of the characters A-Z, a-z, 0-9, '.', '_', "
								   "':' and '-'.",
								   MAX_WORD));
			break;
		case AIR_VALUE_FILE:
			if (!is_absolute_path(value))
				bad_value(option, value, "It must be an absolute path on the database server.");
			break;
		case AIR_VALUE_ENV:
			if (!word_ok(value, "_", MAX_WORD) || (value[0] >= '0' && value[0] <= '9'))
				bad_value(option, value,
						  "It must be the name of an environment variable of the database server.");
			break;
		case AIR_VALUE_TOKENS_FIELD:
			if (strcmp(value, tokens_fields[0]) != 0 && strcmp(value, tokens_fields[1]) != 0)
				bad_value(option, value, "Valid values are: max_tokens, max_completion_tokens.");
			break;
		case AIR_VALUE_SECRET:
			if (!air_secret_ok(value))
				bad_value(option, value,
						  "A secret consists of printable ASCII characters without blanks.");
			break;
	}
	*(char **) member = pstrdup(value);
}
