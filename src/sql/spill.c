/*
 * spill.c
 *	  Texts of many groups put aside in one temporary file.
 *
 * The file only grows.  Each piece tells where the one before it of the same text is, so that a
 * text is its last piece's place: it is read from its end.
 */
#include "base/pg.h"

#include "miscadmin.h"
#include "storage/buffile.h"

#include "sql/spill.h"

struct AirSpill
{
	BufFile *file;
	AirSpill **handle;
	int end_file; /* where the next piece goes */
	off_t end_offset;
};

typedef struct Piece
{
	int file; /* of the piece before */
	off_t offset;
	size_t before; /* bytes of all pieces before */
	size_t len;
} Piece;

/* The groups go, without an error: after one the file is closed with the transaction's others. */
static void
on_groups_gone(Datum arg)
{
	AirSpill *spill = (AirSpill *) DatumGetPointer(arg);

	*spill->handle = NULL;
	BufFileClose(spill->file);
}

void
air_spill_begin(AirSpill **handle, FunctionCallInfo fcinfo, MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	AirSpill *spill = palloc0(sizeof(AirSpill));

	spill->handle = handle;
	spill->file = BufFileCreateTemp(false);
	AggRegisterCallback(fcinfo, on_groups_gone, PointerGetDatum(spill));
	*handle = spill;
	MemoryContextSwitchTo(caller);
}

static void
go_to(AirSpill *spill, int file, off_t offset)
{
	if (BufFileSeek(spill->file, file, offset, SEEK_SET) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not seek in a temporary file of AI aggregates")));
}

static void
read_all(AirSpill *spill, void *to, size_t len)
{
	if (BufFileRead(spill->file, to, len) != len)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not read from a temporary file of AI aggregates")));
}

void
air_spill_put(AirSpill *spill, AirSpilled *text, const char *piece, size_t len)
{
	Piece head = {text->file, text->offset, text->len, len};

	go_to(spill, spill->end_file, spill->end_offset);
	BufFileWrite(spill->file, &head, sizeof(head));
	BufFileWrite(spill->file, unconstify(char *, piece), len);
	*text = (AirSpilled){spill->end_file, spill->end_offset, text->len + len};
	BufFileTell(spill->file, &spill->end_file, &spill->end_offset);
}

void
air_spill_get(AirSpill *spill, const AirSpilled *text, char *to)
{
	Piece head = {text->file, text->offset, text->len, 0};

	while (head.before > 0)
	{
		CHECK_FOR_INTERRUPTS();
		go_to(spill, head.file, head.offset);
		read_all(spill, &head, sizeof(head));
		read_all(spill, to + head.before, head.len);
	}
}
