/*-------------------------------------------------------------------------
 *
 * row_set_test.c
 *	  Row sets: every function on cases whose results were worked out by hand.
 *
 * The notation of the tables is that of range_text.h.
 *
 *-------------------------------------------------------------------------
 */
#include "range_text.h"
#include "tap.h"

static test_arena arena;

/* ---- bounds ---- */

/* Both in the notation of a lower bound: "[a" is before a, "(a" is after it. */
typedef struct bound_case
{
	const char *a;
	const char *b;
	int order;
} bound_case;

static const bound_case bound_cases[] = {
	{"[", "[", 0},
	{"[", "(", -1},
	{"(", "(", 0},
	{"(", "[%00", 0}, /* %00 is the successor of the empty key */
	{"(", "(%00", -1},
	{"[", "[a", -1},
	{"(", "[a", -1},
	{"[a", "[a", 0},
	{"(a", "(a", 0},
	{"[a", "(a", -1},
	{"[a", "[b", -1},
	{"(a", "[b", -1},
	{"(a", "(b", -1},
	{"[a", "[aa", -1},
	{"(a", "[aa", -1},
	{"(a", "[a%01", -1},
	{"[a", "[a%00", -1},
	{"(a", "[a%00", 0},
	{"(a", "(a%00", -1},
	{"(a", "[a%00%00", -1},
	{"(a%00", "[a%00%00", 0},
	{"(a%00", "[a%01", -1},
	{"(a%00%ff", "[a%01", -1},
	{"[aa", "[b", -1},
	{"(az", "[b", -1},
	{"[%7f", "[%80", -1}, /* bytes are unsigned */
	{"(%7f%ff", "[%80", -1},
	{"[%fe", "[%ff", -1},
	{"(%ff", "[%ff%00", 0},
	{"(%ff", "[%ff%ff", -1},
};

static bt_bound
parse_bound(const char *text)
{
	bt_bound bound;

	bound.after = *text++ == '(';
	bound.key = parse_key(&arena, &text, "");
	return bound;
}

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

static void
test_bounds(void)
{
	for (size_t i = 0; i < sizeof(bound_cases) / sizeof(bound_cases[0]); i++)
	{
		const bound_case *c = &bound_cases[i];
		bt_bound a = parse_bound(c->a);
		bt_bound b = parse_bound(c->b);

		is_int(sign(bt_bound_compare(a, b)), c->order, "compare %s with %s", c->a, c->b);
		is_int(sign(bt_bound_compare(b, a)), -c->order, "compare %s with %s", c->b, c->a);
	}
}

/* ---- single ranges ---- */

static void
is_range(bt_range range, const char *expected, const char *name)
{
	byte_buffer text = {NULL, 0, 0};

	put_range(&text, &range);
	is_text(buffer_text(&text), expected, "%s is %s", name, expected);
	buffer_free(&text);
}

static void
test_constructors(void)
{
	bt_span key = bt_span_make("k\0y", 3);

	is_range(bt_range_all(), "(,inf)", "all keys");
	is_range(bt_range_key(key), "[k%00y,k%00y]", "one key");
	is_range(bt_range_from(key, true), "[k%00y,inf)", "from a key");
	is_range(bt_range_from(key, false), "(k%00y,inf)", "above a key");
	is_range(bt_range_to(key, true), "(,k%00y]", "up to a key");
	is_range(bt_range_to(key, false), "(,k%00y)", "below a key");
}

typedef struct prefix_case
{
	const char *prefix;
	const char *range;
} prefix_case;

static const prefix_case prefix_cases[] = {
	{"", "[,inf)"},
	{"a", "[a,b)"},
	{"abc", "[abc,abd)"},
	{"a%ff", "[a%ff,b)"},
	{"a%ff%ff", "[a%ff%ff,b)"},
	{"a%ffb", "[a%ffb,a%ffc)"},
	{"%fe", "[%fe,%ff)"},
	{"%fe%ff", "[%fe%ff,%ff)"},
	{"%ff", "[%ff,inf)"},
	{"%ff%ff", "[%ff%ff,inf)"},
	{"%ff%00", "[%ff%00,%ff%01)"},
	{"%00", "[%00,%01)"},
	{"a%00", "[a%00,a%01)"},
	{"%00%ff", "[%00%ff,%01)"},
	{"%7f", "[%7f,%80)"},
};

static void
test_prefixes(void)
{
	bt_range range;

	for (size_t i = 0; i < sizeof(prefix_cases) / sizeof(prefix_cases[0]); i++)
	{
		const prefix_case *c = &prefix_cases[i];
		const char *text = c->prefix;
		char name[64];

		snprintf(name, sizeof(name), "prefix \"%s\"", c->prefix);
		if (ok(bt_range_prefix(&arena.arena, parse_key(&arena, &text, ""), &range),
			   "%s has a range", name))
			is_range(range, c->range, name);
	}

	arena.left = 0;
	ok(!bt_range_prefix(&arena.arena, bt_span_str("a"), &range),
	   "a prefix range needs memory");
	ok(bt_range_prefix(&arena.arena, bt_span_str("\xff"), &range),
	   "a prefix of 0xff needs none");
	arena.left = SIZE_MAX;
}

typedef struct range_case
{
	const char *range;
	bool empty;
	const char *key; /* the only one in it, NULL if there are more */
} range_case;

static const range_case range_cases[] = {
	{"(,inf)", false, NULL},
	{"[a,inf)", false, NULL},
	{"[%ff%ff%ff,inf)", false, NULL},
	{"[a,a]", false, "a"},
	{"[a,a)", true, NULL},
	{"(a,a)", true, NULL},
	{"(a,a]", true, NULL},
	{"[a,b)", false, NULL},
	{"(a,b)", false, NULL}, /* aa, for one */
	{"[b,a]", true, NULL},
	{"[b,a)", true, NULL},
	{"[aa,a]", true, NULL},
	{"[a,a%00)", false, "a"},
	{"[a,a%00]", false, NULL},
	{"[a,a%00%00)", false, NULL},
	{"[a,a%01)", false, NULL},
	{"(a,a%00)", true, NULL},
	{"(a,a%00]", false, "a%00"},
	{"(a,a%00%00)", false, "a%00"},
	{"[a%00,a%00]", false, "a%00"},
	{"[a%00,a%00%00)", false, "a%00"},
	{"[a%00,a]", true, NULL},
	{"(,%00)", true, NULL},
	{"(,%00]", false, "%00"},
	{"(,%00%00)", false, "%00"},
	{"[%ff,%ff]", false, "%ff"},
	{"[%ff,%ff%00)", false, "%ff"},
};

static void
test_ranges(void)
{
	for (size_t i = 0; i < sizeof(range_cases) / sizeof(range_cases[0]); i++)
	{
		const range_case *c = &range_cases[i];
		const char *text = c->range;
		bt_range range = parse_range(&arena, &text);
		bt_span key = {NULL, 0};
		bool found = bt_range_is_key(&range, &key);
		byte_buffer key_text = {NULL, 0, 0};

		is_int(bt_range_is_empty(&range), c->empty, "%s is %sempty", c->range,
			   c->empty ? "" : "not ");
		if (is_int(found, c->key != NULL, "%s holds %s", c->range,
				   c->key ? "one key" : "none or many keys") &&
			found)
		{
			buffer_put_escaped(&key_text, key);
			is_text(buffer_text(&key_text), c->key, "%s holds only %s", c->range, c->key);
		}
		buffer_free(&key_text);
	}
}

typedef struct member_case
{
	const char *set;
	const char *in; /* keys, separated by spaces */
	const char *out;
} member_case;

static const member_case member_cases[] = {
	{"", "", "a %00 %ff"},
	{"(,inf)", "%00 a %ff %ff%ff%ff", ""},
	{"[b,d)", "b b%00 c c%ff%ff", "a a%ff d d%00 %ff"},
	{"(b,d]", "b%00 c d", "a b d%00 e"},
	{"[b,b]", "b", "a a%ff b%00 c"},
	{"(b,b%00]", "b%00", "b b%00%00 b%01"},
	{"[b,inf)", "b c %ff%ff", "a %00 a%ff%ff"},
	{"(,b)", "%00 a a%ff", "b c"},
	{"[a,b) [c,d] (e,inf)", "a a%ff c c%00 d e%00 f", "%00 b b%ff d%00 e"},
	{"[a,a] [b,b] [c,c] [d,d] [e,e]", "a b c d e", "A a%00 b%00 c%00 d%00 e%00 f"},
};

static void
check_members(const member_case *c, const char *keys, bool expected)
{
	bt_row_set set = parse_set(&arena, c->set);

	while (*keys != '\0')
	{
		const char *start = keys;
		bt_span key = parse_key(&arena, &keys, " ");
		bool in_some_range = false;

		for (size_t i = 0; i < set.nranges; i++)
			in_some_range |= bt_range_contains(&set.ranges[i], key);
		is_int(bt_row_set_contains(&set, key), expected, "\"%s\" has %s%.*s", c->set,
			   expected ? "" : "not ", (int) (keys - start), start);
		is_int(in_some_range, expected, "... nor do its ranges differ");
		keys += *keys == ' ';
	}
}

static void
test_members(void)
{
	for (size_t i = 0; i < sizeof(member_cases) / sizeof(member_cases[0]); i++)
	{
		check_members(&member_cases[i], member_cases[i].in, true);
		check_members(&member_cases[i], member_cases[i].out, false);
	}
}

/* ---- sets ---- */

typedef struct set_case
{
	const char *a;
	const char *b; /* NULL for operations on one set */
	const char *expected;
} set_case;

static const set_case normalize_cases[] = {
	{"", NULL, ""},
	{"[a,b)", NULL, "[a,b)"},
	{"[a,a)", NULL, ""},
	{"[b,a) (c,c] (d,d%00)", NULL, ""},
	{"[c,d) [a,b)", NULL, "[a,b) [c,d)"},
	{"[a,c) [b,d)", NULL, "[a,d)"},
	{"[b,d) [a,c)", NULL, "[a,d)"},
	{"[a,d) [b,c)", NULL, "[a,d)"},
	{"[a,b) [b,c)", NULL, "[a,c)"},
	{"[a,b] (b,c)", NULL, "[a,c)"},
	{"[a,b) (b,c)", NULL, "[a,b) (b,c)"},
	{"[a,b) (b,c) [b,b]", NULL, "[a,c)"},
	{"[a,b] [b,c)", NULL, "[a,c)"},
	{"[a,a] [a%00,b)", NULL, "[a,b)"}, /* nothing lies between a and a%00 */
	{"[a,a%00) (a,b)", NULL, "[a,b)"},
	{"[a,a] [a%01,b)", NULL, "[a,a] [a%01,b)"},
	{"[a,a] [a,a] [a,a]", NULL, "[a,a]"},
	{"[a,inf) [b,c)", NULL, "[a,inf)"},
	{"[b,c) [a,inf)", NULL, "[a,inf)"},
	{"[a,b) [b,inf) [c,inf)", NULL, "[a,inf)"},
	{"[a,b) [c,inf) [b,c)", NULL, "[a,inf)"},
	{"[e,e] [c,c] [a,a] [d,d] [b,b] [f,f]", NULL, "[a,a] [b,b] [c,c] [d,d] [e,e] [f,f]"},
	{"[a,b) [x,x) [c,d)", NULL, "[a,b) [c,d)"},
	{"[,inf)", NULL, "[,inf)"},
	{"(,inf)", NULL, "(,inf)"},
};

static const set_case intersect_cases[] = {
	{"", "", ""},
	{"", "(,inf)", ""},
	{"(,inf)", "", ""},
	{"(,inf)", "(,inf)", "(,inf)"},
	{"[,inf)", "(,inf)", "(,inf)"}, /* never the empty key */
	{"[a,c)", "(,inf)", "[a,c)"},
	{"[a,c)", "[b,d)", "[b,c)"},
	{"[a,b)", "[b,c)", ""},
	{"[a,b]", "[b,c)", "[b,b]"},
	{"[a,b]", "(b,c)", ""},
	{"[a,b]", "[a,b)", "[a,b)"},
	{"[a,b)", "(a,b]", "(a,b)"},
	{"[a,inf)", "(,c]", "[a,c]"},
	{"[a,z)", "[b,c) [d,e) [y,zz)", "[b,c) [d,e) [y,z)"},
	{"[a,c) [d,f) [g,i)", "[b,e) [h,h]", "[b,c) [d,e) [h,h]"},
	{"[a,a] [c,c] [e,e]", "[b,b] [c,c] [d,d] [e,e]", "[c,c] [e,e]"},
	{"[a,a]", "(a,inf)", ""},
};

static const set_case unite_cases[] = {
	{"", "", ""},
	{"", "[a,b)", "[a,b)"},
	{"[a,b)", "", "[a,b)"},
	{"[a,b)", "[c,d)", "[a,b) [c,d)"},
	{"[c,d)", "[a,b)", "[a,b) [c,d)"},
	{"[a,b)", "[b,c)", "[a,c)"},
	{"(,b)", "[b,inf)", "(,inf)"},
	{"(,b)", "(b,inf)", "(,b) (b,inf)"},
	{"[a,b) [c,d) [e,f)", "[b,c) [d,e)", "[a,f)"},
	{"[a,a] [c,c]", "[b,b]", "[a,a] [b,b] [c,c]"},
	{"(,inf)", "[b,b]", "(,inf)"},
};

static const set_case complement_cases[] = {
	{"", NULL, "(,inf)"},
	{"(,inf)", NULL, ""},
	{"[,inf)", NULL, ""},
	{"[a,b)", NULL, "(,a) [b,inf)"},
	{"(a,b]", NULL, "(,a] (b,inf)"},
	{"[a,a]", NULL, "(,a) (a,inf)"},
	{"[a,inf)", NULL, "(,a)"},
	{"(,a]", NULL, "(a,inf)"},
	{"[a,b) [c,d)", NULL, "(,a) [b,c) [d,inf)"},
	{"[a,b) (b,inf)", NULL, "(,a) [b,b]"},
	{"[%00,inf)", NULL, ""}, /* %00 is the first key */
	{"(%00,inf)", NULL, "(,%00]"},
};

typedef bool (*set_operation)(const bt_row_set *a, const bt_row_set *b,
							  bt_row_set *result);

static bool
do_normalize(const bt_row_set *a, const bt_row_set *b, bt_row_set *result)
{
	(void) b;
	*result = *a;
	bt_row_set_normalize(result);
	return true;
}

static bool
do_complement(const bt_row_set *a, const bt_row_set *b, bt_row_set *result)
{
	(void) b;
	return bt_row_set_complement(a, result);
}

static void
check_set(const set_case *c, const char *a_text, const char *b_text, const char *name,
		  set_operation operation)
{
	bt_row_set a = parse_set(&arena, a_text);
	bt_row_set b = parse_set(&arena, b_text != NULL ? b_text : "");
	bt_row_set result;
	byte_buffer text;

	if (!operation(&a, &b, &result))
	{
		ok(false, "%s %s: out of memory", name, a_text);
		return;
	}
	text = set_text(&result);
	is_text(buffer_text(&text), c->expected, "%s \"%s\" \"%s\"", name, a_text,
			b_text != NULL ? b_text : "");
	buffer_free(&text);
}

static void
test_sets(const set_case *cases, size_t ncases, const char *name, set_operation operation)
{
	for (size_t i = 0; i < ncases; i++)
	{
		check_set(&cases[i], cases[i].a, cases[i].b, name, operation);
		if (cases[i].b != NULL)
			check_set(&cases[i], cases[i].b, cases[i].a, name, operation);
	}
}

/* ---- keys that are too long ---- */

#define LONGEST 3

static const set_case clip_cases[] = {
	{"", NULL, ""},
	{"(,inf)", NULL, "(,inf)"},
	{"[abc,abc] [abd,b)", NULL, "[abc,abc] [abd,b)"},
	{"[abcd,abcd]", NULL, ""},
	{"[a,a] [abcd,abcd] [b,b]", NULL, "[a,a] [b,b]"},
	{"[abcd,b)", NULL, "(abc,b)"},
	{"(abcd,b)", NULL, "(abc,b)"},
	{"[a,abcd)", NULL, "[a,abc]"},
	{"[a,abcd]", NULL, "[a,abc]"},
	{"[abcd,inf)", NULL, "(abc,inf)"},
	{"(,abcd)", NULL, "(,abc]"},
	{"[abcd,abce]", NULL, ""},
	{"[abcd,abda)", NULL, "(abc,abd]"},
	{"[abc,abc%00)", NULL, "[abc,abc]"},
	{"[abc%00,abd)", NULL, "(abc,abd)"},
	{"[a,abcd] [abce,b)", NULL, "[a,b)"}, /* nothing is left between them */
	{"[%ff%ff%ff%ff,inf)", NULL, "(%ff%ff%ff,inf)"},
};

static bool
do_clip(const bt_row_set *a, const bt_row_set *b, bt_row_set *result)
{
	(void) b;
	*result = *a;
	bt_row_set_clip(result, LONGEST);
	return true;
}

/* ---- resume ---- */

typedef struct resume_case
{
	const char *set;
	const char *key;
	const char *forward;  /* what is left above the key */
	const char *reversed; /* what is left below it */
} resume_case;

static const resume_case resume_cases[] = {
	{"", "a", "", ""},
	{"(,inf)", "m", "(m,inf)", "(,m)"},
	{"[a,z)", "m", "(m,z)", "[a,m)"},
	{"[a,z)", "a", "(a,z)", ""},
	{"[a,z]", "z", "", "[a,z)"},
	{"[a,z)", "z", "", "[a,z)"},
	{"[a,z)", "%00", "[a,z)", ""},
	{"[a,z)", "zz", "", "[a,z)"},
	{"[a,a] [b,b] [c,c]", "b", "[c,c]", "[a,a]"},
	{"[a,c) [d,f) [g,i)", "e", "(e,f) [g,i)", "[a,c) [d,e)"},
	{"[a,c) [d,f) [g,i)", "cc", "[d,f) [g,i)", "[a,c)"},
	{"[a,c) [d,inf)", "zzz", "(zzz,inf)", "[a,c) [d,zzz)"},
	{"[a,a%00)", "a", "", ""},
	{"[a,a%00]", "a", "(a,a%00]", ""},
	{"(a,b)", "a%00", "(a%00,b)", ""}, /* a%00 was the first key */
	{"(a,b)", "a", "(a,b)", ""},
};

static void
check_resume(const resume_case *c, bool reversed)
{
	const char *key_text = c->key;
	bt_row_set set = parse_set(&arena, c->set);
	byte_buffer text;

	bt_row_set_resume(&set, parse_key(&arena, &key_text, ""), reversed);
	text = set_text(&set);
	is_text(buffer_text(&text), reversed ? c->reversed : c->forward,
			"resume \"%s\" at %s%s", c->set, c->key, reversed ? ", reversed" : "");
	buffer_free(&text);
}

static void
test_resume(void)
{
	for (size_t i = 0; i < sizeof(resume_cases) / sizeof(resume_cases[0]); i++)
	{
		check_resume(&resume_cases[i], false);
		check_resume(&resume_cases[i], true);
	}
}

/* ---- the rest ---- */

static void
test_is_all(void)
{
	static const char *const all[] = {"(,inf)", "[,inf)", "[%00,inf)"};
	static const char *const not_all[] = {
		"", "[a,inf)", "(,z)", "(,b) (b,inf)", "(%00,inf)", "[%00%00,inf)"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		bt_row_set set = parse_set(&arena, all[i]);

		ok(bt_row_set_is_all(&set), "\"%s\" is all", all[i]);
	}
	for (size_t i = 0; i < sizeof(not_all) / sizeof(not_all[0]); i++)
	{
		bt_row_set set = parse_set(&arena, not_all[i]);

		ok(!bt_row_set_is_all(&set), "\"%s\" is not all", not_all[i]);
	}
}

/* The expected sizes are those of a RowRange within a RowSet, by hand. */
static void
test_wire_size(void)
{
	bt_range range = bt_range_key(bt_span_str("abc"));

	ok(bt_range_wire_size(&range) >= 2 + 5 + 5, "two bounds of 3 bytes fit");
	ok(bt_range_wire_size(&range) <= 2 + 5 + 5 + 20, "... without being absurd");
	range = bt_range_from(bt_span_str("abc"), true);
	ok(bt_range_wire_size(&range) >= 2 + 5, "one bound of 3 bytes fits");
	range = bt_range_all();
	ok(bt_range_wire_size(&range) >= 2 + 2, "an unlimited range fits");

	/* 4 KiB is the longest key: two bytes of length, three for the range. */
	range = bt_range_key(bt_span_make(NULL, 4096));
	ok(bt_range_wire_size(&range) >= 1 + 2 + 2 * (1 + 2 + 4096),
	   "two bounds of 4 KiB fit");
}

/* Runs out of memory at each allocation in turn, until there is enough. */
static void
test_out_of_memory(const char *name, set_operation operation, size_t nranges)
{
	bt_row_set a = parse_set(&arena, "[a,b) [c,d) [e,f) [g,h) [i,j) [k,l)");
	bt_row_set b = parse_set(&arena, "[a,b) [c,d) [e,f) [g,h) [i,j) [m,n)");
	bt_row_set result;
	size_t allowed = 0;
	bool done = false;

	while (!done && allowed < 100)
	{
		arena.left = allowed++;
		done = operation(&a, &b, &result);
		arena.left = SIZE_MAX;
	}
	ok(done && allowed > 1, "%s says so when memory runs out", name);
	is_int((long long) result.nranges, (long long) nranges, "... and only then");
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	test_arena_init(&arena);
	test_bounds();
	test_constructors();
	test_prefixes();
	test_ranges();
	test_members();
	test_sets(normalize_cases, COUNT(normalize_cases), "normalize", do_normalize);
	test_sets(intersect_cases, COUNT(intersect_cases), "intersect", bt_row_set_intersect);
	test_sets(unite_cases, COUNT(unite_cases), "unite", bt_row_set_unite);
	test_sets(complement_cases, COUNT(complement_cases), "complement", do_complement);
	test_sets(clip_cases, COUNT(clip_cases), "clip", do_clip);
	test_resume();
	test_is_all();
	test_wire_size();
	test_out_of_memory("intersect", bt_row_set_intersect, 5);
	test_out_of_memory("unite", bt_row_set_unite, 7);
	test_out_of_memory("complement", do_complement, 7);
	test_arena_reset(&arena);
	return tap_done();
}
