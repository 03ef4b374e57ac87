/*
 * slowdns.c
 *	  LD_PRELOAD shim for the TAP tests: names that resolve slowly.
 *
 * d<MS>.slow.test resolves to 127.0.0.1 after MS milliseconds; all other names
 * go to the real resolver.  While it sleeps it does not look at signals, as a
 * resolver that waits for a packet does not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*resolver)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **res)
{
	static const char suffix[] = ".slow.test";
	resolver real = (resolver) dlsym(RTLD_NEXT, "getaddrinfo");
	size_t len = node ? strlen(node) : 0;

	if (len > sizeof(suffix) && node[0] == 'd' &&
		strcmp(node + len - (sizeof(suffix) - 1), suffix) == 0)
	{
		long ms = strtol(node + 1, NULL, 10);
		struct timespec rest = {ms / 1000, ms % 1000 * 1000000};

		while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
			;
		node = "127.0.0.1";
	}
	return real(node, service, hints, res);
}
