# An asynchronous Append over several servers: they work at the same time, one that stalls or fails does not
# keep the others, and time-outs and cancels have their effect.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

use constant SERVERS => 4;

my @mocks = map { BigtableTest::Mock->new('--rows', 2000, '--columns', 1, '--family', 'cf') } 1 .. SERVERS;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
my $pid = $session->pid;

foreach my $i (1 .. SERVERS)
{
	create_server($session, "mock$i", $mocks[ $i - 1 ]->address, attempt_timeout => '300ms', retry_initial_delay => '20ms', max_attempts => 3);
	create_table($session, "t$i", "mock$i", columns => ['c0']);
}
my $all = 'SELECT count(*), count(c0) FROM (' . join(' UNION ALL ', map { "SELECT * FROM t$_" } 1 .. SERVERS) . ') x';
my @every = (0 .. SERVERS - 1);

sub script_all
{
	$_->script(@_) foreach @mocks;
	return;
}

like($session->query("EXPLAIN (COSTS OFF) $all"), qr/(Async Foreign Scan.*){4}/s, 'the plan is asynchronous');
script_all('call', 'replay');
is($session->query($all), '8000|8000', 'all rows come');

# ---- at the same time ----

# Each server waits for a call at all others before it answers: that only ends if all are under way at once.
script_all('call', 'headers', 'stall');
$session->send($all);
foreach my $mock (@mocks)
{
	is(scalar $mock->wait_for_begun(1), 1, 'a request is under way');
}
$observer->query("SELECT pg_cancel_backend($pid)");
is($session->finish->{error}{sqlstate}, '57014', 'a cancel ends them all');
foreach my $mock (@mocks)
{
	is(scalar(grep { !$_->{done} } $mock->wait_for_done(1)), 0, 'and leaves no call open');
}

# ---- what comes first ----

# One server is silent until the rows of the others are there.
script_all('call', 'replay');
$mocks[1]->script('call', 'rows 1 3 row%010d cf:c0=x', 'send', 'stall');
$session->query('BEGIN');
$session->query('DECLARE c CURSOR FOR SELECT t.id FROM (' . join(' UNION ALL ', map { "SELECT * FROM t$_" } 1 .. SERVERS) . ') t');
is(scalar(split /\n/, $session->query('FETCH 6003 FROM c')), 6003, 'a silent server does not keep the rows of others');
$session->query('ROLLBACK');
is(scalar(grep { !$_->{done} } $mocks[1]->wait_for_done(1)), 0, 'a cursor that is closed leaves no call open');

# ---- time-outs, retries, failures ----

script_all('call', 'replay');
$mocks[2]->script('call', 'rows 1 10 row%010d cf:c0=x', 'send', 'stall', 'call', 'replay');
is($session->query($all), '8000|8000', 'an attempt that stalls is made again');
is(scalar($mocks[2]->wait_for_done(2)), 2, 'behind the rows that came');
script_all('call', 'status 14 not now', 'call', 'rows 1 7 row%010d cf:c0=x', 'send', 'status 14 lost', 'call', 'replay');
is($session->query($all), '8000|8000', 'all attempts are made again after a delay');
$mocks[0]->script('call', 'rows 1 7 row%010d cf:c0=x', 'send', 'retry_info 0.2', 'status 8 slower', 'call', 'replay');
is($session->query($all), '8000|8000', 'and after a delay that the server wants');
script_all('call', 'replay');
$mocks[3]->script('call', 'rows 1 7 row%010d cf:c0=x', 'send', 'sleep 20', 'status 3 no');
fails_with($session, $all, '22023', qr/could not read Bigtable table "t4"/, 'one that fails');
$mocks[3]->script('call', 'replay');
is($session->query($all), '8000|8000', 'the next statement is fine');

prompt('a cancel while all are waited for', sub {
	script_all('call', 'rows 1 7 row%010d cf:c0=x', 'send', 'stall');
	$session->send($all);
	$_->wait_for_begun(1) foreach @mocks;
	my $sent = now();
	$observer->query("SELECT pg_cancel_backend($pid)");
	my $result = $session->finish;
	is($result->{error}{sqlstate}, '57014', 'the statement is cancelled');
	return $result->{at} - $sent;
});

# ---- nothing leaks ----

script_all('call', 'per_message 100', 'replay');
is($session->query($all), '8000|8000', 'messages of several sizes');
my $descriptors = descriptors($pid);
$session->query($all) foreach 1 .. 20;
is(descriptors($pid), $descriptors, 'no descriptor is left behind');
script_all('call', 'status 3 no');
$session->run($all) foreach 1 .. 20;
is(descriptors($pid), $descriptors, 'nor by statements that fail');

done_testing();
