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
