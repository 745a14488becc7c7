/*-------------------------------------------------------------------------
 *
 * row_set_fuzz.c
 *	  Row sets against a model that asks single keys.
 *
 * Input: a list of keys, and two lists of ranges between them.  The probes are
 * the empty key, the keys, the ends of their prefixes, and the successor (k,
 * then 00) of each: the lowest key of every range and of every gap that can
 * come about.  So two sets are the same exactly if they have the same probes.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "row_set.h"

#define MAX_KEYS 12
#define MAX_PROBES (4 * MAX_KEYS + 2)
#define MAX_RANGES 8

typedef struct key_list
{
	bt_span keys[MAX_PROBES];
	size_t n;
} key_list;

/* Which probes a set has. */
typedef struct model
{
	bool has[MAX_PROBES];
} model;

static fuzz_input input;
static key_list keys;   /* of bounds */
static key_list probes; /* in order, none twice */

/* ---- probes ---- */

/* Bytewise order, in the most pedestrian way. */
static int
naive_compare(bt_span a, bt_span b)
{
	for (size_t i = 0; i < a.len || i < b.len; i++)
	{
		if (i >= a.len)
			return -1;
		if (i >= b.len)
			return 1;
		if (a.data[i] != b.data[i])
			return a.data[i] < b.data[i] ? -1 : 1;
	}
	return 0;
}

static void
add_probe(bt_span key)
{
	size_t at = 0;

	while (at < probes.n && naive_compare(probes.keys[at], key) < 0)
		at++;
	if (at < probes.n && naive_compare(probes.keys[at], key) == 0)
		return;
	memmove(&probes.keys[at + 1], &probes.keys[at], (probes.n - at) * sizeof(bt_span));
	probes.keys[at] = key;
	probes.n++;
}

/* The key and one byte more. */
static bt_span
successor(bt_span key)
{
	uint8_t *copy = test_arena_alloc(&input.arena, key.len + 1);

	if (key.len > 0)
		memcpy(copy, key.data, key.len);
	copy[key.len] = 0;
	return bt_span_make(copy, key.len + 1);
}

/* The first key behind all that begin with a prefix; empty if there is none. */
static bt_span
prefix_end(bt_span prefix)
{
	uint8_t *copy = test_arena_alloc(&input.arena, prefix.len);

	while (prefix.len > 0 && prefix.data[prefix.len - 1] == 0xff)
		prefix.len--;
	if (prefix.len > 0)
	{
		memcpy(copy, prefix.data, prefix.len);
		copy[prefix.len - 1]++;
	}
	return bt_span_make(copy, prefix.len);
}

static void
read_keys(void)
{
	keys.n = 1 + fuzz_below(&input, MAX_KEYS);
	probes.n = 0;
	add_probe(bt_span_make(NULL, 0));
	add_probe(successor(bt_span_make(NULL, 0)));
	for (size_t i = 0; i < keys.n; i++)
	{
		bt_span end;

		keys.keys[i] = fuzz_bytes(&input, 12);
		end = prefix_end(keys.keys[i]);
		add_probe(keys.keys[i]);
		add_probe(successor(keys.keys[i]));
		add_probe(end);
		add_probe(successor(end));
	}
}

static bt_span
a_key(void)
{
	return keys.keys[fuzz_below(&input, (unsigned) keys.n)];
}

/* ---- the model ---- */

static bool
naive_contains(const bt_range *range, bt_span key)
{
	int from = naive_compare(key, range->from.key);
	int to;

	if (from < 0 || (from == 0 && range->from.after))
		return false;
	if (range->unbounded)
		return true;
	to = naive_compare(key, range->to.key);
	return to < 0 || (to == 0 && range->to.after);
}

static model
model_of(const bt_row_set *set)
{
	model m = {{false}};

	for (size_t i = 0; i < probes.n; i++)
		for (size_t j = 0; j < set->nranges; j++)
			m.has[i] |= naive_contains(&set->ranges[j], probes.keys[i]);
	return m;
}

/* A normalized set: the keys of the model in as few ranges as can be. */
static void
check_set(const bt_row_set *set, const model *expected)
{
	model got = model_of(set);
	size_t runs = 0;

	for (size_t i = 0; i < probes.n; i++)
	{
		FUZZ_CHECK(got.has[i] == expected->has[i], "the set has other keys");
		FUZZ_CHECK(bt_row_set_contains(set, probes.keys[i]) == expected->has[i],
				   "contains");
		runs += expected->has[i] && (i == 0 || !expected->has[i - 1]);
	}
	FUZZ_CHECK(set->nranges == runs, "more ranges than are needed");
	for (size_t i = 0; i < set->nranges; i++)
	{
		FUZZ_CHECK(!bt_range_is_empty(&set->ranges[i]), "an empty range");
		FUZZ_CHECK(i == 0 ||
					   (!set->ranges[i - 1].unbounded &&
						bt_bound_compare(set->ranges[i - 1].to, set->ranges[i].from) < 0),
				   "the order of ranges");
	}
}

/* ---- operations ---- */

static bt_range
a_range(void)
{
	bt_range range;
	unsigned kind = fuzz_below(&input, 8);

	switch (kind)
	{
		case 0:
			return bt_range_key(a_key());
		case 1:
			return bt_range_from(a_key(), fuzz_bool(&input));
		case 2:
			return bt_range_to(a_key(), fuzz_bool(&input));
		case 3:
			if (!bt_range_prefix(&input.arena.arena, a_key(), &range))
				abort();
			return range;
		case 4:
			return bt_range_all();
		default:
			range.from.key = a_key();
			range.from.after = fuzz_bool(&input);
			range.to.key = a_key();
			range.to.after = fuzz_bool(&input);
			range.unbounded = false;
			return range;
	}
}

static model
read_set(bt_row_set *set)
{
	unsigned n = fuzz_below(&input, MAX_RANGES);
	model m;

	bt_row_set_init(set, &input.arena.arena);
	for (unsigned i = 0; i < n; i++)
		if (!bt_row_set_add(set, a_range()))
			abort();
	m = model_of(set);
	bt_row_set_normalize(set);
	check_set(set, &m);
	return m;
}

static void
check_operations(const bt_row_set *a, const model *in_a, const bt_row_set *b,
				 const model *in_b)
{
	model in_both = {{false}};
	model in_any = {{false}};
	model in_rest = {{false}};
	bt_row_set set;
	bool all = true;

	for (size_t i = 0; i < probes.n; i++)
	{
		in_both.has[i] = in_a->has[i] && in_b->has[i];
		in_any.has[i] = in_a->has[i] || in_b->has[i];
		in_rest.has[i] = !in_a->has[i] && probes.keys[i].len > 0;
		all &= in_a->has[i] || probes.keys[i].len == 0;
	}
	FUZZ_CHECK(bt_row_set_is_all(a) == all, "is_all");
	if (!bt_row_set_intersect(a, b, &set))
		abort();
	check_set(&set, &in_both);
	if (!bt_row_set_unite(a, b, &set))
		abort();
	check_set(&set, &in_any);
	if (!bt_row_set_complement(a, &set))
		abort();
	check_set(&set, &in_rest);
}

/* In place: the last thing that is done with the set. */
static void
check_resume(bt_row_set *set, const model *in_set)
{
	bt_span at = a_key();
	bool reversed = fuzz_bool(&input);
	model expected = {{false}};

	for (size_t i = 0; i < probes.n; i++)
	{
		int cmp = naive_compare(probes.keys[i], at);

		/* No row has the empty key; a reversed scan's limit is above it. */
		expected.has[i] =
			in_set->has[i] && (reversed ? cmp < 0 && probes.keys[i].len > 0 : cmp > 0);
	}
	bt_row_set_resume(set, at, reversed);
	check_set(set, &expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_row_set a;
	bt_row_set b;
	model in_a;
	model in_b;

	fuzz_begin(&input, data, size);
	read_keys();
	in_a = read_set(&a);
	in_b = read_set(&b);
	check_operations(&a, &in_a, &b, &in_b);
	check_resume(&a, &in_a);
	fuzz_end(&input);
	return 0;
}
