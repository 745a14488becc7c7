/*-------------------------------------------------------------------------
 *
 * status.c
 *	  The outcome of a call: names of the codes, and a way to set one.
 *
 *-------------------------------------------------------------------------
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
bt_code_name(bt_code code)
{
	static const char *const names[] = {
		[BT_OK] = "OK",
		[BT_CANCELLED] = "CANCELLED",
		[BT_UNKNOWN] = "UNKNOWN",
		[BT_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
		[BT_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
		[BT_NOT_FOUND] = "NOT_FOUND",
		[BT_ALREADY_EXISTS] = "ALREADY_EXISTS",
		[BT_PERMISSION_DENIED] = "PERMISSION_DENIED",
		[BT_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
		[BT_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
		[BT_ABORTED] = "ABORTED",
		[BT_OUT_OF_RANGE] = "OUT_OF_RANGE",
		[BT_UNIMPLEMENTED] = "UNIMPLEMENTED",
		[BT_INTERNAL] = "INTERNAL",
		[BT_UNAVAILABLE] = "UNAVAILABLE",
		[BT_DATA_LOSS] = "DATA_LOSS",
		[BT_UNAUTHENTICATED] = "UNAUTHENTICATED",
	};

	/* A server may send any number. */
	if ((unsigned) code >= sizeof(names) / sizeof(names[0]))
		return "UNKNOWN";
	return names[code];
}

void
bt_status_set(bt_status *status, bt_code code, const char *format, ...)
{
	va_list args;

	memset(status, 0, sizeof(*status));
	status->code = code;
	status->retry_delay_us = -1;
	status->local = true;
	va_start(args, format);
	vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
}
