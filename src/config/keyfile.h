/*
 * keyfile.h
 *	  Secrets kept in files of the database server.
 */
#ifndef AIR_KEYFILE_H
#define AIR_KEYFILE_H

#include "base/pg.h"

#include <sys/stat.h>

/* How a file looked when it was read: equal stamps mean an unchanged file. */
typedef struct AirFileStamp
{
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
} AirFileStamp;

/*
 * True if the file at path still looks like *stamp; false also if it is not
 * there.  One system call.
 */
extern bool air_keyfile_unchanged(const char *path, const AirFileStamp *stamp);

/*
 * Read the secret: the whole regular file of at most 64 kB without trailing
 * white space, palloc'ed.  NULL with the reason in *why (palloc'ed, without the
 * path: callers may not know it) if that is not possible.
 */
extern char *air_keyfile_read(const char *path, AirFileStamp *stamp, const char **why);

#endif
