/*-------------------------------------------------------------------------
 *
 * row_set_random_test.c
 *	  Row sets against a model that asks each key of a small universe.
 *
 * Bounds are drawn from the byte strings of up to three bytes of 00, 01, 61
 * and ff.  The universe has those, the strings that prefix ends can be, and
 * the successor (k, then 00) of each: thus the lowest key of every range
 * whose bounds were so drawn, and of every gap between two such ranges.  So
 * two sets are the same exactly if they have the same keys of the universe,
 * and a normalized set has as many ranges as its keys have runs.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "range_text.h"
#include "tap.h"
#include "test_random.h"

#define SEED 20240229
#define DEFAULT_ROUNDS 3000

#define MAX_KEYS 600
#define MAX_LEN 4

typedef struct key
{
	uint8_t bytes[MAX_LEN + 1];
	size_t len;
} key;

/* Which keys of the universe a set has. */
typedef struct model
{
	bool has[MAX_KEYS];
} model;

static key universe[MAX_KEYS]; /* in order */
static size_t nkeys;
static key drawn[MAX_KEYS]; /* keys of bounds */
static size_t ndrawn;

static test_arena arena;
static test_random rng = {SEED};
static unsigned round_number;

/* ---- the universe ---- */

/* Bytewise order, in the most pedestrian way. */
static int
naive_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	for (size_t i = 0; i < a_len || i < b_len; i++)
	{
		if (i >= a_len)
			return -1;
		if (i >= b_len)
			return 1;
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

static int
compare_keys(const void *a, const void *b)
{
	const key *x = a;
	const key *y = b;

	return naive_compare(x->bytes, x->len, y->bytes, y->len);
}

/* Appends all strings over an alphabet, up to a length. */
static size_t
list_strings(key *keys, const uint8_t *alphabet, size_t letters, size_t max_len)
{
	size_t n = 1;

	memset(&keys[0], 0, sizeof(key));
	for (size_t i = 0; i < n; i++)
		for (size_t letter = 0; keys[i].len < max_len && letter < letters; letter++)
		{
			keys[n] = keys[i];
			keys[n].bytes[keys[n].len++] = alphabet[letter];
			n++;
		}
	return n;
}

static void
make_universe(void)
{
	static const uint8_t bounds[] = {0x00, 0x01, 0x61, 0xff};
	static const uint8_t ends[] = {0x00, 0x01, 0x02, 0x61, 0x62, 0xff};
	size_t n;

	ndrawn = list_strings(drawn, bounds, sizeof(bounds), 3);
	nkeys = list_strings(universe, ends, sizeof(ends), 3);
	n = nkeys;
	for (size_t i = 0; i < n; i++)
		if (universe[i].len == 3)
		{
			universe[nkeys] = universe[i];
			universe[nkeys++].bytes[universe[i].len] = 0;
			universe[nkeys - 1].len++;
		}
	qsort(universe, nkeys, sizeof(key), compare_keys);
}

static bt_span
span_of(const key *k)
{
	return bt_span_make(k->bytes, k->len);
}

/* ---- the model ---- */

static bool
naive_contains(const bt_range *range, const uint8_t *bytes, size_t len)
{
	int from = naive_compare(bytes, len, range->from.key.data, range->from.key.len);
	int to;

	if (from < 0 || (from == 0 && range->from.after))
		return false;
	if (range->unbounded)
		return true;
	to = naive_compare(bytes, len, range->to.key.data, range->to.key.len);
	return to < 0 || (to == 0 && range->to.after);
}

static model
model_of(const bt_row_set *set)
{
	model m = {{false}};

	for (size_t i = 0; i < nkeys; i++)
		for (size_t j = 0; j < set->nranges; j++)
			m.has[i] |=
				naive_contains(&set->ranges[j], universe[i].bytes, universe[i].len);
	return m;
}

/* Says once a round what went wrong. */
static bool
complain(const char *what, const bt_row_set *set)
{
	byte_buffer text = set_text(set);

	diag("round %u, %s: %s", round_number, what, buffer_text(&text));
	buffer_free(&text);
	return false;
}

/* A normalized set: the keys of the model in as few ranges as can be. */
static bool
is_set(const bt_row_set *set, const model *expected, const char *what)
{
	size_t runs = 0;
	model got = model_of(set);

	for (size_t i = 0; i < nkeys; i++)
	{
		if (got.has[i] != expected->has[i])
			return complain(what, set);
		if (bt_row_set_contains(set, span_of(&universe[i])) != expected->has[i])
			return complain("contains", set);
		runs += expected->has[i] && (i == 0 || !expected->has[i - 1]);
	}
	if (set->nranges != runs)
		return complain("number of ranges", set);
	for (size_t i = 1; i < set->nranges; i++)
		if (bt_bound_compare(set->ranges[i - 1].to, set->ranges[i].from) >= 0)
			return complain("order of ranges", set);
	return true;
}

/* ---- random operations ---- */

static bt_span
random_key(void)
{
	return span_of(&drawn[random_below(&rng, (unsigned) ndrawn)]);
}

/* Any range, now and then an empty one or one of a special kind. */
static bt_range
random_range(void)
{
	bt_range range;

	switch (random_below(&rng, 8))
	{
		case 0:
			return bt_range_key(random_key());
		case 1:
			return bt_range_from(random_key(), random_one_in(&rng, 2));
		case 2:
			return bt_range_to(random_key(), random_one_in(&rng, 2));
		case 3:
			if (!bt_range_prefix(&arena.arena, random_key(), &range))
				abort();
			return range;
		default:
			range.from.key = random_key();
			range.from.after = random_one_in(&rng, 2);
			range.to.key = random_key();
			range.to.after = random_one_in(&rng, 2);
			range.unbounded = false;
			return range;
	}
}

static bool
random_set(bt_row_set *set, model *expected)
{
	unsigned n = random_below(&rng, 7);

	bt_row_set_init(set, &arena.arena);
	for (unsigned i = 0; i < n; i++)
		if (!bt_row_set_add(set, random_range()))
			abort();
	*expected = model_of(set);
	bt_row_set_normalize(set);
	return is_set(set, expected, "normalize");
}

static bool
check_operations(const bt_row_set *a, const model *in_a, const bt_row_set *b,
				 const model *in_b)
{
	model in_both;
	model in_any;
	model in_rest;
	bt_row_set set;

	for (size_t i = 0; i < nkeys; i++)
	{
		in_both.has[i] = in_a->has[i] && in_b->has[i];
		in_any.has[i] = in_a->has[i] || in_b->has[i];
		in_rest.has[i] = !in_a->has[i] && universe[i].len > 0;
	}
	if (!bt_row_set_intersect(a, b, &set) || !is_set(&set, &in_both, "intersect"))
		return false;
	if (!bt_row_set_unite(a, b, &set) || !is_set(&set, &in_any, "unite"))
		return false;
	return bt_row_set_complement(a, &set) && is_set(&set, &in_rest, "complement");
}

static bool
check_resume(const bt_row_set *set, const model *in_set, bool reversed)
{
	bt_span at = random_key();
	bt_row_set copy;
	model expected = {{false}};

	for (size_t i = 0; i < nkeys; i++)
	{
		int cmp = naive_compare(universe[i].bytes, universe[i].len, at.data, at.len);

		/* No row has the empty key; a reversed scan's limit is above it. */
		expected.has[i] =
			in_set->has[i] && (reversed ? cmp < 0 && universe[i].len > 0 : cmp > 0);
	}
	bt_row_set_init(&copy, &arena.arena);
	for (size_t i = 0; i < set->nranges; i++)
		if (!bt_row_set_add(&copy, set->ranges[i]))
			abort();
	bt_row_set_resume(&copy, at, reversed);
	return is_set(&copy, &expected, reversed ? "resume, reversed" : "resume");
}

static bool
check_is_all(const bt_row_set *set, const model *in_set)
{
	bool expected = true;

	for (size_t i = 0; i < nkeys; i++)
		expected &= in_set->has[i] || universe[i].len == 0;
	return bt_row_set_is_all(set) == expected || complain("is_all", set);
}

/* A range has one key if it has its lowest key but not that one's successor. */
static bool
check_range(const bt_range *range)
{
	bt_row_set one = {(bt_range *) range, 1, 1, NULL};
	size_t first = 0;
	bool has_one = false;
	bt_span found;

	while (first < nkeys &&
		   !naive_contains(range, universe[first].bytes, universe[first].len))
		first++;
	if (first < nkeys)
	{
		uint8_t next[MAX_LEN + 2] = {0};

		memcpy(next, universe[first].bytes, universe[first].len);
		has_one = !naive_contains(range, next, universe[first].len + 1);
	}
	if (bt_range_is_empty(range) != (first == nkeys))
		return complain("is_empty", &one);
	if (bt_range_is_key(range, &found) != has_one)
		return complain("is_key", &one);
	if (has_one && naive_compare(found.data, found.len, universe[first].bytes,
								 universe[first].len) != 0)
		return complain("is_key's key", &one);
	for (size_t i = 0; i < nkeys; i++)
		if (bt_range_contains(range, span_of(&universe[i])) !=
			naive_contains(range, universe[i].bytes, universe[i].len))
			return complain("range contains", &one);
	return true;
}

/* Each kind of check goes on by itself, so that one failure hides no other. */
typedef struct outcome
{
	unsigned sets;
	unsigned resumes;
	unsigned alls;
	unsigned ranges;
} outcome;

static void
check_round(outcome *failed)
{
	bt_row_set a;
	bt_row_set b;
	model in_a;
	model in_b;
	bt_range range = random_range();

	if (!random_set(&a, &in_a) || !random_set(&b, &in_b) ||
		!check_operations(&a, &in_a, &b, &in_b))
		failed->sets++;
	if (!check_resume(&a, &in_a, false) || !check_resume(&a, &in_a, true))
		failed->resumes++;
	if (!check_is_all(&a, &in_a))
		failed->alls++;
	if (!check_range(&range))
		failed->ranges++;
	test_arena_reset(&arena);
}

/* The only argument is the number of rounds. */
int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
	outcome failed = {0, 0, 0, 0};

	test_arena_init(&arena);
	make_universe();
	is_int((long long) ndrawn, 1 + 4 + 16 + 64, "keys for bounds");
	is_int((long long) nkeys, 1 + 6 + 36 + 216 + 216, "keys of the universe");
	for (round_number = 0; round_number < rounds; round_number++)
		check_round(&failed);
	is_int(failed.sets, 0, "normalize, intersect, unite, complement, contains");
	is_int(failed.resumes, 0, "resume in both directions");
	is_int(failed.alls, 0, "is_all");
	is_int(failed.ranges, 0, "is_empty, is_key, contains of a range");
	return tap_done();
}
