/*
 * prompts.c
 *	  What functions with an instruction of their own send: rows of ai_router.prompts.
 *
 * Memory is CurrentMemoryContext's.  No locks: the table is locked by who reads the
 * configuration.
 */
#include "base/pg.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/text.h"
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

/* What nobody sees in a text, or sees as a blank, beyond ASCII: code points, by their first. */
static const struct
{
	uint32 first, last;
} unseen[] = {
	{0x80, 0xa0},       {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},     {0x115f, 0x1160},
	{0x1680, 0x1680},   {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},   {0x2028, 0x202f},
	{0x205f, 0x206f},   {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
};

/* Is the character unseen?  Bytes of another encoding that look like one are taken for it. */
static size_t
unseen_char(const char *s)
{
	size_t len = air_utf8_char(s, strnlen(s, 4));
	uint32 c;

	if (len < 2)
		return len == 1 && ((unsigned char) *s <= ' ' || *s == 0x7f) ? 1 : 0;
	c = utf8_to_unicode((const unsigned char *) s);
	for (int i = 0; i < lengthof(unseen) && unseen[i].first <= c; i++)
		if (c <= unseen[i].last)
			return len;
	return 0;
}

static const char *
skip_unseen(const char *s)
{
	size_t len;

	while (*s != '\0' && (len = unseen_char(s)) > 0)
		s += len;
	return s;
}

/* Would somebody take what follows a "<" for a line that bounds the data? */
static bool
is_bound(const char *text, const char *tag)
{
	text = skip_unseen(text);
	if (*text == '/')
		text = skip_unseen(text + 1);
	for (; *tag != '\0'; tag++)
	{
		if (pg_tolower((unsigned char) *text) != (unsigned char) *tag)
			return false;
		text = skip_unseen(text + 1);
	}
	return true;
}

/* Length of what stands for a "<" at s: that itself, "&lt;", "&amp;lt;" and so on; 0: nothing. */
static size_t
angle(const char *s)
{
	size_t len = 1;

	if (*s == '<')
		return 1;
	while (strncmp(s + len, "amp;", 4) == 0)
		len += 4;
	return strncmp(s + len, "lt;", 3) == 0 ? len + 3 : 0;
}

/* The first of such before a bound, or NULL; *len gets its length. */
static const char *
find_angle(const char *text, const char *tag, size_t *len)
{
	for (; (text = strpbrk(text, "<&")) != NULL; text++)
		if ((*len = angle(text)) > 0 && is_bound(text + *len, tag))
			break;
	return text;
}

/* See prompts.h.  No two texts become the same: they would share answers. */
char *
air_prompt_defuse(const char *tag, const char *text)
{
	StringInfoData buf;
	const char *at;
	size_t len;

	initStringInfo(&buf);
	for (; (at = find_angle(text, tag, &len)) != NULL; text = at + 1)
	{
		appendBinaryStringInfo(&buf, text, at - text);
		appendStringInfoString(&buf, *at == '<' ? "&lt;" : "&amp;");
	}
	appendStringInfoString(&buf, text);
	return buf.data;
}

/* See prompts.h. */
char *
air_prompt_data(const char *tag, const char *text)
{
	char *defused = air_prompt_defuse(tag, text);
	char *data = psprintf("<%s>\n%s\n</%s>", tag, defused, tag);

	pfree(defused);
	return data;
}

/* See prompts.h. */
char *
air_prompt_undo(const char *tag, const char *text, char *answer)
{
	bool angles = false;
	bool entities = false;
	StringInfoData buf;
	const char *at;
	size_t len;

	if (strchr(answer, '&') == NULL)
		return answer;
	for (; (text = find_angle(text, tag, &len)) != NULL; text++)
		if (*text == '<')
			angles = true;
		else
			entities = true;
	if (!angles && !entities)
		return answer;
	initStringInfo(&buf);
	for (text = answer; (at = find_angle(text, tag, &len)) != NULL; text = at + len)
	{
		appendBinaryStringInfo(&buf, text, at - text);
		if (entities && len > strlen("&lt;"))
			appendStringInfo(&buf, "&%.*s", (int) (len - strlen("&amp;")), at + strlen("&amp;"));
		else if (!entities && len == strlen("&lt;"))
			appendStringInfoChar(&buf, '<');
		else
			appendBinaryStringInfo(&buf, at, len);
	}
	appendStringInfoString(&buf, text);
	return buf.data;
}
