/*-------------------------------------------------------------------------
 *
 * decoder_state_test.c
 *	  What a chunk decoder remembers from one message or stream to the next,
 *	  and what that takes: resume, restart, large rows, memory.
 *
 *-------------------------------------------------------------------------
 */
#include <malloc.h>

#include "chunk_feed.h"
#include "chunk_script.h"
#include "tap.h"

#define ROW(key) "key=" key " fam=F qual=Q ts=1 value=v commit\n"
#define GOT(key) "row " key "\n  F:Q @1 = v\n"
#define MEGABYTE ((size_t) 1024 * 1024)

static test_random rng = {161803};

/* Feeds a script in one message; checks the record. */
static void
stream_is(bt_chunk_decoder *decoder, const char *text, const char *expected,
		  const char *name)
{
	chunk_script *script = script_parse(text, ENCODING_PLAIN);
	byte_buffer message = script_message(script, 0, script->nitems);
	chunk_feed feed = chunk_feed_make(decoder, &rng, SLICES_RANDOM, false);
	byte_buffer record;

	chunk_feed_message(&feed, bt_span_make(message.data, message.len));
	record = chunk_feed_end(&feed);
	is_text(buffer_text(&record), expected, "%s", name);
	buffer_free(&record);
	buffer_free(&message);
	script_free(script);
}

/* ---- resume and restart ---- */

static void
last_key_is(const bt_chunk_decoder *decoder, const char *expected)
{
	byte_buffer text = {NULL, 0, 0};

	buffer_put_escaped(&text, bt_chunk_decoder_last_key(decoder));
	is_text(buffer_text(&text), expected, "the last key is \"%s\"", expected);
	buffer_free(&text);
}

/* The last key is that of a row or marker that has been handed out. */
static void
test_last_key(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();

	last_key_is(decoder, "");
	stream_is(decoder, "key=a fam=F qual=Q value=v\n", "end in row\n",
			  "a row is not committed");
	last_key_is(decoder, "");
	stream_is(decoder, "key=a commit\n", "row a\n  F:Q @0 = v\n  F:Q @0 = \nend\n",
			  "the row is committed");
	last_key_is(decoder, "a");
	stream_is(decoder, "scanned=a%00\n", "scanned a%00\nend\n", "a marker");
	last_key_is(decoder, "a%00");
	stream_is(decoder, ROW("b") ROW("a"), GOT("b") "error increasing\n", "an error");
	last_key_is(decoder, "b");
	bt_chunk_decoder_resume(decoder);
	last_key_is(decoder, "b");
	bt_chunk_decoder_restart(decoder, true);
	last_key_is(decoder, "");
	bt_chunk_decoder_free(decoder);
}

static void
test_resume(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();

	bt_chunk_decoder_restart(decoder, false);
	stream_is(decoder, ROW("b") "key=c fam=F qual=Q value=v\n", GOT("b") "end in row\n",
			  "a stream breaks off in a row");
	bt_chunk_decoder_resume(decoder);
	ok(!bt_chunk_decoder_in_row(decoder), "resume drops the row");
	stream_is(decoder, ROW("c"), GOT("c") "end\n", "the row comes again");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, ROW("c"), "error increasing\n", "a row that has been does not");
	ok(!bt_chunk_decoder_in_row(decoder), "no row is open after an error");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, ROW("d"), GOT("d") "end\n", "the next one does, after an error");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, "scanned=e\n", "scanned e\nend\n", "a scan marker");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, ROW("e"), "error increasing\n", "it is remembered, too");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, "key=f fam=F qual=Q value=v more=10\n", "end in row\n",
			  "a stream breaks off in a value");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, ROW("f"), GOT("f") "end\n", "the value is forgotten");
	bt_chunk_decoder_free(decoder);
}

static void
test_restart(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();

	stream_is(decoder, ROW("a") ROW("b"), GOT("a") GOT("b") "end\n",
			  "a new decoder expects increasing keys");
	bt_chunk_decoder_restart(decoder, false);
	stream_is(decoder, ROW("a"), GOT("a") "end\n", "restart forgets the last key");
	bt_chunk_decoder_restart(decoder, true);
	stream_is(decoder, ROW("b") ROW("a"), GOT("b") GOT("a") "end\n",
			  "restart changes the direction");
	bt_chunk_decoder_resume(decoder);
	stream_is(decoder, ROW("b"), "error decreasing\n", "resume keeps it");
	bt_chunk_decoder_restart(decoder, false);
	stream_is(decoder, ROW("a") "key=b fam=F qual=Q label=l value=v\n",
			  GOT("a") "end in row\n", "a row is left open");
	bt_chunk_decoder_restart(decoder, false);
	ok(!bt_chunk_decoder_in_row(decoder), "restart drops the row");
	stream_is(decoder, ROW("a") ROW("b"), GOT("a") GOT("b") "end\n",
			  "restart leaves nothing of it");
	bt_chunk_decoder_free(decoder);
	bt_chunk_decoder_free(NULL);
}

/* What is left of a message does not outlive a resume. */
static void
test_resume_within_message(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	chunk_script *script =
		script_parse(ROW("a") ROW("b") "scanned=c\nstats=x\n", ENCODING_PLAIN);
	byte_buffer message = script_message(script, 0, script->nitems);
	bt_span slice = bt_span_make(message.data, message.len);
	bt_status status;
	bt_row row;

	bt_chunk_decoder_feed(decoder, &slice, 1);
	is_int(bt_chunk_decoder_next(decoder, &row, &status), BT_DECODE_ROW, "a first row");
	bt_chunk_decoder_resume(decoder);
	buffer_free(&message);
	is_int(bt_chunk_decoder_next(decoder, &row, &status), BT_DECODE_MORE,
		   "resume forgets the rest of the message");
	is_int(bt_chunk_decoder_next(decoder, &row, &status), BT_DECODE_MORE,
		   "used up is used up");
	script_free(script);
	bt_chunk_decoder_free(decoder);
}

/* A row stays valid until the next call, also when it ends its message. */
static void
test_row_lifetime(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer record = {NULL, 0, 0};
	bt_status status;
	bt_row row;

	for (int part = 0; part < 2; part++)
	{
		static const char *const parts[] = {
			"key=a fam=F qual=Q label=l value=12 more=4\n", "value=34 commit\n"};
		chunk_script *script = script_parse(parts[part], ENCODING_PLAIN);
		byte_buffer message = script_message(script, 0, 1);
		bt_span slice = bt_span_make(message.data, message.len);

		bt_chunk_decoder_feed(decoder, &slice, 1);
		if (bt_chunk_decoder_next(decoder, &row, &status) == BT_DECODE_ROW)
		{
			ok(!bt_chunk_decoder_in_row(decoder), "no row is open after its commit");
			record_row(&record, &row);
		}
		memset(message.data, 0xdb, message.len);
		buffer_free(&message);
		script_free(script);
	}
	is_text(buffer_text(&record), "row a\n  F:Q @0 = 1234 [l]\n",
			"a row of two messages is whole");
	buffer_free(&record);
	bt_chunk_decoder_free(decoder);
}

/* ---- large rows ---- */

/* Byte i of a value that no shifted copy of itself equals. */
static uint8_t
pattern(size_t i)
{
	return (uint8_t) (i * 31 + i / 251 + i / 65537);
}

/* A chunk of a value in a message of its own; the first one opens the row. */
static void
put_value_message(byte_buffer *message, size_t from, size_t len, bool first, bool last,
				  uint64_t size)
{
	byte_buffer chunk = {NULL, 0, 0};
	byte_buffer value = {NULL, 0, 0};

	if (first)
		parse_chunk_line("key=big fam=F qual=Q ts=1", ENCODING_PLAIN, &chunk);
	for (size_t i = from; i < from + len; i++)
		buffer_put_byte(&value, pattern(i));
	put_bytes(&chunk, ENCODING_PLAIN, 6, &value);
	if (last)
		put_number(&chunk, 9, 1);
	else
		put_number(&chunk, 7, size);
	put_bytes(message, ENCODING_PLAIN, 1, &chunk);
	buffer_free(&value);
	buffer_free(&chunk);
}

static bool
has_pattern(bt_span value, size_t len)
{
	if (value.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value.data[i] != pattern(i))
			return false;
	return true;
}

/* A value of a size, in parts; several parts a message, or one. */
static void
check_split_value(size_t len, size_t part, size_t parts_a_message, uint64_t claimed)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	bt_decode_result result = BT_DECODE_MORE;
	bool right = false;
	bt_status status;
	bt_row row;
	size_t done = 0;

	while (done < len && result == BT_DECODE_MORE)
	{
		byte_buffer message = {NULL, 0, 0};
		bt_span slice;

		for (size_t i = 0; i < parts_a_message && done < len; i++)
		{
			size_t n = part < len - done ? part : len - done;

			put_value_message(&message, done, n, done == 0, done + n == len, claimed);
			done += n;
		}
		slice = bt_span_make(message.data, message.len);
		bt_chunk_decoder_feed(decoder, &slice, 1);
		result = bt_chunk_decoder_next(decoder, &row, &status);
		if (result == BT_DECODE_ROW)
			right = row.ncells == 1 && has_pattern(row.cells[0].value, len);
		memset(message.data, 0xdb, message.len);
		buffer_free(&message);
	}
	ok(done == len && right,
	   "a value of %zu bytes, %zu a part, %zu parts a message, "
	   "claiming %llu",
	   len, part, parts_a_message, (unsigned long long) claimed);
	bt_chunk_decoder_free(decoder);
}

static void
test_split_values(void)
{
	const size_t len = 3 * MEGABYTE + 17;

	check_split_value(len, 65536, 1, len);
	check_split_value(len, 65536, 1, 1);
	check_split_value(len, 65536, 7, len);
	check_split_value(len, 65536, 1000, INT32_MAX);
	check_split_value(len, MEGABYTE, 1, len);
	check_split_value(len, len - 1, 1, len);
	check_split_value(len, 2 * MEGABYTE, 1, 10);
	check_split_value(5000, 1, 1, 5000);
	check_split_value(5000, 1, 100, 1);
}

/* Rows of many cells with many labels, one message each or all in one. */
static void
check_wide_row(int ncells, int cells_a_message)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	chunk_feed feed = chunk_feed_make(decoder, &rng, SLICES_RANDOM, false);
	byte_buffer expected = {NULL, 0, 0};
	byte_buffer message = {NULL, 0, 0};
	byte_buffer record;

	buffer_printf(&expected, "row k\n");
	for (int i = 0; i < ncells; i++)
	{
		byte_buffer chunk = {NULL, 0, 0};
		char line[200];

		snprintf(line, sizeof(line), "%squal=q%d ts=%d label=l%d label=m%d value=v%d%s",
				 i == 0 ? "key=k fam=F " : "", i, i, i, i, i,
				 i == ncells - 1 ? " commit" : "");
		parse_chunk_line(line, ENCODING_PLAIN, &chunk);
		put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		buffer_free(&chunk);
		buffer_printf(&expected, "  F:q%d @%d = v%d [l%d,m%d]\n", i, i, i, i, i);
		if ((i + 1) % cells_a_message == 0 || i == ncells - 1)
		{
			chunk_feed_message(&feed, bt_span_make(message.data, message.len));
			message.len = 0;
		}
	}
	buffer_printf(&expected, "end\n");
	record = chunk_feed_end(&feed);
	ok(strcmp(buffer_text(&record), buffer_text(&expected)) == 0,
	   "a row of %d cells, %d a message", ncells, cells_a_message);
	buffer_free(&record);
	buffer_free(&expected);
	buffer_free(&message);
	bt_chunk_decoder_free(decoder);
}

/* ---- memory ---- */

/* Under valgrind, which has no such count, the memory checks are skipped. */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* The address sanitizer has an allocator, and a count, of its own. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Bytes allocated at the moment. */
static size_t
live_memory(void)
{
	struct mallinfo2 info;

	if (__sanitizer_get_current_allocated_bytes != NULL)
		return __sanitizer_get_current_allocated_bytes();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static void
uses_less(size_t used, size_t limit, const char *name)
{
	if (RUNNING_ON_VALGRIND)
		skip("valgrind does not count memory for the program");
	else if (!ok(used < limit, "%s", name))
		diag("%zu bytes, expected less than %zu", used, limit);
}

/* The count itself is checked, since without one nothing could fail. */
static void
test_live_memory(void)
{
	size_t before = live_memory();
	void *volatile small = malloc(50000); /* volatile, lest they be optimised away */
	void *volatile large = malloc(5 * MEGABYTE);

	memset(small, 1, 50000);
	memset(large, 1, 5 * MEGABYTE);
	if (RUNNING_ON_VALGRIND)
		skip("valgrind does not count memory for the program");
	else
		ok(live_memory() - before >= 5 * MEGABYTE + 50000, "memory is counted");
	free(small);
	free(large);
	uses_less(live_memory() - before, 50000, "freed memory is not");
}

/*
 * A row of a long qualifier whose value comes a byte a message takes memory
 * for its bytes, and not for the qualifier again and again.
 */
static void
test_long_row_memory(void)
{
	const int nmessages = 8000;
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer qualifier = {NULL, 0, 0};
	byte_buffer chunk = {NULL, 0, 0};
	byte_buffer message = {NULL, 0, 0};
	size_t before;
	bt_status status;
	bt_row row;

	for (int i = 0; i < 16384; i++)
		buffer_put_byte(&qualifier, 'q');
	parse_chunk_line("key=k fam=F", ENCODING_PLAIN, &chunk);
	put_wrapped(&chunk, ENCODING_PLAIN, 3, &qualifier);
	before = live_memory();
	for (int i = 0; i < nmessages; i++)
	{
		bt_span slice;

		buffer_put(&chunk, "\x32\x01v\x38\x7f", 5); /* a value and a size */
		message.len = 0;
		put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		slice = bt_span_make(message.data, message.len);
		bt_chunk_decoder_feed(decoder, &slice, 1);
		if (bt_chunk_decoder_next(decoder, &row, &status) != BT_DECODE_MORE)
			break;
		chunk.len = 0;
	}
	ok(bt_chunk_decoder_in_row(decoder), "a row of %d messages", nmessages);
	uses_less(live_memory() - before, MEGABYTE,
			  "... takes no more memory than its bytes do");
	bt_chunk_decoder_free(decoder);
	buffer_free(&qualifier);
	buffer_free(&chunk);
	buffer_free(&message);
}

/*
 * Many rows, each over two messages and with a split value, whose buffer is
 * made before the names are saved and need not grow: memory stays flat.
 */
static void
test_many_rows_memory(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer big = {NULL, 0, 0};
	size_t before = live_memory();
	size_t most = 0;
	int rows = 0;

	for (int i = 0; i < 100000; i++)
		buffer_put_byte(&big, 'x');
	for (int i = 0; i < 2000; i++)
	{
		byte_buffer message = {NULL, 0, 0};
		byte_buffer chunk = {NULL, 0, 0};
		char line[60];
		bt_status status;
		bt_row row;

		snprintf(line, sizeof(line), "key=row%06d fam=F qual=Q more=100001", i);
		parse_chunk_line(line, ENCODING_PLAIN, &chunk);
		put_bytes(&chunk, ENCODING_PLAIN, 6, &big);
		put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		for (int part = 0; part < 2; part++)
		{
			bt_span slice = bt_span_make(message.data, message.len);

			bt_chunk_decoder_feed(decoder, &slice, 1);
			rows += bt_chunk_decoder_next(decoder, &row, &status) == BT_DECODE_ROW;
			most = live_memory() > most ? live_memory() : most;
			message.len = chunk.len = 0;
			parse_chunk_line("value=y commit", ENCODING_PLAIN, &chunk);
			put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		}
		buffer_free(&message);
		buffer_free(&chunk);
	}
	is_int(rows, 2000, "2000 rows of 100 kB each");
	uses_less(most - before, 2 * MEGABYTE, "... take the memory of a few");
	buffer_free(&big);
	bt_chunk_decoder_free(decoder);
}

/* A row of a cell a message keeps each cell once. */
static void
test_many_cells_memory(void)
{
	const int nmessages = 500;
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer value = {NULL, 0, 0};
	byte_buffer message = {NULL, 0, 0};
	byte_buffer chunk = {NULL, 0, 0};
	size_t before;

	for (int i = 0; i < 2000; i++)
		buffer_put_byte(&value, 'v');
	before = live_memory();
	for (int i = 0; i < nmessages; i++)
	{
		bt_span slice;
		bt_status status;
		bt_row row;

		message.len = chunk.len = 0;
		parse_chunk_line(i == 0 ? "key=k fam=F qual=Q" : "ts=1", ENCODING_PLAIN, &chunk);
		put_bytes(&chunk, ENCODING_PLAIN, 6, &value);
		put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		slice = bt_span_make(message.data, message.len);
		bt_chunk_decoder_feed(decoder, &slice, 1);
		if (bt_chunk_decoder_next(decoder, &row, &status) != BT_DECODE_MORE)
			break;
	}
	ok(bt_chunk_decoder_in_row(decoder), "a row of %d cells, one a message", nmessages);
	uses_less(live_memory() - before, 2 * MEGABYTE, "... takes the memory of its cells");
	bt_chunk_decoder_free(decoder);
	buffer_free(&value);
	buffer_free(&message);
	buffer_free(&chunk);
}

/* Many small rows with labels, in messages of two slices: memory stays flat. */
static void
test_many_messages_memory(void)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer message = {NULL, 0, 0};
	byte_buffer chunk = {NULL, 0, 0};
	size_t before = live_memory();
	const int nmessages = 60000;
	int rows = 0;

	for (int i = 0; i < nmessages; i++)
	{
		bt_span slices[2];
		bt_status status;
		char line[100];
		bt_row row;

		message.len = chunk.len = 0;
		snprintf(line, sizeof(line),
				 "key=row%06d fam=F qual=Q label=a label=b label=c value=v commit", i);
		parse_chunk_line(line, ENCODING_PLAIN, &chunk);
		put_bytes(&message, ENCODING_PLAIN, 1, &chunk);
		slices[0] = bt_span_make(message.data, 10);
		slices[1] = bt_span_make(message.data + 10, message.len - 10);
		bt_chunk_decoder_feed(decoder, slices, 2);
		rows += bt_chunk_decoder_next(decoder, &row, &status) == BT_DECODE_ROW &&
				row.ncells == 1 && row.cells[0].nlabels == 3;
	}
	is_int(rows, nmessages, "%d rows with labels, cut in two", nmessages);
	uses_less(live_memory() - before, MEGABYTE, "... take the memory of one");
	buffer_free(&message);
	buffer_free(&chunk);
	bt_chunk_decoder_free(decoder);
}

int
main(void)
{
	test_live_memory();
	test_long_row_memory();
	test_many_rows_memory();
	test_many_cells_memory();
	test_many_messages_memory();
	test_last_key();
	test_resume();
	test_restart();
	test_resume_within_message();
	test_row_lifetime();
	test_split_values();
	check_wide_row(3000, 1);
	check_wide_row(3000, 3000);
	check_wide_row(3000, 7);
	return tap_done();
}
