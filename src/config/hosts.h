/*
 * hosts.h
 *	  Which host a URL leads to, and whose host that is.
 *
 * Decides about trust, so it is stricter than RFC 3986: what it does not
 * understand it refuses, lest libcurl understand it differently.
 */
#ifndef AIR_HOSTS_H
#define AIR_HOSTS_H

#include "base/pg.h"
#include "config/api.h"

typedef struct AirUrl
{
	char *scheme; /* lower case */
	char *host;   /* lower case, IPv6 in its shortest form and without brackets */
	bool ipv6;
	int port;   /* 0: not given */
	char *path; /* "" or "/..", without trailing slash */
} AirUrl;

/*
 * Split scheme://host[:port][/path] into palloc'ed parts.  Refused, with a
 * static reason in *why: userinfo, query, fragment, dot segments, characters
 * outside of what such a URL needs, IPv4 addresses in odd spellings.
 */
extern bool air_url_split(const char *url, AirUrl *out, const char **why);

/* The URL in one canonical spelling, palloc'ed. */
extern char *air_url_join(const AirUrl *url);

/* The port, or the scheme's own. */
extern int air_url_port(const AirUrl *url);

/* True if the host matches one of the api's own hosts. */
extern bool air_host_is_own(const AirApi *api, const char *host);

/* True for localhost, 127.0.0.0/8 and ::1 as literals; nothing is resolved. */
extern bool air_host_is_loopback(const char *host);

#endif
