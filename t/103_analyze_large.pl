# ANALYZE of a table that the server says is large: which ranges are read, how far, and what follows for the number of
# rows and for the statistics. The numbers are worked out by hand from the samples that the mock gives.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

use constant { ROWS => 6400, MB => 1024 * 1024 };

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock', columns => ['c0']);

# The n-th row is the first of what lies behind n - 1 others.
sub key
{
	return sprintf 'row%010d', shift;
}

# SampleRowKeys as a script: pairs of a row's number, or 'end', and of the megabytes before it.
sub samples
{
	my (@pairs) = @_;
	my @lines = 'call SampleRowKeys';
	while (my ($row, $mb) = splice @pairs, 0, 2)
	{
		push @lines, sprintf('sample %s %d', $row eq 'end' ? $row : key($row), $mb * MB), 'send';
	}
	return @lines;
}

# A range of rows as the log shows it; of the numbers, 0 means no bound.
sub range
{
	my ($from, $to) = @_;
	return '[' . ($from ? '[' . key($from) : '(') . ',' . ($to ? key($to) : '') . ')]';
}

# Analyzes the table with a statistics target: 300 rows are wanted for each unit of it.
sub analyze
{
	my ($target, @script) = @_;
	$mock->script(@script);
	my $result = $session->run("SET default_statistics_target = $target; ANALYZE VERBOSE t");
	my ($message) = grep { /: read / } map { $_->{message} } @{ $result->{messages} };
	return $message // $result->{error}{message} // 'nothing';
}

sub ranges_read
{
	return map { $_->{ranges} } $mock->calls;
}

sub size
{
	return $session->query(q{SELECT reltuples, relpages FROM pg_class WHERE oid = 't'::regclass});
}

sub said
{
	my ($read, $sample, $total) = @_;
	return qq{"t": read $read rows of Bigtable table "t"; $sample rows in sample, $total estimated total rows};
}

# ---- as many ranges as are read at all, each to its end: nothing is left to guess ----

my @even = samples((map { (640 * $_ + 1, 64 * $_) } 1 .. 9), end => 640);
is(analyze(100, @even, 'call', 'replay'), said(ROWS, ROWS, ROWS), 'ten ranges of 640 rows');
is_deeply([ ranges_read() ], [ map { range($_ ? 640 * $_ + 1 : 0, $_ < 9 ? 640 * ($_ + 1) + 1 : 0) } 0 .. 9 ], 'each is read once');
is(scalar($mock->calls('SampleRowKeys')), 2, 'the server is asked for the size, and for keys');

# 640 MB are 81920 pages, and one more is added, as a table that is there has one.
is(size(), ROWS . '|81921', 'rows and pages');
$session->query('CREATE SCHEMA local; CREATE TABLE local.t (id text COLLATE "C", c0 text); '
	  . q{INSERT INTO local.t SELECT 'row' || lpad(r::text, 10, '0'), rpad(format('r%sc0-', r), 40, 'abcdefghijklmnopqrstuvwxyz') FROM generate_series(1, 6400) r; }
	  . 'SET default_statistics_target = 100; ANALYZE local.t');
is($session->query(q{SELECT attname, f.null_frac = l.null_frac AND f.n_distinct = l.n_distinct AND f.avg_width = l.avg_width
  AND f.most_common_vals::text IS NOT DISTINCT FROM l.most_common_vals::text AND f.histogram_bounds::text = l.histogram_bounds::text
  AND f.correlation = l.correlation FROM pg_stats f JOIN pg_stats l USING (tablename, attname)
  WHERE f.schemaname = 'public' AND l.schemaname = 'local' AND tablename = 't' ORDER BY 1}), "c0|t\nid|t", 'statistics are those of a local copy');

# ---- ranges of which only some are read to their end ----

# 30 rows of each are wanted. Nine have 20, in 8 MB each; the tenth has all others. So 180 rows are in 72 MB, and
# in 640 MB there should be 1600; the 30 rows of the tenth range say nothing of that.
is(analyze(1, samples((map { (20 * $_ + 1, 8 * $_) } 1 .. 9), end => 640), 'call', 'replay'), said(210, 210, 1600), 'nine small ranges, and a large one');
is(size(), '1600|81921', 'the number of rows follows from the small ones');
is($session->query(q{SELECT n_distinct, null_frac FROM pg_stats WHERE schemaname = 'public' AND tablename = 't' ORDER BY attname}), "-1|0\n-1|0", 'all values are different');
is($session->query(q{SELECT count(*) FROM pg_stats, unnest(histogram_bounds::text::text[]) b
  WHERE schemaname = 'public' AND tablename = 't' AND attname = 'id' AND b NOT BETWEEN 'row0000000001' AND 'row0000000210'}), '0', 'and are of the first 210 rows');

# A range of just as many rows as are wanted is not known to end there: 9 * 20 rows in 9 * 64 MB.
is(analyze(1, samples((map { (20 * $_ + 1, 64 * $_) } 1 .. 9), 211 => 640), 'call', 'replay'), said(210, 210, 200), 'a range that is as large as the sample');

# No range ends, so that the bytes that have come must do. Each row is a message of 88 bytes: a chunk with key (15),
# family and qualifier (6 each), timestamp (4) and value (42), and one with timestamp (4), label (5) and the end of
# the row (2), which says that the row is there; both with tag and length (2 each). Timestamps, of which there are
# two, have a byte more beyond 2097 ms, as the rows of six ranges do, and one less in the first 16 rows.
my $bytes = 300 * 88 + 2 * 6 * 30 - 2 * 16;
is(analyze(1, @even, 'call', 'per_message 1', 'replay'), said(300, 300, sprintf '%.0f', 640 * MB * 300 / $bytes), 'no range ends');

# ---- more ranges than are read ----

# Each second of 128, from the first or the second on: 64 ranges of 50 rows in 5 MB.
is(analyze(100, samples((map { (50 * $_ + 1, 5 * $_) } 1 .. 127), end => 640), 'call', 'replay'), said(3200, 3200, ROWS), 'a half of 128 ranges');
my @read = ranges_read();
my ($first) = grep { $read[0] eq range($_ ? 50 * $_ + 1 : 0, 50 * ($_ + 1) + 1) } 0, 1;
ok(defined $first, 'from one of the first two on') or diag($read[0]);
is_deeply(\@read, [ map { my $n = $first + 2 * $_; range($n ? 50 * $n + 1 : 0, $n < 127 ? 50 * ($n + 1) + 1 : 0) } 0 .. 63 ], 'evenly spread');
is(size(), ROWS . '|81921', 'the number of rows is right all the same');

# Fewer rows are wanted than are in the ranges: 5 of each, spread over the whole table.
like(analyze(1, samples((map { (50 * $_ + 1, 5 * $_) } 1 .. 127), end => 640), 'call', 'replay'), qr/^"t": read 320 rows .*; 300 rows in sample/, 'a sample of them');
is($session->query(q{SELECT count(*) = 3, min(b) < 'row0000000110', max(b) > 'row0000006300' FROM pg_stats, unnest(histogram_bounds::text::text[]) b
  WHERE schemaname = 'public' AND tablename = 't' AND attname = 'id'}), 'f|t|t', 'from its beginning to its end');

# ---- odd answers ----

is(analyze(100, samples(641 => 64, 641 => 64, 641 => 320, 641 => 320, end => 640), 'call', 'replay'), said(ROWS, ROWS, ROWS), 'a key that is sampled again');
is_deeply([ ranges_read() ], [ range(0, 641), range(641, 0) ], 'what is empty is not read');
is(analyze(100, @even, 'call'), said(0, 0, 0), 'ranges without a row');
is(size(), '0|81921', 'no rows, in a table of some size');
my ($begun) = analyze(100, samples(641 => 64, 1281 => 128), 'status 14 busy', @even, 'call', 'replay');
is($begun, said(ROWS, ROWS, ROWS), 'samples that break off are asked for again');
is(scalar(ranges_read()), 10, 'and those of the first attempt are forgotten');

# ---- tables that are not large, or of which nothing is known ----

is(analyze(100, samples((map { (640 * $_ + 1, 6 * $_) } 1 .. 9), end => 64), 'call', 'replay'), said(ROWS, ROWS, ROWS), '64 MB');
is_deeply([ ranges_read() ], [ range(0, 0) ], 'are read as a whole');
is(size(), ROWS . '|8193', 'with their size');
is(analyze(100, 'call SampleRowKeys', 'status 12 no', 'call', 'replay'), said(ROWS, ROWS, ROWS), 'a server that does not sample');
is_deeply([ ranges_read() ], [ range(0, 0) ], 'the table is read as a whole');
is(size(), ROWS . '|1', 'of a size that is not known');
is(analyze(100, 'call SampleRowKeys', 'status 7 no', 'call', 'replay'), said(ROWS, ROWS, ROWS), 'one that may not be asked');
is(analyze(100, 'call SampleRowKeys', 'status 3 no', 'call', 'replay'), 'could not sample the row keys of Bigtable table "t"', 'any other failure is one');
is($session->query('SELECT count(*) FROM t'), ROWS, 'the session goes on');

done_testing();
