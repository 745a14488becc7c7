/*-------------------------------------------------------------------------
 *
 * status.h
 *	  The outcome of a call: gRPC's status codes and what came with them.
 *
 * A plain value: copied by assignment, owns nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_STATUS_H
#define BT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum bt_code
{
	BT_OK = 0,
	BT_CANCELLED = 1,
	BT_UNKNOWN = 2,
	BT_INVALID_ARGUMENT = 3,
	BT_DEADLINE_EXCEEDED = 4,
	BT_NOT_FOUND = 5,
	BT_ALREADY_EXISTS = 6,
	BT_PERMISSION_DENIED = 7,
	BT_RESOURCE_EXHAUSTED = 8,
	BT_FAILED_PRECONDITION = 9,
	BT_ABORTED = 10,
	BT_OUT_OF_RANGE = 11,
	BT_UNIMPLEMENTED = 12,
	BT_INTERNAL = 13,
	BT_UNAVAILABLE = 14,
	BT_DATA_LOSS = 15,
	BT_UNAUTHENTICATED = 16
} bt_code;

/* Longest message kept, with its NUL; the rest is cut off. */
#define BT_STATUS_MESSAGE_SIZE 512

/* How the message begins of a call that was not sent, for want of a token. */
#define BT_STATUS_NO_TOKEN "could not fetch a token"

typedef struct bt_status
{
	bt_code code;
	int attempts;           /* how many attempts were made, 0 if none */
	int64_t retry_delay_us; /* RetryInfo's delay, -1 if there was none */
	bool local;             /* found by this client, not sent by a server */
	char message[BT_STATUS_MESSAGE_SIZE];
} bt_status;

/* Name of a code, as gRPC spells it. */
extern const char *bt_code_name(bt_code code);

/* Sets *status to a code and a message that this client found. */
extern void bt_status_set(bt_status *status, bt_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* BT_STATUS_H */
