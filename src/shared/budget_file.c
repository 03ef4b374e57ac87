/*
 * budget_file.c
 *	  What was truly spent, over a clean stop.
 *
 * When the server stops, the marks in the tables may be ahead of what is spent, and
 * nobody is left to take them down.  So the postmaster keeps both in a file.  At the
 * next start an entry from the file is believed as soon as its mark is found in the
 * table; another mark (a backup, a file from elsewhere) speaks for itself.
 *
 *	  header | entries | CRC-32C of both
 */
#include "base/pg.h"

#include <unistd.h>

#include "port/pg_crc32c.h"
#include "storage/fd.h"

#include "shared/budget_internal.h"
#include "shared/spool.h"

#define BUDGET_FILE "pg_stat/ai_router.budgets"
#define BUDGET_TEMP "pg_stat/ai_router.budgets.tmp"
#define MAGIC 0x41495242

typedef struct FileHeader
{
	uint32 magic;
	uint32 entry_size; /* another layout is another size */
	uint32 nentries;
} FileHeader;

static pg_crc32c
checksum(const FileHeader *header, const Entry *entries)
{
	pg_crc32c crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, header, sizeof(*header));
	COMP_CRC32C(crc, entries, sizeof(Entry) * header->nentries);
	FIN_CRC32C(crc);
	return crc;
}

/* The entry as the next start is to find it: not known, with what is known of it. */
static Entry
as_saved(const Entry *e)
{
	Entry s = *e;

	s.spent = air_nano_add(s.spent, s.reserved);
	s.reserved = s.leased = s.written = 0;
	if (e->known)
	{
		s.saved_spent = s.spent;
		s.saved_mark = e->written;
		s.spent = 0;
		s.known = false;
	}
	/* So the writer takes it up. */
	s.asked = true;
	s.limit = s.wanted = s.chunk = 0;
	s.hard = true;
	return s;
}

void
air_budget_save(void)
{
	FileHeader header = {MAGIC, sizeof(Entry), 0};
	Entry *entries = palloc(sizeof(Entry) * AIR_BUDGET_ENTRIES);
	pg_crc32c crc;
	bool ok;
	FILE *f;

	for (int i = 0; i < AIR_BUDGET_ENTRIES; i++)
	{
		const Entry *e = &air_budgets->entries[i];

		if (e->database != InvalidOid && !air_budget_is_clean(e))
			entries[header.nentries++] = as_saved(e);
	}
	if (header.nentries > 0)
	{
		crc = checksum(&header, entries);
		f = AllocateFile(BUDGET_TEMP, PG_BINARY_W);
		ok = f != NULL && fwrite(&header, sizeof(header), 1, f) == 1 &&
			 fwrite(entries, sizeof(Entry), header.nentries, f) == header.nentries &&
			 fwrite(&crc, sizeof(crc), 1, f) == 1;
		if (f != NULL && FreeFile(f) != 0)
			ok = false;
		if (!ok || durable_rename(BUDGET_TEMP, BUDGET_FILE, LOG) != 0)
			ereport(LOG, (errcode_for_file_access(),
						  errmsg("could not write file \"%s\": %m", BUDGET_FILE),
						  errdetail("What budgets leased counts as spent.")));
	}
	pfree(entries);
}

/* The entries of a whole file, palloc'ed, or NULL. */
static Entry *
read_entries(FILE *f, FileHeader *header)
{
	Entry *entries = NULL;
	pg_crc32c crc;

	if (fread(header, sizeof(*header), 1, f) == 1 && header->magic == MAGIC &&
		header->entry_size == sizeof(Entry) && header->nentries <= AIR_BUDGET_ENTRIES)
	{
		entries = palloc(sizeof(Entry) * Max(header->nentries, 1));
		if (fread(entries, sizeof(Entry), header->nentries, f) == header->nentries &&
			fread(&crc, sizeof(crc), 1, f) == 1 && EQ_CRC32C(crc, checksum(header, entries)))
			return entries;
		pfree(entries);
	}
	return NULL;
}

void
air_budget_load(void)
{
	FILE *f = AllocateFile(BUDGET_FILE, PG_BINARY_R);
	FileHeader header;
	Entry *entries;

	if (f == NULL)
		return;
	/* Gone before it is used: after a crash it would tell of less than was spent. */
	if (durable_unlink(BUDGET_FILE, LOG) != 0)
		ereport(LOG,
				(errmsg("file \"%s\" is not read because it could not be removed", BUDGET_FILE)));
	else if ((entries = read_entries(f, &header)) == NULL)
		ereport(LOG, (errmsg("file \"%s\" is damaged or of another version: what budgets leased "
							 "counts as spent",
							 BUDGET_FILE)));
	else
	{
		memcpy(air_budgets->entries, entries, sizeof(Entry) * header.nentries);
		for (uint32 i = 0; i < header.nentries; i++)
			air_spool_errand(entries[i].database);
		pfree(entries);
	}
	FreeFile(f);
}
