# Parallel scans: what is asked for, cancels, the death of a worker, failures, and servers that sample no keys.
# Results are compared in sql/parallel.sql.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--rows', 10_000, '--columns', 1, '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
my $pid = $session->pid;

create_server($session, 'mock', $mock->address, max_attempts => 3);
create_table($session, 't', 'mock', columns => ['c0']);
$session->query("SET $_") foreach 'max_parallel_workers_per_gather = 2', 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0',
  'min_parallel_table_scan_size = 0';

my $query = 'SELECT count(*), count(c0), max(id) FROM t';
my $right = '10000|10000|row0000010000';
my @samples = ('call SampleRowKeys', (map { sprintf "sample row%010d %d\nsend", 1000 * $_, 100_000 * $_ } 1 .. 9), 'sample end 1000000', 'send');

sub workers
{
	return split /\n/, $observer->query("SELECT pid FROM pg_stat_activity WHERE leader_pid = $pid ORDER BY 1");
}

# ---- what is asked for ----

like($session->query("EXPLAIN (COSTS OFF) $query"), qr/Parallel Foreign Scan/, 'the planner chooses a parallel scan');
$mock->script(@samples, 'call', 'replay');
is($session->query($query), $right, 'all rows are read');
is(scalar($mock->calls('SampleRowKeys')), 1, 'the leader asks for keys once');
my @calls = $mock->wait_for_done(10);
is(scalar @calls, 10, 'and each part is read once');
is(join(' ', sort map { $_->{ranges} } @calls), join(' ', sort map {
	sprintf '[%s,%s)]', $_ == 0 ? '(' : sprintf('[row%010d', 1000 * $_), $_ == 9 ? '' : sprintf('row%010d', 1000 * ($_ + 1)) } 0 .. 9),
	'from the keys that the server named')
  or note(join "\n", map { $_->{ranges} } @calls);

$mock->script(@samples, 'call', 'replay');
is($session->query("SELECT count(*) FROM (SELECT id FROM t WHERE id < 'row0000002500' ORDER BY id) s"), 2499, 'a range is read');
is(scalar($mock->wait_for_done(3)), 3, 'in the parts that it touches');

# ---- servers that sample no keys ----

foreach my $code (7, 12)
{
	$mock->script('call SampleRowKeys', "status $code no", 'call', 'replay');
	is($session->query($query), $right, "status $code for the keys: all rows are read");
	is(scalar($mock->wait_for_done(1)), 1, "status $code for the keys: as one part");
}
$mock->script('call SampleRowKeys', 'status 3 no', 'call', 'replay');
fails_with($session, $query, '22023', qr/could not sample the row keys of Bigtable table "t"/, 'any other failure');

# ---- failures ----

$mock->script(@samples, 'call', 'replay', 'call', 'replay', 'call', 'status 9 not now');
fails_with($session, $query, '55000', qr/could not read Bigtable table "t"/, 'a part that fails');
$mock->script(@samples, 'call', 'replay 7', 'status 14 lost', 'call', 'replay');
is($session->query($query), $right, 'a part that is lost is resumed');

# ---- cancel, termination ----

my @stall = ('call', 'replay 7', 'stall');
foreach my $signal ('pg_cancel_backend', 'statement_timeout')
{
	prompt($signal, sub {
		$session->query("SET statement_timeout = '" . ($signal eq 'statement_timeout' ? '1500ms' : 0) . "'");
		$mock->script(@samples, @stall);
		my $began = now();
		$session->send($query);
		$mock->wait_for_begun(3);
		if ($signal eq 'pg_cancel_backend')
		{
			$began = now();
			$observer->query("SELECT pg_cancel_backend($pid)");
		}
		my $result = $session->finish;
		is($result->{error}{sqlstate}, '57014', "$signal: the statement ends");
		return $result->{at} - $began - ($signal eq 'statement_timeout' ? 1.5 : 0);
	});
	wait_until('the workers to be gone', sub { !workers() });
	is(scalar(grep { !$_->{done} } $mock->wait_for_done(3)), 0, "$signal: no call is left open");
}
$session->query('RESET statement_timeout');

$mock->script(@samples, @stall);
$session->send($query);
$mock->wait_for_begun(3);
my ($worker) = workers();
$observer->query("SELECT pg_terminate_backend($worker)");
my $result = $session->finish;
is($result->{error}{sqlstate}, '57P01', 'a worker that is terminated ends the statement');
wait_until('the workers to be gone', sub { !workers() });
$mock->script(@samples, 'call', 'replay');
is($session->query($query), $right, 'the session goes on');

# ---- nothing leaks ----

my $descriptors = descriptors($pid);
$session->query($query) foreach 1 .. 10;
is(descriptors($pid), $descriptors, 'no descriptor is left behind');

done_testing();
