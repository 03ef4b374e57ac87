/* Options, listeners and the life of the sandbox provider. */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "wire.h"

#define BACKLOG 4096
#define BLACKHOLE_FILL 8

typedef struct options
{
	const char *listen;
	int port, tls_port, hang_port, blackhole_port; /* -1 = not opened, 0 = any free one */
	const char *cert_dir;
	const char *cert; /* file in cert_dir to serve instead of server.pem */
	const char *ready_file;
	bool die_with_parent;
} options;

static SSL_CTX *tls;

static void
die(const char *what)
{
	fprintf(stderr, "ai_sandbox: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
open_port(const options *o, int *port, int backlog)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t) *port)};
	socklen_t len = sizeof(a);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, o->listen, &a.sin_addr) != 1)
		die("--listen wants an IPv4 address");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) != 0 || listen(fd, backlog) != 0 ||
		getsockname(fd, (struct sockaddr *) &a, &len) != 0)
		die("cannot listen");
	*port = ntohs(a.sin_port);
	return fd;
}

static void
accept_cb(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	(void) l;
	(void) sa;
	(void) len;
	sbx_conn_new(fd, arg);
}

static void
accept_error_cb(struct evconnlistener *l, void *arg)
{
	(void) l;
	(void) arg;
	/* out of descriptors: the loop would spin, a short pause lets others close */
	usleep(1000);
}

static void
serve(const options *o, int *port, SSL_CTX *ctx)
{
	struct evconnlistener *l;

	if (*port < 0)
		return;
	l = evconnlistener_new(sbx_base, accept_cb, ctx, LEV_OPT_CLOSE_ON_FREE, 0,
						   open_port(o, port, BACKLOG));
	if (l == NULL)
		die("listener");
	evconnlistener_set_error_cb(l, accept_error_cb);
}

/* Connections on the hang port stay in the backlog: accepted by the kernel, never by us. */
static void
open_hang_port(const options *o, int *port)
{
	if (*port >= 0)
		open_port(o, port, BACKLOG);
}

/* Fills a backlog of nothing, so that the next connect gets no answer to its SYN. */
static void
open_blackhole_port(const options *o, int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	if (*port < 0)
		return;
	open_port(o, port, 0);
	a.sin_port = htons((uint16_t) *port);
	inet_pton(AF_INET, o->listen, &a.sin_addr);
	for (int i = 0; i < BLACKHOLE_FILL; i++)
	{
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (struct sockaddr *) &a, sizeof(a)) != 0 && errno != EINPROGRESS)
			close(fd);
	}
}

static void
announce(const options *o)
{
	char line[256], temp[1024];
	FILE *f;

	snprintf(line, sizeof(line), "ready port=%d tls_port=%d hang_port=%d blackhole_port=%d\n",
			 o->port, o->tls_port, o->hang_port, o->blackhole_port);
	fputs(line, stdout);
	fflush(stdout);
	if (o->ready_file == NULL)
		return;
	snprintf(temp, sizeof(temp), "%s.tmp", o->ready_file);
	f = fopen(temp, "w");
	if (f == NULL || fputs(line, f) < 0 || fclose(f) != 0 || rename(temp, o->ready_file) != 0)
		die(o->ready_file);
}

static void
stop_cb(evutil_socket_t sig, short what, void *arg)
{
	(void) sig;
	(void) what;
	(void) arg;
	event_base_loopbreak(sbx_base);
}

static void
usage(void)
{
	fputs("usage: ai_sandbox [--listen ADDR] [--port N] [--tls-port N] [--hang-port N]\n"
		  "         [--blackhole-port N] [--cert-dir DIR] [--cert NAME] [--ready-file FILE]\n"
		  "         [--aws-key ID:SECRET[:TOKEN]] [--check-skew] [--die-with-parent]\n",
		  stderr);
	exit(2);
}

static void
parse(int argc, char **argv, options *o)
{
	static const struct option longs[] = {{"listen", 1, NULL, 'l'},
										  {"port", 1, NULL, 'p'},
										  {"tls-port", 1, NULL, 't'},
										  {"hang-port", 1, NULL, 'h'},
										  {"blackhole-port", 1, NULL, 'b'},
										  {"cert-dir", 1, NULL, 'c'},
										  {"cert", 1, NULL, 'C'},
										  {"ready-file", 1, NULL, 'r'},
										  {"aws-key", 1, NULL, 'k'},
										  {"check-skew", 0, NULL, 's'},
										  {"die-with-parent", 0, NULL, 'd'},
										  {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c)
		{
			case 'l':
				o->listen = optarg;
				break;
			case 'p':
				o->port = atoi(optarg);
				break;
			case 't':
				o->tls_port = atoi(optarg);
				break;
			case 'h':
				o->hang_port = atoi(optarg);
				break;
			case 'b':
				o->blackhole_port = atoi(optarg);
				break;
			case 'c':
				o->cert_dir = optarg;
				break;
			case 'C':
				o->cert = optarg;
				break;
			case 'r':
				o->ready_file = optarg;
				break;
			case 'k':
				sbx_sigv4_add_key(optarg);
				break;
			case 's':
				sbx_check_skew = true;
				break;
			case 'd':
				o->die_with_parent = true;
				break;
			default:
				usage();
		}
	if (optind < argc || (o->tls_port >= 0 && o->cert_dir == NULL) ||
		(o->port < 0 && o->tls_port < 0))
		usage();
}

static void
prepare_process(const options *o)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	if (o->die_with_parent)
	{
		pid_t parent = getppid();

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			exit(1); /* the parent was gone before we could ask */
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
	{
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void
prepare_tls(const options *o)
{
	char path[1024];

	if (o->tls_port < 0)
		return;
	tls = sbx_tls_context(o->cert_dir);
	if (tls == NULL)
		die("cannot make certificates");
	if (o->cert == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", o->cert_dir, o->cert);
	if (SSL_CTX_use_certificate_file(tls, path, SSL_FILETYPE_PEM) != 1)
		die(path);
}

int
main(int argc, char **argv)
{
	options o = {"127.0.0.1", -1, -1, -1, -1, NULL, NULL, NULL, false};
	struct event_config *cfg = event_config_new();
	struct event *term, *interrupt;

	parse(argc, argv, &o);
	prepare_process(&o);
	/* the latency of an answer must be good to a millisecond: timerfd, and no cached time */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK |
								   EVENT_BASE_FLAG_NO_CACHE_TIME);
	sbx_base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (sbx_base == NULL)
		die("event base");
	prepare_tls(&o);
	serve(&o, &o.port, NULL);
	serve(&o, &o.tls_port, tls);
	open_hang_port(&o, &o.hang_port);
	open_blackhole_port(&o, &o.blackhole_port);
	term = evsignal_new(sbx_base, SIGTERM, stop_cb, NULL);
	interrupt = evsignal_new(sbx_base, SIGINT, stop_cb, NULL);
	event_add(term, NULL);
	event_add(interrupt, NULL);
	announce(&o);
	event_base_dispatch(sbx_base);
	return 0;
}
