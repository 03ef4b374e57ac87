/*
 * input.c
 *	  What targets inside and outside the server share: inputs, and how a promise breaks.
 */
#include "base/pg.h"

#include "fuzz.h"

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

char *
exact(const char *data, size_t size)
{
	char *copy = palloc(size);

	memcpy(copy, data, size);
	return copy;
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
