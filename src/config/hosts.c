/*
 * hosts.c
 *	  Splitting URLs and judging hosts.
 *
 * Everything is palloc'ed in CurrentMemoryContext.  No locks, no name
 * resolution: what a name resolves to is no property of a server's options.
 */
#include "base/pg.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "config/hosts.h"

#define MAX_URL 2048
#define MAX_HOST 253

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char *
lower_copy(const char *s, size_t len)
{
	char *copy = pnstrdup(s, len);

	for (char *p = copy; *p; p++)
		*p = pg_ascii_tolower((unsigned char) *p);
	return copy;
}

/*
 * A name of letters, digits, '-' and '_' between single dots.  Where the last
 * label begins with a digit the whole must be a plain dotted quad: resolvers
 * also read 127.1, 0x7f000001 and 017700000001 as addresses.
 */
static bool
host_name_ok(const char *host)
{
	const char *last = strrchr(host, '.');
	struct in_addr v4;
	char previous = '.';

	for (const char *p = host; *p; p++)
	{
		if (*p == '.' ? previous == '.' : (!is_alnum(*p) && *p != '-' && *p != '_'))
			return false;
		previous = *p;
	}
	if (previous == '.' || host[0] == '-' || strlen(host) > MAX_HOST)
		return false;

	last = last ? last + 1 : host;
	return *last < '0' || *last > '9' || inet_pton(AF_INET, host, &v4) == 1;
}

/* Only characters that need no thought in a path, no empty or dot segments. */
static const char *
path_problem(const char *path)
{
	for (const char *p = path; *p; p++)
	{
		if (*p == '?')
			return "a query is not allowed";
		if (*p == '#')
			return "a fragment is not allowed";
		if (*p == '%' && !(is_hex(p[1]) && is_hex(p[2])))
			return "the path has a broken percent escape";
		if (!is_alnum(*p) && strchr("/-._~%:@+,=", *p) == NULL)
			return "the path has a character that is not allowed";
		if (*p == '/' && p[1] == '/')
			return "the path has an empty segment";
		if (*p == '/' && p[1] == '.' &&
			(p[2] == '/' || p[2] == '\0' || (p[2] == '.' && (p[3] == '/' || p[3] == '\0'))))
			return "the path has a dot segment";
	}
	return NULL;
}

/* Read host[:port] of len bytes. */
static const char *
split_authority(const char *s, size_t len, AirUrl *out)
{
	const char *end = s + len;
	const char *port;

	if (memchr(s, '@', len) != NULL)
		return "a user name or password is not allowed";

	out->ipv6 = len > 0 && s[0] == '[';
	if (out->ipv6)
	{
		const char *close = memchr(s, ']', len);
		char shortest[INET6_ADDRSTRLEN];
		struct in6_addr v6;

		if (close == NULL || inet_pton(AF_INET6, pnstrdup(s + 1, close - s - 1), &v6) != 1 ||
			inet_ntop(AF_INET6, &v6, shortest, sizeof(shortest)) == NULL)
			return "the host is not a valid IPv6 address";
		out->host = pstrdup(shortest);
		port = close + 1;
		if (port < end && *port != ':')
			return "the host is not a valid IPv6 address";
	}
	else
	{
		port = memchr(s, ':', len);
		if (port == NULL)
			port = end;
		out->host = lower_copy(s, port - s);
		if (out->host[0] == '\0')
			return "the host is missing";
		if (!host_name_ok(out->host))
			return "the host is not valid";
	}

	out->port = 0;
	if (port == end)
		return NULL;
	for (port++; port < end && *port >= '0' && *port <= '9' && out->port <= 65535; port++)
		out->port = out->port * 10 + (*port - '0');
	if (port < end || out->port < 1 || out->port > 65535)
		return "the port is not valid";
	return NULL;
}

/* See hosts.h. */
bool
air_url_split(const char *url, AirUrl *out, const char **why)
{
	const char *authority = strstr(url, "://");
	size_t len;

	memset(out, 0, sizeof(*out));
	*why = NULL;

	if (strlen(url) > MAX_URL)
	{
		*why = "it is too long";
		return false;
	}
	if (authority == NULL || authority == url)
	{
		*why = "it must begin with a scheme such as https://";
		return false;
	}
	out->scheme = lower_copy(url, authority - url);
	for (const char *p = out->scheme; *p; p++)
	{
		if (!is_alnum(*p))
		{
			*why = "the scheme is not valid";
			return false;
		}
	}

	authority += 3;
	len = strcspn(authority, "/?#\\");
	*why = split_authority(authority, len, out);
	if (*why == NULL)
	{
		out->path = pstrdup(authority + len);
		len = strlen(out->path);
		if (len > 0 && out->path[len - 1] == '/')
			out->path[len - 1] = '\0';
		*why = path_problem(out->path);
	}
	return *why == NULL;
}

/* See hosts.h. */
int
air_url_port(const AirUrl *url)
{
	if (url->port != 0)
		return url->port;
	if (strcmp(url->scheme, "https") == 0)
		return 443;
	return strcmp(url->scheme, "http") == 0 ? 80 : 1080;
}

/* See hosts.h. */
char *
air_url_join(const AirUrl *url)
{
	AirUrl plain = *url;
	char port[16] = "";

	plain.port = 0;
	if (url->port != 0 && url->port != air_url_port(&plain))
		snprintf(port, sizeof(port), ":%d", url->port);
	return psprintf("%s://%s%s%s%s%s", url->scheme, url->ipv6 ? "[" : "", url->host,
					url->ipv6 ? "]" : "", port, url->path);
}

/* Does host match the pattern of plen bytes?  '*' is one or more of [a-z0-9-]: within a label. */
static bool
host_matches(const char *pattern, size_t plen, const char *host)
{
	for (; plen > 0; pattern++, plen--, host++)
	{
		if (*pattern == '*')
		{
			while (is_alnum(*host) || *host == '-')
			{
				if (host_matches(pattern + 1, plen - 1, ++host))
					return true;
			}
			return false;
		}
		if (*host != *pattern)
			return false;
	}
	return *host == '\0';
}

/* See hosts.h. */
bool
air_host_is_own(const AirApi *api, const char *host)
{
	const char *p = api->own_hosts;

	while (p != NULL && *p != '\0')
	{
		size_t len = strcspn(p, " ");
		const char *pattern = p;
		size_t plen = len;

		/* A literal IPv6 address may be written with or without brackets. */
		if (plen > 2 && pattern[0] == '[' && pattern[plen - 1] == ']')
		{
			pattern++;
			plen -= 2;
		}
		if (plen > 0 && host_matches(pattern, plen, host))
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

/* See hosts.h. */
bool
air_host_is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}
