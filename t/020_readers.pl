# The tests in sql/ read what the extension has written by btload. What it prints is what Google's own
# command-line client prints: every cell, every version, every byte.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use IPC::Run;
use Test::More;
use Time::Local;

plan skip_all => 'there is no cbt to compare with' if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

my $emulator = BigtableTest::Emulator->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'bt', $emulator->address);

# Runs a program and returns what it prints, as bytes.
sub output_of
{
	my (@command) = @_;
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	local $ENV{TZ} = 'UTC';
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', \'', '>', \$out, '2>', \$err) or die "@command: $err";
	return $out;
}

# A cell in one form: key, column and value in hex, and the microseconds.
sub cell
{
	my ($key, $column, $time, $value) = @_;
	return join ' ', unpack('H*', $key), unpack('H*', $column), $time, unpack('H*', $value);
}

sub cells_of_btload
{
	my ($table) = @_;
	my @cells;
	foreach my $line (split /\n/, output_of($ENV{BTLOAD}, $emulator->address, 'p', 'i', 'read', $table))
	{
		my ($key, $column, $time, $value) = $line =~ /^\\x((?:[0-9a-f]{2})+)\t\\x((?:[0-9a-f]{2})+)\t(\d+)\t\\x((?:[0-9a-f]{2})*)$/
		  or die "unexpected line of btload: $line";
		push @cells, cell((map { pack 'H*', $_ } $key, $column), $time, pack 'H*', $value);
	}
	return [ sort @cells ];
}

# Go's %q, undone.
sub unquote
{
	my ($text) = @_;
	my %simple = (a => "\a", b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", v => "\x0b", '\\' => '\\', '"' => '"');
	my $bytes = '';
	while ($text =~ /\G(?:\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|\\(.)|([^\\]))/gcs)
	{
		my ($byte, $code, $simple, $plain) = ($1, $2 // $3, $4, $5);
		if (defined $code)
		{
			my $char = chr hex $code;
			utf8::encode($char);
			$bytes .= $char;
		}
		else
		{
			$bytes .= defined $byte ? chr hex $byte : defined $simple ? $simple{$simple} : $plain;
		}
	}
	die "cannot undo the quoting of $text" if (pos($text) // 0) != length $text;
	return $bytes;
}

# cbt prints a line of dashes and the key for each row, then two lines for each cell.
sub cells_of_cbt
{
	my ($table) = @_;
	my @cells;
	foreach my $row (split /^-{40}\n/m, output_of('cbt', '-project', 'p', '-instance', 'i', 'read', $table))
	{
		next if $row eq '';
		my ($key, $rest) = $row =~ /^([^\n]*)\n(.*)\z/s or die "unexpected row of cbt: $row";
		while ($rest =~ /\G  ([^\n]*?) *\@ (\d+)\/(\d+)\/(\d+)-(\d+):(\d+):(\d+)\.(\d{6})\n    "([^\n]*)"\n/gc)
		{
			push @cells, cell($key, $1, timegm($7, $6, $5, $4, $3 - 1, $2) . $8, unquote($9));
		}
		die "unexpected cells of cbt: $rest" if substr($rest, pos($rest) // 0) !~ /^\n?\z/;
	}
	return [ sort map { s/ 0+(\d+) (\w*)$/ $1 $2/r } @cells ];
}

# Compares both; returns the number of cells.
sub compare_readers
{
	my ($table, $name) = @_;
	my $cells = cells_of_btload($table);
	is_deeply($cells, cells_of_cbt($table), $name);
	return scalar @$cells;
}

$emulator->create('t', 'cf', 'other.family-1');
$session->query(<<'SQL');
CREATE FOREIGN TABLE t (
  id bytea OPTIONS (row_key 'true'),
  t text OPTIONS (family 'cf', qualifier 't'),
  at timestamptz OPTIONS (family 'cf', qualifier 't', cell 'timestamp'),
  n bigint OPTIONS (family 'cf', qualifier 'größe', encoding 'binary'),
  f float8 OPTIONS (family 'other.family-1', qualifier '\x00ff20c3', encoding 'binary'),
  b bytea OPTIONS (family 'other.family-1', qualifier 'b')
) SERVER bt
SQL

# Keys and values of all bytes, but for newlines in keys, which cbt prints as they are.
$session->query(<<'SQL');
INSERT INTO t (id, t, n, f, b)
SELECT set_byte('\x6b006b', 1, i), chr(i + 1) || repeat('ä€😀"\', i % 4), i, i / 7.0,
  CASE WHEN i % 3 > 0 THEN set_byte(decode(repeat(md5(i::text), i % 5), 'hex') || '\x00', 0, i) END
FROM generate_series(0, 255) i WHERE i <> 10
SQL
is(compare_readers('t', 'all bytes'), 255 * 3 + 169, 'as many cells as values');

# Versions, at times of one's own and of the clock.
$session->query(q{INSERT INTO t (id, t, at) SELECT 'versions', 'v' || i, '1970-01-01 00:00:00Z'::timestamptz + i * interval '1 day 1 ms' FROM generate_series(0, 99) i});
$session->query(q{UPDATE t SET t = 'now' WHERE id = 'versions'});
is(compare_readers('t', 'versions'), 255 * 3 + 169 + 101, 'one more cell for each version');

# Changes of all kinds.
$session->query(q{UPDATE t SET n = n + 1, b = NULL WHERE n < 100});
$session->query(q{DELETE FROM t WHERE n > 200});
compare_readers('t', 'after UPDATE and DELETE');
$session->query(q{INSERT INTO t (id, b) SELECT 'large', decode(repeat(md5('x'), 50000), 'hex')});
compare_readers('t', 'a large value');
$session->query('TRUNCATE t');
is(compare_readers('t', 'after TRUNCATE'), 0, 'no cells');

done_testing();
