# statement_timeout bounds the deadline that each call has: the server stops working when nobody waits any more,
# and the statement fails as one that was cancelled, not as one whose call has failed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;
use Time::HiRes qw(sleep);

my $mock = BigtableTest::Mock->new('--rows', 300, '--columns', 1, '--family', 'cf', '--sum-family', 'sum');
my $node = start_cluster();
my $observer = BigtableTest::Session->new($node);
my $session = BigtableTest::Session->new($node);

# One attempt alone: nothing is hidden by another one.
create_server($session, 'mock', $mock->address, max_attempts => 1);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => ['c0']);
$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'),
  s bigint OPTIONS (family 'sum', qualifier 's', encoding 'binary')) SERVER mock});

# Every kind of call: a name, its method, and a statement that makes one.
my @kinds = (
	[ 'a scan', 'ReadRows', 'SELECT id, q FROM t' ],
	[ 'a point read', 'ReadRows', q{SELECT id, q FROM t WHERE id = 'a'} ],
	[ 'INSERT', 'MutateRows', q{INSERT INTO t VALUES ('a', '1')} ],
	[ 'DELETE by key', 'MutateRows', q{DELETE FROM t WHERE id = 'a'} ],
	[ 'INSERT in strict mode', 'CheckAndMutateRow', q{INSERT INTO strict VALUES ('a', '1')} ],
	[ 'a counter', 'ReadModifyWriteRow', q{UPDATE counters SET n = n + 1 WHERE id = 'a'} ],
	[ 'a sum', 'MutateRow', q{UPDATE counters SET s = s + 1 WHERE id = 'a'} ],
	[ 'TRUNCATE', 'DropRowRange', 'TRUNCATE t' ],
	[ 'a function', 'MutateRow', q{SELECT bigtable_mutate_row('mock', 't', 'a', ARRAY[bigtable_set_cell('cf', 'q', '1')])} ],
);

# What a statement's one call is told, in milliseconds.
sub deadline_of
{
	my ($method, $sql) = @_;
	$mock->script('call', 'row a cf:q=1', 'call MutateRows');
	$session->query($sql);
	my @calls = $mock->wait_for_done(1, $method);
	return $calls[0]{peer_deadline_ms};
}

# ---- what the server is told ----

foreach my $kind (@kinds)
{
	my ($name, $method, $sql) = @$kind;
	my $usual = deadline_of($method, $sql);
	$session->query(q{SET statement_timeout = '7s'});
	my $bounded = deadline_of($method, $sql);
	$session->query('RESET statement_timeout');
	cmp_ok($usual, '>', 15_000, "$name: the usual deadline is later ($usual ms)");
	ok($bounded <= 7000 && $bounded > 4000, "$name: it is no later than the statement's end") or diag("$bounded ms");
}

# A later attempt has less time, and the wait between them counts.
$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '5'); SET statement_timeout = '7s'});
foreach my $method (qw(ReadRows MutateRows))
{
	$mock->script("call $method", 'retry_info 0.5', 'status 14 later', "call $method", 'retry_info 0.7', 'status 14 later', "call $method");
	$session->query($method eq 'ReadRows' ? 'SELECT id, q FROM t' : q{INSERT INTO t VALUES ('a', '1')});
	my @left = map { $_->{peer_deadline_ms} } $mock->wait_for_done(3, $method);
	ok($left[0] <= 7000 && $left[1] <= 6500 && $left[2] <= 5800 && $left[2] > 3000, "$method: all attempts end with the statement")
	  or diag("@left");
}
$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '1'); RESET statement_timeout});

# The server's own options still hold where they end earlier.
$session->query(q{ALTER SERVER mock OPTIONS (ADD operation_timeout '3s'); SET statement_timeout = '7s'});
cmp_ok(deadline_of('ReadRows', 'SELECT id, q FROM t'), '<', 3100, 'operation_timeout, if it is earlier');
cmp_ok(deadline_of('MutateRows', q{INSERT INTO t VALUES ('a', '1')}), '<', 3100, 'operation_timeout of writes, if it is earlier');
$session->query(q{ALTER SERVER mock OPTIONS (DROP operation_timeout); RESET statement_timeout});

# Parallel workers have no timeout of their own, but the leader's.
$session->query(q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
  SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off});
like($session->query('EXPLAIN (COSTS OFF) SELECT count(*), min(c0) FROM big'), qr/Gather.*Parallel Foreign Scan/s, 'a parallel scan');
foreach my $timeout ('7s', '0')
{
	$mock->script('call SampleRowKeys', 'sample row0000000100 1000', 'send', 'sample row0000000200 2000', 'send', 'sample end 3000', 'send',
		'call', 'replay');
	is($session->query("SET statement_timeout = '$timeout'; SELECT count(*), length(min(c0)) FROM big"), '300|40', "a parallel scan, statement_timeout $timeout");
	my @left = map { $_->{peer_deadline_ms} } $mock->wait_for_done(2);
	ok($timeout eq '0' ? !grep({ $_ < 60_000 } @left) : !grep({ $_ > 7000 || $_ < 4000 } @left),
		"a parallel scan, statement_timeout $timeout: the deadlines of its parts") or diag("@left");
}
$session->query('SET max_parallel_workers_per_gather = 0; RESET statement_timeout');

# ---- how the statement ends ----

foreach my $kind (@kinds)
{
	my ($name, $method, $sql) = @$kind;
	prompt("$name that stalls", sub {
		$mock->script("call $method", 'stall');
		my $result = $session->run(q{SET statement_timeout = '200ms'});
		my $at = now();
		$result = $session->run($sql);
		is_error($result, '57014', qr/^canceling statement due to statement timeout$/m, "$name that stalls");
		$session->query('RESET statement_timeout');
		return $result->{at} - $at - 0.2;
	});
}

# A server that gives up at the deadline by itself is not spoken of either.
$session->query(q{SET statement_timeout = '300ms'});
foreach my $try (1 .. 3)
{
	$mock->script('call', 'sleep 295', 'status 4 too late');
	is_error($session->run('SELECT id, q FROM t'), '57014', qr/^canceling statement due to statement timeout$/m, "the server's own deadline, $try");
}

# One that gives up long before is, and is not asked again and again.
$mock->script('call', 'status 4 too early');
is_error($session->run('SELECT id, q FROM t'), '57014', qr/too early; gRPC status 4 .* after 1 attempt\./, 'an early DEADLINE_EXCEEDED');
is(scalar $mock->wait_for_done(1), 1, 'an early DEADLINE_EXCEEDED: one attempt');
$session->query('RESET statement_timeout');

# The server stops even if the session cannot tell it to: its process is stopped.
$mock->script('call', 'row a cf:q=1', 'send', 'stall');
my $pid = $session->pid;
$session->query(q{SET statement_timeout = '500ms'});
$session->send('SELECT id, q FROM t');
wait_for_wait($observer, $session);
kill 'STOP', $pid;
my $at = now();
my @calls = $mock->wait_for_done(1);
cmp_ok(now() - $at, '<', 2, 'a call ends at its deadline while the backend is stopped');
is($calls[0]{done}{cancelled}, 1, 'by the deadline that the server knows');
kill 'CONT', $pid;
is_error($session->finish, '57014', qr/^canceling statement due to statement timeout$/m, 'and the statement is cancelled');
$session->query('RESET statement_timeout');

# ---- cursors: a call outlives the statement that has begun it ----

# Each FETCH has a timeout of its own. A call that has ended with an earlier one is taken up again, and that is
# not a failure: with one attempt allowed, all rows come.
my @expected = map { sprintf 'row%010d', $_ } 1 .. 300;
foreach my $order ('', ' DESC')
{
	$mock->script('call', 'per_message 10', 'trickle 5', 'replay');
	$session->query(q{SET statement_timeout = '400ms'});
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM big ORDER BY id$order");
	my @rows;
	foreach (1 .. 6)
	{
		push @rows, split /\n/, $session->query('FETCH 15 FROM c');
		sleep 0.25;
	}
	$session->query(q{SET statement_timeout = 0});
	push @rows, split /\n/, $session->query('FETCH ALL FROM c');
	$session->query('COMMIT');
	is(join(' ', @rows), join(' ', $order ? reverse @expected : @expected), "a cursor$order: every row once");
	@calls = $mock->wait_for_done(3);
	cmp_ok(scalar @calls, '>=', 3, "a cursor$order: its call has ended with earlier statements");
	cmp_ok($calls[0]{peer_deadline_ms}, '<=', 400, "a cursor$order: each call ends with the statement that has made it");
	cmp_ok($calls[-1]{peer_deadline_ms}, '>', 60_000, "a cursor$order: but the last one, which has no timeout");
}

# ---- transaction_timeout ----

SKIP:
{
	skip 'transaction_timeout came with PostgreSQL 17', 1 if $node->pg_version < 17;
	$session->query(q{SET transaction_timeout = '7s'});
	my $bounded = deadline_of('ReadRows', 'SELECT id, q FROM t');
	cmp_ok($bounded, '<=', 7000, 'transaction_timeout bounds the deadline, too');
	$session->query('RESET transaction_timeout');
}

done_testing();
