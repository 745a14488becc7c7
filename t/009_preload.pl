# The library in shared_preload_libraries: no client exists before the fork; every process makes its own.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant ROWS => 20_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--rows-per-message', 500);

# Where extension_destdir is set, it applies to $libdir alone.
my $library = slurp_file($ENV{TEMP_CONFIG} // '/dev/null') =~ /^extension_destdir/m ? '$libdir/bigtable_fdw' : 'bigtable_fdw';
my $node = start_cluster(logical => 1, conf => <<"CONF");
shared_preload_libraries = '$library'
restart_after_crash = on
max_worker_processes = 16
CONF
my $session = BigtableTest::Session->new($node);
my ($postmaster) = server_processes($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => ['c0']);
$session->query(q{
	CREATE TABLE local AS SELECT i AS n, 'row' || lpad(i::text, 10, '0') AS key FROM generate_series(1, 20000) i;
	ANALYZE local});
my $sum = ROWS * (ROWS + 1) / 2;
my $check = 'SELECT count(*), sum(substr(id, 4)::int) FROM big';
my $expected = ROWS . "|$sum";

# ---- who has threads ----

is(threads($postmaster), 1, 'the postmaster has one thread');
is(threads($session->pid), 1, 'a backend that has not used the wrapper has one thread');
$session->query('EXPLAIN SELECT * FROM t');
$session->query(q{SELECT count(*) FROM t WHERE id = 'a' AND id = 'b'});
is(threads($session->pid), 1, 'planning, and a scan that asks for nothing, do not begin a client');
is($session->query($check), $expected, 'a backend reads');
cmp_ok(threads($session->pid), '>', 1, 'which begins its client');

# ---- several backends at once ----

my @sessions = map { BigtableTest::Session->new($node) } 1 .. 6;
$mock->script('call', 'per_message 500', 'trickle 1', 'replay');
foreach (1 .. 3)
{
	$_->send($check) foreach @sessions;
	is(join(' ', map { $_->finish->{rows} } @sessions), join(' ', ($expected) x @sessions), 'six backends at once');
}
is(threads($postmaster), 1, 'the postmaster still has one thread');
my @odd = grep { threads($_) > 1 } grep {
	my $pid = $_;
	!grep { $_->pid == $pid } $session, @sessions;
} server_processes($node);
is("@odd", '', 'no process has threads but those that read');
$_->close foreach @sessions;

# ---- parallel queries ----

my $version = $session->query('SHOW server_version_num') / 10000;
my $force = $version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
$mock->script('call', 'replay');
my $parallel = BigtableTest::Session->new($node);
$parallel->query("SET $_") foreach 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0',
  'max_parallel_workers_per_gather = 2', "$force = on";

# The leader scans the foreign table, its workers the local one; first without a client, then with one.
my $join = q{SELECT count(*), sum(l.n) FROM local l JOIN big b ON b.id = l.key WHERE l.n % 20 = 0};
my $plan = $parallel->query("EXPLAIN (COSTS off) $join");
like($plan, qr/Gather.*Parallel Seq Scan on local/s, 'a parallel plan');
like($plan, qr/Foreign Scan on big/, 'with a foreign scan in the leader');
foreach my $time (1 .. 5)
{
	is($parallel->query($join), '1000|10010000', "a leader that reads, time $time");
}

# A function that workers may call reads in each of them.
$parallel->query(q{
	CREATE FUNCTION lookup(k text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
		AS $$BEGIN RETURN (SELECT id FROM big WHERE id = k); END$$});
my $lookups = q{SELECT count(lookup(key)), count(*) FROM local WHERE n <= 300};
like($parallel->query("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) $lookups"), qr/Workers Launched: [12]/,
	'parallel workers run');
foreach my $time (1 .. 3)
{
	is($parallel->query($lookups), '300|300', "workers that read, time $time");
}
is(threads($postmaster), 1, 'the postmaster still has one thread after parallel workers');

# ---- a background worker ----

# The apply worker of a subscription runs a trigger that reads the foreign table.
$session->query('CREATE DATABASE source');
$session->query(q{
	CREATE TABLE events (k text PRIMARY KEY);
	CREATE TABLE results (k text, n int, pid int DEFAULT pg_backend_pid());
	CREATE FUNCTION look_up() RETURNS trigger LANGUAGE plpgsql
		AS $$BEGIN INSERT INTO public.results SELECT NEW.k, count(*) FROM public.big WHERE id <= NEW.k; RETURN NULL; END$$;
	CREATE TRIGGER look_up AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION look_up();
	ALTER TABLE events ENABLE ALWAYS TRIGGER look_up});
my $source = BigtableTest::Session->new($node, database => 'source');
$source->query(q{
	CREATE TABLE events (k text PRIMARY KEY);
	CREATE PUBLICATION events FOR TABLE events});
$source->query(q{SELECT pg_create_logical_replication_slot('events', 'pgoutput')});
my $connection = $node->connstr('source');
$session->query(qq{CREATE SUBSCRIPTION events CONNECTION '} . $connection =~ s/'/''/gr
	  . q{' PUBLICATION events WITH (create_slot = false, slot_name = 'events', copy_data = false)});
$source->query(qq{INSERT INTO events VALUES ('row0000000010'), ('row0000000700')});
wait_until('the background worker to have read', sub { $session->query('SELECT count(*) FROM results') eq '2' });
is($session->query('SELECT k, n FROM results ORDER BY k'), "row0000000010|10\nrow0000000700|700",
	'a background worker reads');
my $worker = $session->query('SELECT max(pid) FROM results');
is($session->query("SELECT backend_type LIKE 'logical replication%' FROM pg_stat_activity WHERE pid = $worker"), 't',
	'it is one');
cmp_ok(threads($worker), '>', 1, 'it has a client of its own');

# And can be stopped while it waits.
$mock->script('call', 'stall');
$source->query(q{INSERT INTO events VALUES ('row0000000020')});
$mock->wait_for_begun(1);
my $began = now();
$session->query("SELECT pg_terminate_backend($worker)");
wait_until('the background worker to end', sub { gone($worker) });
cmp_ok(now() - $began, '<', 1, 'a background worker that waits for the server ends at once');
$mock->script('call', 'replay');
wait_until('the next worker to do its work', sub { $session->query('SELECT count(*) FROM results') eq '3' });
$session->query('ALTER SUBSCRIPTION events DISABLE; ALTER SUBSCRIPTION events SET (slot_name = NONE)');
$session->query('DROP SUBSCRIPTION events');
pass('the next worker does its work');

# ---- a crash of another backend ----

$mock->script('call', 'row a cf:q=1', 'send', 'stall');
my $victim = BigtableTest::Session->new($node);
my $bystander = BigtableTest::Session->new($node);
foreach ($victim, $bystander)
{
	$_->pid;
	$_->send('SELECT count(*) FROM t');
}
$mock->wait_for_begun(2);
$began = now();
kill 'KILL', $victim->pid;
wait_until('the other backend to end', sub { gone($bystander->pid) });
cmp_ok(now() - $began, '<', 5, 'a backend that waits for the server ends when another one has crashed');
$node->poll_query_until('postgres', 'SELECT true') or die 'the cluster did not recover';
$mock->script('call', 'replay');
$session = BigtableTest::Session->new($node);
is($session->query($check), $expected, 'a backend reads after the recovery');
is((server_processes($node))[0], $postmaster, 'the postmaster is the same');
is(threads($postmaster), 1, 'it still has one thread');

# ---- shutdown while streams stall ----

# Starts scans that stall, and returns the pids of all the server's processes.
sub stalled_server
{
	$mock->script('call', 'row a cf:q=1', 'send', 'stall');
	my @stalled = map { BigtableTest::Session->new($node) } 1 .. 3;
	$_->send('SELECT count(*) FROM t') foreach @stalled;
	$mock->wait_for_begun(3);
	return (\@stalled, server_processes($node));
}

foreach my $mode ('fast', 'immediate')
{
	my ($stalled, @pids) = stalled_server();
	cmp_ok(scalar @pids, '>', 3, "$mode shutdown: there are processes to look for");
	my $start = now();
	$node->stop($mode);
	cmp_ok(now() - $start, '<', 5, "$mode shutdown is not held up");
	wait_until("$mode shutdown: all processes to be gone", sub { !grep { !gone($_) } @pids }, 5);
	pass("$mode shutdown leaves no process behind");
	my @calls = $mock->wait_for_done(3);
	is(join(' ', map { $_->{done}{cancelled} } @calls), '1 1 1', "$mode shutdown: the calls are cancelled");
	$node->start;
}

# The postmaster itself is killed.
my ($stalled, @pids) = stalled_server();
$node->kill9;
wait_until('backends to notice that the postmaster has died', sub { !grep { !gone($_) } @pids }, 10);
pass('the death of the postmaster ends backends that wait for the server');
$mock->wait_for_done(3);

# One process was killed by the test; no other died by a signal of its own.
my @crashes = slurp_file($node->logfile) =~ /was terminated by signal (\d+)/g;
is("@crashes", '9', 'no process crashed');

done_testing();
