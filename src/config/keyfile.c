/*
 * keyfile.c
 *	  Reading a secret from a file.
 *
 * The file is looked at before each use, since whoever rotates keys does not
 * tell us.  File descriptors are transient ones: an ERROR or abort closes them.
 * Memory is CurrentMemoryContext's.  No locks.
 */
#include "base/pg.h"

#include <fcntl.h>
#include <unistd.h>

#include "storage/fd.h"

#include "config/keyfile.h"
#include "config/options.h"

#define MAX_FILE 65536

static void
stamp_of(const struct stat *st, AirFileStamp *stamp)
{
	memset(stamp, 0, sizeof(*stamp));
	stamp->dev = st->st_dev;
	stamp->ino = st->st_ino;
	stamp->size = st->st_size;
#ifdef __APPLE__
	stamp->mtime = st->st_mtimespec;
#else
	stamp->mtime = st->st_mtim;
#endif
}

/* See keyfile.h. */
bool
air_keyfile_unchanged(const char *path, const AirFileStamp *stamp)
{
	struct stat st;
	AirFileStamp now;

	if (stat(path, &st) != 0)
		return false;
	stamp_of(&st, &now);
	return now.dev == stamp->dev && now.ino == stamp->ino && now.size == stamp->size &&
		   now.mtime.tv_sec == stamp->mtime.tv_sec && now.mtime.tv_nsec == stamp->mtime.tv_nsec;
}

/* Read fd to the end into buf of MAX_FILE + 1 bytes; the length, or -1 with errno. */
static ssize_t
read_all(int fd, char *buf)
{
	ssize_t len = 0;

	while (len <= MAX_FILE)
	{
		ssize_t n = read(fd, buf + len, MAX_FILE + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

/* See keyfile.h. */
char *
air_keyfile_read(const char *path, AirFileStamp *stamp, const char **why)
{
	struct stat st;
	char *buf;
	ssize_t len;
	int fd;

	/* O_NONBLOCK: opening a FIFO that nobody writes would hang. */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0 || fstat(fd, &st) != 0)
	{
		*why = pstrdup(strerror(errno));
		if (fd >= 0)
			CloseTransientFile(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode))
	{
		CloseTransientFile(fd);
		*why = pstrdup("it is not a regular file");
		return NULL;
	}

	/* The stamp is older than the content: a write in between is noticed next time. */
	stamp_of(&st, stamp);
	buf = palloc(MAX_FILE + 2);
	len = read_all(fd, buf);
	if (len < 0)
		*why = pstrdup(strerror(errno));
	CloseTransientFile(fd);
	if (len < 0)
		return NULL;
	if (len > MAX_FILE)
	{
		*why = pstrdup("it is larger than 64 kB");
		return NULL;
	}

	while (len > 0 && strchr(" \t\r\n", buf[len - 1]) != NULL)
		len--;
	buf[len] = '\0';
	if (len == 0)
		*why = pstrdup("it is empty");
	else if (strlen(buf) != (size_t) len || !air_secret_ok(buf))
		*why = pstrdup("it holds more than one word of printable ASCII characters");
	else
		return repalloc(buf, len + 1);
	return NULL;
}
