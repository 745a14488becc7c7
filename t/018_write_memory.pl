# A backend's memory stays flat while it copies many rows, and over many statements.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

# In CI and on demand.
my $rows = ($ENV{BIGTABLE_TEST_FULL} // '') eq 'yes' ? 10_000_000 : 2_000_000;

my $mock = BigtableTest::Mock->new('fast', '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $pid = $session->pid;

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock', columns => [ map { "c$_" } 0 .. 3 ]);

sub copy
{
	my ($n) = @_;
	my $value = 'x' x 40;
	return qq{COPY t FROM PROGRAM 'seq -f "row%010.0f	$value	$value	$value	$value" $n'};
}

sub context_bytes
{
	return $session->query('SELECT sum(used_bytes) FROM pg_backend_memory_contexts');
}

# ---- one large COPY ----

$session->query(copy(200_000));
my $before = memory_kb($pid);
$session->send(copy($rows));
my $highest = $before;
while (!$session->has_output)
{
	my $now = memory_kb($pid);
	$highest = $now if $now > $highest;
	select undef, undef, undef, 0.02;
}
my $result = $session->finish;
ok(!$result->{error}, "$rows rows are copied") or diag(explain $result->{error});
note("memory: $before kB before, at most $highest kB");
cmp_ok($highest - $before, '<', 8 * 1024, 'the process has not grown by 8 MB');

# ---- large values ----

# A row is copied a few times on its way, and a few requests are under way: 100 rows of 5 MB are more than that.
use constant LARGE_ROWS => 100;
use constant LARGE_KB => 5 * 1024;
$session->query(q{INSERT INTO t SELECT 'k' || i, repeat('x', 5 * 1024 * 1024) FROM generate_series(1, 10) i});
$before = memory_kb($pid);
$session->send(q{INSERT INTO t SELECT 'k' || i, repeat('x', 5 * 1024 * 1024) FROM generate_series(1, } . LARGE_ROWS . q{) i});
$highest = $before;
while (!$session->has_output)
{
	my $now = memory_kb($pid);
	$highest = $now if $now > $highest;
	select undef, undef, undef, 0.005;
}
$result = $session->finish;
ok(!$result->{error}, LARGE_ROWS . ' rows of 5 MB are written') or diag(explain $result->{error});
note("large values: $before kB before, at most $highest kB, " . memory_kb($pid) . ' kB after');
cmp_ok($highest - $before, '<', LARGE_ROWS * LARGE_KB / 4, 'large values: the process has not grown by a quarter of them');
# The allocator may keep a few of the pieces for the next time.
cmp_ok(memory_kb($pid) - $before, '<', 6 * LARGE_KB, 'large values: they are given back');

# ---- many statements ----

my @statements = (
	q{INSERT INTO t VALUES ('k', 'v')}, q{INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 100) i},
	q{DELETE FROM t WHERE id = 'k'}, q{INSERT INTO t VALUES ('')}, q{INSERT INTO t SELECT 'k' || i, 1 / (50 - i) FROM generate_series(1, 100) i},
	q{EXPLAIN ANALYZE INSERT INTO t VALUES ('k', 'v')});
sub run_statements
{
	my ($times) = @_;
	$session->run(join ";\n", (@statements) x 10) foreach 1 .. $times;
	return;
}
$session->query('SET client_min_messages = error');
run_statements(3);
my ($memory, $bytes, $descriptors) = (memory_kb($pid), context_bytes(), descriptors($pid));
run_statements(20);
my ($memory_after, $bytes_after) = (memory_kb($pid), context_bytes());
note("after 1,200 statements: $memory kB before, $memory_after kB after, $bytes and $bytes_after bytes in contexts");
cmp_ok($memory_after - $memory, '<', 1024, 'many statements: the process has not grown by 1 MB');
cmp_ok($bytes_after - $bytes, '<', 64 * 1024, 'many statements: its memory contexts use no more');
is(descriptors($pid), $descriptors, 'many statements: descriptors');

done_testing();
