# Cancel, timeouts, termination and a lost server in the middle of COPY and INSERT take effect at once, and say
# what has been acknowledged.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant STALLED_AT => 4;

my $mock = BigtableTest::Mock->new('--family', 'cf');
my $node = start_cluster();
my $observer = BigtableTest::Session->new($node);
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, batch_size => 10);
create_table($session, 't', 'mock');

# Three batches are acknowledged, the others are not.
my @stalled = (('call MutateRows') x (STALLED_AT - 1), 'call MutateRows', 'stall');

# What a statement that has failed sent last may still arrive, and must not meet the next script: a request on
# the same connection comes after it.
sub let_pass
{
	$mock->script('call');
	$session->query('SELECT count(*) FROM t');
	$mock->wait_for_calls(sub { !grep { !$_->{done} } @_ }, $_) foreach qw(MutateRows CheckAndMutateRow ReadModifyWriteRow);
	return;
}

# A statement in which all batches that may be under way are stuck. Returns when it waits.
sub start_stuck
{
	my ($sql) = @_;
	let_pass();
	$mock->script(@stalled);
	$session->pid;
	$session->send($sql);
	$mock->wait_for_begun(STALLED_AT - 1 + 4, 'MutateRows');
	wait_for_wait($observer, $session);
	return;
}

my %statements = (
	INSERT => q{INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 100000) i},
	COPY => q{COPY t FROM PROGRAM 'seq -f "k%.0f	x" 100000'},
);

foreach my $what (qw(INSERT COPY))
{
	my $sql = $statements{$what};

	# cancel
	prompt("$what, cancelled", sub {
		start_stuck($sql);
		my $pid = $session->pid;
		my $at = now();
		$observer->query("SELECT pg_cancel_backend($pid)");
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement due to user request$/m, "$what, cancelled: the error");
		like($result->{error}{context}, qr/^30 rows were written to Bigtable table "t", 40 more may have been/,
			"$what, cancelled: what was written");
		is(scalar($mock->applied), 30, "$what, cancelled: as many have been applied");
		return $result->{at} - $at;
	});
	is($session->query("SELECT 'usable'"), 'usable', "$what, cancelled: the session goes on");

	# a wait for the next attempt
	prompt("$what, cancelled between attempts", sub {
		let_pass();
		$mock->script('call MutateRows', 'retry_info 300', 'status 14 later');
		$session->pid;
		$session->send($sql);
		$mock->wait_for_done(4, 'MutateRows');
		wait_for_wait($observer, $session);
		my $at = now();
		$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement due to user request$/m, "$what, cancelled between attempts: the error");
		like($result->{error}{context}, qr/^0 rows were written to Bigtable table "t", 40 more may have been/,
			"$what, cancelled between attempts: what was written");
		is(scalar(grep { $_->{severity} eq 'WARNING' } @{ $result->{messages} }), 0, "$what, cancelled between attempts: it is said once");
		return $result->{at} - $at;
	});

	# statement_timeout
	let_pass();
	$mock->script(@stalled);
	$session->query(q{SET statement_timeout = '300ms'});
	my $at = now();
	my $result = $session->run($sql);
	is_error($result, '57014', qr/^canceling statement due to statement timeout$/m, "$what, statement_timeout");
	like($result->{error}{context}, qr/^30 rows were written to Bigtable table "t", 40 more may have been/,
		"$what, statement_timeout: what was written");
	cmp_ok($result->{at} - $at, '<', 1.5, "$what, statement_timeout: in time");
	$session->query('RESET statement_timeout');

	# the server dies, and stays away: those under way get an error from the connection
	$session->query(q{ALTER SERVER mock OPTIONS (ADD max_attempts '2')});
	start_stuck($sql);
	$at = now();
	$mock->stop('KILL');
	$result = $session->finish;
	is_error($result, '08006', qr/^could not write 40 rows to Bigtable table "t"$/m, "$what, a lost server");
	like($result->{error}{detail}, qr/Rows written: 30\./, "$what, a lost server: what was written");
	like($result->{error}{detail}, qr/Of the failed, 40 may have been written all the same/, "$what, a lost server: what is unknown");
	cmp_ok($result->{at} - $at, '<', 3, "$what, a lost server: soon");
	$mock->start;
	$session->query(q{ALTER SERVER mock OPTIONS (DROP max_attempts)});

	# the server dies and comes back: nothing is lost
	$session->query(q{ALTER SERVER mock OPTIONS (ADD retry_initial_delay '100ms')});
	start_stuck($what eq 'COPY' ? q{COPY t FROM PROGRAM 'seq -f "k%.0f	x" 200'} : q{INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 200) i});
	$mock->stop('KILL');
	$mock->script('call MutateRows');
	$mock->start;
	$result = $session->finish;
	ok(!$result->{error}, "$what, a server that comes back") or diag(explain $result->{error});
	my %keys = map { $_->{key} => 1 } $mock->applied;
	is(scalar(keys %keys), 170, "$what, a server that comes back: it gets all but what was acknowledged before");
	$session->query(q{ALTER SERVER mock OPTIONS (DROP retry_initial_delay)});
}

# ---- strict mode ----

$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (insert_mode 'strict')});
let_pass();
$mock->script(('call CheckAndMutateRow') x 5, 'call CheckAndMutateRow', 'stall');
$session->pid;
$session->send(q{INSERT INTO strict SELECT 'k' || i, i FROM generate_series(1, 1000) i});
$mock->wait_for_begun(5 + 32, 'CheckAndMutateRow');
wait_for_wait($observer, $session);
$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
my $result = $session->finish;
is_error($result, '57014', qr/^canceling statement/m, 'strict mode, cancelled');
like($result->{error}{context}, qr/^5 rows were written to Bigtable table "strict", 32 more may have been/, 'strict mode: what was written');
is(scalar($mock->applied), 5, 'strict mode: as many have been applied');

# ---- a counter ----

$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) SERVER mock});
# Those that are sent as one request each, or as few: method, and statement.
foreach my $case (
	[ 'a counter', 'ReadModifyWriteRow', q{UPDATE counters SET n = n + 1 WHERE id = 'k'} ],
	[ 'DELETE by key', 'MutateRows', q{DELETE FROM t WHERE id IN ('k1', 'k2')} ],
	[ 'a row with RETURNING', 'MutateRows', q{INSERT INTO t VALUES ('k', 'v') RETURNING id} ],
	[ 'TRUNCATE', 'DropRowRange', 'TRUNCATE t' ])
{
	my ($name, $method, $sql) = @$case;
	prompt("$name, cancelled", sub {
		let_pass();
		$mock->script("call $method", 'stall');
		$session->pid;
		$session->send($sql);
		$mock->wait_for_begun(1, $method);
		wait_for_wait($observer, $session);
		my $at = now();
		$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement/m, "$name, cancelled: the error");
		return $result->{at} - $at;
	});
	is($session->query("SELECT 'usable'"), 'usable', "$name, cancelled: the session goes on");
}

# ---- an error of another's: a warning ----

# 40 rows have been sent when the malformed line comes; whether an answer has been heard of by then is open.
let_pass();
$mock->script(('call MutateRows') x 3, 'call MutateRows', 'stall');
$result = $session->run(q{COPY t FROM PROGRAM 'seq -f "k%.0f	x" 45; echo wrong'});
is_error($result, '22P04', qr/missing data for column "q"/, 'a malformed line of COPY');
my ($warning) = grep { $_->{severity} eq 'WARNING' } @{ $result->{messages} };
my ($written, $unknown) = ($warning->{detail} // '') =~ /^(\d+) rows were written, (\d+) more may have been\.$/;
is(($written // 0) + ($unknown // 0), 40, 'a malformed line of COPY: a warning accounts for what was sent');
cmp_ok($unknown // 0, '>=', 10, 'a malformed line of COPY: what is stuck is not known to be written');

# ---- termination ----

foreach my $what (qw(INSERT COPY))
{
	my $other = BigtableTest::Session->new($node);
	my $pid = $other->pid;
	my $log = -s $node->logfile;

	let_pass();
	$mock->script(@stalled);
	$other->send($statements{$what});
	$mock->wait_for_begun(STALLED_AT - 1 + 4, 'MutateRows');
	wait_for_wait($observer, $other);
	my $at = now();
	$observer->query("SELECT pg_terminate_backend($pid)");
	$result = $other->finish;
	ok($result->{closed}, "$what, terminated: the session ends");
	wait_until('the backend to be gone', sub { gone($pid) });
	cmp_ok(now() - $at, '<', 2, "$what, terminated: at once");
	like(slurp_file($node->logfile, $log), qr/FATAL:  terminating connection due to administrator command\n.*CONTEXT:  30 rows were written to Bigtable table "t", 40 more may have been/,
		"$what, terminated: the log says what was written");
	$mock->wait_for_done(STALLED_AT - 1 + 4, 'MutateRows');
	is(scalar($mock->applied), 30, "$what, terminated: as many have been applied");
}
is($observer->query("SELECT 'usable'"), 'usable', 'the cluster is well');

done_testing();
