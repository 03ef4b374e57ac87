/*
 * slowdns.c
 *	  LD_PRELOAD shim for the TAP tests: names that resolve slowly.
 *
 * d<MS>.slow.test resolves to 127.0.0.1 after MS milliseconds, names that end in
 * .nowhere.test do not exist, which is known at once, whatever network there is;
 * all other names go to the real resolver.  While it sleeps it does not look at signals, as a
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

static int
ends_with(const char *name, const char *suffix)
{
	size_t len = name ? strlen(name) : 0;
	size_t n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **res)
{
	resolver real = (resolver) dlsym(RTLD_NEXT, "getaddrinfo");

	if (ends_with(node, ".nowhere.test"))
		return EAI_NONAME;
	if (ends_with(node, ".slow.test") && node[0] == 'd')
	{
		long ms = strtol(node + 1, NULL, 10);
		struct timespec rest = {ms / 1000, ms % 1000 * 1000000};

		while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
			;
		node = "127.0.0.1";
	}
	return real(node, service, hints, res);
}
