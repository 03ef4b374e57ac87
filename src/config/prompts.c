/*
 * prompts.c
 *	  What functions with an instruction of their own send: rows of ai_router.prompts.
 *
 * Memory is CurrentMemoryContext's.  No locks: the table is locked by who reads the
 * configuration.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"

#include "config/prompts.h"
#include "config/registry_rows.h"
#include "config/tablescan.h"

static AirPromptText *
entry_of(AirConfig *config, const char *name)
{
	for (int i = 0; i < config->nprompts; i++)
		if (strcmp(config->prompts[i].name, name) == 0)
			return &config->prompts[i];
	return NULL;
}

/* See prompts.h. */
void
air_config_read_prompts(Oid relid, Snapshot snapshot, AirConfig *config)
{
	AirScan *scan = air_scan_begin(relid, snapshot);

	while (air_scan_next(scan))
	{
		AirPromptText row = {.name = air_scan_text(scan, "name"),
							 .version = (int) air_scan_int(scan, "version", 0),
							 .system = air_scan_text(scan, "system"),
							 .template = air_scan_text(scan, "template")};
		AirPromptText *entry;

		if (!air_scan_bool(scan, "enabled", true) || row.name == NULL)
			continue;
		entry = entry_of(config, row.name);
		if (entry == NULL)
		{
			config->prompts =
				air_config_grow(config->prompts, config->nprompts, sizeof(AirPromptText));
			entry = &config->prompts[config->nprompts++];
			*entry = row;
		}
		else if (entry->version < row.version)
			*entry = row;
	}
	air_scan_end(scan);
}

/* See prompts.h. */
const AirPromptText *
air_prompt_find(const AirConfig *config, const char *name)
{
	return entry_of(unconstify(AirConfig *, config), name);
}

/* The value whose {name} begins at text, or NULL. */
static const AirPromptValue *
value_at(const char *text, const AirPromptValue *values, int n)
{
	size_t len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");

	if (text[0] != '{' || text[1 + len] != '}')
		return NULL;
	for (int i = 0; i < n; i++)
		if (strlen(values[i].name) == len && memcmp(values[i].name, text + 1, len) == 0)
			return &values[i];
	return NULL;
}

/* See prompts.h. */
char *
air_prompt_fill(const char *text, const AirPromptValue *values, int n)
{
	StringInfoData buf;
	const char *brace;

	initStringInfo(&buf);
	for (; (brace = strchr(text, '{')) != NULL;)
	{
		const AirPromptValue *value = value_at(brace, values, n);

		appendBinaryStringInfo(&buf, text, brace - text);
		text = brace + 1;
		if (value == NULL)
			appendStringInfoChar(&buf, '{');
		else
		{
			appendStringInfoString(&buf, value->text);
			text += strlen(value->name) + 1;
		}
	}
	appendStringInfoString(&buf, text);
	return buf.data;
}

/* Would somebody take what begins at the "<" for a line that bounds the data? */
static bool
is_bound(const char *text, const char *tag)
{
	text++;
	text += strspn(text, " \t\r\n");
	if (*text == '/')
	{
		text++;
		text += strspn(text, " \t\r\n");
	}
	return pg_strncasecmp(text, tag, strlen(tag)) == 0;
}

/* See prompts.h. */
char *
air_prompt_data(const char *tag, const char *text)
{
	StringInfoData buf;
	const char *angle;

	initStringInfo(&buf);
	appendStringInfo(&buf, "<%s>\n", tag);
	for (; (angle = strchr(text, '<')) != NULL; text = angle + 1)
	{
		appendBinaryStringInfo(&buf, text, angle - text);
		appendStringInfoString(&buf, is_bound(angle, tag) ? "&lt;" : "<");
	}
	appendStringInfo(&buf, "%s\n</%s>", text, tag);
	return buf.data;
}
