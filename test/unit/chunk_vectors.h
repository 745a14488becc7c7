/*-------------------------------------------------------------------------
 *
 * chunk_vectors.h
 *	  Streams of cell chunks, and the rows that they are.
 *
 * The notation of streams is that of chunk_script.h, the notation of results
 * that of chunk_feed.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CHUNK_VECTORS_H
#define CHUNK_VECTORS_H

#include <stdbool.h>

typedef struct chunk_vector
{
	const char *name;
	bool reversed;
	const char *stream;
	const char *result;
} chunk_vector;

/* What most vectors begin or go on with. */
#define ROW_A "key=a fam=F qual=Q ts=1 value=v commit\n"
#define ROW_B "key=b fam=F qual=Q ts=1 value=v commit\n"
#define ROW_C "key=c fam=F qual=Q ts=1 value=v commit\n"
#define OPEN_A "key=a fam=F qual=Q ts=1 value=v\n"
#define OPEN_B "key=b fam=F qual=Q ts=1 value=v\n"
#define GOT_A "row a\n  F:Q @1 = v\n"
#define GOT_B "row b\n  F:Q @1 = v\n"
#define GOT_C "row c\n  F:Q @1 = v\n"

/* clang-format off */
static const chunk_vector chunk_vectors[] = {
	/* ---- whole rows ---- */
	{"an empty stream", false, "", "end\n"},
	{"one row of one cell", false, ROW_A, GOT_A "end\n"},
	{"three rows", false, ROW_A ROW_B ROW_C, GOT_A GOT_B GOT_C "end\n"},
	{"three rows, reversed", true, ROW_C ROW_B ROW_A, GOT_C GOT_B GOT_A "end\n"},
	{"two cells, key and column repeated", false,
	 OPEN_A "key=a fam=F qual=R ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = v\n  F:R @2 = w\nend\n"},
	{"key, family and qualifier carry over", false,
	 OPEN_A "ts=2 value=w\n"
			"ts=3 value=x commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @2 = w\n  F:Q @3 = x\nend\n"},
	{"a qualifier alone stays in the family", false,
	 OPEN_A "qual=R ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = v\n  F:R @2 = w\nend\n"},
	{"a new family, then its qualifier carries over", false,
	 OPEN_A "fam=G qual=R ts=2 value=w\n"
			"ts=3 value=x\n"
			"qual=S ts=4 value=y commit\n",
	 "row a\n  F:Q @1 = v\n  G:R @2 = w\n  G:R @3 = x\n  G:S @4 = y\nend\n"},
	{"the timestamp does not carry over", false, OPEN_A "qual=R value=w commit\n",
	 "row a\n  F:Q @1 = v\n  F:R @0 = w\nend\n"},
	{"labels do not carry over", false,
	 "key=a fam=F qual=Q ts=1 label=l value=v\n"
	 "ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = v [l]\n  F:Q @2 = w\nend\n"},
	{"nothing carries over to the next row but the order", false,
	 ROW_A "key=b fam=G qual=R commit\n", GOT_A "row b\n  G:R @0 = \nend\n"},
	{"an implied timestamp is 0", false, "key=a fam=F qual=Q value=v commit\n",
	 "row a\n  F:Q @0 = v\nend\n"},
	{"timestamps of all sizes", false,
	 "key=a fam=F qual=Q ts=9223372036854775807 value=v\n"
	 "ts=-1 value=w\n"
	 "ts=1700000000123456 value=x\n"
	 "ts=-9223372036854775808 value=y commit\n",
	 "row a\n  F:Q @9223372036854775807 = v\n  F:Q @-1 = w\n"
	 "  F:Q @1700000000123456 = x\n  F:Q @-9223372036854775808 = y\nend\n"},
	{"equal cells stay as they came", false, OPEN_A "ts=1 value=v commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @1 = v\nend\n"},
	{"families need not be in order or together", false,
	 "key=a fam=G qual=Q ts=1 value=1\n"
	 "fam=F qual=Q ts=1 value=2\n"
	 "fam=G qual=A ts=1 value=3 commit\n",
	 "row a\n  G:Q @1 = 1\n  F:Q @1 = 2\n  G:A @1 = 3\nend\n"},
	{"binary keys, columns, values", false,
	 "key=%00 fam=F qual=%00%ff ts=1 value=%00 commit\n"
	 "key=%00%00 fam=F qual=%80 ts=1 value=a%00b commit\n"
	 "key=%ff fam=F qual=%c3%a4 ts=1 value=%ff%fe commit\n",
	 "row %00\n  F:%00%ff @1 = %00\nrow %00%00\n  F:%80 @1 = a%00b\n"
	 "row %ff\n  F:%c3%a4 @1 = %ff%fe\nend\n"},

	/* ---- bare and empty chunks ---- */
	{"a bare commit adds an empty cell", false, OPEN_A "commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @0 = \nend\n"},
	{"a commit with a repeated key adds an empty cell", false, OPEN_A "key=a commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @0 = \nend\n"},
	{"an empty chunk is an empty cell", false,
	 OPEN_A "nothing\n"
			"nothing\n"
			"ts=3 value=w commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @0 = \n  F:Q @0 = \n  F:Q @3 = w\nend\n"},
	{"a cell without a value", false, "key=a fam=F qual=Q ts=1 commit\n",
	 "row a\n  F:Q @1 = \nend\n"},
	{"an empty family", false,
	 "key=a fam= qual=Q ts=1 value=v\n"
	 "qual=R ts=2 value=w commit\n",
	 "row a\n  :Q @1 = v\n  :R @2 = w\nend\n"},
	{"an empty qualifier", false,
	 "key=a fam=F qual= ts=1 value=v\n"
	 "ts=2 value=w commit\n",
	 "row a\n  F: @1 = v\n  F: @2 = w\nend\n"},
	{"an empty family and qualifier", false, "key=a fam= qual= commit\n",
	 "row a\n  : @0 = \nend\n"},
	{"an empty column after another one", false, OPEN_A "fam= qual= ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = v\n  : @2 = w\nend\n"},
	{"an empty qualifier replaces the one before", false,
	 OPEN_A "qual= ts=2 value=w\n"
			"ts=3 commit\n",
	 "row a\n  F:Q @1 = v\n  F: @2 = w\n  F: @3 = \nend\n"},

	/* ---- labels ---- */
	{"one label", false, "key=a fam=F qual=Q ts=1 label=l value=v commit\n",
	 "row a\n  F:Q @1 = v [l]\nend\n"},
	{"labels of several cells", false,
	 "key=a fam=F qual=Q ts=1 label=l1 label=l2 value=v\n"
	 "ts=2 value=w\n"
	 "ts=3 label=l3 value=x\n"
	 "ts=4 label=l1 label= label=l4 commit\n"
	 "key=b fam=F qual=Q label=l5 commit\n",
	 "row a\n  F:Q @1 = v [l1,l2]\n  F:Q @2 = w\n  F:Q @3 = x [l3]\n"
	 "  F:Q @4 =  [l1,,l4]\nrow b\n  F:Q @0 =  [l5]\nend\n"},
	{"labels of a split cell", false,
	 "key=a fam=F qual=Q ts=1 label=l1 label=l2 value=v more=2\n"
	 "value=w\n"
	 "ts=3 label=l3 value=x commit\n",
	 "row a\n  F:Q @1 = vw [l1,l2]\n  F:Q @3 = x [l3]\nend\n"},
	{"labels of a row that was reset", false,
	 "key=a fam=F qual=Q ts=1 label=l1 label=l2 value=v\n"
	 "reset\n"
	 "key=a fam=F qual=Q ts=1 label=l3 value=w commit\n",
	 "row a\n  F:Q @1 = w [l3]\nend\n"},

	/* ---- split cells ---- */
	{"a cell in two parts", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "value=def commit\n",
	 "row a\n  F:Q @1 = abcdef\nend\n"},
	{"a cell in four parts", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=10\n"
	 "value=def more=10\n"
	 "value=g more=10\n"
	 "value=hij commit\n",
	 "row a\n  F:Q @1 = abcdefghij\nend\n"},
	{"parts that repeat the key", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=9\n"
	 "key=a value=def more=9\n"
	 "key=a value=ghi commit\n",
	 "row a\n  F:Q @1 = abcdefghi\nend\n"},
	{"empty parts", false,
	 "key=a fam=F qual=Q ts=1 more=3\n"
	 "more=3\n"
	 "value=abc more=3\n"
	 "more=3\n"
	 "commit\n",
	 "row a\n  F:Q @1 = abc\nend\n"},
	{"only empty parts", false,
	 "key=a fam=F qual=Q ts=1 more=1\n"
	 "more=1\n"
	 "commit\n",
	 "row a\n  F:Q @1 = \nend\n"},
	{"parts that end without a commit", false,
	 "key=a fam=F qual=Q ts=1 value=ab more=4\n"
	 "value=cd\n"
	 "qual=R ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = abcd\n  F:R @2 = w\nend\n"},
	{"a bare commit after a split cell is one more cell", false,
	 "key=a fam=F qual=Q ts=1 value=ab more=4\n"
	 "value=cd\n"
	 "commit\n",
	 "row a\n  F:Q @1 = abcd\n  F:Q @0 = \nend\n"},
	{"split cells of several columns", false,
	 "key=a fam=F qual=Q ts=1 value=ab more=4\n"
	 "value=cd\n"
	 "qual=R ts=2 value=ef more=4\n"
	 "value=gh\n"
	 "fam=G qual=S ts=3 value=ij more=4\n"
	 "value=kl commit\n",
	 "row a\n  F:Q @1 = abcd\n  F:R @2 = efgh\n  G:S @3 = ijkl\nend\n"},
	{"a split cell between whole ones", false,
	 OPEN_A "ts=2 value=ab more=6\n"
			"value=cd more=6\n"
			"value=ef\n"
			"ts=3 value=x commit\n" ROW_B,
	 "row a\n  F:Q @1 = v\n  F:Q @2 = abcdef\n  F:Q @3 = x\n" GOT_B "end\n"},
	{"split cells of several rows", false,
	 "key=a fam=F qual=Q ts=1 value=ab more=4\n"
	 "value=cd commit\n"
	 "key=b fam=F qual=Q ts=1 value=ef more=4\n"
	 "value=gh commit\n",
	 "row a\n  F:Q @1 = abcd\nrow b\n  F:Q @1 = efgh\nend\n"},
	{"a split version after another", false,
	 "key=a fam=F qual=Q ts=2 value=ab more=4\n"
	 "value=cd\n"
	 "ts=1 value=ef more=4\n"
	 "value=gh commit\n",
	 "row a\n  F:Q @2 = abcd\n  F:Q @1 = efgh\nend\n"},
	{"a size that is too small is only a hint", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=1\n"
	 "value=defghijklmnop commit\n",
	 "row a\n  F:Q @1 = abcdefghijklmnop\nend\n"},
	{"a size that is too large is only a hint", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=2147483647\n"
	 "value=def more=2147483647\n"
	 "value=ghi commit\n",
	 "row a\n  F:Q @1 = abcdefghi\nend\n"},
	{"a negative size means that the value is complete", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=-1\n"
	 "ts=2 value=def more=-2147483648 commit\n",
	 "row a\n  F:Q @1 = abc\n  F:Q @2 = def\nend\n"},
	{"a commit in the middle of a value", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6 commit\n", "error\n"},
	{"a commit with a later part that is not the last", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "value=d more=6 commit\n",
	 "error\n"},
	{"a part with a family", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "fam=F value=def commit\n",
	 "error\n"},
	{"a part with an empty family", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "fam= value=def commit\n",
	 "error\n"},
	{"a part with a qualifier", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "qual=Q value=def commit\n",
	 "error\n"},
	{"a part with an empty qualifier", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "qual= value=def commit\n",
	 "error\n"},
	{"a part with a family and a qualifier", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "fam=F qual=Q value=def commit\n",
	 "error\n"},
	{"a part with a timestamp", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "ts=1 value=def commit\n",
	 "error\n"},
	{"a part with a label", false,
	 "key=a fam=F qual=Q ts=1 label=l value=abc more=6\n"
	 "label=l value=def commit\n",
	 "error\n"},
	{"a part of another row", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "key=b value=def commit\n",
	 "error\n"},
	{"a new row before a value is complete", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n" ROW_B, "error\n"},

	/* ---- resets ---- */
	{"a reset, then the row again", false, OPEN_A "reset\n" ROW_A, GOT_A "end\n"},
	{"a reset, then nothing", false, OPEN_A "reset\n", "end\n"},
	{"a reset to a new value", false,
	 OPEN_A "reset\n"
			"key=a fam=F qual=Q ts=1 value=w commit\n",
	 "row a\n  F:Q @1 = w\nend\n"},
	{"a reset to a new qualifier", false,
	 OPEN_A "reset\n"
			"key=a fam=F qual=R ts=1 value=v commit\n",
	 "row a\n  F:R @1 = v\nend\n"},
	{"a reset to a new row", false, OPEN_A "reset\n" ROW_B, GOT_B "end\n"},
	{"a reset to an earlier row", false, OPEN_B "reset\n" ROW_A, GOT_A "end\n"},
	{"a reset does not undo the rows before", false, ROW_A OPEN_B "reset\n" ROW_C,
	 GOT_A GOT_C "end\n"},
	{"a row after a reset is still after the last one", false,
	 ROW_B OPEN_B, GOT_B "error increasing\n"},
	{"a reset, then a row that has been", false,
	 ROW_A OPEN_B "reset\n" ROW_A, GOT_A "error increasing\n"},
	{"two resets", false, OPEN_A "reset\n" OPEN_A "reset\n" ROW_A, GOT_A "end\n"},
	{"a reset of many cells", false,
	 OPEN_A "ts=2 value=w\n"
			"fam=G qual=R ts=3 value=x\n"
			"reset\n" ROW_A,
	 GOT_A "end\n"},
	{"a reset within a split cell", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "reset\n" ROW_A,
	 GOT_A "end\n"},
	{"a reset within a split cell, then another split cell", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "value=d more=6\n"
	 "reset\n"
	 "key=a fam=F qual=Q ts=1 value=wx more=4\n"
	 "value=yz commit\n",
	 "row a\n  F:Q @1 = wxyz\nend\n"},
	{"after a reset the key is missing", false,
	 OPEN_A "reset\n"
			"fam=F qual=Q ts=1 value=v commit\n",
	 "error\n"},
	{"after a reset the family is missing", false,
	 OPEN_A "reset\n"
			"key=a qual=Q ts=1 value=v commit\n",
	 "error\n"},
	{"after a reset the qualifier is missing", false,
	 OPEN_A "reset\n"
			"key=a fam=F ts=1 value=v commit\n",
	 "error\n"},
	{"after a reset a bare commit", false, OPEN_A "reset\ncommit\n", "error\n"},
	{"a reset at the beginning", false, "reset\n", "error\n"},
	{"a reset after a row", false, ROW_A "reset\n", GOT_A "error\n"},
	{"a reset after a reset", false, OPEN_A "reset\nreset\n", "error\n"},
	{"a reset with a key", false, OPEN_A "reset key=a\n", "error\n"},
	{"a reset with a family", false, OPEN_A "reset fam=F\n", "error\n"},
	{"a reset with an empty family", false, OPEN_A "reset fam=\n", "error\n"},
	{"a reset with a qualifier", false, OPEN_A "reset qual=Q\n", "error\n"},
	{"a reset with an empty qualifier", false, OPEN_A "reset qual=\n", "error\n"},
	{"a reset with a timestamp", false, OPEN_A "reset ts=1\n", "error\n"},
	{"a reset with a label", false, OPEN_A "reset label=l\n", "error\n"},
	{"a reset with a value", false, OPEN_A "reset value=v\n", "error\n"},
	{"a reset with a size", false, OPEN_A "reset more=1\n", "error\n"},
	{"a reset with everything", false,
	 OPEN_A "reset key=a fam=F qual=Q ts=1 label=l value=v\n", "error\n"},

	/* ---- rows cut short ---- */
	{"the stream ends in a row", false, OPEN_A, "end in row\n"},
	{"the stream ends in a row after a row", false, ROW_A OPEN_B, GOT_A "end in row\n"},
	{"the stream ends in a split cell", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n", "end in row\n"},
	{"the stream ends after a split cell", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "value=def\n",
	 "end in row\n"},
	{"a new row before the commit", false, OPEN_A ROW_B, "error\n"},
	{"a new row before the commit, after a row", false, ROW_A OPEN_B ROW_C,
	 GOT_A "error\n"},

	/* ---- rows that begin badly ---- */
	{"a new row without a key", false, "fam=F qual=Q ts=1 value=v commit\n", "error\n"},
	{"a new row with an empty key", false, "key= fam=F qual=Q ts=1 value=v commit\n",
	 "error\n"},
	{"a new row without a family", false, "key=a qual=Q ts=1 value=v commit\n",
	 "error\n"},
	{"a new row without a qualifier", false, "key=a fam=F ts=1 value=v commit\n",
	 "error\n"},
	{"a new row without a column", false, "key=a ts=1 value=v commit\n", "error\n"},
	{"a second row without a key", false, ROW_A "fam=F qual=Q ts=1 value=v commit\n",
	 GOT_A "error\n"},
	{"a second row without a family", false, ROW_A "key=b qual=Q ts=1 value=v commit\n",
	 GOT_A "error\n"},
	{"a second row without a qualifier", false, ROW_A "key=b fam=F ts=1 value=v commit\n",
	 GOT_A "error\n"},
	{"a bare commit at the beginning", false, "commit\n", "error\n"},
	{"a bare commit after a row", false, ROW_A "commit\n", GOT_A "error\n"},
	{"an empty chunk at the beginning", false, "nothing\n", "error\n"},
	{"an empty chunk after a row", false, ROW_A "nothing\n", GOT_A "error\n"},
	{"a new family without a qualifier", false, OPEN_A "fam=G ts=2 value=w commit\n",
	 "error\n"},
	{"the same family without a qualifier", false, OPEN_A "fam=F ts=2 value=w commit\n",
	 "error\n"},
	{"an empty family without a qualifier", false, OPEN_A "fam= ts=2 value=w commit\n",
	 "error\n"},
	{"another key within a row", false, OPEN_A "key=b ts=2 value=w commit\n", "error\n"},
	{"a longer key within a row", false, OPEN_A "key=aa ts=2 value=w commit\n",
	 "error\n"},
	{"a key within a row that differs in a NUL", false,
	 OPEN_A "key=a%00 ts=2 value=w commit\n", "error\n"},

	/* ---- order ---- */
	{"the same key twice", false, ROW_A ROW_A, GOT_A "error increasing\n"},
	{"keys out of order", false, ROW_B ROW_A, GOT_B "error increasing\n"},
	{"out of order after three rows", false, ROW_A ROW_B ROW_C ROW_B,
	 GOT_A GOT_B GOT_C "error increasing\n"},
	{"a prefix after the longer key", false,
	 "key=ab fam=F qual=Q ts=1 value=v commit\n" ROW_A,
	 "row ab\n  F:Q @1 = v\nerror increasing\n"},
	{"a key, then its successor", false,
	 ROW_A "key=a%00 fam=F qual=Q ts=1 value=v commit\n",
	 GOT_A "row a%00\n  F:Q @1 = v\nend\n"},
	{"bytes are unsigned in the order of keys", false,
	 "key=%7f fam=F qual=Q ts=1 value=v commit\n"
	 "key=%80 fam=F qual=Q ts=1 value=v commit\n",
	 "row %7f\n  F:Q @1 = v\nrow %80\n  F:Q @1 = v\nend\n"},
	{"the same key twice, reversed", true, ROW_A ROW_A, GOT_A "error decreasing\n"},
	{"increasing keys, reversed", true, ROW_A ROW_B, GOT_A "error decreasing\n"},
	{"a key after its successor, reversed", true,
	 "key=a%00 fam=F qual=Q ts=1 value=v commit\n" ROW_A,
	 "row a%00\n  F:Q @1 = v\n" GOT_A "end\n"},
	{"a key before its successor, reversed", true,
	 ROW_A "key=a%00 fam=F qual=Q ts=1 value=v commit\n",
	 GOT_A "error decreasing\n"},

	/* ---- scan markers and statistics ---- */
	{"a scan marker alone", false, "scanned=a\n", "scanned a\nend\n"},
	{"scan markers between rows", false, "scanned=A\n" ROW_A "scanned=aa\n" ROW_B,
	 "scanned A\n" GOT_A "scanned aa\n" GOT_B "end\n"},
	{"increasing scan markers", false, "scanned=a\nscanned=b\nscanned=b%00\n",
	 "scanned a\nscanned b\nscanned b%00\nend\n"},
	{"decreasing scan markers, reversed", true, "scanned=c\n" ROW_B "scanned=a\n",
	 "scanned c\n" GOT_B "scanned a\nend\n"},
	{"the same scan marker twice", false, "scanned=a\nscanned=a\n",
	 "scanned a\nerror increasing\n"},
	{"scan markers out of order", false, "scanned=b\nscanned=a\n",
	 "scanned b\nerror increasing\n"},
	{"scan markers out of order, reversed", true, "scanned=a\nscanned=b\n",
	 "scanned a\nerror decreasing\n"},
	{"a row at the scan marker", false, "scanned=a\n" ROW_A,
	 "scanned a\nerror increasing\n"},
	{"a row before the scan marker", false, "scanned=b\n" ROW_A,
	 "scanned b\nerror increasing\n"},
	{"a row above the scan marker, reversed", true, "scanned=a\n" ROW_B,
	 "scanned a\nerror decreasing\n"},
	{"a scan marker at the last row", false, ROW_A "scanned=a\n",
	 GOT_A "error increasing\n"},
	{"a scan marker before the last row", false, ROW_B "scanned=a\n",
	 GOT_B "error increasing\n"},
	{"a scan marker after the last row", false, ROW_A "scanned=b\n",
	 GOT_A "scanned b\nend\n"},
	{"a scan marker within a row", false, OPEN_A "scanned=b\n", "error\n"},
	{"a scan marker within a split cell", false,
	 "key=a fam=F qual=Q ts=1 value=abc more=6\n"
	 "scanned=b\n"
	 "value=def commit\n",
	 "error\n"},
	{"a scan marker after a reset", false, OPEN_A "reset\nscanned=a\n" ROW_B,
	 "scanned a\n" GOT_B "end\n"},
	{"an empty scan marker is none", false, ROW_A "scanned=\n" ROW_B,
	 GOT_A GOT_B "end\n"},
	{"an empty scan marker within a row is none", false,
	 OPEN_A "scanned=\n"
			"ts=2 value=w commit\n",
	 "row a\n  F:Q @1 = v\n  F:Q @2 = w\nend\n"},
	{"a binary scan marker", false, "scanned=%00%ff\n", "scanned %00%ff\nend\n"},
	{"statistics alone", false, "stats=%0a%02%0a%00\n", "stats %0a%02%0a%00\nend\n"},
	{"statistics after rows", false, ROW_A ROW_B "stats=%0a%04%0a%02%08%05\n",
	 GOT_A GOT_B "stats %0a%04%0a%02%08%05\nend\n"},
	{"empty statistics", false, ROW_A "stats=\n", GOT_A "stats \nend\n"},
	{"statistics after a scan marker", false, ROW_A "scanned=b\nstats=%0a%00\n",
	 GOT_A "scanned b\nstats %0a%00\nend\n"},
	{"rows after statistics", false, ROW_A "stats=%0a%00\n" ROW_B,
	 GOT_A "stats %0a%00\n" GOT_B "end\n"},
	{"statistics within a row do not disturb it", false,
	 OPEN_A "stats=%0a%00\n"
			"ts=2 value=w commit\n",
	 "stats %0a%00\nrow a\n  F:Q @1 = v\n  F:Q @2 = w\nend\n"},
};
/* clang-format on */

#endif /* CHUNK_VECTORS_H */
