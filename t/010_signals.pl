# Storms of signals while rows stream: the results are right, nothing crashes, and none of PostgreSQL's
# signals is ever open in a thread that is not its own.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Config;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use constant ROWS => 200_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--rows-per-message', 50);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $pid = $session->pid;

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => ['c0']);
my $sum = ROWS * (ROWS + 1) / 2;
my $check = 'SELECT count(*), sum(substr(id, 4)::bigint), count(DISTINCT length(c0)) FROM big';
my $expected = ROWS . "|$sum|1";

# ---- masks ----

# Signals are numbered from 1; the mask's lowest bit is that of number 1.
my %number;
@number{ split ' ', $Config{sig_name} } = split ' ', $Config{sig_num};
my @server_signals = map { $number{$_} } qw(HUP INT QUIT TERM ALRM USR1 USR2 PIPE CHLD URG);

# The threads, but the first, of which a signal of PostgreSQL's is not blocked.
sub open_threads
{
	my @open;
	foreach my $status (glob "/proc/$pid/task/*/status")
	{
		next if $status =~ m{/task/$pid/};
		my $text = eval { slurp_file($status) } // next;
		my ($mask) = $text =~ /^SigBlk:\s+([0-9a-f]+)$/m;
		my ($name) = $text =~ /^Name:\s+(.*)$/m;
		my $low = hex substr $mask, -8;
		push @open, "$name: $mask" if grep { !($low & 1 << $_ - 1) } @server_signals;
	}
	return @open;
}

# ---- signals that a backend handles in passing ----

# Sends signals, at random times, until the statement under way has ended; returns how many.
sub storm
{
	my (@signals) = @_;
	my $sent = 0;
	while (!$session->has_output)
	{
		kill $signals[ rand @signals ], $pid;
		$sent++;
		usleep rand 800;
	}
	return $sent;
}

my (%open, $sent);
srand 11;
$mock->script('call', 'per_message 50', 'replay');
foreach my $signals ([ 'USR1' ], [ 'HUP' ], [ 'USR1', 'HUP', 'URG', 'ALRM', 'PIPE', 'USR2' ])
{
	my $total = 0;
	my $wrong = 0;
	my $scans = 0;
	while ($total < 1000)
	{
		$session->send($check);
		$total += storm(@$signals);
		my $result = $session->finish;
		$wrong++ if $result->{error} || $result->{rows} ne $expected;
		$scans++;
		$open{$_} = 1 foreach open_threads();
	}
	is($wrong, 0, "$total signals of @$signals during $scans scans");
}

# Also while the backend sleeps.
$mock->script('call', 'per_message 1', 'trickle 1', 'rows 1 1000 k%04d cf:q=%d');
$session->send('SELECT count(*), sum(q::int) FROM t');
$sent = storm('USR1', 'HUP', 'URG', 'ALRM', 'PIPE', 'USR2');
is($session->finish->{rows}, '1000|500500', "$sent signals during a slow scan");
cmp_ok($sent, '>', 500, 'there were many of them');

# ---- cancels ----

# Each statement is either cancelled, or right.
my ($cancelled, $right, @odd) = (0, 0);
$mock->script('call', 'per_message 50', 'replay 2000');
my $sum_of_part = 2000 * 2001 / 2;
my $part = 'SELECT count(*), sum(substr(id, 4)::bigint) FROM big';
my $began = now();
$session->query($part) foreach 1 .. 20;
my $duration_us = 1e6 * (now() - $began) / 20;
foreach (1 .. 1000)
{
	$session->send($part);
	usleep rand 2 * $duration_us;
	kill 'INT', $pid;
	my $result = $session->finish;
	if (!$result->{error} && $result->{rows} eq "2000|$sum_of_part")
	{
		$right++;

		# The signal may hit the next statement instead.
		$session->run('SELECT 1');
	}
	elsif (($result->{error}{sqlstate} // '') eq '57014')
	{
		$cancelled++;
	}
	else
	{
		push @odd, $result->{error} ? $result->{error}{message} : $result->{rows};
	}
}
is("@odd", '', '1,000 cancels: each scan is right or cancelled');
note("$cancelled cancelled, $right right");
cmp_ok($cancelled, '>', 50, 'some were cancelled');
cmp_ok($right, '>', 50, 'some were not');
$open{$_} = 1 foreach open_threads();

# ---- all of it at once ----

# With rows that come slowly, several cancels for each statement.
$mock->script('call', 'per_message 10', 'trickle 1', 'rows 1 1000 k%04d cf:q=%d');
@odd = ();
foreach (1 .. 100)
{
	$session->send('SELECT count(*), sum(q::int) FROM t');
	foreach (1 .. 10)
	{
		usleep rand 2000;
		kill((('INT', 'USR1', 'HUP')[ rand 3 ]), $pid);
	}
	my $result = $session->finish;
	push @odd, $result->{error} ? $result->{error}{message} : $result->{rows}
	  if ($result->{error}{sqlstate} // '') ne '57014' && $result->{rows} ne '1000|500500';
}
is("@odd", '', '1,000 mixed signals: each scan is right or cancelled');

is(join(', ', sort keys %open), '', 'no thread but the first is open to a signal of PostgreSQL');
wait_until('the last signal to be handled', sub { !$session->run('SELECT 1')->{error} });
$mock->script('call', 'replay');
is($session->query($check), $expected, 'the session reads on');
is($session->pid, $pid, 'it is the same backend');
$mock->wait_for_calls(sub { !grep { !$_->{done} } @_ });
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
