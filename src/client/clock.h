/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  A clock that only goes forward, in microseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_CLOCK_H
#define BT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t
bt_clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif /* BT_CLOCK_H */
