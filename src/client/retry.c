/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  Which status is retried, when, and until when.
 *
 *-------------------------------------------------------------------------
 */
#include "retry.h"

#include <string.h>

void
bt_retry_policy_fill(bt_retry_policy *policy, const bt_retry_policy *defaults)
{
	if (policy->operation_timeout_us <= 0)
		policy->operation_timeout_us = defaults->operation_timeout_us;
	if (policy->attempt_timeout_us <= 0)
		policy->attempt_timeout_us = defaults->attempt_timeout_us;
	if (policy->initial_delay_us <= 0)
		policy->initial_delay_us = defaults->initial_delay_us;
	if (policy->max_attempts <= 0)
		policy->max_attempts = defaults->max_attempts;
	if (policy->codes == 0)
		policy->codes = defaults->codes;
}

void
bt_retry_start(bt_retry *retry, const bt_retry_policy *policy, int64_t now_us,
			   uint64_t seed)
{
	memset(retry, 0, sizeof(*retry));
	retry->policy = *policy;
	if (retry->policy.initial_delay_us < BT_RETRY_MIN_DELAY_US)
		retry->policy.initial_delay_us = BT_RETRY_MIN_DELAY_US;
	retry->started_us = now_us;
	retry->random = seed | 1; /* xorshift must not start at 0 */
}

int64_t
bt_retry_deadline_us(const bt_retry *retry)
{
	return retry->started_us + retry->policy.operation_timeout_us;
}

void
bt_retry_progress(bt_retry *retry)
{
	retry->failures = 0;
	retry->answered = true;
}

void
bt_retry_connected(bt_retry *retry)
{
	retry->answered = true;
}

/* Does the status say that the connection has died under the stream? */
static bool
is_lost_connection(const bt_status *status)
{
	/* What gRPC and proxies say then. */
	static const char *const texts[] = {
		"rst_stream",
		"rst stream",
		"stream closed before write could take place",
		"received unexpected eos on data frame",
	};

	/* What gRPC's core makes of a stream that ends without any status. */
	if (status->code == BT_UNKNOWN)
		return strcmp(status->message, "Stream removed") == 0;
	if (status->code != BT_INTERNAL)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcasestr(status->message, texts[i]) != NULL)
			return true;
	return false;
}

bool
bt_retry_is_transient(const bt_retry_policy *policy, const bt_status *status)
{

	if (status->local && status->code != BT_DEADLINE_EXCEEDED)
		return false; /* our own finding, it would be the same again */
	if ((unsigned) status->code < 32 &&
		(BT_RETRY_CODE(status->code) &
		 (policy->codes != 0 ? policy->codes : BT_RETRY_READ_CODES)) != 0)
		return true;
	return is_lost_connection(status);
}

static uint64_t
next_random(bt_retry *retry)
{
	retry->random ^= retry->random << 13;
	retry->random ^= retry->random >> 7;
	retry->random ^= retry->random << 17;
	return retry->random;
}

/* Exponential, doubled with each failure, with jitter over its upper half. */
static int64_t
backoff(bt_retry *retry)
{
	int64_t delay = retry->policy.initial_delay_us;

	for (int i = 1; i < retry->failures && delay < BT_RETRY_MAX_DELAY_US; i++)
		delay *= 2;
	if (delay > BT_RETRY_MAX_DELAY_US)
		delay = BT_RETRY_MAX_DELAY_US;
	delay = delay / 2 + (int64_t) (next_random(retry) % (uint64_t) (delay / 2 + 1));
	return delay < BT_RETRY_MIN_DELAY_US ? BT_RETRY_MIN_DELAY_US : delay;
}

/* Does gRPC say that the request has never left? */
static bool
is_never_sent(const bt_status *status)
{
	static const char *const texts[] = {"failed to connect to all addresses",
										"DNS resolution failed", BT_STATUS_NO_TOKEN};

	if (status->code == BT_UNAVAILABLE || status->code == BT_UNAUTHENTICATED)
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			if (strncmp(status->message, texts[i], strlen(texts[i])) == 0)
				return true;
	return false;
}

/* Has a server been there to end the attempt?  A deadline may be anybody's. */
static bool
is_of_server(const bt_status *status)
{
	return !status->local && status->code != BT_DEADLINE_EXCEEDED &&
		   !is_never_sent(status);
}

bool
bt_retry_after(bt_retry *retry, const bt_status *status, int64_t now_us,
			   int64_t *delay_us)
{
	int64_t until = bt_retry_deadline_us(retry);

	retry->failures++;
	if (is_of_server(status))
		retry->answered = true;
	if (status->retry_delay_us < 0 && !bt_retry_is_transient(&retry->policy, status))
		return false;
	if (retry->failures >= retry->policy.max_attempts)
		return false;
	if (!retry->answered && status->retry_delay_us < 0 &&
		until > retry->started_us + retry->policy.attempt_timeout_us)
		until = retry->started_us + retry->policy.attempt_timeout_us;

	*delay_us = status->retry_delay_us >= 0 ? status->retry_delay_us : backoff(retry);
	return *delay_us < until - now_us;
}

bool
bt_retry_is_outcome_unknown(const bt_status *status, bool of_call)
{
	if (status->local && status->code != BT_DEADLINE_EXCEEDED)
		return false; /* it was never sent */
	switch (status->code)
	{
		case BT_UNAVAILABLE:
			return !is_never_sent(status);
		case BT_DEADLINE_EXCEEDED:
			return true;
		case BT_CANCELLED:
		case BT_UNKNOWN:
		case BT_ABORTED:
		case BT_INTERNAL:
		case BT_DATA_LOSS:
			return of_call;
		default:
			return false; /* refused */
	}
}
