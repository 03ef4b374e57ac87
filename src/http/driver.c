/*
 * driver.c
 *	  The curl multi handle of this backend and the wait for its sockets.
 *
 * Measured traps that shape this file (PostgreSQL 15, libcurl 7.88): a
 * WaitEventSet cannot drop sockets, hence the private epoll descriptor; resolver
 * threads inherit the signal mask, so all signals are blocked around each curl
 * step or PostgreSQL's handlers would run in such a thread; an error thrown
 * through curl leaves its handles unusable, so nothing inside a step can raise.
 */
#include "base/pg.h"

#include <math.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/settings.h"
#include "http/internal.h"
#include "http/sockets.h"

/* Idle exchanges kept with their handles; more than this go back to malloc. */
#define POOL_SIZE 64

/* Sockets that are looked at together, and of these in one step: interrupts wait for its end. */
#define EVENTS_PER_WAIT 64
#define EVENTS_PER_STEP 16

/*
 * A provider on this machine answers in less time than it takes to fall asleep
 * and be woken.  So a wait looks at its sockets for so long before it sleeps; if
 * nothing came, ever longer runs of waits sleep at once.
 */
#define SPIN_MS 0.1
#define MAX_SPIN_PENALTY 4096

typedef struct AirDriver
{
	CURLM *multi;
	AirSockets sockets; /* the epoll set */
	WaitEventSet *waits;
	double timer_due; /* on air_monotonic_ms(), < 0: curl wants no timer */
	int open;         /* sockets of curl */
	int reserved;     /* of these, how many fd.c knows about */
	long max_connections;
	dlist_head active;
	dlist_head done;
	dlist_head pool;
	int pooled;
	int spin_pause;   /* waits that sleep at once before the next try to do without; 0: try */
	int spin_penalty; /* the pause after a try that failed */
} AirDriver;

static AirDriver *driver = NULL;

/* ---- curl's callbacks: record only ---- */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	AirDriver *d = arg;
	uint32 events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

	air_sockets_want(&d->sockets, fd, what == CURL_POLL_REMOVE ? 0 : events, known != NULL);
	if (what != CURL_POLL_REMOVE && known == NULL)
		curl_multi_assign(d->multi, fd, d);
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	AirDriver *d = arg;

	d->timer_due = timeout_ms < 0 ? -1 : air_monotonic_ms() + timeout_ms;
	return 0;
}

static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);

	if (fd >= 0 && driver != NULL)
	{
		driver->open++;
		air_sockets_opened(&driver->sockets, fd);
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int
on_close(void *arg, curl_socket_t fd)
{
	if (driver != NULL)
	{
		driver->open--;
		air_sockets_closed(&driver->sockets, fd);
	}
	return close(fd);
}

/* ---- steps: signals blocked, nothing inside may raise ---- */

static void
block_signals(sigset_t *saved)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, saved);
}

static void
restore_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

/* Tell fd.c how many descriptors curl holds, so that it keeps its own below the limit. */
static void
balance_descriptors(AirDriver *d)
{
	while (d->reserved < d->open)
	{
		ReserveExternalFD();
		d->reserved++;
	}
	while (d->reserved > d->open)
	{
		ReleaseExternalFD();
		d->reserved--;
	}
}

/* Move what curl finished to the done list.  Signals are blocked. */
static void
collect_done(AirDriver *d)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(d->multi, &left)) != NULL)
	{
		AirExchange *ex = NULL;
		CURL *easy = msg->easy_handle;
		CURLcode result = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &ex);
		curl_multi_remove_handle(d->multi, easy); /* msg is gone now */
		ex->result = result;
		ex->state = AIR_EX_DONE;
		dlist_delete(&ex->node);
		dlist_push_tail(&d->done, &ex->node);
	}
}

/* Let curl look at one socket (or at its timers), and take what is finished. */
static void
step(AirDriver *d, const struct epoll_event *events, int n, bool timers)
{
	sigset_t saved;
	int running;

	block_signals(&saved);
	for (int i = 0; i < n; i++)
	{
		int mask = ((events[i].events & (EPOLLIN | EPOLLHUP)) ? CURL_CSELECT_IN : 0) |
				   ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
				   ((events[i].events & EPOLLERR) ? CURL_CSELECT_ERR : 0);

		if (!air_sockets_unwanted(&d->sockets, events[i].data.fd))
			curl_multi_socket_action(d->multi, events[i].data.fd, mask, &running);
	}
	if (timers)
	{
		d->timer_due = -1;
		curl_multi_socket_action(d->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	collect_done(d);
	restore_signals(&saved);
	balance_descriptors(d);
}

/* Steps for all that happened; what an interrupt leaves is there at the next look, too. */
static void
step_through(AirDriver *d, const struct epoll_event *events, int n, bool timers)
{
	int taken = 0;

	do
	{
		int now = Min(n - taken, EVENTS_PER_STEP);

		step(d, events + taken, now, timers && taken + now == n);
		taken += now;
	} while (taken < n && !InterruptPending);
}

/* ---- set-up ---- */

/* Give back a driver whose set-up failed; parts may be missing. */
static void
driver_destroy(AirDriver *d)
{
	if (d->waits != NULL)
		FreeWaitEventSet(d->waits);
	if (d->multi != NULL)
		curl_multi_cleanup(d->multi);
	if (d->sockets.epoll_fd >= 0)
		close(d->sockets.epoll_fd);
	ReleaseExternalFD();
	free(d->sockets.watches);
	pfree(d);
}

/* The parts of a driver, in order; raises with what is there filled in. */
static void
driver_set_up(AirDriver *d)
{
	sigset_t saved;
	bool ok;

	d->sockets.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (d->sockets.epoll_fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not create epoll descriptor: %m")));

	block_signals(&saved);
	ok = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK && (d->multi = curl_multi_init()) != NULL;
	restore_signals(&saved);
	if (!ok)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not initialize libcurl")));
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d);

	d->waits = air_create_wait_event_set_compat(3);
	AddWaitEventToSet(d->waits, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(d->waits, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(d->waits, WL_SOCKET_READABLE, d->sockets.epoll_fd, NULL, NULL);
}

/* Create the driver of this backend.  Never in the postmaster: curl does not survive fork(). */
static AirDriver *
driver_create(void)
{
	AirDriver *d;

	Assert(IsUnderPostmaster || !IsPostmasterEnvironment);
	d = MemoryContextAllocZero(TopMemoryContext, sizeof(AirDriver));
	dlist_init(&d->active);
	dlist_init(&d->done);
	dlist_init(&d->pool);
	d->timer_due = -1;
	d->sockets.epoll_fd = -1;
	ReserveExternalFD();
	PG_TRY();
	{
		driver_set_up(d);
	}
	PG_CATCH();
	{
		driver_destroy(d);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return d;
}

/* Without this curl keeps 4 connections per added handle, and the pool would shrink and thrash. */
static void
size_connection_pool(AirDriver *d)
{
	long wanted = Max(16, 2 * air_max_concurrency);

	if (wanted > d->max_connections)
	{
		curl_multi_setopt(d->multi, CURLMOPT_MAXCONNECTS, wanted);
		d->max_connections = wanted;
	}
}

/* Look at the sockets for a moment; the number of events, 0 if it did not pay. */
static int
spin(AirDriver *d, struct epoll_event *events)
{
	double until;
	int n;

	if (d->spin_pause > 0)
	{
		d->spin_pause--;
		return 0;
	}
	until = air_monotonic_ms() + SPIN_MS;
	do
		n = epoll_wait(d->sockets.epoll_fd, events, EVENTS_PER_WAIT, 0);
	while (n == 0 && !MyLatch->is_set && air_monotonic_ms() < until);
	if (n > 0)
		d->spin_penalty = 0;
	else
		d->spin_pause = d->spin_penalty = Min(Max(2 * d->spin_penalty, 1), MAX_SPIN_PENALTY);
	return Max(n, 0);
}

/* ---- interface ---- */

AirExchange *
air_http_start(const AirHttpRequest *req, const AirHttpOptions *options, void *owner)
{
	AirExchange *ex;
	AirDriver *d;

	if (driver == NULL)
		driver = driver_create();
	d = driver;
	size_connection_pool(d);

	if (!dlist_is_empty(&d->pool))
	{
		ex = dlist_container(AirExchange, node, dlist_pop_head_node(&d->pool));
		d->pooled--;
	}
	else
		ex = air_exchange_create(on_open, on_close);
	if (ex == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
						errdetail("Could not create an HTTP handle.")));

	ex->owner = owner;
	if (!air_exchange_load(ex, req, options))
	{
		ex->state = AIR_EX_DONE;
		dlist_push_tail(&d->done, &ex->node);
	}
	else
	{
		ex->state = AIR_EX_ACTIVE;
		dlist_push_tail(&d->active, &ex->node);
		/*
		 * Adding only links the handle and sets a timer that is due: the next look sends what was
		 * started until then, one right after the other.  A provider on this machine is woken
		 * once for all, where each waking costs as much as a tenth of a call.
		 */
		if (curl_multi_add_handle(d->multi, ex->easy) != CURLM_OK)
		{
			ex->local_error = "libcurl refused the request";
			ex->state = AIR_EX_DONE;
			dlist_delete(&ex->node);
			dlist_push_tail(&d->done, &ex->node);
		}
	}
	ex->listed = true;
	return ex;
}

void
air_http_wait(long timeout_ms)
{
	AirDriver *d = driver;
	WaitEvent event;
	bool readable = false;
	bool timers;
	int n = 0;
	struct epoll_event events[EVENTS_PER_WAIT];

	if (d == NULL)
		d = driver = driver_create();
	if (!dlist_is_empty(&d->done))
		timeout_ms = 0;
	if (d->timer_due >= 0)
	{
		/* Round up, or the last millisecond before a timer would spin. */
		long until = (long) ceil(Max(0.0, d->timer_due - air_monotonic_ms()));

		timeout_ms = timeout_ms < 0 ? until : Min(timeout_ms, until);
	}

	if (timeout_ms != 0)
		n = spin(d, events);
	if (n == 0 && WaitEventSetWait(d->waits, timeout_ms, &event, 1, air_wait_event_compat()) == 1)
	{
		if (event.events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
			/* Sockets may be ready too; the latch hid them because one event was asked for. */
			readable = true;
		}
		else
			readable = (event.events & WL_SOCKET_READABLE) != 0;
	}
	CHECK_FOR_INTERRUPTS();

	if (readable)
		n = epoll_wait(d->sockets.epoll_fd, events, EVENTS_PER_WAIT, 0); /* -1: none */
	timers = d->timer_due >= 0 && d->timer_due <= air_monotonic_ms();
	if (n > 0 || timers)
		step_through(d, events, Max(n, 0), timers);
}

bool
air_http_look(void)
{
	AirDriver *d = driver;
	struct epoll_event events[EVENTS_PER_WAIT];
	bool timers;
	int n;

	CHECK_FOR_INTERRUPTS();
	if (d == NULL || (d->open == 0 && d->timer_due < 0))
		return false;
	n = epoll_wait(d->sockets.epoll_fd, events, EVENTS_PER_WAIT, 0); /* -1: none */
	timers = d->timer_due >= 0 && d->timer_due <= air_monotonic_ms();
	if (n <= 0 && !timers)
		return false;
	step_through(d, events, Max(n, 0), timers);
	return true;
}

AirExchange *
air_http_next_done(void)
{
	AirExchange *ex;

	if (driver == NULL || dlist_is_empty(&driver->done))
		return NULL;
	ex = dlist_container(AirExchange, node, dlist_pop_head_node(&driver->done));
	ex->listed = false;
	return ex;
}

void
air_exchange_free(AirExchange *ex)
{
	AirDriver *d = driver;
	sigset_t saved;
	long connects = 0;
	bool active = ex->state == AIR_EX_ACTIVE;

	/* With a handle that is not at work curl starts no thread, and closes nothing. */
	if (active)
	{
		block_signals(&saved);
		curl_multi_remove_handle(d->multi, ex->easy);
	}
	if (ex->listed)
		dlist_delete(&ex->node);
	ex->listed = false;
	ex->state = AIR_EX_IDLE;

	/*
	 * libcurl repeats a request whose kept connection turns out dead, but counts these over the
	 * handle's life and fails the sixth (curl pull request 19066): a handle that opened a
	 * connection, be it for that, is not used again.
	 */
	curl_easy_getinfo(ex->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (d->pooled < POOL_SIZE && connects == 0)
	{
		air_exchange_reset(ex);
		dlist_push_head(&d->pool, &ex->node);
		d->pooled++;
	}
	else
		air_exchange_destroy(ex);
	if (active)
	{
		restore_signals(&saved);
		balance_descriptors(d);
	}
}
