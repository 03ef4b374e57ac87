/*
 * jump.c
 *	  LD_PRELOAD shim for the TAP tests: a wall clock that can be set.
 *
 * The file named by AIR_CLOCK holds seconds to add to the time of day; without it
 * there are none.  The monotonic clock goes on as it does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

typedef int (*clock_reader)(struct timeval *, void *);

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	static clock_reader real = NULL;
	const char *path = getenv("AIR_CLOCK");
	char text[32] = "";
	int fd = path ? open(path, O_RDONLY) : -1;

	if (real == NULL)
		real = (clock_reader) dlsym(RTLD_NEXT, "gettimeofday");
	if (fd >= 0)
	{
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
	}
	if (real(tv, tz) != 0)
		return -1;
	tv->tv_sec += strtol(text, NULL, 10);
	return 0;
}
