# Memory and descriptors stay flat: over a thousand scans of a session, and over the rows of a large one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant LARGE => 2_000_000;

my $mock = BigtableTest::Mock->new('--rows', LARGE, '--rows-per-message', 1000, '--columns', 4);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $pid = $session->pid;

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => [ map { "c$_" } 0 .. 3 ]);

# What the session's contexts use, in bytes.
sub context_bytes
{
	return $session->query('SELECT sum(used_bytes) FROM pg_backend_memory_contexts');
}

# ---- a thousand scans ----

# They differ: whole, ended early, with errors, retried, nothing found, a point read.
my @script = ('call', 'rows 1 50 k%03d cf:q=%d', 'call', 'rows 1 20 k%03d cf:q=%d', 'status 14 again');
my @scans = (
	'SELECT count(*) FROM t',
	q{SELECT q FROM t WHERE id = 'k001'},
	q{SELECT q FROM t WHERE length(q) > 1 LIMIT 1},
	q{SELECT sum(length(q)) FROM t WHERE id BETWEEN 'k001' AND 'k040' OR id LIKE 'k%' ORDER BY 1},
	q{SELECT 1 / (q::int - 10) FROM t},
	q{SELECT q FROM t WHERE id IN ('k001', 'k002', 'k003') ORDER BY id},
	q{SELECT count(*) FROM generate_series(1, 3) i, LATERAL (SELECT q FROM t WHERE id = 'k' || i) s},
	q{EXPLAIN ANALYZE SELECT * FROM t},
	q{EXECUTE by_key('k001')},
	q{SELECT id FROM t WHERE id > 'k' ORDER BY id DESC},
);

sub run_scans
{
	my ($times) = @_;
	$session->run(join ";\n", (@scans) x 10) foreach 1 .. $times;
	return;
}

# Ordered scans get rows that are out of order; that is one of the errors.
$mock->script(@script);
$session->query('ALTER SERVER mock OPTIONS (ADD max_attempts \'2\')');
$session->query('PREPARE by_key(text) AS SELECT q FROM t WHERE id = $1');
run_scans(3);
my ($descriptors, $threads, $memory, $bytes) =
  (descriptors($pid), threads($pid), memory_kb($pid), context_bytes());
note("before: $descriptors descriptors, $threads threads, $memory kB, $bytes bytes in contexts");

run_scans(10);
my ($memory_after, $bytes_after) = (memory_kb($pid), context_bytes());
note("after 1,000 scans: $memory_after kB, $bytes_after bytes in contexts");
my @calls = $mock->calls;
cmp_ok(scalar @calls, '>', 1000, 'a thousand scans and more were made');
is(descriptors($pid), $descriptors, 'descriptors after 1,000 scans');
# gRPC makes threads as it sees fit, up to a few for each processor; a leak would be of hundreds.
cmp_ok(threads($pid), '<=', $threads + 4, 'threads after 1,000 scans');
cmp_ok($memory_after - $memory, '<', 1024, 'the process has not grown by 1 MB');
cmp_ok($bytes_after - $bytes, '<', 64 * 1024, 'its memory contexts use no more');

# ---- a large scan ----

# Runs a query and watches the memory; returns its rows and how far it grew, in kilobytes.
sub growth
{
	my ($sql) = @_;
	my $before = memory_kb($pid);
	my $most = $before;
	$session->send($sql);
	wait_until("the end of $sql", sub {
		my $now = memory_kb($pid);
		$most = $now if $now > $most;
		return $session->has_output;
	}, 120);
	my $result = $session->finish;
	return ($result->{error} ? $result->{error}{message} : $result->{rows}, $most - $before);
}

# Values are cut to 40 bytes, keys have 13.
$mock->script('call', 'replay');
my ($rows, $grown) = growth('SELECT count(*), sum(length(id)), sum(length(c0) + length(c1) + length(c2) + length(c3)) FROM big');
is($rows, join('|', LARGE, LARGE * 13, LARGE * 4 * 40), LARGE . ' rows');
note("grown by $grown kB");
cmp_ok($grown, '<', 32 * 1024, 'memory grows by less than 32 MB over ' . LARGE . ' rows');

# ---- large values ----

# The allocator may keep what was freed, for the next time; a leak would be of the value's size each time.
my $large = 64 * 1024 * 1024;
my $pieces = 64;
my $piece = $large / $pieces;
my %large_scripts = (
	'a value of 64 MB in one piece' => ["chunk key=b family=cf qualifier=q ts=1000 fill=$large commit"],
	'a value of 64 MB in pieces' => [
		"chunk key=b family=cf qualifier=q ts=1000 value_size=$large fill=$piece", 'send',
		("chunk value_size=$large fill=$piece", 'send') x ($pieces - 2), "chunk fill=$piece commit", 'send' ],
);
foreach my $name (sort keys %large_scripts)
{
	my @kept;
	$mock->script('call', 'row a cf:q=1', @{ $large_scripts{$name} }, 'row c cf:q=2');
	foreach my $time (1 .. 4)
	{
		is($session->query('SELECT id, length(q) FROM t'), "a|1\nb|$large\nc|1", "$name, time $time");
		push @kept, memory_kb($pid);
	}
	note("$name: @kept kB");
	cmp_ok($kept[-1] - $kept[0], '<', $large / 1024, "$name: memory does not grow from time to time");
}

done_testing();
