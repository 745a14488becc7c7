# Cancel, statement_timeout and termination take effect at once, whatever the scan is waiting for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = BigtableTest::Mock->new('--rows', 1_000_000_000, '--family', 'cf');
my $node = start_cluster();
my $observer = BigtableTest::Session->new($node);
my ($socket, $nowhere) = blackhole();

create_server($observer, 'mock', $mock->address);
create_server($observer, 'nowhere', $nowhere);
create_table($observer, 't', 'mock');
create_table($observer, 'big', 'mock', columns => ['c0']);
create_table($observer, 'unreachable', 'nowhere');

# What a scan may be waiting for: the mock's script, the table, and whether a call is under way meanwhile.
my %waits = (
	'while a stream stalls' => {
		script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'send', 'stall' ], table => 't', call => 1,
	},
	'before the first message' => { script => [ 'call', 'stall' ], table => 't', call => 1 },
	'while connecting' => { script => ['call'], table => 'unreachable' },
	'between two attempts' => {
		script => [ 'call', 'row a cf:q=1', 'retry_info 60', 'status 14 later' ], table => 't',
	},
	'during an endless stream' => { script => [ 'call', 'replay' ], table => 'big', call => 1, busy => 1 },
	# Rows that the server takes back again: no row ever reaches the executor, and there is always a message.
	'during a stream without rows' => {
		script => [ 'call', ("chunk key=a family=cf qualifier=q ts=1 fill=2000\nchunk reset\nsend") x 100_000 ],
		table => 't', call => 1, busy => 1,
	},
);

# Starts a scan, and returns when it is in that state.
sub start_scan
{
	my ($session, $wait) = @_;
	$session->pid;
	$mock->forget;
	$session->send("SELECT count(*) FROM $wait->{table}");
	$mock->wait_for_begun(1) if $wait->{table} ne 'unreachable';
	wait_for_wait($observer, $session) if !$wait->{busy};
	return;
}

# Once the statement is over, its call is too.
sub check_call
{
	my ($wait, $name) = @_;
	return if !$wait->{call};
	my @calls = $mock->wait_for_done(1);
	is(join(' ', map { $_->{done}{cancelled} } @calls), '1', "$name: its call is cancelled");
	return;
}

foreach my $name (sort keys %waits)
{
	my $wait = $waits{$name};
	my $session = BigtableTest::Session->new($node);
	$mock->script(@{ $wait->{script} });

	prompt("cancel $name", sub {
		start_scan($session, $wait);
		my $began = now();
		$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement due to user request$/, "cancel $name");
		return $result->{at} - $began;
	});
	check_call($wait, "cancel $name");
	is($session->query('SELECT 1'), '1', "cancel $name: the session is usable");

	prompt("statement_timeout $name", sub {
		$mock->forget;
		my $began = now();
		my $result = $session->run("SET statement_timeout = '150ms'; SELECT count(*) FROM $wait->{table}");
		is_error($result, '57014', qr/^canceling statement due to statement timeout$/, "statement_timeout $name");
		my $late = $result->{at} - $began - 0.15;
		cmp_ok($late, '>', -0.01, "statement_timeout $name: not early");
		$session->query('RESET statement_timeout');
		return $late;
	});
	check_call($wait, "statement_timeout $name");

	$mock->script('call', 'row a cf:q=1', 'row b cf:q=2');
	is($session->query('SELECT id, q FROM t'), "a|1\nb|2", "after $name, the same session reads a table");

	$mock->script(@{ $wait->{script} });
	prompt("termination $name", sub {
		my $victim = BigtableTest::Session->new($node);
		start_scan($victim, $wait);
		my $began = now();
		$observer->query('SELECT pg_terminate_backend(' . $victim->pid . ')');
		wait_until('the backend to be gone', sub { gone($victim->pid) });
		my $gone = now() - $began;
		my $result = $victim->finish;
		is_error($result, '57P01', qr/^terminating connection/, "termination $name");
		return $gone;
	});
	check_call($wait, "termination $name");
}

# A backend whose client has gone sees that too, when it is asked to look.
$mock->script('call', 'stall');
my $lost = BigtableTest::Session->new($node);
$lost->query("SET client_connection_check_interval = '50ms'");
my $pid = $lost->pid;
$lost->send('SELECT count(*) FROM t');
$mock->wait_for_begun(1);
wait_for_wait($observer, $lost);
$lost->kill_client;
wait_until('the backend to notice that its client has gone', sub { gone($pid) }, 10);
pass('a lost client ends the backend while a stream stalls');
check_call({ call => 1 }, 'lost client');

# While the server is asked for the families of a table: the scan is over, but one of its columns was not
# seen, and the server has stopped answering.
$mock->script('call', 'row a cf:other=1');
foreach my $way ('cancel', 'statement_timeout')
{
	prompt("$way while asking for families", sub {
		my $session = BigtableTest::Session->new($node);
		$session->pid;
		$mock->forget;
		$session->query('BEGIN; DECLARE c CURSOR FOR SELECT id, q FROM t; FETCH 1 FROM c');
		$mock->wait_for_done(1);
		$mock->suspend;
		$session->query("SET LOCAL statement_timeout = '150ms'") if $way eq 'statement_timeout';
		my $began = now();
		$session->send('FETCH 1 FROM c');
		if ($way eq 'cancel')
		{
			wait_for_wait($observer, $session);
			$began = now();
			$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		}
		my $result = $session->finish;
		$mock->resume;
		is_error($result, '57014', qr/^canceling statement due to/, "$way while asking for families");
		return $result->{at} - $began - ($way eq 'cancel' ? 0 : 0.15);
	});
}

# A server that is killed is an error at once, if it is not to be tried again.
my $mortal = BigtableTest::Mock->new;
create_server($observer, 'mortal', $mortal->address, max_attempts => 1);
create_table($observer, 'lost', 'mortal');
$mortal->script('call', 'row a cf:q=1', 'send', 'stall');
prompt('the loss of the server', sub {
	my $session = BigtableTest::Session->new($node);
	$session->pid;
	$mortal->forget;
	$session->send('SELECT count(*) FROM lost');
	$mortal->wait_for_begun(1);
	wait_for_wait($observer, $session);
	my $began = now();
	$mortal->stop('KILL');
	my $result = $session->finish;
	is_error($result, '08006', qr/gRPC status 14 \(UNAVAILABLE\)/, 'the loss of the server');
	$mortal->start;
	return $result->{at} - $began;
});

unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
