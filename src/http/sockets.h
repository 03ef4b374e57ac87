/*
 * sockets.h
 *	  The sockets of one driver in its epoll set.
 *
 * curl asks for the same events again with each request on a connection, and for none in
 * between.  A connection stays in the set meanwhile, which saves two system calls a request;
 * an event that nobody wants (the peer has closed it) takes it out.  Called within curl's
 * callbacks: nothing here raises; memory is malloc'ed.
 */
#ifndef AIR_SOCKETS_H
#define AIR_SOCKETS_H

#include "base/pg.h"

typedef struct AirWatch
{
	bool open;        /* a connection, opened and not closed */
	uint8 registered; /* its events in the epoll set, 0: is not in it */
	uint8 wanted;     /* those asked for now */
} AirWatch;

typedef struct AirSockets
{
	int epoll_fd;
	AirWatch *watches; /* by descriptor */
	int nwatches;
} AirSockets;

/* A connection was opened, or is about to be closed. */
extern void air_sockets_opened(AirSockets *s, int fd);
extern void air_sockets_closed(AirSockets *s, int fd);

/* From now on these events of a descriptor are wanted (0: none); known: so were others. */
extern void air_sockets_want(AirSockets *s, int fd, uint32 events, bool known);

/* There is an event of a connection that rests: nobody is to be told. */
extern bool air_sockets_unwanted(AirSockets *s, int fd);

#endif
