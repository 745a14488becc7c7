/*-------------------------------------------------------------------------
 *
 * token_source.c
 *	  A token that is kept, and renewed before it expires, for calls.
 *
 * A source lives as long as its owner wants it or it is being fetched for.
 *
 *-------------------------------------------------------------------------
 */
#include "token_source.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "token_exchange.h"

/* A token that is good for less is not sent: it has to be good on arrival. */
#define MIN_LEFT_US INT64_C(60000000)

/* One that is good for less is renewed while it is used. */
#define EARLY_LEFT_US INT64_C(225000000)

/* That has failed: how long until it is tried again. */
#define EARLY_PAUSE_US INT64_C(10000000)

typedef struct token_waiter
{
	struct token_waiter *next;
	bt_token_callback callback;
	void *arg;
} token_waiter;

struct bt_token_source
{
	bt_credentials credentials;
	char *secret;
	char *user_project;
	int users; /* its owner, and its thread */
	char *token;
	int64_t expires_us;
	int64_t early_us; /* not to be renewed early before this */
	bt_http *fetching;
	token_waiter *waiters;
	bt_token_source *next; /* of those that are fetched for */
};

/* All of the above is protected by this. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bt_token_source *fetched_for;
static int threads;

bt_token_source *
bt_token_source_create(const bt_credentials *credentials, bt_status *status)
{
	bt_token_source *source = bt_http_init() ? calloc(1, sizeof(bt_token_source)) : NULL;

	if (source != NULL && credentials->secret != NULL)
		source->secret = strdup(credentials->secret);
	if (source == NULL || (credentials->secret != NULL && source->secret == NULL))
	{
		free(source);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "could not prepare to fetch tokens");
		return NULL;
	}
	source->credentials.kind = credentials->kind;
	source->credentials.secret = source->secret;
	source->user_project = bt_token_user_project(&source->credentials);
	source->users = 1;
	return source;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
bt_token_source_release(bt_token_source *source)
{
	bool last;

	pthread_mutex_lock(&mutex);
	last = --source->users == 0;
	pthread_mutex_unlock(&mutex);
	if (!last)
		return;
	wipe(source->secret);
	wipe(source->token);
	free(source->user_project);
	free(source);
}

const char *
bt_token_source_user_project(const bt_token_source *source)
{
	return source->user_project;
}

/* ---- the thread ---- */

/* Keeps what was fetched; returns those who wait for it.  The mutex is held. */
static token_waiter *
end_fetch(bt_token_source *source, bt_token *token)
{
	token_waiter *waiters = source->waiters;
	bt_token_source **link = &fetched_for;

	if (token->text != NULL)
	{
		wipe(source->token);
		source->token = token->text;
		source->expires_us = bt_clock_now_us() + token->lifetime_us;
	}
	else
		source->early_us = bt_clock_now_us() + EARLY_PAUSE_US;
	source->waiters = NULL;
	source->fetching = NULL;
	while (*link != source)
		link = &(*link)->next;
	*link = source->next;
	return waiters;
}

/* The mutex is not held. */
static void
call_back(token_waiter *waiters, const char *token, const bt_status *status)
{
	while (waiters != NULL)
	{
		token_waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->callback(waiter->arg, token, status);
		free(waiter);
	}
}

static void *
fetch_main(void *arg)
{
	bt_token_source *source = arg;
	bt_http *http = source->fetching;
	bt_status status = {0};
	bt_token token;
	token_waiter *waiters;
	char *copy = NULL;

	if (bt_token_fetch(&source->credentials, http, &token, &status))
	{
		copy = strdup(token.text);
		if (copy == NULL)
			bt_status_set(&status, BT_UNAVAILABLE, "out of memory");
	}
	pthread_mutex_lock(&mutex);
	waiters = end_fetch(source, &token);
	pthread_mutex_unlock(&mutex);
	bt_http_destroy(http);
	call_back(waiters, copy, &status);
	wipe(copy);
	bt_token_source_release(source);

	pthread_mutex_lock(&mutex);
	threads--;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* The mutex is held.  Returns false if there cannot be a thread. */
static bool
start_fetch(bt_token_source *source)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;
	sigset_t old;
	bool ok;

	source->fetching = bt_http_create();
	if (source->fetching == NULL)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	source->users++;
	ok = pthread_create(&thread, &attributes, fetch_main, source) == 0;
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!ok)
	{
		source->users--;
		bt_http_destroy(source->fetching);
		source->fetching = NULL;
		return false;
	}
	threads++;
	source->next = fetched_for;
	fetched_for = source;
	return true;
}

/* ---- getting a token ---- */

/* The mutex is held. */
static bool
wait_for_fetch(bt_token_source *source, bt_token_callback callback, void *arg)
{
	token_waiter *waiter = malloc(sizeof(token_waiter));

	if (waiter == NULL || (source->fetching == NULL && !start_fetch(source)))
	{
		free(waiter);
		return false;
	}
	waiter->callback = callback;
	waiter->arg = arg;
	waiter->next = source->waiters;
	source->waiters = waiter;
	return true;
}

bt_token_result
bt_token_source_get(bt_token_source *source, bt_token_callback callback, void *arg,
					char **token, bt_status *status)
{
	bt_token_result result = BT_TOKEN_FAILED;
	int64_t now = bt_clock_now_us();
	int64_t left;

	*token = NULL;
	pthread_mutex_lock(&mutex);
	left = source->token != NULL ? source->expires_us - now : 0;
	if (left >= MIN_LEFT_US)
	{
		*token = strdup(source->token);
		if (left < EARLY_LEFT_US && source->fetching == NULL && now >= source->early_us)
			(void) start_fetch(source);
		if (*token != NULL)
			result = BT_TOKEN_HERE;
	}
	else if (wait_for_fetch(source, callback, arg))
		result = BT_TOKEN_LATER;
	pthread_mutex_unlock(&mutex);
	if (result == BT_TOKEN_FAILED)
		bt_status_set(status, BT_UNAVAILABLE, "out of memory, descriptors or threads");
	return result;
}

void
bt_token_sources_stop(void)
{
	pthread_mutex_lock(&mutex);
	while (threads > 0)
	{
		for (bt_token_source *source = fetched_for; source != NULL; source = source->next)
			bt_http_interrupt(source->fetching);
		pthread_cond_wait(&ended, &mutex);
	}
	pthread_mutex_unlock(&mutex);
}
