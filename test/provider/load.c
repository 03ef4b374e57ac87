/* ai_load: many keep-alive connections that ask the same question as fast as they can. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct client
{
	int fd;
	struct event *ev;
	char in[65536];
	size_t len;
	size_t total; /* length of the answer awaited, 0 = not yet known */
	double sent;
} client;

static struct event_base *base;
static struct sockaddr_in addr = {.sin_family = AF_INET};
static char request[4096];
static size_t request_len;
static unsigned long answers, errors;
static double latency_sum, latency_max;

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}

static void
ask(client *c)
{
	c->len = c->total = 0;
	c->sent = now_ms();
	if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t) request_len)
		errors++;
}

static void
answered(client *c)
{
	double took = now_ms() - c->sent;

	answers++;
	if (strncmp(c->in, "HTTP/1.1 200", 12) != 0)
		errors++;
	latency_sum += took;
	if (took > latency_max)
		latency_max = took;
	ask(c);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	client *c = arg;
	ssize_t n = recv((int) fd, c->in + c->len, sizeof(c->in) - c->len - 1, 0);
	char *head, *length;

	(void) what;
	if (n <= 0)
	{
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		errors++;
		event_del(c->ev);
		return;
	}
	c->len += (size_t) n;
	c->in[c->len] = '\0';
	if (c->total == 0 && (head = strstr(c->in, "\r\n\r\n")) != NULL)
	{
		length = strstr(c->in, "Content-Length: ");
		c->total = (size_t) (head + 4 - c->in) + (length ? strtoul(length + 16, NULL, 10) : 0);
	}
	if (c->total > 0 && c->len >= c->total)
		answered(c);
}

static void
start(void)
{
	client *c = calloc(1, sizeof(*c));
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *) &addr, sizeof(addr)) != 0)
	{
		perror("ai_load: connect");
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	evutil_make_socket_nonblocking(c->fd);
	c->ev = event_new(base, c->fd, EV_READ | EV_PERSIST, readable, c);
	event_add(c->ev, NULL);
	ask(c);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"port", 1, NULL, 'p'},
										  {"conns", 1, NULL, 'c'},
										  {"seconds", 1, NULL, 's'},
										  {"model", 1, NULL, 'm'},
										  {NULL, 0, NULL, 0}};
	const char *model = "load";
	double seconds = 3, began;
	int conns = 512, c;
	char body[1024];
	struct timeval tv;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c)
		{
			case 'p':
				addr.sin_port = htons((uint16_t) atoi(optarg));
				break;
			case 'c':
				conns = atoi(optarg);
				break;
			case 's':
				seconds = atof(optarg);
				break;
			case 'm':
				model = optarg;
				break;
			default:
				fputs("usage: ai_load --port N [--conns N] [--seconds S] [--model M]\n", stderr);
				return 2;
		}
	snprintf(body, sizeof(body),
			 "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":"
			 "\"Summarize: The card was charged twice. Please help.\"}],"
			 "\"max_completion_tokens\":64}",
			 model);
	request_len =
		(size_t) snprintf(request, sizeof(request),
						  "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
						  "Authorization: Bearer sandbox-load\r\n"
						  "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
						  strlen(body), body);
	base = event_base_new();
	began = now_ms();
	while (conns-- > 0)
		start();
	tv.tv_sec = (time_t) seconds;
	tv.tv_usec = (suseconds_t) ((seconds - (double) tv.tv_sec) * 1e6);
	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
	seconds = (now_ms() - began) / 1e3;
	printf("requests/s=%.0f requests=%lu errors=%lu mean_ms=%.2f max_ms=%.2f\n",
		   (double) answers / seconds, answers, errors,
		   answers ? latency_sum / (double) answers : 0, latency_max);
	return errors > 0;
}
