/*-------------------------------------------------------------------------
 *
 * filter.h
 *	  Row filters as a small tree, and their size.
 *
 * A tree lives in an arena of the host's; the byte strings in it stay where
 * the caller has them.  Constructors return NULL when memory runs out, and
 * take NULL for a member to mean just that, so that a whole tree can be built
 * with one check at its root.
 *
 * Depends on nothing but span.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_FILTER_H
#define BT_FILTER_H

#include "span.h"

/* Limits of the service. */
#define BT_FILTER_MAX_SIZE 20480
#define BT_FILTER_MAX_DEPTH 20

typedef enum bt_filter_kind
{
	BT_FILTER_CHAIN,           /* each member filters the output of the one before */
	BT_FILTER_INTERLEAVE,      /* the outputs of all members; duplicates stay */
	BT_FILTER_CONDITION,       /* predicate, then, otherwise */
	BT_FILTER_ROW_KEY_REGEX,   /* matches the whole key */
	BT_FILTER_FAMILY_REGEX,    /* matches the whole name */
	BT_FILTER_QUALIFIER_REGEX, /* matches the whole qualifier */
	BT_FILTER_COLUMN,          /* exactly one column */
	BT_FILTER_COLUMN_RANGE,    /* columns of one family */
	BT_FILTER_TIMESTAMP_RANGE,
	BT_FILTER_VALUE_RANGE,
	BT_FILTER_VALUE_REGEX, /* matches the whole value */
	BT_FILTER_VALUE_BITMASK,
	BT_FILTER_ROW_OFFSET,   /* all but the first N cells of each row */
	BT_FILTER_ROW_LIMIT,    /* first N cells of each row */
	BT_FILTER_COLUMN_LIMIT, /* newest N cells of each column */
	BT_FILTER_STRIP_VALUE,
	BT_FILTER_PASS_ALL,
	BT_FILTER_BLOCK_ALL,
	BT_FILTER_ROW_SAMPLE, /* each row with a probability */
	BT_FILTER_SINK,       /* to the final output at once */
	BT_FILTER_LABEL       /* labels each cell */
} bt_filter_kind;

typedef struct bt_filter bt_filter;

struct bt_filter
{
	bt_filter_kind kind;

	/*
	 * CHAIN, INTERLEAVE: members; CONDITION: predicate, then, otherwise, of which
	 * the latter two may be NULL and mean nothing
	 */
	bt_filter **members;
	size_t nmembers;
	size_t capacity;

	bt_span text;       /* a regex, a family (COLUMN, COLUMN_RANGE), a label, a mask */
	bt_span qualifier;  /* COLUMN */
	int32_t limit;      /* ROW_LIMIT, ROW_OFFSET, COLUMN_LIMIT */
	double probability; /* ROW_SAMPLE */

	int64_t from_us; /* TIMESTAMP_RANGE: first */
	int64_t to_us;   /* TIMESTAMP_RANGE: behind the last; 0: no end */

	bt_span from; /* VALUE_RANGE, COLUMN_RANGE */
	bt_span to;
	bool has_from;
	bool has_to;
	bool from_open; /* the bound itself is out */
	bool to_open;
};

extern bt_filter *bt_filter_make(const bt_arena *arena, bt_filter_kind kind);

/* A regex, LABEL or VALUE_BITMASK. */
extern bt_filter *
bt_filter_make_text(const bt_arena *arena, bt_filter_kind kind, bt_span text);
extern bt_filter *
bt_filter_make_column(const bt_arena *arena, bt_span family, bt_span qualifier);

/* ROW_LIMIT, ROW_OFFSET or COLUMN_LIMIT. */
extern bt_filter *
bt_filter_make_limit(const bt_arena *arena, bt_filter_kind kind, int32_t limit);

/*
 * Rows that have a cell behind the predicate give what "then" gives, the others
 * what "otherwise" gives; NULL gives nothing.
 */
extern bt_filter *bt_filter_make_condition(const bt_arena *arena, bt_filter *predicate,
										   bt_filter *then, bt_filter *otherwise);

/* Adds a member to a CHAIN or INTERLEAVE; returns it, or NULL. */
extern bt_filter *
bt_filter_add(const bt_arena *arena, bt_filter *list, bt_filter *member);

/*
 * The service refuses a chain or interleave of fewer than two members: returns
 * the only member of such a list, pass-all for an empty chain, block-all for an
 * empty interleave, and any other filter as it is.
 */
extern bt_filter *bt_filter_simplify(const bt_arena *arena, bt_filter *list);

/* Size in bytes when serialized, and levels of nesting. */
extern size_t bt_filter_size(const bt_filter *filter);
extern int bt_filter_depth(const bt_filter *filter);

/* May a qualifier stand in a regex?  Then the bytes that it takes there. */
extern bool bt_regex_can_quote(bt_span literal);
extern size_t bt_regex_quoted_size(bt_span literal);

/* Writes a literal so that it matches itself; returns the end of what it wrote. */
extern uint8_t *bt_regex_quote(uint8_t *out, bt_span literal);

#endif /* BT_FILTER_H */
