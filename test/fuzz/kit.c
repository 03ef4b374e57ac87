/*
 * kit.c
 *	  What the fuzz targets share: memory, inputs, promises.
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
broken(const char *file, int line, const char *promise, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: broken promise: %s: ", file, line, promise);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

char *
exact(const char *data, size_t size)
{
	char *copy = palloc(size);

	memcpy(copy, data, size);
	return copy;
}

size_t
body_offset(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		if (data[i] == '\n' && (i == 0 || data[i - 1] == '\n'))
			return i + 1;
	}
	return size;
}

/* A line "name: value" as a header, the name in lower case as the driver gives it. */
static void
read_header(Input *input, char *line)
{
	char *value = strchr(line, ':');
	AirHeader *header = &input->headers[input->nheaders];

	if (value == NULL || input->nheaders >= MAX_FIELDS)
		return;
	*value++ = '\0';
	for (char *p = line; *p != '\0'; p++)
		*p = (char) pg_ascii_tolower((unsigned char) *p);
	header->name = line;
	header->value = value + strspn(value, " ");
	input->nheaders++;
}

Input
read_input(const char *data, size_t size)
{
	Input input = {.nheaders = 0};
	size_t at = body_offset(data, size);
	char *head = pnstrdup(data, at); /* a NUL byte ends it: no header holds one */
	char *line = head;
	bool first = true;

	while (*line != '\0')
	{
		char *end = line + strcspn(line, "\n");
		char *next = *end == '\n' ? end + 1 : end;

		*end = '\0';
		if (!first)
			read_header(&input, line);
		for (int i = 0; first && i < MAX_NUMBERS; i++)
			input.numbers[i] = strtol(line, &line, 10);
		first = false;
		line = next;
	}
	input.body_len = size - at;
	input.body = exact(data + at, input.body_len);
	return input;
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

/* Runs of '*' as one. */
static char *
squeeze(const char *text)
{
	char *copy = pstrdup(text);
	char *to = copy;

	for (const char *from = text; *from != '\0'; from++)
	{
		if (*from != '*' || to == copy || to[-1] != '*')
			*to++ = *from;
	}
	*to = '\0';
	return copy;
}

/* What looked like a key is gone: masking once more changes nothing but masks that were cut. */
static void
check_redacted(const char *text)
{
	if (text != NULL)
		PROMISE(strcmp(squeeze(air_redact(text)), squeeze(text)) == 0, "%s", text);
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
