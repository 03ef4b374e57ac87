/*
 * watch.c
 *	  The sockets of curl in the driver's epoll set.
 */
#include "base/pg.h"

#include <sys/epoll.h>

#include "http/watch.h"

/* What is known about a descriptor, NULL where it is not a connection of ours (the resolver's). */
static AirWatch *
watch_of(AirWatches *watches, int fd)
{
	return fd < watches->n && watches->of[fd].open ? &watches->of[fd] : NULL;
}

void
air_watch_open(AirWatches *watches, int fd, bool open)
{
	if (fd >= watches->n && open)
	{
		int n = Max(64, 2 * fd);
		AirWatch *grown = realloc(watches->of, n * sizeof(AirWatch));

		if (grown == NULL)
			return;
		memset(grown + watches->n, 0, (n - watches->n) * sizeof(AirWatch));
		watches->of = grown;
		watches->n = n;
	}
	if (fd < watches->n)
		watches->of[fd] = (AirWatch){.open = open};
}

bool
air_watch_want(AirWatches *watches, int epoll_fd, int fd, uint32 events, bool known)
{
	AirWatch *watch = watch_of(watches, fd);
	struct epoll_event ev = {.events = events, .data.fd = fd};

	if (watch != NULL)
	{
		watch->wanted = (uint8) events;
		if (watch->registered != 0 && (events == 0 || events == watch->registered))
			return false;
	}
	if (events == 0)
	{
		/* Fails harmlessly when curl closed the descriptor first. */
		(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return false;
	}
	/* A descriptor number can come back while its predecessor is still known: try both. */
	if (epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0)
		(void) epoll_ctl(epoll_fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
	if (watch != NULL)
		watch->registered = (uint8) events;
	return true;
}

bool
air_watch_unwanted(AirWatches *watches, int epoll_fd, int fd)
{
	AirWatch *watch = watch_of(watches, fd);

	if (watch == NULL || watch->wanted != 0)
		return false;
	(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	watch->registered = 0;
	return true;
}
