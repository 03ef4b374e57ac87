/*
 * watch.h
 *	  The sockets of curl in the driver's epoll set.
 *
 * curl asks for the same events again with each request on a connection and for none in
 * between: it stays in the set meanwhile, which saves two system calls a request.  Events
 * that nobody wants (the peer closed it) take it out.
 *
 * Called from curl's callbacks: malloc only, nothing raises.
 */
#ifndef AIR_WATCH_H
#define AIR_WATCH_H

#include "base/pg.h"

typedef struct AirWatch
{
	bool open;        /* curl opened it and has not closed it */
	uint8 registered; /* events in the epoll set, 0: is not in it */
	uint8 wanted;     /* by curl now */
} AirWatch;

typedef struct AirWatches
{
	AirWatch *of; /* by descriptor; malloc'ed */
	int n;
} AirWatches;

/* A connection is opened or closed.  Without memory for it it is not known, which works, too. */
extern void air_watch_open(AirWatches *watches, int fd, bool open);

/*
 * curl wants these epoll events of a socket, 0: none.  known: it wanted some before.  True if
 * the set was told of events.
 */
extern bool air_watch_want(AirWatches *watches, int epoll_fd, int fd, uint32 events, bool known);

/* An event of a connection that rests: not for curl.  Takes it out of the set. */
extern bool air_watch_unwanted(AirWatches *watches, int epoll_fd, int fd);

#endif
