# However a backend ends, and whatever it is doing: it is gone at once, and leaves nothing behind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $mock = BigtableTest::Mock->new('--rows', 100_000, '--family', 'cf');
my $node = start_cluster(conf => 'restart_after_crash = on');
my $setup = BigtableTest::Session->new($node);
my ($socket, $nowhere) = blackhole();

create_server($setup, 'mock', $mock->address);
create_server($setup, 'nowhere', $nowhere);
create_table($setup, 't', 'mock');
create_table($setup, 'unreachable', 'nowhere');

# ---- what a backend may be doing ----

my %states = (
	'in a scan' => {
		script => [ 'call', 'row a cf:q=1', 'send', 'stall' ],
		sql => 'SELECT count(*) FROM t',
		reached => sub { $mock->wait_for_begun(1) },
	},
	'between two attempts' => {
		script => [ 'call', 'retry_info 60', 'status 14 later' ],
		sql => 'SELECT count(*) FROM t',
		reached => sub { $mock->wait_for_done(1) },
	},
	'connecting' => {
		script => ['call'],
		sql => 'SELECT count(*) FROM unreachable',
		reached => sub { my ($session) = @_; wait_until('threads', sub { threads($session->pid) > 1 }) },
	},
	'in COPY' => {
		script => [ 'call MutateRows', 'stall' ],
		sql => q{COPY t FROM PROGRAM 'for i in $(seq 3000); do printf "k%05d\tv\n" $i; done'},
		reached => sub { $mock->wait_for_begun(1, 'MutateRows') },
	},
	'idle with an open cursor' => {
		script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'send', 'stall' ],
		before => 'BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH 1 FROM c',
	},
	'idle after a scan' => {
		script => [ 'call', 'row a cf:q=1' ],
		before => 'SELECT count(*) FROM t',
	},
);

# A session in a state.
sub session_in
{
	my ($state) = @_;
	my $session = BigtableTest::Session->new($node);
	$session->pid;
	$mock->script(@{ $state->{script} });
	$session->query($state->{before}) if $state->{before};
	$session->send($state->{sql}) if $state->{sql};
	$state->{reached}->($session) if $state->{reached};
	return $session;
}

# All processes must end by themselves; returns whether they have.
sub all_gone
{
	my ($seconds, @pids) = @_;
	return eval { wait_until('the processes to end', sub { !grep { !gone($_) } @pids }, $seconds) };
}

# The shared memory that processes have mapped: files, and the ids of System V's, which maps show as inodes.
sub segments_of
{
	my %segments;
	foreach my $pid (@_)
	{
		foreach my $line (split /\n/, eval { slurp_file("/proc/$pid/maps") } // '')
		{
			$segments{$1} = 1 if $line =~ m{(/dev/shm/PostgreSQL\.\d+)};
			$segments{"sysv $1"} = 1 if $line =~ m{(\d+) +/SYSV};
		}
	}
	return sort keys %segments;
}

# Those of them that still exist.
sub left_of
{
	my %sysv = map { (split ' ')[1] => 1 } split /\n/, slurp_file('/proc/sysvipc/shm');
	return join ' ', grep { /^sysv (\d+)/ ? $sysv{$1} : -e $_ } @_;
}

# ---- one backend ends, the others go on ----

foreach my $name (sort keys %states)
{
	my $session = session_in($states{$name});
	$setup->query('SELECT pg_terminate_backend(' . $session->pid . ')');
	ok(all_gone(2, $session->pid), "$name, terminated: gone");
	is($setup->query('SELECT 1'), '1', "$name, terminated: the others go on");
	$mock->wait_for_calls(sub { !grep { !$_->{done} } @_ }, $name =~ /COPY/ ? 'MutateRows' : 'ReadRows');

	next if $states{$name}{sql};
	$session = session_in($states{$name});
	$session->kill_client;
	ok(all_gone(2, $session->pid), "$name, left by its client: gone");
}

# Sessions that PostgreSQL ends because they are idle.
foreach my $case (
	[ 'idle after a scan', 'idle_session_timeout', 'idle-session timeout' ],
	[ 'idle with an open cursor', 'idle_in_transaction_session_timeout', 'idle-in-transaction timeout' ])
{
	my ($name, $setting, $reason) = @$case;
	my $session = session_in($states{$name});
	$session->query("SET $setting = '20ms'");
	ok(all_gone(10, $session->pid), "$name, $setting: gone");
	like(slurp_file($node->logfile), qr/FATAL:  terminating connection due to $reason/, "$name, $setting: for that reason");
}

# While the client is just being made: at once, and a little later each time.
my $late = 0;
$mock->script('call', 'row a cf:q=1', 'send', 'stall');
foreach my $i (0 .. 29)
{
	my $session = BigtableTest::Session->new($node);
	$session->pid;
	$session->send('SELECT count(*) FROM t');
	usleep $i * 500;
	kill 'TERM', $session->pid;
	$late++ if !all_gone(5, $session->pid);
}
is($late, 0, 'terminated while its client is being made: gone, 30 times');
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process has crashed');

# ---- all end ----

# Sessions in every state, and the pids of all processes, whose shared memory is noted.
my %segments;

sub busy_server
{
	my @sessions = map { session_in($states{$_}) } sort keys %states;
	my @pids = server_processes($node);
	$segments{$_} = 1 foreach segments_of(@pids);
	return (\@sessions, @pids);
}

my ($sessions, @pids) = busy_server();
$node->stop('immediate');
ok(all_gone(5, @pids), 'immediate shutdown: all processes are gone');
$node->start;

($sessions, @pids) = busy_server();
$node->stop('fast');
ok(all_gone(5, @pids), 'fast shutdown: all processes are gone');
$node->start;

# The postmaster dies without a word.
($sessions, @pids) = busy_server();
$node->kill9;
ok(all_gone(5, @pids), 'the postmaster is killed: all processes end by themselves')
  or diag(join "\n", map { my $pid = $_; gone($pid) ? () : slurp_file("/proc/$pid/cmdline") } @pids);
# A new one will not start while the old one is there, be it only for its parent to take notice.
wait_until('process 1 to take notice', sub { !-e "/proc/$pids[0]" });
$node->start;
$setup = BigtableTest::Session->new($node);
$mock->script('call', 'row a cf:q=1');
is($setup->query('SELECT id, q FROM t'), 'a|1', 'the postmaster is killed: a new one starts and reads');

# A backend is killed: the cluster restarts, and with it every backend.
foreach my $signal ('KILL', 'QUIT', 'ABRT')
{
	($sessions, @pids) = busy_server();
	my $postmaster = shift @pids;
	kill $signal, $sessions->[0]->pid;
	ok(all_gone(10, map { $_->pid } @$sessions), "$signal of a backend: all backends are gone");
	wait_until('the cluster to be up again', sub {
		$node->psql('postgres', 'SELECT 1', on_error_stop => 0) == 0;
	});
	ok(!gone($postmaster), "$signal of a backend: the cluster is up again");
}
$mock->script('call', 'row a cf:q=1');
is($node->safe_psql('postgres', 'SELECT id, q FROM t'), 'a|1', 'and it reads');

$node->stop('fast');
cmp_ok(scalar keys %segments, '>', 1, 'there was shared memory');
is(left_of(sort keys %segments), '', 'none of it is left behind');

done_testing();
