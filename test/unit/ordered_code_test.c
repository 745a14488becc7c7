/*-------------------------------------------------------------------------
 *
 * ordered_code_test.c
 *	  Integers in OrderedCode, against vectors of Google's implementation.
 *
 *-------------------------------------------------------------------------
 */
#include "ordered_code.h"
#include "tap.h"
#include "test_random.h"

typedef struct vector
{
	int64_t value;
	size_t len;
	uint8_t bytes[ORDERED_CODE_MAX_BYTES];
} vector;

static const vector vectors[] = {
	{INT64_MIN, 10, {0x00, 0x3f, 0x80, 0, 0, 0, 0, 0, 0, 0x00}},
	{INT64_MIN + 1, 10, {0x00, 0x3f, 0x80, 0, 0, 0, 0, 0, 0, 0x01}},
	{INT64_C(-2147483649), 5, {0x07, 0x7f, 0xff, 0xff, 0xff}},
	{INT64_C(-2147483648), 5, {0x07, 0x80, 0x00, 0x00, 0x00}},
	{-65, 2, {0x3f, 0xbf}},
	{-64, 1, {0x40}},
	{-63, 1, {0x41}},
	{-2, 1, {0x7e}},
	{-1, 1, {0x7f}},
	{0, 1, {0x80}},
	{1, 1, {0x81}},
	{63, 1, {0xbf}},
	{64, 2, {0xc0, 0x40}},
	{65, 2, {0xc0, 0x41}},
	{INT64_C(2147483647), 5, {0xf8, 0x7f, 0xff, 0xff, 0xff}},
	{INT64_C(2147483648), 5, {0xf8, 0x80, 0x00, 0x00, 0x00}},
	{INT64_MAX - 1, 10, {0xff, 0xc0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}},
	{INT64_MAX, 10, {0xff, 0xc0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

static const struct
{
	int64_t value;
	size_t len;
} sizes[] = {
	{INT64_MIN, 10},
	{~(INT64_C(1) << 62), 10},
	{~(INT64_C(1) << 62) + 1, 9},
	{-8193, 3},
	{-8192, 2},
	{8191, 2},
	{8192, 3},
	{(INT64_C(1) << 62) - 1, 9},
	{INT64_C(1) << 62, 10},
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		const vector *v = &vectors[i];
		uint8_t bytes[ORDERED_CODE_MAX_BYTES];
		size_t len = ordered_code_put(bytes, v->value);
		int64_t value = ~v->value;

		ok(len == v->len && memcmp(bytes, v->bytes, len) == 0, "%lld is written",
		   (long long) v->value);
		ok(ordered_code_get(v->bytes, v->len, &value) == v->len && value == v->value,
		   "%lld is read", (long long) v->value);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		uint8_t bytes[ORDERED_CODE_MAX_BYTES];

		ok(ordered_code_put(bytes, sizes[i].value) == sizes[i].len,
		   "%lld takes %zu bytes", (long long) sizes[i].value, sizes[i].len);
	}
}

static int
compare_bytes(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	int cmp = memcmp(a, b, alen < blen ? alen : blen);

	return cmp != 0 ? cmp : (alen > blen) - (alen < blen);
}

/* Numbers of every size, so that lengths differ. */
static int64_t
random_number(test_random *random)
{
	return (int64_t) random_u64(random) >> random_below(random, 64);
}

static void
test_order(void)
{
	test_random random = {42};
	int wrong = 0;

	for (int i = 0; i < 200000; i++)
	{
		uint8_t a_bytes[ORDERED_CODE_MAX_BYTES + 1];
		uint8_t b_bytes[ORDERED_CODE_MAX_BYTES];
		int64_t a = random_number(&random);
		int64_t b = random_one_in(&random, 4) ? (int64_t) ((uint64_t) a + 1)
											  : random_number(&random);
		size_t alen = ordered_code_put(a_bytes, a);
		size_t blen = ordered_code_put(b_bytes, b);
		int cmp = compare_bytes(a_bytes, alen, b_bytes, blen);
		int64_t back;

		wrong += (cmp > 0) - (cmp < 0) != (a > b) - (a < b);
		a_bytes[alen] = (uint8_t) random_u64(&random); /* belongs to what follows */
		wrong += ordered_code_get(a_bytes, alen + 1, &back) != alen || back != a;
		wrong += ordered_code_get(a_bytes, alen - 1, &back) != 0;
	}
	ok(wrong == 0, "bytes sort as numbers do, and come back");
}

/* Whatever is read is what would be written. */
static void
test_one_form(void)
{
	static const uint8_t too_large[] = {0xff, 0xc0, 0x80, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t too_long[] = {0xc0, 0x3f};
	static const uint8_t eleven_ones[] = {0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	test_random random = {43};
	int64_t value;
	int wrong = 0;
	int read = 0;

	ok(ordered_code_get(NULL, 0, &value) == 0, "nothing is no number");
	ok(ordered_code_get(too_large, sizeof(too_large), &value) == 0, "2^63 is refused");
	ok(ordered_code_get(too_long, sizeof(too_long), &value) == 0,
	   "63 in two bytes is refused");
	ok(ordered_code_get(eleven_ones, sizeof(eleven_ones), &value) == 0,
	   "eleven bytes are refused");
	for (int i = 0; i < 200000; i++)
	{
		uint8_t bytes[12];
		uint8_t written[ORDERED_CODE_MAX_BYTES];
		size_t len;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t) random_u64(&random);
		if (random_one_in(&random, 2))
			memcpy(bytes, random_one_in(&random, 2) ? "\xff\xc0\x00" : "\x00\x3f\xff", 3);
		len = ordered_code_get(bytes, random_below(&random, sizeof(bytes) + 1), &value);
		if (len == 0)
			continue;
		read++;
		wrong +=
			ordered_code_put(written, value) != len || memcmp(written, bytes, len) != 0;
	}
	ok(wrong == 0 && read > 10000, "there is one form of each number");
}

int
main(void)
{
	test_vectors();
	test_order();
	test_one_form();
	return tap_done();
}
