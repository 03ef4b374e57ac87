/*
 * spool_file.c
 *	  What a stop finds in the spool is kept in a file until the next start.
 *
 * Both happen in the postmaster, alone.  The sequence of each record is kept with
 * the spool's incarnation, so that a record which is in its table already (a copy
 * of the data directory, a file that could not be removed) is recognised.
 *
 *	  header | (entry, bytes)* | entry of length 0 | CRC-32C of all before
 */
#include "base/pg.h"

#include <unistd.h>

#include "port/pg_crc32c.h"
#include "storage/fd.h"

#include "shared/ledger.h"
#include "shared/spool_internal.h"

#define SPOOL_FILE "pg_stat/ai_router.spool"
#define SPOOL_TEMP "pg_stat/ai_router.spool.tmp"

typedef struct FileHeader
{
	uint32 magic;
	uint32 version; /* of the records */
	uint64 incarnation;
	uint64 seq;
} FileHeader;

typedef struct FileEntry
{
	Oid database;
	int32 kind;
	uint64 seq;
	uint32 len;
	uint32 unused;
} FileEntry;

#define MAGIC 0x41495231
#define VERSION                                                                                    \
	((uint32) ((sizeof(AirCallRecord) << 20) + (sizeof(AirAttemptRecord) << 10) +                  \
			   sizeof(AirHitsRecord) + sizeof(AirCacheRecord)))

static bool
put(FILE *f, const void *data, size_t len, pg_crc32c *crc)
{
	COMP_CRC32C(*crc, data, len);
	return fwrite(data, 1, len, f) == len;
}

static bool
get(FILE *f, void *data, size_t len, pg_crc32c *crc)
{
	if (fread(data, 1, len, f) != len)
		return false;
	COMP_CRC32C(*crc, data, len);
	return true;
}

bool
air_spool_each(AirSpoolVisitor visitor, void *arg)
{
	for (int i = 0; i < AIR_SPOOL_QUEUES; i++)
	{
		const Queue *q = &air_spool->queues[i];
		int32 at = q->head;

		for (int n = 0; n < q->nrecords; n++)
		{
			const Head *head = (const Head *) air_spool->blocks[at].data;
			AirSpoolRecord record = {.kind = head->kind,
									 .seq = ((uint64) head->seq_high << 32) | head->seq_low,
									 .len = head->len,
									 .data = palloc(head->len)};
			bool ok;

			air_spool_copy(at, record.data);
			ok = visitor(q->database, &record, arg);
			pfree(record.data);
			if (!ok)
				return false;
			at = head->next_record;
		}
	}
	return true;
}

typedef struct Output
{
	FILE *file;
	pg_crc32c crc;
} Output;

static bool
put_record(Oid database, const AirSpoolRecord *record, void *arg)
{
	Output *out = arg;
	FileEntry entry = {
		.database = database, .kind = record->kind, .seq = record->seq, .len = record->len};

	return put(out->file, &entry, sizeof(entry), &out->crc) &&
		   put(out->file, record->data, record->len, &out->crc);
}

void
air_spool_save(void)
{
	FileHeader header = {MAGIC, VERSION, air_spool->incarnation, air_spool->seq};
	FileEntry end = {0};
	Output out;
	int64 records = 0;
	bool ok;

	for (int i = 0; i < AIR_SPOOL_QUEUES; i++)
		records += air_spool->queues[i].nrecords;
	if (records == 0)
		return;
	/* An immediate stop ends here, too: whoever held the lock then left the lists half done. */
	if (!LWLockConditionalAcquire(&air_spool->lock, LW_SHARED))
	{
		ereport(LOG, (errmsg("%lld rows of the ledger are lost", (long long) records),
					  errdetail("A process that was changing the spool was killed.")));
		return;
	}
	INIT_CRC32C(out.crc);
	out.file = AllocateFile(SPOOL_TEMP, PG_BINARY_W);
	ok = out.file != NULL && put(out.file, &header, sizeof(header), &out.crc) &&
		 air_spool_each(put_record, &out) && put(out.file, &end, sizeof(end), &out.crc);
	FIN_CRC32C(out.crc);
	ok = ok && fwrite(&out.crc, 1, sizeof(out.crc), out.file) == sizeof(out.crc);
	if (out.file != NULL && FreeFile(out.file) != 0)
		ok = false;
	if (!ok || durable_rename(SPOOL_TEMP, SPOOL_FILE, LOG) != 0)
		ereport(LOG,
				(errcode_for_file_access(), errmsg("could not write file \"%s\": %m", SPOOL_FILE),
				 errdetail("%lld rows of the ledger are lost.", (long long) records)));
	LWLockRelease(&air_spool->lock);
}

/* True if the file is whole. */
static bool
is_whole(FILE *f)
{
	FileHeader header;
	FileEntry entry;
	pg_crc32c crc, stored;

	INIT_CRC32C(crc);
	if (!get(f, &header, sizeof(header), &crc) || header.magic != MAGIC ||
		header.version != VERSION)
		return false;
	do
	{
		char buf[8192];
		size_t left;

		if (!get(f, &entry, sizeof(entry), &crc))
			return false;
		for (left = entry.len; left > 0;)
		{
			size_t n = Min(left, sizeof(buf));

			if (!get(f, buf, n, &crc))
				return false;
			left -= n;
		}
	} while (entry.len > 0);
	FIN_CRC32C(crc);
	return fread(&stored, 1, sizeof(stored), f) == sizeof(stored) && EQ_CRC32C(crc, stored);
}

/* Queue what a whole file holds; returns how many did not fit. */
static int
take_in(FILE *f)
{
	FileHeader header;
	FileEntry entry;
	pg_crc32c crc = 0;
	int lost = 0;

	rewind(f);
	if (!get(f, &header, sizeof(header), &crc))
		return 0;
	air_spool->incarnation = header.incarnation;
	while (get(f, &entry, sizeof(entry), &crc) && entry.len > 0)
	{
		int32 nblocks = air_spool_blocks_for(entry.len);
		char *data = palloc(entry.len);
		AirSlice slice = {data, entry.len};
		bool ok = get(f, data, entry.len, &crc);
		int queue = air_spool_queue(entry.database);

		if (!ok || queue < 0 || !air_spool_promise(nblocks))
			lost++;
		else
		{
			int32 first = air_spool_take(nblocks);

			air_spool_fill(first, entry.kind, &slice, 1);
			air_spool->seq = entry.seq - 1;
			air_spool->queues[queue].held += nblocks;
			air_spool_link(queue, first);
		}
		pfree(data);
	}
	air_spool->seq = header.seq;
	return lost;
}

void
air_spool_load(void)
{
	FILE *f = AllocateFile(SPOOL_FILE, PG_BINARY_R);
	int lost = 0;

	if (f == NULL)
		return;
	/* Gone before it is used: it must not come back with sequence numbers that were used since. */
	if (unlink(SPOOL_FILE) != 0)
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not remove file \"%s\", so it is not read: %m", SPOOL_FILE)));
	else if (is_whole(f))
		lost = take_in(f);
	else
		ereport(LOG, (errmsg("file \"%s\" is damaged or of another version: its rows are lost",
							 SPOOL_FILE)));
	FreeFile(f);
	if (lost > 0)
		ereport(LOG,
				(errmsg("%d rows in file \"%s\" do not fit into ai_router.spool_size and are lost",
						lost, SPOOL_FILE)));
}
