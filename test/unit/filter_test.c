/*-------------------------------------------------------------------------
 *
 * filter_test.c
 *	  Filter trees: their size, depth and simplification.
 *
 * Each tree is built twice: with the constructors of filter.h, and with the
 * generated protobuf code, whose packed size is the right one.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "bigtable.pb-c.h"
#include "filter.h"
#include "tap.h"
#include "test_arena.h"
#include "test_random.h"

#define SEED 4711
#define RANDOM_TREES 2000

typedef Google__Bigtable__V2__RowFilter pb_filter;

/* The same filter in both forms. */
typedef struct twin
{
	bt_filter *ours;
	pb_filter *theirs;
	int depth;  /* levels, counted while building */
	bool exact; /* no timestamp range, whose size is an estimate */
} twin;

static test_arena arena;

#define CASE(name) GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_##name

static void *
allocate(size_t size)
{
	return test_arena_alloc(&arena, size);
}

static twin
make_twin(bt_filter *ours, Google__Bigtable__V2__RowFilter__FilterCase filter_case)
{
	twin t = {ours, allocate(sizeof(pb_filter)), 1, true};

	google__bigtable__v2__row_filter__init(t.theirs);
	t.theirs->filter_case = filter_case;
	return t;
}

static ProtobufCBinaryData
binary(bt_span span)
{
	ProtobufCBinaryData data = {span.len, (uint8_t *) span.data};

	return data;
}

/* ---- leaves ---- */

static twin
family_regex(const char *text)
{
	twin t = make_twin(
		bt_filter_make_text(&arena.arena, BT_FILTER_FAMILY_REGEX, bt_span_str(text)),
		CASE(FAMILY_NAME_REGEX_FILTER));

	t.theirs->family_name_regex_filter = (char *) text;
	return t;
}

static twin
qualifier_regex(bt_span text)
{
	twin t = make_twin(bt_filter_make_text(&arena.arena, BT_FILTER_QUALIFIER_REGEX, text),
					   CASE(COLUMN_QUALIFIER_REGEX_FILTER));

	t.theirs->column_qualifier_regex_filter = binary(text);
	return t;
}

static twin
label(const char *text)
{
	twin t =
		make_twin(bt_filter_make_text(&arena.arena, BT_FILTER_LABEL, bt_span_str(text)),
				  CASE(APPLY_LABEL_TRANSFORMER));

	t.theirs->apply_label_transformer = (char *) text;
	return t;
}

static twin
column(const char *family, bt_span qualifier)
{
	twin t =
		make_twin(bt_filter_make_column(&arena.arena, bt_span_str(family), qualifier),
				  CASE(COLUMN_RANGE_FILTER));
	Google__Bigtable__V2__ColumnRange *range = allocate(sizeof(*range));

	google__bigtable__v2__column_range__init(range);
	range->family_name = (char *) family;
	range->start_qualifier_case =
		GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_CLOSED;
	range->start_qualifier_closed = binary(qualifier);
	range->end_qualifier_case =
		GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_CLOSED;
	range->end_qualifier_closed = binary(qualifier);
	t.theirs->column_range_filter = range;
	return t;
}

static twin
timestamps(int64_t from_us, int64_t to_us)
{
	twin t = make_twin(bt_filter_make(&arena.arena, BT_FILTER_TIMESTAMP_RANGE),
					   CASE(TIMESTAMP_RANGE_FILTER));
	Google__Bigtable__V2__TimestampRange *range = allocate(sizeof(*range));

	google__bigtable__v2__timestamp_range__init(range);
	range->start_timestamp_micros = t.ours->from_us = from_us;
	range->end_timestamp_micros = t.ours->to_us = to_us;
	t.theirs->timestamp_range_filter = range;
	t.exact = false;
	return t;
}

/* A bound that is NULL is none. */
static twin
values(const bt_span *from, bool from_open, const bt_span *to, bool to_open)
{
	twin t = make_twin(bt_filter_make(&arena.arena, BT_FILTER_VALUE_RANGE),
					   CASE(VALUE_RANGE_FILTER));
	Google__Bigtable__V2__ValueRange *range = allocate(sizeof(*range));

	google__bigtable__v2__value_range__init(range);
	if (from != NULL)
	{
		t.ours->has_from = true;
		t.ours->from = *from;
		t.ours->from_open = from_open;
		range->start_value_case =
			from_open ? GOOGLE__BIGTABLE__V2__VALUE_RANGE__START_VALUE_START_VALUE_OPEN
					  : GOOGLE__BIGTABLE__V2__VALUE_RANGE__START_VALUE_START_VALUE_CLOSED;
		range->start_value_closed = binary(*from);
	}
	if (to != NULL)
	{
		t.ours->has_to = true;
		t.ours->to = *to;
		t.ours->to_open = to_open;
		range->end_value_case =
			to_open ? GOOGLE__BIGTABLE__V2__VALUE_RANGE__END_VALUE_END_VALUE_OPEN
					: GOOGLE__BIGTABLE__V2__VALUE_RANGE__END_VALUE_END_VALUE_CLOSED;
		range->end_value_closed = binary(*to);
	}
	t.theirs->value_range_filter = range;
	return t;
}

static twin
row_limit(int32_t limit)
{
	twin t = make_twin(bt_filter_make_limit(&arena.arena, BT_FILTER_ROW_LIMIT, limit),
					   CASE(CELLS_PER_ROW_LIMIT_FILTER));

	t.theirs->cells_per_row_limit_filter = limit;
	return t;
}

static twin
column_limit(int32_t limit)
{
	twin t = make_twin(bt_filter_make_limit(&arena.arena, BT_FILTER_COLUMN_LIMIT, limit),
					   CASE(CELLS_PER_COLUMN_LIMIT_FILTER));

	t.theirs->cells_per_column_limit_filter = limit;
	return t;
}

/* STRIP_VALUE, PASS_ALL or BLOCK_ALL. */
static twin
simple(bt_filter_kind kind)
{
	twin t = make_twin(bt_filter_make(&arena.arena, kind),
					   kind == BT_FILTER_STRIP_VALUE ? CASE(STRIP_VALUE_TRANSFORMER)
					   : kind == BT_FILTER_PASS_ALL  ? CASE(PASS_ALL_FILTER)
													 : CASE(BLOCK_ALL_FILTER));

	t.theirs->pass_all_filter = true; /* the three share their place */
	return t;
}

/* ---- nodes ---- */

static twin
list(bt_filter_kind kind, size_t nmembers, const twin *members)
{
	twin t = make_twin(bt_filter_make(&arena.arena, kind),
					   kind == BT_FILTER_CHAIN ? CASE(CHAIN) : CASE(INTERLEAVE));
	pb_filter **filters = allocate(nmembers * sizeof(pb_filter *));

	for (size_t i = 0; i < nmembers; i++)
	{
		if (bt_filter_add(&arena.arena, t.ours, members[i].ours) != members[i].ours)
			abort();
		filters[i] = members[i].theirs;
		t.exact &= members[i].exact;
		if (members[i].depth >= t.depth)
			t.depth = members[i].depth + 1;
	}
	if (kind == BT_FILTER_CHAIN)
	{
		t.theirs->chain = allocate(sizeof(*t.theirs->chain));
		google__bigtable__v2__row_filter__chain__init(t.theirs->chain);
		t.theirs->chain->n_filters = nmembers;
		t.theirs->chain->filters = filters;
	}
	else
	{
		t.theirs->interleave = allocate(sizeof(*t.theirs->interleave));
		google__bigtable__v2__row_filter__interleave__init(t.theirs->interleave);
		t.theirs->interleave->n_filters = nmembers;
		t.theirs->interleave->filters = filters;
	}
	return t;
}

static twin
condition(twin predicate, twin then)
{
	twin t =
		make_twin(bt_filter_make_condition(&arena.arena, predicate.ours, then.ours, NULL),
				  CASE(CONDITION));
	Google__Bigtable__V2__RowFilter__Condition *c = allocate(sizeof(*c));

	google__bigtable__v2__row_filter__condition__init(c);
	c->predicate_filter = predicate.theirs;
	c->true_filter = then.theirs;
	t.theirs->condition = c;
	t.exact = predicate.exact && then.exact;
	t.depth = 1 + (predicate.depth > then.depth ? predicate.depth : then.depth);
	return t;
}

/* ---- sizes and depths ---- */

static bool
has_right_size(twin t)
{
	size_t size = bt_filter_size(t.ours);
	size_t packed = google__bigtable__v2__row_filter__get_packed_size(t.theirs);

	if (t.exact ? size == packed : size >= packed)
		return true;
	diag("size %zu, packed %zu", size, packed);
	return false;
}

static void
check(twin t, int depth, const char *name)
{
	ok(has_right_size(t), "size of %s", name);
	is_int(bt_filter_depth(t.ours), depth, "depth of %s", name);
}

static void
test_leaves(void)
{
	static const char text[20000] = {0};
	static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384, 20000};
	static const int32_t limits[] = {1, 127, 128, 16383, 16384, 2097151, INT32_MAX};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
	{
		bt_span span = bt_span_make(text, lengths[i]);

		check(qualifier_regex(span), 1, "a qualifier regex");
		check(column("cf", span), 1, "a column");
		check(values(&span, false, NULL, false), 1, "a value range from");
		check(values(NULL, false, &span, true), 1, "a value range to");
		check(values(&span, true, &span, false), 1, "a value range from and to");
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
	{
		check(row_limit(limits[i]), 1, "a row limit");
		check(column_limit(limits[i]), 1, "a column limit");
	}
	check(values(NULL, false, NULL, false), 1, "a value range without bounds");
	check(family_regex("cf"), 1, "a family regex");
	check(family_regex(""), 1, "an empty family regex");
	check(label("rows"), 1, "a label");
	check(simple(BT_FILTER_STRIP_VALUE), 1, "strip value");
	check(simple(BT_FILTER_PASS_ALL), 1, "pass all");
	check(simple(BT_FILTER_BLOCK_ALL), 1, "block all");
}

/* The size of a timestamp range is that of the longest one. */
static void
test_timestamps(void)
{
	static const int64_t times[] = {
		0, 1, 127, 128, INT64_C(1700000000000000), INT64_MAX, -1, INT64_MIN};
	const size_t n = sizeof(times) / sizeof(times[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			check(timestamps(times[i], times[j]), 1, "a timestamp range");
	is_int((long long) bt_filter_size(timestamps(-1, -1).ours),
		   (long long) google__bigtable__v2__row_filter__get_packed_size(
			   timestamps(-1, -1).theirs),
		   "the longest timestamp range has just the size given");
}

static void
test_nodes(void)
{
	twin two[2] = {column("cf", bt_span_str("q")), column_limit(1)};
	twin nested[2] = {two[0], list(BT_FILTER_CHAIN, 2, two)};
	twin three[3] = {nested[1], simple(BT_FILTER_PASS_ALL), label("x")};
	twin deep = two[0];

	check(list(BT_FILTER_CHAIN, 2, two), 2, "a chain");
	check(list(BT_FILTER_INTERLEAVE, 2, two), 2, "an interleave");
	check(list(BT_FILTER_CHAIN, 0, two), 1, "an empty chain");
	check(list(BT_FILTER_INTERLEAVE, 1, two), 2, "an interleave of one");
	check(list(BT_FILTER_INTERLEAVE, 2, nested), 3, "a chain in an interleave");
	check(list(BT_FILTER_INTERLEAVE, 3, three), 3, "an interleave of three");
	check(condition(two[0], two[1]), 2, "a condition");
	check(condition(nested[1], two[1]), 3, "a condition of a chain");
	check(condition(two[0], nested[1]), 3, "a condition, then a chain");

	for (int i = 0; i < 30; i++)
	{
		twin pair[2] = {simple(BT_FILTER_PASS_ALL), deep};

		deep = list(BT_FILTER_CHAIN, 2, pair);
	}
	check(deep, 31, "30 nested chains");
	ok(bt_filter_depth(deep.ours) > BT_FILTER_MAX_DEPTH, "30 nested chains are too deep");
}

/* More members than the first array of members has room for. */
static void
test_many_members(void)
{
	twin members[1000];

	for (int i = 0; i < 1000; i++)
		members[i] = column("family", bt_span_str("qualifier"));
	check(list(BT_FILTER_INTERLEAVE, 1000, members), 2, "an interleave of 1000");
	ok(bt_filter_size(list(BT_FILTER_INTERLEAVE, 1000, members).ours) >
		   BT_FILTER_MAX_SIZE,
	   "an interleave of 1000 is too large");
}

static twin
random_leaf(test_random *random)
{
	static const char text[300] = {0};
	bt_span span = bt_span_make(text, random_below(random, 300));
	bt_span other = bt_span_make(text, random_below(random, 300));

	switch (random_below(random, 9))
	{
		case 0:
			return family_regex("family|other");
		case 1:
			return qualifier_regex(span);
		case 2:
			return label("label-1");
		case 3:
			return column("cf", span);
		case 4:
			return random_one_in(random, 5) ? timestamps(1000, 2000) : label("");
		case 5:
			return values(
				random_one_in(random, 3) ? NULL : &span, random_one_in(random, 2),
				random_one_in(random, 3) ? NULL : &other, random_one_in(random, 2));
		case 6:
			return row_limit((int32_t) (random_u64(random) & INT32_MAX));
		case 7:
			return column_limit((int32_t) random_below(random, 300));
		default:
			return simple(random_one_in(random, 2)   ? BT_FILTER_STRIP_VALUE
						  : random_one_in(random, 2) ? BT_FILTER_PASS_ALL
													 : BT_FILTER_BLOCK_ALL);
	}
}

static twin
random_tree(test_random *random, int levels)
{
	twin members[5];
	size_t n = random_below(random, 6);

	if (levels <= 1 || random_one_in(random, 4))
		return random_leaf(random);
	for (size_t i = 0; i < 5; i++)
		members[i] = random_tree(random, levels - 1);
	if (random_one_in(random, 4))
		return condition(members[0], members[1]);
	return list(n % 2 == 0 ? BT_FILTER_CHAIN : BT_FILTER_INTERLEAVE, n, members);
}

static void
test_random_trees(void)
{
	test_random random = {SEED};
	int wrong_sizes = 0;
	int wrong_depths = 0;
	int exact = 0;

	for (int i = 0; i < RANDOM_TREES; i++)
	{
		twin t = random_tree(&random, 1 + (int) random_below(&random, 4));

		wrong_sizes += !has_right_size(t);
		wrong_depths += bt_filter_depth(t.ours) != t.depth;
		exact += t.exact;
		test_arena_reset(&arena);
	}
	is_int(wrong_sizes, 0, "sizes of %d random trees", RANDOM_TREES);
	is_int(wrong_depths, 0, "depths of %d random trees", RANDOM_TREES);
	ok(exact > RANDOM_TREES / 2, "most of them are compared exactly");
}

/* ---- simplification and memory ---- */

static void
test_simplify(void)
{
	const bt_arena *a = &arena.arena;
	bt_filter *leaf = bt_filter_make(a, BT_FILTER_STRIP_VALUE);
	bt_filter *chain = bt_filter_make(a, BT_FILTER_CHAIN);
	bt_filter *interleave = bt_filter_make(a, BT_FILTER_INTERLEAVE);
	bt_filter *result;

	ok(bt_filter_simplify(a, NULL) == NULL, "NULL stays NULL");
	ok(bt_filter_simplify(a, leaf) == leaf, "a leaf stays as it is");
	result = bt_filter_simplify(a, chain);
	ok(result != NULL && result->kind == BT_FILTER_PASS_ALL && result->nmembers == 0,
	   "an empty chain passes all");
	result = bt_filter_simplify(a, interleave);
	ok(result != NULL && result->kind == BT_FILTER_BLOCK_ALL && result->nmembers == 0,
	   "an empty interleave blocks all");

	bt_filter_add(a, chain, leaf);
	bt_filter_add(a, interleave, chain);
	ok(bt_filter_simplify(a, chain) == leaf, "a chain of one is that one");
	ok(bt_filter_simplify(a, interleave) == chain, "an interleave of one is that one");
	bt_filter_add(a, chain, leaf);
	bt_filter_add(a, interleave, leaf);
	ok(bt_filter_simplify(a, chain) == chain, "a chain of two stays");
	ok(bt_filter_simplify(a, interleave) == interleave, "an interleave of two stays");
	result = bt_filter_make_condition(a, leaf, leaf, NULL);
	ok(bt_filter_simplify(a, result) == result, "a condition stays");
}

/* A tree of all constructors; NULL when memory runs out anywhere. */
static bt_filter *
build_tree(const bt_arena *a)
{
	bt_filter *chain = bt_filter_make(a, BT_FILTER_CHAIN);
	bt_filter *columns = bt_filter_make(a, BT_FILTER_INTERLEAVE);
	bool complete = true;

	for (int i = 0; i < 6; i++)
		complete &= bt_filter_add(a, columns,
								  bt_filter_make_column(a, bt_span_str("f"),
														bt_span_str("q"))) != NULL;
	complete &= bt_filter_add(a, chain, columns) != NULL;
	complete &= bt_filter_add(a, chain,
							  bt_filter_make_limit(a, BT_FILTER_COLUMN_LIMIT, 1)) != NULL;
	if (!complete)
		return NULL;
	return bt_filter_make_condition(
		a, chain, bt_filter_make_text(a, BT_FILTER_LABEL, bt_span_str("l")), NULL);
}

static void
test_out_of_memory(void)
{
	size_t allowed = 0;

	for (; allowed < 100; allowed++)
	{
		bt_filter *tree;

		arena.left = allowed;
		tree = build_tree(&arena.arena);
		if (tree != NULL)
			break;
	}
	arena.left = 0;
	ok(bt_filter_simplify(&arena.arena, &(bt_filter){.kind = BT_FILTER_CHAIN}) == NULL,
	   "simplify says so when memory runs out");
	arena.left = SIZE_MAX;
	/* Nodes: 2 lists, 6 columns, a limit, a label, a condition; and 4 arrays. */
	is_int((long long) allowed, 15, "a tree is NULL until there is memory for all of it");
	ok(bt_filter_add(&arena.arena, NULL,
					 bt_filter_make(&arena.arena, BT_FILTER_PASS_ALL)) == NULL,
	   "a member cannot be added to NULL");
}

int
main(void)
{
	test_arena_init(&arena);
	test_leaves();
	test_timestamps();
	test_nodes();
	test_many_members();
	test_random_trees();
	test_simplify();
	test_out_of_memory();
	test_arena_reset(&arena);
	return tap_done();
}
