/*
 * bare.c
 *	  What libcurl alone can do: the other side of the ratios in `make bench`.
 *
 *	  bare seq   URL MODEL N      one request after another on one kept connection
 *	  bare multi URL MODEL N C    C requests in flight
 *
 * Sends the same kind of OpenAI chat request as the extension does and checks
 * each status; prints the milliseconds that N requests took after a warm-up.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000.0 + t.tv_nsec / 1e6;
}

typedef struct Slot
{
	CURL *easy;
	char body[512];
	size_t received;
} Slot;

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	Slot *slot = arg;

	(void) data;
	slot->received += size * n;
	return size * n;
}

static void
die(const char *what)
{
	fprintf(stderr, "bare: %s\n", what);
	exit(1);
}

static void
prepare(Slot *slot, const char *url, struct curl_slist *headers)
{
	slot->easy = curl_easy_init();
	if (slot->easy == NULL)
		die("out of memory");
	curl_easy_setopt(slot->easy, CURLOPT_URL, url);
	curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(slot->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(slot->easy, CURLOPT_WRITEDATA, slot);
	curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
}

static void
load(Slot *slot, const char *model, int i)
{
	snprintf(slot->body, sizeof(slot->body),
			 "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Echo: prompt %d\"}],"
			 "\"max_tokens\":4096}",
			 model, i);
	slot->received = 0;
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body);
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long) strlen(slot->body));
}

static void
check(const Slot *slot, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK || status != 200 || slot->received == 0)
		die(result != CURLE_OK ? curl_easy_strerror(result) : "not a 200");
}

static void
run_sequential(Slot *slot, const char *model, int n)
{
	for (int i = 0; i < n; i++)
	{
		load(slot, model, i);
		check(slot, curl_easy_perform(slot->easy));
	}
}

static void
run_multi(CURLM *multi, Slot *slots, const char *model, int n, int c)
{
	int started = 0, ended = 0, running;

	for (; started < n && started < c; started++)
	{
		load(&slots[started], model, started);
		curl_multi_add_handle(multi, slots[started].easy);
	}
	while (ended < n)
	{
		CURLMsg *msg;
		int left;

		curl_multi_perform(multi, &running);
		while ((msg = curl_multi_info_read(multi, &left)) != NULL)
		{
			Slot *slot;
			CURLcode result = msg->data.result;

			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **) &slot);
			check(slot, result);
			curl_multi_remove_handle(multi, slot->easy);
			ended++;
			if (started < n)
			{
				load(slot, model, started++);
				curl_multi_add_handle(multi, slot->easy);
			}
		}
		if (ended < n)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

int
main(int argc, char **argv)
{
	struct curl_slist *headers = NULL;
	Slot *slots;
	double start;
	int n, c;

	if (argc < 5 || (strcmp(argv[1], "multi") == 0) != (argc == 6))
		die("usage: bare seq URL MODEL N | bare multi URL MODEL N C");
	n = atoi(argv[4]);
	c = argc == 6 ? atoi(argv[5]) : 1;
	curl_global_init(CURL_GLOBAL_ALL);
	headers = curl_slist_append(headers, "content-type: application/json");
	headers = curl_slist_append(headers, "authorization: Bearer sandbox-key");
	headers = curl_slist_append(headers, "Expect:");
	slots = calloc(c, sizeof(Slot));
	for (int i = 0; i < c; i++)
		prepare(&slots[i], argv[2], headers);

	if (argc == 5)
	{
		run_sequential(&slots[0], argv[3], 10);
		start = now_ms();
		run_sequential(&slots[0], argv[3], n);
	}
	else
	{
		CURLM *multi = curl_multi_init();

		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) c * 2);
		run_multi(multi, slots, argv[3], c, c);
		start = now_ms();
		run_multi(multi, slots, argv[3], n, c);
	}
	printf("%.1f\n", now_ms() - start);
	return 0;
}
