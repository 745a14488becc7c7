# What the tests here have in common: a cluster with the extension, servers and foreign tables, waiting
# for conditions, and looking at processes.
package BigtableTest;

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

use BigtableTest::Emulator;
use BigtableTest::Mock;
use BigtableTest::Proxy;
use BigtableTest::Session;

our @EXPORT = qw(
  start_cluster create_server create_table sql_options
  now wait_until wait_for_wait is_error fails_with prompt
  blackhole gone descriptors threads memory_kb server_processes
);

# The longest time, in seconds, that anything waited for may take.
use constant TIMEOUT => 60;

# How soon, in seconds, a signal must have its effect: in the best of a few tries, as the machine may be
# busy with something else, and in the worst.
use constant PROMPT => 0.1;
use constant PROMPT_AT_WORST => 1.0;

# ---- clusters and their objects ----

# Starts a cluster that has the extension. Options: conf, lines for postgresql.conf; logical, true if it is
# to replicate.
sub start_cluster
{
	my (%options) = @_;
	my $node = PostgreSQL::Test::Cluster->new('main');

	# Text keys need UTF-8, whatever the environment says. One stream a scan, as in sql/init.sql: what is asked
	# for, and in which order, is then simple to say.
	$node->init(
		extra => [ '--encoding=UTF8', '--locale=C' ],
		$options{logical} ? (allows_streaming => 'logical') : ());
	$node->append_conf('postgresql.conf', "$_\n")
	  foreach 'max_connections = 20', 'autovacuum = off', 'log_statement = none',
	  'bigtable_fdw.max_streams = 1', $options{conf} // ();
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION bigtable_fdw');
	return $node;
}

# (a => 1) as the text of an OPTIONS clause.
sub sql_options
{
	my (%options) = @_;
	my @list = map { my $value = $options{$_}; $value =~ s/'/''/g; "$_ '$value'" } sort keys %options;
	return @list ? 'OPTIONS (' . join(', ', @list) . ')' : '';
}

# Makes a server that leads to an address.
sub create_server
{
	my ($session, $name, $address, %options) = @_;
	$session->query("CREATE SERVER $name FOREIGN DATA WRAPPER bigtable_fdw "
		  . sql_options(project_id => 'p', instance_id => 'i', emulator_host => $address, %options));
	return;
}

# Makes a foreign table with the key "id" and text columns of family "cf", by default the one column "q".
# Options: columns, a list of qualifiers; the rest are options of the table.
sub create_table
{
	my ($session, $name, $server, %options) = @_;
	my $columns = delete $options{columns} // ['q'];
	my $list = join ', ', q{id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL},
	  map { "$_ text OPTIONS (family 'cf', qualifier '$_')" } @$columns;
	$session->query("CREATE FOREIGN TABLE $name ($list) SERVER $server " . sql_options(%options));
	return;
}

# An address that takes connections and never answers: returns the socket, to be kept, and the address.
sub blackhole
{
	my $socket = IO::Socket::INET->new(Listen => 10, LocalAddr => '127.0.0.1', Proto => 'tcp')
	  or die "could not listen: $!";
	return ($socket, '127.0.0.1:' . $socket->sockport);
}

# ---- waiting ----

sub now
{
	return clock_gettime(CLOCK_MONOTONIC);
}

# Waits until a condition holds, and dies with its description if it does not in time.
sub wait_until
{
	my ($what, $condition, $timeout) = @_;
	my $until = now() + ($timeout // TIMEOUT);

	for (;;)
	{
		my $value = $condition->();
		return $value if $value;
		die "timed out waiting for $what" if now() > $until;
		sleep 0.005;
	}
}

# Waits until a session's backend sleeps in a wait of the extension. Its pid must have been asked for before.
sub wait_for_wait
{
	my ($observer, $session) = @_;
	my $pid = $session->pid;
	wait_until('a backend to wait for the server', sub {
		$observer->query("SELECT wait_event_type = 'Extension' FROM pg_stat_activity "
			  . "WHERE pid = $pid AND state = 'active'") eq 't';
	});
	return;
}

# ---- checks ----

# Checks an outcome of Session::finish or run: an error with that SQLSTATE and a matching text. The text is
# the message, detail and hint, a line each.
sub is_error
{
	my ($result, $sqlstate, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $error = $result->{error};
	return fail("$name: no error, but rows: " . substr $result->{rows}, 0, 200) if !$error;
	my $text = join "\n", grep { defined } @{$error}{qw(message detail hint)};
	my $good = $error->{sqlstate} eq $sqlstate && $text =~ $pattern;
	ok($good, $name) or diag("$error->{sqlstate}: $text\nexpected $sqlstate: $pattern");
	return $good;
}

# Runs a statement that must fail so, and checks that the session goes on.
sub fails_with
{
	my ($session, $sql, $sqlstate, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $result = $session->run($sql);
	is_error($result, $sqlstate, $pattern, $name);
	is($session->query("SELECT 'usable'"), 'usable', "$name: the session goes on");
	return $result;
}

# Checks that something is prompt: runs it three times; it returns how many seconds the effect took.
sub prompt
{
	my ($name, $code) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @seconds = sort { $a <=> $b } map { $code->() } 1 .. 3;
	my $times = join ', ', map { sprintf '%.1f ms', 1000 * $_ } @seconds;
	note("$name: $times");
	ok($seconds[0] < PROMPT && $seconds[-1] < PROMPT_AT_WORST, "$name: within 100 ms")
	  or diag("it took $times");
	return;
}

# ---- processes ----

# Has a process ended? One that only waits for its parent to take notice has.
sub gone
{
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/stat" or return 1;
	return (<$file> // '') =~ /^\d+ \(.*\) ([A-Z])/ ? $1 =~ /[ZX]/ : 1;
}

# How many file descriptors a process has open, but for files: those come and go with the server's own cache.
sub descriptors
{
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/fd" or die "no process $pid: $!";
	return scalar grep { (readlink "/proc/$pid/fd/$_" // '/') !~ m{^/} } readdir $dir;
}

# How many threads it has.
sub threads
{
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/task" or die "no process $pid: $!";
	return scalar grep { !/^\./ } readdir $dir;
}

# Its memory of its own in kilobytes: what shared buffers it has touched says nothing.
sub memory_kb
{
	my ($pid) = @_;
	my ($kb) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB/m;
	return $kb;
}

# The pids of a running cluster's processes: the postmaster and its children.
sub server_processes
{
	my ($node) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my @children;
	foreach my $task (glob "/proc/$postmaster/task/*/children")
	{
		open my $file, '<', $task or next;
		push @children, split ' ', <$file> // '';
	}
	return ($postmaster, @children);
}

1;
