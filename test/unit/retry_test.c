/*-------------------------------------------------------------------------
 *
 * retry_test.c
 *	  Which status is retried, after how long, and until when.
 *
 *-------------------------------------------------------------------------
 */
#include "retry.h"
#include "tap.h"

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)
#define START (1234 * SECOND)

static const bt_retry_policy usual_policy = {
	.operation_timeout_us = 600 * SECOND,
	.attempt_timeout_us = 20 * SECOND,
	.initial_delay_us = 100 * MS,
	.max_attempts = 1000,
};

/* A status as a server sends it. */
static bt_status
remote(int code, const char *message)
{
	bt_status status;

	bt_status_set(&status, (bt_code) code, "%s", message);
	status.local = false;
	return status;
}

static bt_status
with_delay(int code, int64_t delay_us)
{
	bt_status status = remote(code, "come back later");

	status.retry_delay_us = delay_us;
	return status;
}

static bt_retry
started(const bt_retry_policy *policy, bool answered)
{
	bt_retry retry;

	bt_retry_start(&retry, policy, START, 42);
	if (answered)
		bt_retry_progress(&retry);
	return retry;
}

/* ---- which ---- */

static void
test_codes(void)
{
	for (int code = 1; code <= 20; code++)
	{
		bt_retry retry = started(&usual_policy, true);
		bt_status status = remote(code, "so it is");
		bool expected =
			code == BT_UNAVAILABLE || code == BT_ABORTED || code == BT_DEADLINE_EXCEEDED;
		int64_t delay;

		is_int(bt_retry_is_transient(&usual_policy, &status), expected,
			   "code %d is %stransient", code, expected ? "" : "not ");
		is_int(bt_retry_after(&retry, &status, START, &delay), expected,
			   "code %d is %sretried", code, expected ? "" : "not ");
	}
}

typedef struct message_case
{
	const char *message;
	bool transient;
} message_case;

static const message_case internal_messages[] = {
	{"", false},
	{"internal error", false},
	{"Received RST_STREAM with error code 2", true},
	{"received rst_stream", true},
	{"Received Rst Stream", true},
	{"rst stream", true},
	{"RST-STREAM", false},
	{"stream closed before write could take place", true},
	{"HTTP/2 error: Stream closed before write could take place.", true},
	{"STREAM CLOSED BEFORE WRITE COULD TAKE PLACE", true},
	{"Stream closed before", false},
	{"Received unexpected EOS on DATA frame from server", true},
	{"received unexpected eos on data frame", true},
	{"unexpected EOS", false},
	{"invalid ReadRows response: a new row has no row key", false},
};

static void
test_messages(void)
{
	for (size_t i = 0; i < sizeof(internal_messages) / sizeof(internal_messages[0]); i++)
	{
		const message_case *c = &internal_messages[i];
		bt_status status = remote(BT_INTERNAL, c->message);

		is_int(bt_retry_is_transient(&usual_policy, &status), c->transient,
			   "INTERNAL \"%s\"", c->message);
		status.code = BT_UNKNOWN;
		ok(!bt_retry_is_transient(&usual_policy, &status), "... but not UNKNOWN");
	}

	/* What gRPC's core says of a stream that ends without a status. */
	for (int code = 1; code <= 16; code++)
	{
		bt_status status = remote(code, "Stream removed");
		bt_status longer = remote(code, "Stream removed from the catalog");
		bool always =
			code == BT_UNAVAILABLE || code == BT_ABORTED || code == BT_DEADLINE_EXCEEDED;

		is_int(bt_retry_is_transient(&usual_policy, &status),
			   always || code == BT_UNKNOWN, "code %d, \"Stream removed\"", code);
		is_int(bt_retry_is_transient(&usual_policy, &longer), always,
			   "... but not a longer text");
	}
}

/* What this client found out itself would be the same next time. */
static void
test_local(void)
{
	bt_status status;

	bt_status_set(&status, BT_INTERNAL, "rst_stream");
	ok(!bt_retry_is_transient(&usual_policy, &status), "a local INTERNAL is final");
	bt_status_set(&status, BT_UNAVAILABLE, "nobody there");
	ok(!bt_retry_is_transient(&usual_policy, &status), "a local UNAVAILABLE is final");
	bt_status_set(&status, BT_CANCELLED, "cancelled");
	ok(!bt_retry_is_transient(&usual_policy, &status), "a local CANCELLED is final");
	bt_status_set(&status, BT_DEADLINE_EXCEEDED, "no answer");
	ok(bt_retry_is_transient(&usual_policy, &status),
	   "an attempt's own deadline is transient");
	is_int(status.retry_delay_us, -1, "a local status has no RetryInfo");
}

/* ---- RetryInfo ---- */

static void
test_retry_info(void)
{
	static const int64_t delays[] = {0, 1, 10 * MS, 61 * SECOND, 599 * SECOND};
	int64_t delay;
	bt_retry retry;
	bt_status status;

	for (int code = 1; code <= 16; code++)
	{
		retry = started(&usual_policy, true);
		status = with_delay(code, 7 * MS);
		delay = -1;
		ok(bt_retry_after(&retry, &status, START, &delay), "code %d with RetryInfo",
		   code);
		is_int(delay, 7 * MS, "... its delay is exact");
	}
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
	{
		retry = started(&usual_policy, true);
		status = with_delay(BT_UNAVAILABLE, delays[i]);
		delay = -1;
		ok(bt_retry_after(&retry, &status, START, &delay), "RetryInfo of %lld us",
		   (long long) delays[i]);
		is_int(delay, delays[i], "... is used as it is");
	}

	/* A delay of 0 is still RetryInfo: for any code, and as an answer. */
	retry = started(&usual_policy, false);
	status = with_delay(BT_NOT_FOUND, 0);
	delay = -1;
	ok(bt_retry_after(&retry, &status, START + 21 * SECOND, &delay),
	   "NOT_FOUND with RetryInfo of 0, unanswered, after attempt_timeout");
	is_int(delay, 0, "... at once");

	retry = started(&usual_policy, true);
	status = with_delay(BT_UNAVAILABLE, 600 * SECOND - 1);
	ok(bt_retry_after(&retry, &status, START, &delay), "RetryInfo up to the deadline");
	status = with_delay(BT_UNAVAILABLE, 600 * SECOND);
	ok(!bt_retry_after(&retry, &status, START, &delay), "RetryInfo at the deadline");
	status = with_delay(BT_UNAVAILABLE, 601 * SECOND);
	ok(!bt_retry_after(&retry, &status, START, &delay), "RetryInfo beyond the deadline");
	status = with_delay(BT_UNAVAILABLE, 10 * SECOND);
	ok(bt_retry_after(&retry, &status, START + 589 * SECOND, &delay),
	   "RetryInfo within what is left");
	ok(!bt_retry_after(&retry, &status, START + 591 * SECOND, &delay),
	   "RetryInfo beyond what is left");
	status = with_delay(BT_UNAVAILABLE, INT64_MAX);
	ok(!bt_retry_after(&retry, &status, START, &delay), "an endless RetryInfo");
}

/* ---- how often ---- */

/* Retries until the first refusal, at one moment; returns how many were granted. */
static int
count_retries(bt_retry *retry, const bt_status *status, int most)
{
	int granted = 0;
	int64_t delay;

	while (granted < most && bt_retry_after(retry, status, START, &delay))
		granted++;
	return granted;
}

static void
test_max_attempts(void)
{
	bt_status unavailable = remote(BT_UNAVAILABLE, "");
	bt_status later = with_delay(BT_UNAVAILABLE, 1);

	for (int max = 1; max <= 4; max++)
	{
		bt_retry_policy policy = usual_policy;
		bt_retry retry;

		policy.max_attempts = max;
		retry = started(&policy, true);
		is_int(count_retries(&retry, &unavailable, 10), max - 1,
			   "max_attempts %d: %d retries", max, max - 1);
		bt_retry_progress(&retry);
		is_int(count_retries(&retry, &unavailable, 10), max - 1,
			   "... and again after progress");
		retry = started(&policy, true);
		is_int(count_retries(&retry, &later, 10), max - 1, "... also with RetryInfo");
	}
}

/* ---- how long ---- */

/* Bounds of a delay: the exponential one, down to half, but never below 11 ms. */
static void
check_backoff(int64_t initial_us, const char *name)
{
	bt_status unavailable = remote(BT_UNAVAILABLE, "");
	bt_retry_policy policy = usual_policy;
	int64_t full = initial_us < 11 * MS ? 11 * MS : initial_us;
	int64_t min[12];
	int64_t max[12];
	bool in_bounds = true;
	bool varied = false;

	policy.initial_delay_us = initial_us;
	for (int seed = 0; seed < 200; seed++)
	{
		bt_retry retry;

		bt_retry_start(&retry, &policy, START, (uint64_t) seed * 7919);
		bt_retry_progress(&retry);
		for (int i = 0; i < 12; i++)
		{
			int64_t delay = -1;

			if (!bt_retry_after(&retry, &unavailable, START, &delay))
				in_bounds = false;
			min[i] = seed == 0 || delay < min[i] ? delay : min[i];
			max[i] = seed == 0 || delay > max[i] ? delay : max[i];
		}
	}
	for (int i = 0; i < 12; i++)
	{
		int64_t most = full > 60 * SECOND ? 60 * SECOND : full;
		int64_t least = most / 2 < 11 * MS ? 11 * MS : most / 2;

		if (min[i] < least || max[i] > most)
		{
			in_bounds = false;
			diag("failure %d: %lld to %lld, allowed %lld to %lld", i + 1,
				 (long long) min[i], (long long) max[i], (long long) least,
				 (long long) most);
		}
		/* 200 draws leave out neither end of the range. */
		if (most > 40 * MS)
			varied |= max[i] - min[i] > (most - least) / 2;
		full = full >= 60 * SECOND ? full : full * 2;
	}
	ok(in_bounds, "backoff from %s stays in its bounds", name);
	ok(varied, "backoff from %s has jitter", name);
}

static void
test_backoff(void)
{
	check_backoff(-1, "a negative delay");
	check_backoff(0, "0");
	check_backoff(11 * MS, "11 ms");
	check_backoff(100 * MS, "100 ms");
	check_backoff(45 * SECOND, "45 s");
	check_backoff(90 * SECOND, "90 s");
	check_backoff(INT64_MAX, "forever");
}

static void
test_backoff_begins_anew(void)
{
	bt_status unavailable = remote(BT_UNAVAILABLE, "");
	bt_retry retry = started(&usual_policy, true);
	int64_t delay = 0;

	count_retries(&retry, &unavailable, 8);
	bt_retry_after(&retry, &unavailable, START, &delay);
	ok(delay >= 12800 * MS, "the ninth delay is long");
	bt_retry_progress(&retry);
	bt_retry_after(&retry, &unavailable, START, &delay);
	ok(delay <= 100 * MS, "the first delay after progress is short");
}

/* ---- until when ---- */

static void
test_deadline(void)
{
	bt_status unavailable = remote(BT_UNAVAILABLE, "");
	bt_retry retry = started(&usual_policy, true);
	int64_t delay = 0;

	is_int(bt_retry_deadline_us(&retry), START + 600 * SECOND, "deadline");
	ok(bt_retry_after(&retry, &unavailable, START + 599 * SECOND, &delay),
	   "retried one second before the deadline");
	retry = started(&usual_policy, true);
	ok(!bt_retry_after(&retry, &unavailable, START + 600 * SECOND - 11 * MS, &delay),
	   "not retried when the wait would pass the deadline");
	ok(!bt_retry_after(&retry, &unavailable, START + 600 * SECOND, &delay),
	   "not retried at the deadline");
	ok(!bt_retry_after(&retry, &unavailable, START + 700 * SECOND, &delay),
	   "not retried after the deadline");
	is_int(bt_retry_deadline_us(&retry), START + 600 * SECOND,
		   "failures do not move the deadline");
	bt_retry_progress(&retry);
	is_int(bt_retry_deadline_us(&retry), START + 600 * SECOND,
		   "progress does not move the deadline");
}

/* An operation that no server has answered ends with its first attempt's time. */
static void
test_never_answered(void)
{
	bt_status unavailable =
		remote(BT_UNAVAILABLE, "failed to connect to all addresses; last error: x");
	bt_status closed = remote(BT_UNAVAILABLE, "Socket closed");
	bt_status reset = remote(BT_INTERNAL, "Received RST_STREAM with error code 2");
	bt_status later = with_delay(BT_UNAVAILABLE, 30 * SECOND);
	bt_retry_policy short_policy = usual_policy;
	bt_retry retry = started(&usual_policy, false);
	int64_t delay;

	ok(bt_retry_after(&retry, &unavailable, START + 19 * SECOND, &delay),
	   "unanswered, retried before attempt_timeout");
	ok(!bt_retry_after(&retry, &unavailable, START + 20 * SECOND, &delay),
	   "unanswered, not retried at attempt_timeout");
	unavailable = remote(BT_UNAVAILABLE, "DNS resolution failed for x:1: not found");
	ok(!bt_retry_after(&retry, &unavailable, START + 20 * SECOND, &delay),
	   "nor is a server without an address");
	retry = started(&usual_policy, false);
	ok(bt_retry_after(&retry, &closed, START + 20 * SECOND, &delay),
	   "a connection that is lost is an answer");
	retry = started(&usual_policy, false);
	ok(bt_retry_after(&retry, &reset, START + 20 * SECOND, &delay),
	   "and so is a stream that is reset");
	retry = started(&usual_policy, false);
	ok(bt_retry_after(&retry, &later, START + 20 * SECOND, &delay),
	   "RetryInfo is an answer");
	bt_retry_progress(&retry);
	ok(bt_retry_after(&retry, &unavailable, START + 20 * SECOND, &delay),
	   "answered, retried after attempt_timeout");
	ok(bt_retry_after(&retry, &unavailable, START + 500 * SECOND, &delay),
	   "answered once, retried until the operation's deadline");

	short_policy.operation_timeout_us = 5 * SECOND;
	retry = started(&short_policy, false);
	ok(!bt_retry_after(&retry, &unavailable, START + 5 * SECOND, &delay),
	   "unanswered, not retried after a shorter operation_timeout");
}

/* ---- the policy ---- */

static void
test_fill(void)
{
	bt_retry_policy unset = {0};
	bt_retry_policy negative = {-1, -1, -1, -1, 0};
	bt_retry_policy set = {1, 2, 3, 4, 0};
	bt_retry retry;

	bt_retry_policy_fill(&unset, &usual_policy);
	is_int(unset.operation_timeout_us, 600 * SECOND, "operation_timeout by default");
	is_int(unset.attempt_timeout_us, 20 * SECOND, "attempt_timeout by default");
	is_int(unset.initial_delay_us, 100 * MS, "initial_delay by default");
	is_int(unset.max_attempts, 1000, "max_attempts by default");
	bt_retry_policy_fill(&negative, &usual_policy);
	ok(negative.operation_timeout_us == 600 * SECOND &&
		   negative.attempt_timeout_us == 20 * SECOND &&
		   negative.initial_delay_us == 100 * MS && negative.max_attempts == 1000,
	   "negative members likewise");
	bt_retry_policy_fill(&set, &usual_policy);
	is_int(set.operation_timeout_us, 1, "operation_timeout as set");
	is_int(set.attempt_timeout_us, 2, "attempt_timeout as set");
	is_int(set.initial_delay_us, 3, "initial_delay as set");
	is_int(set.max_attempts, 4, "max_attempts as set");

	retry = started(&set, false);
	set.max_attempts = 5;
	is_int(retry.policy.max_attempts, 4, "an operation has a copy of its policy");
	is_int(retry.attempts, 0, "no attempt has been made");
}

/* Writes, and admin reads, are retried on fewer codes than reads. */
static void
test_codes_of_writes(void)
{
	bt_retry_policy policy = usual_policy;

	policy.codes = BT_RETRY_WRITE_CODES;
	for (int code = 1; code <= 20; code++)
	{
		bt_retry retry = started(&policy, true);
		bt_status status = remote(code, "so it is");
		bool expected = code == BT_UNAVAILABLE || code == BT_DEADLINE_EXCEEDED;
		int64_t delay;

		is_int(bt_retry_after(&retry, &status, START, &delay), expected,
			   "a write: code %d is %sretried", code, expected ? "" : "not ");
	}
}

/* After which statuses of a call may a write have been applied? */
static void
test_unknown_outcomes(void)
{
	for (int code = 1; code <= 16; code++)
	{
		bt_status status = remote(code, "so it is");
		bool of_call = code == BT_CANCELLED || code == BT_UNKNOWN ||
					   code == BT_DEADLINE_EXCEEDED || code == BT_ABORTED ||
					   code == BT_INTERNAL || code == BT_UNAVAILABLE ||
					   code == BT_DATA_LOSS;
		bool of_row = code == BT_DEADLINE_EXCEEDED || code == BT_UNAVAILABLE;

		is_int(bt_retry_is_outcome_unknown(&status, true), of_call,
			   "code %d of a call leaves the outcome %sknown", code, of_call ? "un" : "");
		is_int(bt_retry_is_outcome_unknown(&status, false), of_row,
			   "code %d of a row leaves the outcome %sknown", code, of_row ? "un" : "");
	}
	{
		bt_status status =
			remote(BT_UNAVAILABLE, "failed to connect to all addresses; last error: x");
		bt_status ours;

		ok(!bt_retry_is_outcome_unknown(&status, true), "what was never sent is not");
		status = remote(BT_UNAVAILABLE, "DNS resolution failed for x:1: not found");
		ok(!bt_retry_is_outcome_unknown(&status, true), "nor to a server that is not");
		bt_status_set(&ours, BT_RESOURCE_EXHAUSTED, "out of memory");
		ok(!bt_retry_is_outcome_unknown(&ours, true), "nor what failed here");
		bt_status_set(&ours, BT_DEADLINE_EXCEEDED, "no answer in time");
		ok(bt_retry_is_outcome_unknown(&ours, true), "but a deadline of ours is");
	}
}

/* A server that is there is waited for, though it has not answered yet. */
static void
test_connected(void)
{
	bt_retry retry = started(&usual_policy, false);
	bt_status status = remote(BT_DEADLINE_EXCEEDED, "late");
	int64_t later = START + 2 * usual_policy.attempt_timeout_us;
	int64_t delay;

	ok(!bt_retry_after(&retry, &status, later, &delay), "nobody was ever there: no more");
	retry = started(&usual_policy, false);
	bt_retry_connected(&retry);
	ok(bt_retry_after(&retry, &status, later, &delay), "somebody is there: once more");
}

int
main(void)
{
	test_fill();
	test_codes();
	test_messages();
	test_local();
	test_retry_info();
	test_max_attempts();
	test_backoff();
	test_backoff_begins_anew();
	test_deadline();
	test_never_answered();
	test_codes_of_writes();
	test_unknown_outcomes();
	test_connected();
	return tap_done();
}
