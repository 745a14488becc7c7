/*-------------------------------------------------------------------------
 *
 * byte_text_test.c
 *	  Hex and base64, against the vectors of RFC 4648 and damaged text.
 *
 *-------------------------------------------------------------------------
 */
#include "byte_text.h"
#include "tap.h"
#include "test_random.h"

typedef bool (*reader)(bt_span text, uint8_t *out, size_t *len);
typedef void (*writer)(uint8_t *out, bt_span bytes);

static void
check_vector(const char *name, const char *bytes, const char *text, writer put,
			 size_t size, reader get)
{
	uint8_t out[64];
	size_t len = 0;

	put(out, bt_span_str(bytes));
	ok(size == strlen(text) && memcmp(out, text, size) == 0, "\"%s\" in %s", bytes, name);
	ok(get(bt_span_str(text), out, &len) && len == strlen(bytes) &&
		   memcmp(out, bytes, len) == 0,
	   "and back");
}

/* RFC 4648, section 10, but for the case of the digits. */
static void
test_vectors(void)
{
	static const char *const vectors[][3] = {
		{"", "", ""},
		{"f", "66", "Zg=="},
		{"fo", "666f", "Zm8="},
		{"foo", "666f6f", "Zm9v"},
		{"foob", "666f6f62", "Zm9vYg=="},
		{"fooba", "666f6f6261", "Zm9vYmE="},
		{"foobar", "666f6f626172", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		size_t len = strlen(vectors[i][0]);

		check_vector("hex", vectors[i][0], vectors[i][1], hex_put, hex_size(len),
					 hex_get);
		check_vector("base64", vectors[i][0], vectors[i][2], base64_put, base64_size(len),
					 base64_get);
	}
}

static void
check_read(reader get, const char *text, const char *bytes)
{
	uint8_t out[64];
	size_t len = 0;
	bool read = get(bt_span_str(text), out, &len);

	if (bytes == NULL)
		ok(!read, "\"%s\" is refused", text);
	else
		ok(read && len == strlen(bytes) && memcmp(out, bytes, len) == 0, "\"%s\" is read",
		   text);
}

static void
test_forms(void)
{
	check_read(hex_get, "4Aa4", "J\xa4");
	check_read(hex_get, "4", NULL);
	check_read(hex_get, "4g", NULL);
	check_read(hex_get, "/0", NULL);
	check_read(hex_get, "\\x41", NULL);
	check_read(base64_get, "--__", "\xfb\xef\xff");
	check_read(base64_get, "++//", "\xfb\xef\xff");
	check_read(base64_get, "Zg", "f");
	check_read(base64_get, "Zm8", "fo");
	check_read(base64_get, "Z", NULL);
	check_read(base64_get, "Z===", NULL);
	check_read(base64_get, "Zg=", NULL);
	check_read(base64_get, "====", NULL);
	check_read(base64_get, "=", NULL);
	check_read(base64_get, "Zg==Zg==", NULL);
	check_read(base64_get, "Zm 8", NULL);
	check_read(base64_get, "Zm9\t", NULL);
}

static void
test_round_trip(void)
{
	test_random random = {44};
	int wrong = 0;

	for (int i = 0; i < 20000; i++)
	{
		uint8_t bytes[40];
		uint8_t text[80];
		uint8_t back[80];
		size_t len = random_below(&random, sizeof(bytes) + 1);
		size_t back_len = 0;

		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t) random_u64(&random);
		hex_put(text, bt_span_make(bytes, len));
		wrong += !hex_get(bt_span_make(text, hex_size(len)), back, &back_len) ||
				 back_len != len || memcmp(back, bytes, len) != 0;
		base64_put(text, bt_span_make(bytes, len));
		wrong += !base64_get(bt_span_make(text, base64_size(len)), back, &back_len) ||
				 back_len != len || memcmp(back, bytes, len) != 0;
	}
	ok(wrong == 0, "random bytes come back");
}

int
main(void)
{
	test_vectors();
	test_forms();
	test_round_trip();
	return tap_done();
}
