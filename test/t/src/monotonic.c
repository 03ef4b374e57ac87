/*
 * monotonic.c
 *	  LD_PRELOAD shim for the TAP tests: the monotonic clock, moved on by the
 *	  milliseconds that the file AIR_TEST_MONOTONIC names holds, as a number of 8 bytes.
 *
 * All processes see a change at once; who sleeps does not wake up by it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void
attach(void)
{
	const char *path = getenv("AIR_TEST_MONOTONIC");
	int fd = path ? open(path, O_RDONLY) : -1;

	if (fd < 0)
		return;
	offset = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
	if (offset == MAP_FAILED)
		offset = NULL;
	close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = (int) syscall(SYS_clock_gettime, clock, t);
	int64_t ms = offset && clock == CLOCK_MONOTONIC ? *offset : 0;

	t->tv_sec += ms / 1000;
	t->tv_nsec += ms % 1000 * 1000000;
	if (t->tv_nsec >= 1000000000)
	{
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
	return rc;
}
