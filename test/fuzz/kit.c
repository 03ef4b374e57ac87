/*
 * kit.c
 *	  What the targets outside the server share: memory, and promises about failures.
 *
 * palloc() is defined here and not taken from libpgcommon: all blocks are
 * remembered and freed after a run, as a memory context does in the server, so
 * that the leak checker is right about everything else (cJSON's memory).
 */
#include "base/pg.h"

#include <math.h>
#include <sanitizer/asan_interface.h>

#include "base/text.h"
#include "provider/failure.h"

#include "fuzz.h"

/* Stands before each block, poisoned: a write before the block is seen too. */
typedef struct Block
{
	struct Block *next;
	struct Block *prev;
} Block;

static Block blocks = {&blocks, &blocks};

static void
link_block(Block *block)
{
	block->next = blocks.next;
	block->prev = &blocks;
	blocks.next->prev = block;
	blocks.next = block;
}

/* The neighbours are poisoned while they are not worked on. */
static void
open_block(Block *block)
{
	if (block != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(block, sizeof(Block));
}

static void
close_block(Block *block)
{
	if (block != &blocks)
		ASAN_POISON_MEMORY_REGION(block, sizeof(Block));
}

void *
palloc_extended(size_t size, int flags)
{
	Block *block = malloc(sizeof(Block) + size);
	Block *second = blocks.next;

	if (block == NULL)
		abort();
	open_block(second);
	link_block(block);
	close_block(second);
	close_block(block);
	/* Not zero by accident. */
	memset(block + 1, (flags & MCXT_ALLOC_ZERO) != 0 ? 0 : 0x5a, size);
	return block + 1;
}

void
pfree(void *pointer)
{
	Block *block = (Block *) pointer - 1;
	Block *next;
	Block *prev;

	open_block(block);
	next = block->next;
	prev = block->prev;
	open_block(next);
	open_block(prev);
	next->prev = prev;
	prev->next = next;
	close_block(next);
	close_block(prev);
	free(block);
}

void
free_all(void)
{
	while (blocks.next != &blocks)
		pfree(blocks.next + 1);
}

void *
palloc(size_t size)
{
	return palloc_extended(size, 0);
}

void *
palloc0(size_t size)
{
	return palloc_extended(size, MCXT_ALLOC_ZERO);
}

void *
repalloc(void *pointer, size_t size)
{
	Block *block = (Block *) pointer - 1;
	Block *second;

	/* realloc() moves what is there; the links are made anew. */
	open_block(block);
	open_block(block->next);
	open_block(block->prev);
	block->next->prev = block->prev;
	block->prev->next = block->next;
	close_block(block->next);
	close_block(block->prev);
	block = realloc(block, sizeof(Block) + size);
	if (block == NULL)
		abort();
	second = blocks.next;
	open_block(second);
	link_block(block);
	close_block(second);
	close_block(block);
	return block + 1;
}

char *
pnstrdup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = palloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
pstrdup(const char *s)
{
	return pnstrdup(s, strlen(s));
}

/* The frontend names of the same, which libpgcommon calls. */
void *
pg_malloc(size_t size)
{
	return palloc(size);
}

void *
pg_malloc0(size_t size)
{
	return palloc0(size);
}

void *
pg_malloc_extended(size_t size, int flags)
{
	return palloc_extended(size, flags);
}

void *
pg_realloc(void *pointer, size_t size)
{
	return pointer != NULL ? repalloc(pointer, size) : palloc(size);
}

char *
pg_strdup(const char *s)
{
	return pstrdup(s);
}

void
pg_free(void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

void
check_text(const char *text, const char *what)
{
	if (text != NULL)
		PROMISE(air_utf8_valid(text, strlen(text)), "%s is no UTF-8", what);
}

void
check_line(const char *text, const char *what)
{
	check_text(text, what);
	for (const char *p = text; p != NULL && *p != '\0'; p++)
		PROMISE((unsigned char) *p >= ' ' && *p != 0x7f, "%s holds a control", what);
}

/*
 * What looked like a key is gone.  Masks, also those that were cut, are taken out of the game
 * first: with what stands before them they may look like a key, and the letters of it that are left
 * do not.
 */
static void
check_redacted(const char *text)
{
	char *copy;

	if (text == NULL)
		return;
	copy = pstrdup(text);
	for (char *p = copy; *p != '\0'; p++)
	{
		if (*p == '*')
			*p = '#';
	}
	PROMISE(strcmp(air_redact(copy), copy) == 0, "%s", text);
}

void
check_failure(const AirFailure *err)
{
	PROMISE(err->kind > AIR_ERR_NONE && err->kind <= AIR_ERR_TOO_LONG);
	PROMISE(err->remedy >= AIR_REMEDY_NONE && err->remedy <= AIR_REMEDY_NEXT);
	PROMISE(err->message != NULL && *err->message != '\0' && strlen(err->message) <= 500);
	PROMISE(err->retry_after == -1 || (err->retry_after >= 0 && err->retry_after <= 86400), "%g",
			err->retry_after);
	PROMISE(err->unknown_cost == 0 || err->unknown_cost == 1);
	check_line(err->message, "message");
	check_line(err->code, "code");
	check_line(err->request_id, "request id");
	check_line(err->hint, "hint");
	PROMISE(err->request_id == NULL || strlen(err->request_id) <= 200);
	check_redacted(err->message);
	check_redacted(err->code);
}
