/*
 * sockets.c
 *	  The sockets of one driver in its epoll set.
 */
#include "base/pg.h"

#include <sys/epoll.h>

#include "http/sockets.h"

/* What is known about a descriptor, NULL where it is no connection (the resolver's). */
static AirWatch *
watch_of(AirSockets *s, int fd)
{
	return fd < s->nwatches && s->watches[fd].open ? &s->watches[fd] : NULL;
}

/* Without memory it stays unknown, which works, too. */
void
air_sockets_opened(AirSockets *s, int fd)
{
	if (fd >= s->nwatches)
	{
		int n = Max(64, 2 * fd);
		AirWatch *grown = realloc(s->watches, n * sizeof(AirWatch));

		if (grown == NULL)
			return;
		memset(grown + s->nwatches, 0, (n - s->nwatches) * sizeof(AirWatch));
		s->watches = grown;
		s->nwatches = n;
	}
	s->watches[fd] = (AirWatch){.open = true};
}

void
air_sockets_closed(AirSockets *s, int fd)
{
	if (fd < s->nwatches)
		s->watches[fd].open = false;
}

void
air_sockets_want(AirSockets *s, int fd, uint32 events, bool known)
{
	AirWatch *watch = watch_of(s, fd);
	struct epoll_event ev = {.events = events, .data.fd = fd};

	if (watch != NULL)
	{
		watch->wanted = (uint8) events;
		if (watch->registered != 0 && (events == 0 || events == watch->registered))
			return;
	}
	if (events == 0)
	{
		/* Fails harmlessly when curl closed the descriptor first. */
		(void) epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return;
	}
	/* A descriptor number can come back while its predecessor is still known: try both. */
	if (epoll_ctl(s->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0)
		(void) epoll_ctl(s->epoll_fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
	if (watch != NULL)
		watch->registered = (uint8) events;
}

bool
air_sockets_unwanted(AirSockets *s, int fd)
{
	AirWatch *watch = watch_of(s, fd);

	if (watch == NULL || watch->wanted != 0)
		return false;
	(void) epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	watch->registered = 0;
	return true;
}
