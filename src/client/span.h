/*-------------------------------------------------------------------------
 *
 * span.h
 *	  Byte strings that somebody else owns, and memory that the host lends.
 *
 * Row keys, qualifiers and values are byte strings that may hold NUL bytes;
 * every length is explicit.  Depends on nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_SPAN_H
#define BT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A byte string.  data may be NULL where len is 0. */
typedef struct bt_span
{
	const uint8_t *data;
	size_t len;
} bt_span;

/*
 * Memory for structures that the host builds and the client reads (row sets,
 * filters).  alloc returns NULL when there is none left and never unwinds the
 * stack; nothing is freed one by one, the host drops all of it at once.
 */
typedef struct bt_arena
{
	void *(*alloc)(void *arg, size_t size);
	void *arg;
} bt_arena;

static inline bt_span
bt_span_make(const void *data, size_t len)
{
	bt_span s = {(const uint8_t *) data, len};

	return s;
}

static inline bt_span
bt_span_str(const char *str)
{
	return bt_span_make(str, strlen(str));
}

static inline bool
bt_span_equal(bt_span a, bt_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Bytewise order, the order of Bigtable's row keys: <0, 0 or >0. */
static inline int
bt_span_compare(bt_span a, bt_span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int cmp = common == 0 ? 0 : memcmp(a.data, b.data, common);

	if (cmp != 0)
		return cmp;
	return (a.len > b.len) - (a.len < b.len);
}

#endif /* BT_SPAN_H */
